import { parsePythonArguments } from './argparse.ts';
import { parseGoFlags } from './go-flags.ts';

/** What the program prints and ends with instead of working. */
export interface Ending {
  readonly mode: 'end';
  readonly exitCode: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the command line of `cc-slurm-adapter` asks for. */
export type AdapterArguments =
  | {
      /** Without `-daemon` the program is the hook of PrologSlurmctld and EpilogSlurmctld. */
      readonly mode: 'daemon' | 'hook';
      /** The file that was named; undefined for the default one, which need not exist. */
      readonly config: string | undefined;
      /** 0 (fatal errors alone) to 5; 2 (warnings) unless given. `levelOfNumber` of service makes a level of it. */
      readonly logLevel: number;
      /** Words behind the flags, which the program ignores; flags among them have no effect. */
      readonly ignored: readonly string[];
    }
  | Ending;

const adapterUsage = `Usage of cc-slurm-adapter:
  -config PATH
        configuration file (default /etc/cc-slurm-adapter/config.json, which need not exist)
  -daemon
        run the daemon; without this flag the program is the hook for PrologSlurmctld and EpilogSlurmctld
  -debug LEVEL, -log-level LEVEL
        how much is logged: 0 fatal errors, 1 errors, 2 warnings, 3 information, 4 and 5 details (default 2)
  -help
        print this
`;

/**
 * The command line of the executable `cc-slurm-adapter`, as Go's package `flag` reads it. `-log-level` is in the program's
 * documents only; here it is the same as `-debug`, and the last of them counts.
 */
export function parseAdapterArguments(argv: readonly string[]): AdapterArguments {
  const kinds = { daemon: 'boolean', config: 'text', debug: 'integer', 'log-level': 'integer', help: 'boolean' } as const;
  const parsed = parseGoFlags(argv, kinds);
  if (parsed.kind === 'wrong') return ending(2, `${parsed.message}\n${adapterUsage}`);
  if (parsed.kind === 'help' || parsed.values.get('help') === true) return ending(0, adapterUsage);
  const { values, rest } = parsed;
  // A map keeps the place of a key's first assignment, so which of the two was last is asked of the words.
  const level = lastOf(argv.slice(0, argv.length - rest.length), ['debug', 'log-level']);
  const config = values.get('config');
  return {
    mode: values.get('daemon') === true ? 'daemon' : 'hook',
    config: typeof config === 'string' && config !== '' ? config : undefined,
    logLevel: Math.min(5, Math.max(0, Number(values.get(level) ?? 2))),
    ignored: rest,
  };
}

/** Go prints usage on stderr, also when it is asked for. */
function ending(exitCode: 0 | 2, stderr: string): Ending {
  return { mode: 'end', exitCode, stdout: '', stderr };
}

function lastOf(words: readonly string[], names: readonly string[]): string {
  const flags = words.map((word) => word.replace(/^--?/, '').replace(/=.*/s, ''));
  return flags.findLast((name) => names.includes(name)) ?? '';
}

/** What the command line of `slurm-clusercockpit-sync.py` asks for. */
export type SyncArguments =
  | {
      readonly mode: 'sync';
      readonly config: string;
      /** Only this job. */
      readonly jobId: number | undefined;
      /** At most so many starts and so many stops. */
      readonly limit: number;
      readonly direction: 'both' | 'start' | 'stop';
      readonly debug: boolean;
    }
  | Ending;

const syncProgram = 'slurm-clusercockpit-sync.py';

const syncUsage = `usage: ${syncProgram} [-h] [-c CONFIG] [-d] [-j JOBID] [-l LIMIT] [--direction {both,start,stop}]
`;

const syncHelp = `${syncUsage}
Brings the running jobs of a Slurm cluster into ClusterCockpit once: jobs that have ended are stopped there, then jobs that run
are started.

options:
  -h, --help            print this and exit
  -c, --config CONFIG   configuration file (default: config.json)
  -d, --debug           log details
  -j, --jobid JOBID     only this job
  -l, --limit LIMIT     at most so many starts and so many stops (default: 200)
  --direction {both,start,stop}
                        only start or only stop jobs (default: both)
`;

const directions = ['both', 'start', 'stop'] as const;

/** The command line of the executable `slurm-clusercockpit-sync.py`, as Python's argparse reads it. */
export function parseSyncArguments(argv: readonly string[]): SyncArguments {
  const parsed = parsePythonArguments(argv, [
    { long: 'help', short: 'h', takes: 'nothing' },
    { long: 'config', short: 'c', takes: 'text' },
    { long: 'debug', short: 'd', takes: 'nothing' },
    { long: 'jobid', short: 'j', takes: 'text' },
    { long: 'limit', short: 'l', takes: 'integer' },
    { long: 'direction', takes: directions },
  ]);
  if (parsed.kind === 'help') return { mode: 'end', exitCode: 0, stdout: syncHelp, stderr: '' };
  if (parsed.kind === 'wrong') return refused(parsed.message);
  const { values } = parsed;
  const jobId = values.get('jobid');
  // The script ends with an exception for these.
  if (jobId !== undefined && !/^\s*\d{1,15}\s*$/.test(jobId))
    return refused(`argument -j/--jobid: not the number of a job: ${JSON.stringify(jobId)}`);
  const limit = Number(values.get('limit') ?? 200);
  if (limit < 1) return refused(`argument -l/--limit: less than 1: ${limit}`);
  return {
    mode: 'sync',
    config: values.get('config') ?? 'config.json',
    jobId: jobId === undefined ? undefined : Number(jobId),
    limit,
    direction: directions.find((direction) => direction === values.get('direction')) ?? 'both',
    debug: values.has('debug'),
  };
}

function refused(message: string): Ending {
  return { mode: 'end', exitCode: 2, stdout: '', stderr: `${syncUsage}${syncProgram}: error: ${message}\n` };
}
