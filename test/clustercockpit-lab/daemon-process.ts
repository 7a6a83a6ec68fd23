import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

/** `sluice cc daemon` as a process that is started and killed again and again. Its log goes to one file. */
export class DaemonProcess {
  readonly #config: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly logFile: string;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(dir: string, config: string, env: Readonly<Record<string, string>>) {
    this.#config = config;
    this.#env = env;
    this.logFile = join(dir, 'daemon.log');
    // A trial that is told to end takes its daemon along.
    process.once('exit', () => this.#child?.kill('SIGKILL'));
  }

  get runs(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#child) throw new Error('the daemon runs already');
    const log = openSync(this.logFile, 'a');
    const args = ['--conditions=@sluice/source', '--no-warnings', main, 'cc', 'daemon', '-c', this.#config];
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log], env: { ...this.#env } });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    }).then(() => {
      if (this.#child === child) this.#child = undefined;
    });
  }

  /** Resolves when the process of now has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
  }

  /** The end of the log, for the message of a failure. */
  logTail(lines = 30): string {
    try {
      return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }
}
