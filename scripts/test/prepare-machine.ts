import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Brings in what the suites on real servers need: as root on Debian by installing packages, without starting a service.
 * Returns why these suites must be left out, or undefined when they can run.
 */
export async function prepareMachine(root: string, print: (text: string) => void): Promise<string | undefined> {
  const { status, stdout, error } = spawnSync('bash', [join(root, 'test/lab/install.sh')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error) return error.message;
  const said = stdout.trim();
  if (status === 0) {
    if (said) print(`${said}\n`);
    return undefined;
  }
  return said.split('\n').at(-1) ?? `test/lab/install.sh ended with ${status}`;
}
