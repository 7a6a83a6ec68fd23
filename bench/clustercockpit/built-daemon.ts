import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, copyFileSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundleParts } from '../../scripts/package/bundle.ts';
import { launcher } from '../../scripts/package/tree.ts';

const root = dirname(dirname(import.meta.dirname));

/**
 * The program as packages install it, with its launcher, beneath `dir`; returns what starts it. `run` is the command of a lab that runs
 * others in the tree that its Slurm is installed in, where `dir` must be seen, too: it then has a Node of its own, and is run there.
 */
export async function buildSluice(dir: string, run?: string): Promise<string> {
  const lib = join(dir, 'lib', 'sluice');
  for (const { name, text } of await bundleParts(root)) {
    mkdirSync(dirname(join(lib, name)), { recursive: true });
    writeFileSync(join(lib, name), text);
  }
  if (run === undefined) symlinkSync(process.execPath, join(lib, 'node'));
  else copyFileSync(process.execPath, join(lib, 'node'));
  const program = join(dir, 'bin', 'sluice');
  mkdirSync(dirname(program));
  writeFileSync(program, launcher(root, 'sluice'), { mode: 0o755 });
  if (run === undefined) return program;
  const entering = join(dir, 'bin', 'sluice-in-tree');
  writeFileSync(entering, `#!/bin/sh\nexec ${run} ${program} "$@"\n`, { mode: 0o755 });
  return entering;
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
  readonly #dir: string;

  private constructor(child: ChildProcess, logFile: string, dir: string) {
    this.#child = child;
    this.#logFile = logFile;
    this.#dir = dir;
  }

  /** Starts `sluice cc daemon` with a configuration; `profile` has Node write a profile of the CPU when it ends. */
  static start(program: string, dir: string, config: object, env: Readonly<Record<string, string>>, profile: boolean): BuiltDaemon {
    const file = join(dir, 'config.json');
    writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
    const logFile = join(dir, 'daemon.log');
    const log = openSync(logFile, 'a');
    const all = profile ? { ...env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${dir}` } : env;
    const child = spawn(program, ['cc', 'daemon', '-c', file], { stdio: ['ignore', log, log], env: all, cwd: dir });
    closeSync(log);
    return new BuiltDaemon(child, logFile, dir);
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
    // Profiles outlive the benchmark's directory.
    for (const name of readdirSync(this.#dir).filter((one) => one.endsWith('.cpuprofile'))) {
      copyFileSync(join(this.#dir, name), join(tmpdir(), name));
    }
  }
}

export function costSince(before: Cost, after: Cost): Cost {
  return { own: after.own - before.own, children: after.children - before.children };
}
