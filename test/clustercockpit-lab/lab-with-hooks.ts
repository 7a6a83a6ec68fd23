import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, LabUnavailable, type Suite, startLab, suites } from '../lab/lab.ts';
import { type Hooks, prepareHooks } from './bed.ts';
import { completionsConf } from './completions.ts';

/** Apart, so that labs of several releases can begin at once. */
const ports = { sid: 17000, trixie: 17300, bookworm: 17200, emulator: 17200 } as const satisfies Readonly<Record<Suite, number>>;

/** A lab whose slurmctld runs our hook, and a directory for what the daemons of a trial keep. */
export interface LabWithHooks {
  readonly lab: Lab;
  /** Undefined where slurmctld runs in a tree of another release, from within which a hook of this machine is not to be seen. */
  readonly hooks: Hooks | undefined;
  readonly dir: string;
  down(): Promise<void>;
}

/** Of the Debian suite that SLUICE_LAB_SUITE names (bookworm by default). Throws {@link LabUnavailable}. */
export async function labWithHooks(progress: (line: string) => void = () => {}): Promise<LabWithHooks> {
  const suite = suites.find((one) => one === (process.env['SLUICE_LAB_SUITE'] ?? 'bookworm'));
  if (suite === undefined) throw new Error(`SLUICE_LAB_SUITE names none of ${suites.join(', ')}`);
  if (process.getuid?.() !== 0) throw new LabUnavailable('only root can start slurmd for several users');
  const dir = mkdtempSync(join(tmpdir(), 'sluice-cc-lab-'));
  chmodSync(dir, 0o755);
  try {
    const own = readFileSync('/etc/os-release', 'utf8').includes(`VERSION_CODENAME=${suite}\n`);
    const hooks = own ? prepareHooks(dir, slurmUid()) : undefined;
    const lab = await startLab({
      suite,
      port: ports[suite],
      messageTimeout: 5,
      extraConf: completionsConf,
      progress,
      ...(hooks ? { hooks: { prologSlurmctld: hooks.script, epilogSlurmctld: hooks.script } } : {}),
    });
    const down = async () => {
      await lab.down();
      rmSync(dir, { recursive: true, force: true });
    };
    return { lab, hooks, dir, down };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

/** SlurmUser runs the hook; the lab makes it if the machine has none, and the spool has to be there before. */
function slurmUid(): number {
  try {
    return Number(execFileSync('id', ['-u', 'slurm'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    execFileSync('/usr/sbin/useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'slurm']);
    return slurmUid();
  }
}
