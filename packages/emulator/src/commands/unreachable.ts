import type { ClusterSpec } from '../model/spec.ts';
import type { CommandName } from './command.ts';

/** What a command says, and its exit code, when a daemon does not answer. */
export interface UnreachableWords {
  readonly stderr: string;
  readonly stdout: string;
  readonly code: number;
}

type Where = Pick<ClusterSpec, 'release' | 'databaseHost' | 'databasePort' | 'controllers'>;

interface Unanswered {
  readonly daemon: 'slurmctld' | 'slurmdbd';
  readonly how: 'refused' | 'silent';
}

/** A line for slurmctld: the words stand before what slurm_strerror says. The first line counts whose `sign` the command line has. */
interface Line {
  readonly sign: string;
  readonly before: string;
  readonly code: number;
}

const anyLine = (before: string, code = 1): readonly Line[] => [{ sign: '', before, code }];

/** As Slurm 22.05.8 said it with slurmctld stopped, or deaf; the recordings of the other releases say the same. */
const controllerLines: Readonly<Record<CommandName, readonly Line[]>> = {
  sacct: anyLine('slurm_load_ctl_conf error: '),
  sacctmgr: anyLine('slurm_load_ctl_conf error: '),
  sbatch: [{ sign: '--test-only', before: 'allocation failure: ', code: 1 }, ...anyLine('sbatch: error: Batch job submission failed: ')],
  scancel: anyLine('slurm_load_jobs error: '),
  scontrol: [
    { sign: 'show node', before: 'slurm_load_node error: ', code: 1 },
    { sign: 'show part', before: 'slurm_load_partitions error: ', code: 1 },
    { sign: 'show conf', before: 'slurm_load_ctl_conf error: ', code: 1 },
    { sign: 'show res', before: 'slurm_load_reservations error: ', code: 1 },
    { sign: 'show step', before: 'slurm_get_job_steps error: ', code: 1 },
    { sign: 'show assoc', before: 'slurm_load_assoc_mgr_info error: ', code: 1 },
    { sign: 'reconf', before: 'slurm_reconfigure error: ', code: 1 },
    { sign: 'token', before: 'scontrol: error: slurm_fetch_token: error receiving response: ', code: 1 },
    // It says so and ends well.
    { sign: 'write batch_script', before: 'job script retrieval failed: ', code: 0 },
    ...anyLine('slurm_load_jobs error: '),
  ],
  sdiag: anyLine('slurm_get_statistics: ', 255),
  sinfo: anyLine('slurm_load_partitions: '),
  sprio: anyLine("Couldn't get priority factors from controller: ", 255),
  squeue: anyLine('slurm_load_jobs error: '),
  sreport: anyLine('slurm_load_ctl_conf error: '),
  srun: anyLine('srun: error: Unable to allocate resources: '),
  sshare: anyLine("Couldn't get shares from controller: ", 255),
};

const why = { refused: 'Unable to contact slurm controller (connect failure)', silent: 'Socket timed out on send/recv operation' };

/** The words of a command of which this much of the command line is known. */
export function unreachableWords(
  command: CommandName,
  argv: readonly string[],
  { daemon, how }: Unanswered,
  where: Where,
): UnreachableWords {
  if (daemon === 'slurmdbd') return { stderr: databaseText(command, how, where), stdout: '', code: 1 };
  if (command === 'scontrol' && argv.includes('ping')) return { stderr: '', stdout: pingText(where), code: 1 };
  const said = argv.join(' ');
  const { before, code } = controllerLines[command].find(({ sign }) => said.includes(sign)) ?? { before: '', code: 1 };
  return { stderr: `${before}${why[how]}\n`, stdout: '', code };
}

/** The signs by which a command's words differ, for who cannot call {@link unreachableWords} when it comes to it; the last one is empty. */
export function unreachableSigns(command: CommandName): readonly string[] {
  return controllerLines[command].map(({ sign }) => sign);
}

function pingText({ controllers }: Where): string {
  const lines = controllers.map(({ host }, index) => `Slurmctld(${index === 0 ? 'primary' : 'backup'}) at ${host} is DOWN\n`);
  const stars = '*'.repeat(41);
  return `${lines.join('')}${stars}\n** RESTORE SLURMCTLD DAEMON TO SERVICE **\n${stars}\n`;
}

/** 24.11 calls the function by another name than 23.11. */
function databaseText(command: CommandName, how: 'refused' | 'silent', { release, databaseHost, databasePort }: Where): string {
  const [year = 0, month = 0] = release.split('.').map(Number);
  const opening = year > 24 || (year === 24 && month >= 11) ? '_open_persist_conn' : 'slurm_persist_conn_open_without_init';
  const reason = how === 'refused' ? 'Connection refused' : 'Resource temporarily unavailable';
  const first =
    how === 'refused'
      ? `${opening}: failed to open persistent connection to host:${databaseHost}:${databasePort}: ${reason}`
      : 'slurm_persist_conn_open: No response to persist_init';
  const lines = [
    `error: ${first}`,
    `error: Sending PersistInit msg: ${reason}`,
    ...(command === 'sacct' ? [`error: Problem talking to the database: ${reason}`] : []),
    ...(command === 'sreport' ? [`fatal: Problem connecting to the database: ${reason}`] : []),
  ];
  return lines.map((line) => `${command}: ${line}\n`).join('');
}
