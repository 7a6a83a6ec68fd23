import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';

/** A directory of Slurm's commands as the daemon finds them: the lab's own, unless one is told to say something else. */
export interface SlurmCommands {
  readonly dir: string;
  /** From now on a command answers with nothing and exit code 0. */
  silence(command: string): void;
  /** `scontrol ping` says this; everything else goes to the lab. */
  ping(text: string): void;
  /** All commands are the lab's own again. */
  restore(): void;
}

export function slurmCommands(lab: Lab, dir: string): SlurmCommands {
  mkdirSync(dir, { recursive: true });
  const commands = readdirSync(lab.binPath());
  // Renamed into place: whoever starts the command meanwhile finds the old one or the new one.
  const put = (command: string, body: string) => {
    const path = join(dir, command);
    writeFileSync(`${path}.new`, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    renameSync(`${path}.new`, path);
  };
  const own = (command: string) => `exec '${join(lab.binPath(), command)}' "$@"`;
  const restore = () => {
    for (const command of commands) put(command, own(command));
  };
  restore();
  return {
    dir,
    restore,
    silence: (command) => put(command, 'exit 0'),
    ping(text) {
      const said = join(dir, 'ping.txt');
      writeFileSync(`${said}.new`, text);
      renameSync(`${said}.new`, said);
      put('scontrol', `for word; do [ "$word" != ping ] || exec cat '${said}'; done\n${own('scontrol')}`);
    },
  };
}
