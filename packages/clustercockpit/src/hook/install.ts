import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { SluiceError } from '@sluice/io';
import { scriptMark } from './hook-script.ts';

export interface HookInstallOptions {
  /** Absolute path of the script to write. */
  readonly path: string;
  /** Its text, from `hookScript`. */
  readonly script: string;
  /** Where the script leaves its events. */
  readonly spool: string;
  /** Overwrites a file that is not ours. */
  readonly force?: boolean;
}

export interface HookInstalled {
  readonly path: string;
  /** Whether the file was new, held another text, or held this one already. */
  readonly change: 'written' | 'replaced' | 'unchanged';
  /** The lines for slurm.conf. */
  readonly slurmConf: readonly string[];
  /** What to mind when the lines are entered, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes the hook's script, mode 0755, in one step, so that slurmctld never starts half of one. Neither directories nor slurm.conf are touched.
 * Throws `usage` for a relative path, `data.invalid` when another's file is in the way, `config.unreadable` when the place cannot be written.
 */
export function installHook({ path, script, spool, force = false }: HookInstallOptions): HookInstalled {
  if (!path.startsWith('/') || /\s/.test(path)) {
    throw new SluiceError('usage', `slurm.conf takes the hook as an absolute path without blanks, not ${JSON.stringify(path)}`);
  }
  const present = textOf(path);
  if (present !== null && !force && !present.split('\n', 2).includes(scriptMark)) {
    throw new SluiceError('data.invalid', `${path} is there already and was not written by Sluice`, {
      hint: 'Choose another path, or call the new script from the old one. With --force the old one is overwritten.',
    });
  }
  const change = present === null ? 'written' : present === script ? 'unchanged' : 'replaced';
  write(path, script);
  return {
    path,
    change,
    slurmConf: [`PrologSlurmctld=${path}`, `EpilogSlurmctld=${path}`],
    notes: [
      'Enter the lines on every host that runs slurmctld, and the script at the same path there; then `scontrol reconfigure`.',
      'Before Slurm 23.11 a slurmctld that started without any PrologSlurmctld runs none until it is restarted: systemctl restart slurmctld.',
      `If PrologSlurmctld or EpilogSlurmctld is set already, keep it and call ${path} from that script: it ends with 0 always.`,
      'The script runs as SlurmUser, which must be able to write the spool; a spool that is missing costs no job, only the speed of the hook.',
      ...(existsSync(spool)
        ? []
        : [
            `The spool ${spool} does not exist, and until it does the script does nothing; SlurmUser and the daemon's group: install -d -o slurm -g sluice -m 2770 ${spool}`,
          ]),
    ],
  };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new SluiceError('config.unreadable', `${path} cannot be read: ${code ?? 'unknown error'}`, { cause: error });
  }
}

function write(path: string, script: string): void {
  const temporary = `${path}.new`;
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, script, { mode: 0o755, flag: 'wx' });
    // The umask has had its say on the mode.
    chmodSync(temporary, 0o755);
    renameSync(temporary, path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new SluiceError('config.unreadable', `${path} cannot be written: ${code}`, {
      cause: error,
      hint: code === 'ENOENT' ? 'Make its directory first.' : 'Run it as a user who may write there.',
    });
  }
}
