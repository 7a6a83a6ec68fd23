import type { Command } from 'commander';
import type { Surroundings } from '../surroundings.ts';
import type { ScenarioOptions } from './emulator-scenario.ts';

export interface DirectoryOptions {
  readonly dir: string;
}

export interface UpOptions extends DirectoryOptions {
  readonly config?: string;
  readonly slurmConf?: string;
  readonly strict?: boolean;
  readonly release?: string;
  readonly play?: string;
  readonly rate?: string;
  readonly shared?: boolean;
  readonly foreground?: boolean;
  /** False is --no-rest; true, what commander makes of its absence. */
  readonly rest?: string | boolean;
  readonly control?: string;
}

export interface FaultOptions extends DirectoryOptions {
  readonly json?: boolean;
}

export interface StatusOptions extends DirectoryOptions {
  readonly json?: boolean;
}

const directory = ['--dir <directory>', 'directory of the cluster: its state, its slurm.conf, its commands in bin/'] as const;

/** `sluice emulator`: a Slurm without a cluster. */
export function addEmulator(program: Command, around: Surroundings, setExit: (code: number) => void): void {
  const emulator = program
    .command('emulator')
    .description('a Slurm without a cluster: its commands, its REST plane, its time')
    .addHelpText(
      'after',
      `
Example:
  $ sluice emulator up --dir /tmp/slurm
  $ eval "$(sluice emulator env --dir /tmp/slurm)"
  $ sbatch --wrap 'sleep 60'
  $ squeue
  $ sluice emulator time advance 10m --dir /tmp/slurm
  $ sluice emulator down --dir /tmp/slurm
`,
    );

  emulator
    .command('up')
    .description('start an emulated cluster, or the one that the directory held before')
    .requiredOption(...directory)
    .option('--config <file>', 'YAML or JSON file that describes the cluster; docs/emulator-configuration.md')
    .option('--slurm-conf <file>', 'a slurm.conf from which nodes, partitions and settings are taken')
    .option('--strict', 'unknown keys of the configuration are errors, not warnings')
    .option('--release <release>', 'the release of Slurm to answer as: 22.05, 23.11, 24.11, 25.05, 26.05, or one in full')
    .option('--play <how>', 'how jobs run: "simulated", for as long as their script says, or "script", as processes of this machine')
    .option('--rate <number>', 'how fast the time of the cluster goes: 1 as the machine’s, 0 not at all')
    .option('--rest <address>', 'HOST:PORT for slurmrestd; slurmrestd.sock in the directory by default')
    .option('--no-rest', 'no slurmrestd')
    .option('--control <address>', 'HOST:PORT for the control API: time, usage, limits; docs/emulator-scenarios.md')
    .option('--shared', 'every user of the machine may ask, not only you')
    .option('--foreground', 'stay, until interrupted; without it the cluster is held by a process of its own')
    .addHelpText(
      'after',
      `
It ends when the cluster answers, and prints where everything is. What the directory had before (jobs, accounting, time) is there
again; --config and --slurm-conf change the cluster, and without them it is as it was. Ends with 75 when the directory is in use.
The control API asks for no token on loopback; elsewhere SLUICE_EMULATOR_CONTROL_TOKEN must be set, and callers send it.

Examples:
  $ sluice emulator up --dir /tmp/slurm
  $ sluice emulator up --dir /tmp/slurm --release 25.05 --rate 60
  $ sluice emulator up --dir /tmp/slurm --config cluster.yaml --play script
`,
    )
    .action(async (options: UpOptions) => {
      const { emulatorUp } = await import('./emulator-up.ts');
      setExit(await emulatorUp(options, around));
    });

  emulator
    .command('down')
    .description('stop the process that holds the cluster; its state stays')
    .requiredOption(...directory)
    .addHelpText('after', '\nEnds with 0 also when there was none.\n\nExample:\n  $ sluice emulator down --dir /tmp/slurm\n')
    .action(async (options: DirectoryOptions) => {
      const { emulatorDown } = await import('./emulator-down.ts');
      await emulatorDown(options, around);
    });

  emulator
    .command('status')
    .description('print what the cluster does: jobs, nodes, time, faults')
    .requiredOption(...directory)
    .option('--json', 'as JSON, for programs')
    .addHelpText(
      'after',
      '\nEnds with 0 when the cluster answers, with 69 when nobody holds it.\n\nExample:\n  $ sluice emulator status --dir /tmp/slurm\n',
    )
    .action(async (options: StatusOptions) => {
      const { emulatorStatus } = await import('./emulator-status.ts');
      setExit(await emulatorStatus(options, around));
    });

  emulator
    .command('env')
    .description('print what a shell needs to find the commands of the cluster')
    .requiredOption(...directory)
    .addHelpText('after', '\nExample:\n  $ eval "$(sluice emulator env --dir /tmp/slurm)"\n')
    .action(async (options: DirectoryOptions) => {
      const { emulatorEnv } = await import('./emulator-status.ts');
      emulatorEnv(options, around);
    });

  emulator
    .command('ask', { hidden: true })
    .description('what an executable of the cluster is where there is no bash')
    .arguments('<command> <door> <where> [words...]')
    .action(async (command: string, door: string, where: string, words: readonly string[]) => {
      const { runExecutable } = await import('@sluice/emulator');
      setExit(await runExecutable(command, door, where, words));
    });

  addScenario(emulator, around, setExit);
  addTime(emulator, around);
  addFault(emulator, around);
}

