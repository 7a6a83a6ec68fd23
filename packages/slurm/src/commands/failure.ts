import { type Ended, type ErrorCode, isCode, SluiceError } from '@sluice/io';

interface Sign {
  readonly code: ErrorCode;
  readonly pattern: RegExp;
  readonly hint?: string;
}

/**
 * Words on stderr that tell why a command failed, the most telling first. From slurm_errno.c's texts as the commands of
 * 22.05 to 26.05 print them; exit codes are 1 for nearly everything.
 */
const signs: readonly Sign[] = [
  {
    code: 'slurm.unsupported',
    pattern:
      /unrecognized option|invalid option|doesn't allow an argument|Invalid field requested|Invalid (?:job|node) format|Incompatible versions|Protocol version has changed|Plugin has invalid format|not supported|Requested operation is presently disabled/i,
  },
  {
    code: 'slurm.unreachable',
    pattern: /Munge encode failed|munge.*Failed to (?:access|connect)|Failed to connect to.*munge/i,
    hint: 'See whether munged runs on this host: `munge -n | unmunge`.',
  },
  {
    code: 'slurm.unreachable',
    pattern:
      /Unable to process configuration file|Could not open.*slurm\.conf|lstat.*slurm\.conf|resolve_ctls_from_dns_srv|Could not establish a configuration source/i,
    hint: 'Name the path of slurm.conf in the configuration, or set SLURM_CONF.',
  },
  // sacct, squeue and others of a name that the host's user database lacks; without a colon it is slurmctld's refusal.
  {
    code: 'slurm.unknown',
    pattern: /Invalid (?:user(?: id)?|group(?: id)?): *\S/i,
    hint: 'No user or group of this name is known on this host: see `getent passwd NAME`, or ask by number.',
  },
  {
    code: 'slurm.denied',
    pattern:
      /(?:access|permission)s?[ /]*(?:permission )?denied|not authorized|Protocol authentication error|Invalid authentication credential|Only .*(?:root|SlurmUser|admin|operator)|(?:doesn't|don't|do not|does not) have (?:sufficient )?(?:the )?privilege|Invalid user id|You are not (?:allowed|running as)|must (?:be (?:an? )?(?:operator|administrator)|have an AdminLevel)/i,
  },
  {
    code: 'slurm.unreachable',
    pattern: /Zero Bytes were transmitted|Socket timed out/i,
    hint: 'Slurm may have done what was asked: look before trying again. See `scontrol ping`.',
  },
  {
    code: 'slurm.unreachable',
    pattern:
      /Unable to contact slurm(?: controller|ctld|dbd)?|connect failure|Connection (?:refused|timed out|reset)|Unable to connect to database|standby mode|Can't find an address|slurm_persist_conn_open|Sending PersistInit msg|communication (?:error|failure)|Slurmctld is (?:down|not responding)|DBD.*(?:down|not responding)|Transport endpoint is not connected|Communication connection failure/i,
    hint: 'See `scontrol ping`, and whether slurmctld and slurmdbd run.',
  },
  // A submission that names what does not exist is refused as a whole; there is no object that was asked for.
  { code: 'slurm.refused', pattern: /(?:job|allocation) (?:submission|request) failed|allocation failure/i },
  {
    code: 'slurm.unknown',
    pattern:
      /Invalid job id|Invalid job array|Invalid node name|Invalid partition name|(?:cluster|job|node|partition|reservation|step).*(?:not found|doesn't exist|does not exist)|No (?:job|node|partition)s? |No cluster|Unknown (?:cluster|job|node|partition|user)|can't find|not find/i,
  },
];

/** What a failed command means: a code from its stderr and exit code, with Slurm's own words in the message. */
export function classifyFailure(command: string, ended: Ended): SluiceError {
  const said = spoken(command, ended.stderr);
  if (ended.signal !== null) {
    return new SluiceError('process.failed', `${command} was ended by ${ended.signal}${said === '' ? '' : `: ${said}`}`);
  }
  const sign = signs.find(({ pattern }) => pattern.test(ended.stderr));
  const code = sign?.code ?? (said === '' ? 'process.failed' : 'slurm.refused');
  const message = said === '' ? `${command} ended with exit code ${ended.code} and no word` : `${command}: ${said}`;
  return new SluiceError(code, message, sign?.hint === undefined ? {} : { hint: sign.hint });
}

/** Slurm's stderr as one line: without the command's name before each, without control characters, at most 2,000 characters. */
function spoken(command: string, stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => (line.startsWith(`${command}: `) ? line.slice(command.length + 2) : line))
    .join(' ')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 2000);
}

/** Whether an error is slurmctld's word that it knows no job of this id. */
export function saysUnknownJob(error: unknown): boolean {
  return isCode(error, 'slurm.unknown') && /Invalid job id specified/.test(error.message);
}
