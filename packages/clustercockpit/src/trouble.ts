import { isCode, SluiceError } from '@sluice/io';
import type { SaidOnce } from '@sluice/service';

/** What happened, and what mends it if that is known, without a full stop: as part of a line of the log. */
export function told(error: unknown): string {
  if (!(error instanceof SluiceError)) return error instanceof Error ? error.message : String(error);
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint.replace(/\.$/, '')}`;
}

const ccBackend = 'cc-backend';
const look = '`sluice cc check` looks closer';

/** How a message begins when cc-backend takes nothing. */
export const ccBackendTrouble = 'cc-backend takes nothing at the moment';

/**
 * Says that cc-backend cannot be reached or lets nobody in. Deliveries, comparisons and node states meet that independently, and
 * it is one problem, said once. False for anything else, of which nothing is said.
 */
export function saysCcBackendTrouble(said: SaidOnce, error: unknown): boolean {
  if (!isCode(error, 'http.unreachable', 'http.tls', 'cc.denied', 'cc.blocked')) return false;
  const more = isCode(error, 'cc.denied')
    ? 'a new token in the configuration takes a reload (SIGHUP), one in a file of its own does not'
    : look;
  const message = `${ccBackendTrouble}: ${told(error)} (${more}). Slurm is observed further, and what waits is kept`;
  said.begins(ccBackend, message, {}, error.code);
  return true;
}

/** Anything else came back from cc-backend. */
export function endsCcBackendTrouble(said: SaidOnce): void {
  said.ends(ccBackend, 'cc-backend takes jobs again');
}
