import { isSecretName, redactText } from '@sluice/io';

/** Set by sbatch for every job, in every release (recorded from 22.05 to 26.05), behind the user's own variables. */
const ofSbatch = /^SLURM_(?:RLIMIT_[A-Z]+|PRIO_PROCESS|SUBMIT_DIR|SUBMIT_HOST|UMASK)=/;
/** In the environment of every login, and paths there. */
const ofLogin = /^(?:HOME|PATH|PWD|SHELL)=\//;

/**
 * An environment with the values of secret-looking names masked, and whatever else looks like a secret. Entries are ended by
 * NUL, or by newlines, as slurmdbd keeps them; then nothing tells a variable from a line of the value before. So all behind a
 * masked one is left out, and its lines counted, up to one that can only be a variable: of those that every job has, so that it
 * would stand there twice if a value held one too.
 */
export function maskEnvironment(environment: string): string {
  const byNul = environment.includes('\0');
  const entries = environment.split(byNul ? '\0' : '\n');
  const seen = new Map<string, number>();
  if (!byNul) for (const entry of entries) seen.set(nameOf(entry), (seen.get(nameOf(entry)) ?? 0) + 1);
  const masked: string[] = [];
  let within = false;
  let leftOut = 0;
  const tellLeftOut = () => {
    if (leftOut > 0) masked.push(`[${leftOut} ${leftOut === 1 ? 'line' : 'lines'} left out: may belong to it]`);
    leftOut = 0;
  };
  for (const entry of entries) {
    const name = nameOf(entry);
    // In an environment PWD is a directory, not a password.
    const isSecret = name !== '' && isSecretName(name) && !ofLogin.test(entry);
    const isCertain = (ofSbatch.test(entry) || ofLogin.test(entry)) && seen.get(name) === 1;
    if (within && !isCertain) {
      if (entry !== '') leftOut += 1;
      continue;
    }
    tellLeftOut();
    masked.push(isSecret ? `${name}=[redacted]` : entry);
    within = isSecret && !byNul;
  }
  tellLeftOut();
  return redactText(masked.join('\n'));
}

/** What stands before the first `=`; empty where there is none, or a blank before it. */
function nameOf(entry: string): string {
  return /^([^\s=]+)=/.exec(entry)?.[1] ?? '';
}
