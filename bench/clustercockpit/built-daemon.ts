import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleSluice } from '../../scripts/package/bundle.ts';

const root = dirname(dirname(import.meta.dirname));

/** The program as `npm run build` makes it, beneath `dir`; returns its path. */
export async function buildSluice(dir: string): Promise<string> {
  const { code, map } = await bundleSluice(root, 'sluice');
  writeFileSync(join(dir, 'sluice'), code);
  writeFileSync(join(dir, 'sluice.map'), map);
  return join(dir, 'sluice');
}

/** The flags that the packages' launcher gives to Node. */
export function launcherFlags(): readonly string[] {
  const lines = readFileSync(join(root, 'deploy/packaging/node-flags'), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('-'));
}

/** What a process has cost so far: CPU seconds, its own and those of its children that have ended. */
export interface Cost {
  readonly own: number;
  readonly children: number;
}

export class BuiltDaemon {
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(child: ChildProcess, logFile: string) {
    this.#child = child;
    this.#logFile = logFile;
  }

  /** Starts `sluice cc daemon` with a configuration; `more` are flags for Node, as for a profile. */
  static start(
    program: string,
    dir: string,
    config: object,
    env: Readonly<Record<string, string>>,
    more: readonly string[] = [],
  ): BuiltDaemon {
    const file = join(dir, 'config.json');
    writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
    const logFile = join(dir, 'daemon.log');
    const log = openSync(logFile, 'a');
    const args = [...launcherFlags(), ...more, program, 'cc', 'daemon', '-c', file];
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log], env: { ...env }, cwd: dir });
    closeSync(log);
    return new BuiltDaemon(child, logFile);
  }

  get pid(): number {
    if (this.#child.pid === undefined || this.#child.exitCode !== null) throw new Error(`the daemon has ended:\n${this.log()}`);
    return this.#child.pid;
  }

  cost(): Cost {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1]?.split(' ').map(Number) ?? [];
    const ticks = (...at: readonly number[]) => at.reduce((sum, index) => sum + (stat[index] ?? 0), 0) / 100;
    return { own: ticks(11, 12), children: ticks(13, 14) };
  }

  /** The end of its log. */
  log(lines = 20): string {
    return readFileSync(this.#logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(killer);
  }
}

export function costSince(before: Cost, after: Cost): Cost {
  return { own: after.own - before.own, children: after.children - before.children };
}
