import { isCode, SluiceError } from '@sluice/io';

/** The error with a hint in the words of our command line, when it is that one of Slurm's commands is not there. */
export function withSlurmHint(error: unknown): unknown {
  if (!isCode(error, 'process.missing')) return error;
  const hint = 'Install Slurm’s commands, or name their directory with --bin-path or the key slurmBinPath of the configuration.';
  return new SluiceError(error.code, error.message, { cause: error.cause, hint });
}

/** Whether an error tells of all questions: the next one would fail, perhaps after a minute, for the same reason. */
export function isCommonCause(error: unknown): error is SluiceError {
  return isCode(error, 'process.missing', 'process.denied') || (isCode(error, 'slurm.unreachable') && noSource.test(error.message));
}

/** Slurm's words when it finds no slurm.conf at all, nor a host to ask for one. */
const noSource =
  /Could not establish a configuration source|_establish_config_source|resolve_ctls_from_dns_srv|Unable to process configuration file/i;
