import { spawn } from 'node:child_process';
import { join } from 'node:path';

/**
 * Brings in what the suites on real servers need: as root on Debian by installing packages, without starting a service.
 * Prints progress as it comes. Returns why these suites must be left out, or undefined when they can run.
 */
export async function prepareMachine(root: string, print: (text: string) => void): Promise<string | undefined> {
  const child = spawn('bash', [join(root, 'test/lab/setup/install.sh')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const take = (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    said += text;
    print(text);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('close', (code) => resolve(code === 0 ? undefined : `the installation of the test servers ended with ${code}`));
  });
  return failure === undefined ? undefined : said.trim().split('\n').at(-1) || failure;
}