function addScenario(emulator: Command, around: Surroundings, setExit: (code: number) => void): void {
  emulator
    .command('scenario')
    .description('play a scenario on a cluster in memory, and say whether all came as it expects')
    .argument('[scenario]', 'a YAML file, or the name of one that is shipped')
    .option('--list', 'list those that are shipped; with a word, those about it')
    .option('--describe <scenario>', 'say what one is about, and its steps')
    .option('--schema', 'print the JSON Schema of a scenario’s file, for editors')
    .option('--step-by-step', 'wait for Enter after each step')
    .option('--json', 'as JSON, for programs')
    .addHelpText(
      'after',
      `
Needs no cluster that runs. Ends with 0 when all expectations were met, with 1 when one was not, with 65 when
the file is no scenario; docs/emulator-scenarios.md says what stands in one.

Examples:
  $ sluice emulator scenario --list
  $ sluice emulator scenario sequence
  $ sluice emulator scenario ./mine.yaml --json
`,
    )
    .action(async (what: string | undefined, options: ScenarioOptions) => {
      const { emulatorScenario } = await import('./emulator-scenario.ts');
      setExit(await emulatorScenario(what, options, around));
    });
}

function addTime(emulator: Command, around: Surroundings): void {
  emulator
    .command('time')
    .description('show the time of the cluster, move it, or change its pace')
    .argument('[what]', 'show, advance, set, rate or stop', 'show')
    .argument('[value]', 'advance: a time such as 90s, 10m, 6h, 14d; set: a moment such as 2026-01-31T12:00:00Z; rate: a number')
    .requiredOption(...directory)
    .addHelpText(
      'after',
      `
What lies between happens: jobs begin and end, usage decays. A moment without a zone is UTC. Set to an earlier
moment, the clock alone jumps. "stop" is rate 0; "rate 1" lets it run again.

Examples:
  $ sluice emulator time --dir /tmp/slurm
  $ sluice emulator time advance 6h --dir /tmp/slurm
  $ sluice emulator time set 2027-01-01T00:00:00Z --dir /tmp/slurm
  $ sluice emulator time rate 60 --dir /tmp/slurm
  $ sluice emulator time stop --dir /tmp/slurm
`,
    )
    .action(async (what: string, value: string | undefined, options: DirectoryOptions) => {
      const { emulatorTime } = await import('./emulator-time.ts');
      await emulatorTime({ what, value }, options, around);
    });
}

function addFault(emulator: Command, around: Surroundings): void {
  emulator
    .command('fault')
    .description('list the faults of the cluster, set them, clear them')
    .argument('[what]', 'list, set or clear', 'list')
    .argument('[faults...]', 'set: NAME=VALUE; clear: names, or nothing for all')
    .requiredOption(...directory)
    .option('--json', 'as JSON, for programs')
    .addHelpText(
      'after',
      `
Faults:
  slurmctld=down|silent|up    connections are refused, or taken and never answered
  primary=down|up             the first of two controllers is gone; the second answers
  slurmdbd=down|silent|up
  slurmrestd=down|silent|up
  slow=TIME                   before every answer, e.g. 500ms, 2s
  truncate=BYTES              answers of commands end after so many bytes, with exit code 0
  empty=SHARE                 of the questions, 0 to 1, find squeue and scontrol saying nothing, with exit code 0
  lag=TIME                    what slurmctld says reaches slurmdbd so much later
A node that dies: scontrol update nodename=node01 state=down reason=test

Examples:
  $ sluice emulator fault set slurmdbd=down slow=2s --dir /tmp/slurm
  $ sluice emulator fault clear slow --dir /tmp/slurm
  $ sluice emulator fault clear --dir /tmp/slurm
`,
    )
    .action(async (what: string, faults: readonly string[], options: FaultOptions) => {
      const { emulatorFault } = await import('./emulator-fault.ts');
      await emulatorFault({ what, faults }, options, around);
    });
}
