import { readFileSync } from 'node:fs';
import type { Identity } from '../model/job.ts';
import type { ClusterSpec } from '../model/spec.ts';

/** The machine's users, as far as the emulated cluster does not have its own. */
export interface UserDatabase {
  byId(uid: number): { readonly name: string; readonly gid: number } | undefined;
  byName(name: string): { readonly uid: number; readonly gid: number } | undefined;
}

/** Variable by which a caller is somebody else on the emulated cluster: a name or a number. */
const userVariable = 'SLUICE_EMULATOR_USER';

/**
 * Who calls, as the emulated cluster sees it: the user of its own with that name or number; else the machine's; root is root. A user whom the
 * cluster does not know is somebody nonetheless, as munge would say, and is refused where Slurm refuses.
 */
export function identityOf(
  spec: ClusterSpec,
  users: UserDatabase,
  caller: { readonly uid: number; readonly gid: number },
  env: Readonly<Record<string, string>>,
): Identity {
  const asked = env[userVariable];
  if (asked !== undefined && asked !== '')
    return /^\d+$/.test(asked) ? ofUid(spec, users, Number(asked), Number(asked)) : ofName(spec, users, asked);
  return ofUid(spec, users, caller.uid, caller.gid);
}

function ofUid(spec: ClusterSpec, users: UserDatabase, uid: number, gid: number): Identity {
  if (uid === 0) return root;
  const own = spec.users.find((user) => user.uid === uid);
  if (own !== undefined) return { uid, gid: own.gid, user: own.name, group: own.group };
  const name = users.byId(uid)?.name ?? String(uid);
  const namesake = spec.users.find((user) => user.name === name);
  if (namesake !== undefined) return { uid: namesake.uid, gid: namesake.gid, user: name, group: namesake.group };
  return { uid, gid, user: name, group: String(gid) };
}

function ofName(spec: ClusterSpec, users: UserDatabase, name: string): Identity {
  if (name === 'root') return root;
  const own = spec.users.find((user) => user.name === name);
  if (own !== undefined) return { uid: own.uid, gid: own.gid, user: own.name, group: own.group };
  const { uid, gid } = users.byName(name) ?? { uid: nobody, gid: nobody };
  return { uid, gid, user: name, group: name };
}

const root: Identity = { uid: 0, gid: 0, user: 'root', group: 'root' };
const nobody = 65_534;

/** The users of passwd(5); of none when it cannot be read. */
export function passwdUsers(path = '/etc/passwd'): UserDatabase {
  const rows = () => {
    try {
      return readFileSync(path, 'utf8')
        .split('\n')
        .map((line) => line.split(':'))
        .filter((row) => row.length >= 7);
    } catch {
      return [];
    }
  };
  return {
    byId(uid) {
      const row = rows().find(([, , number]) => number === String(uid));
      return row && { name: row[0] ?? '', gid: Number(row[3]) };
    },
    byName(name) {
      const row = rows().find(([user]) => user === name);
      return row && { uid: Number(row[2]), gid: Number(row[3]) };
    },
  };
}
