import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeFileSystem } from './file-system.ts';

test('network file systems are refused by name, local ones are not', () => {
  const refused = { NFS: 0x6969, CIFS: 0xff534d42, SMB2: 0xfe534d42, Lustre: 0x0bd00bd0, BeeGFS: 0x19830326, CephFS: 0x00c36400 };
  for (const [name, type] of Object.entries(refused)) assert.deepEqual(judgeFileSystem(type, false), { usable: false, name });
  const local = { ext4: 0xef53, xfs: 0x58465342, btrfs: 0x9123683e, tmpfs: 0x01021994, overlay: 0x794c7630, zfs: 0x2fc12fc1 };
  for (const [name, type] of Object.entries(local)) assert.equal(judgeFileSystem(type, false).usable, true, name);
});

test('a type that the kernel gives as a negative number is the same type', () => {
  assert.equal(judgeFileSystem(0xff534d42 | 0, false).name, 'CIFS');
  assert.equal(judgeFileSystem(BigInt.asIntN(64, 0xfffffffffe534d42n), false).name, 'SMB2');
});

test('a file system in user space is refused unless it is allowed', () => {
  assert.equal(judgeFileSystem(0x65735546, false).usable, false);
  assert.equal(judgeFileSystem(0x65735546, true).usable, true);
});
