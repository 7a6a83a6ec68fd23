import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
const name = 'sluice-bench-elsewhere';

/**
 * A place for processes that stand on other machines on a real cluster: what they and their children do takes CPU only when nobody
 * else wants it. Undefined where this machine has no group of control for it, or lets us make none.
 */
export function elsewhere(): { take(pid: number): void; remove(): void } | undefined {
  for (const { dir, file, least } of groups()) {
    try {
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, file), least);
    } catch {
      continue;
    }
    return {
      take: (pid) => attempt(() => writeFileSync(join(dir, 'cgroup.procs'), `${pid}`)),
      remove: () => attempt(() => rmdirSync(dir)),
    };
  }
  return undefined;
}

/** Beneath our own group, of version 1 and of version 2. */
function groups(): readonly { readonly dir: string; readonly file: string; readonly least: string }[] {
  return readFileSync('/proc/self/cgroup', 'utf8')
    .trim()
    .split('\n')
    .flatMap((line) => {
      const [, controllers = '', path = ''] = line.split(':');
      if (controllers.split(',').includes('cpu')) return [{ dir: join(root, controllers, path, name), file: 'cpu.shares', least: '2' }];
      return controllers === '' ? [{ dir: join(root, path, name), file: 'cpu.weight', least: '1' }] : [];
    });
}

/** A process may have ended before it is taken, and one that is ending still be there at the end. */
function attempt(operation: () => void): void {
  try {
    operation();
  } catch (error) {
    if (!['ESRCH', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
