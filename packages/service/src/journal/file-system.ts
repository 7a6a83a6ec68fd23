import { statfsSync } from 'node:fs';
import { SluiceError } from '@sluice/io';

/**
 * File systems on which SQLite's locks or its shared memory do not hold, by the `f_type` of statfs(2). SQLite: "WAL
 * does not work over a network filesystem" (sqlite.org/wal.html). Numbers: linux/magic.h (NFS, SMB, CIFS, SMB2, CEPH,
 * AFS, 9P, CODA, FUSE), Lustre's lustre_user.h (LL_SUPER_MAGIC), IBM Storage Scale's gpfs.h, BeeGFS's client module,
 * OrangeFS's pvfs2-kernel.h, gfs2_ondisk.h, ocfs2_fs.h; the others as coreutils' stat(1) knows them.
 */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS (Storage Scale)'],
  [0x19830326, 'BeeGFS'],
  [0x00c36400, 'CephFS'],
  [0x20030528, 'OrangeFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x01021997, '9p'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0xaad7aaea, 'PanFS'],
  [0x61636673, 'ACFS'],
  [0xbeefdead, 'StorNext'],
  [0x013111a8, 'IBRIX'],
  [0x564c, 'NCP'],
  [0xbacbacbc, 'VMware shared folder'],
  [0x7c7c6673, 'Parallels shared folder'],
  [0x786f4256, 'VirtualBox shared folder'],
]);

/** sshfs, GlusterFS and many others look alike from here; some are local. The administrator decides. */
const fuse = 0x65735546;

export interface FileSystemJudgement {
  readonly usable: boolean;
  /** Name of the file system, when it is one of those that are refused. */
  readonly name?: string;
}

/** Whether a journal may lie on a file system with this `f_type`. */
export function judgeFileSystem(type: number | bigint, allowFuse: boolean): FileSystemJudgement {
  const magic = Number(BigInt.asUintN(32, BigInt(type)));
  if (magic === fuse) return allowFuse ? { usable: true } : { usable: false, name: 'FUSE (sshfs, GlusterFS or another)' };
  const name = networkFileSystems.get(magic);
  return name === undefined ? { usable: true } : { usable: false, name };
}

/** Throws `journal.unusable` when the directory lies on a network file system. */
export function refuseNetworkFileSystem(directory: string, allowFuse: boolean): void {
  const { usable, name } = judgeFileSystem(statfsSync(directory, { bigint: true }).type, allowFuse);
  if (usable) return;
  throw new SluiceError('journal.unusable', `${directory} lies on ${name}: a journal needs the locks of a local file system`, {
    hint: 'Set the path of the journal to a directory on a local disk, such as /var/lib/sluice.',
  });
}
