import type { Run } from '../run.ts';
import type { Privacy } from './context.ts';
import { maskEnvironment } from './mask-environment.ts';
import { withoutComments } from './without-comments.ts';
import { withoutExports } from './without-exports.ts';

/** Slurm takes no larger script by default (`max_script_size` in SchedulerParameters). */
export const maxScript = 4 * 1024 * 1024;
/** Slurm's text about a job; usually 2 KiB, but a host list or a command line may be long. */
const maxSlurmInfo = 256 * 1024;
/** As cc-slurm-sync has it. */
export const maxEnvironment = 50_000;
const maxName = 4096;

const lostAllocation =
  'Slurm no longer knows which CPUs and devices this job held. Metrics show all of its nodes, other jobs on them included.';

const lostDevices = 'Slurm no longer knows which devices this job held, so none are named here. Its CPUs are known.';

/** The texts that cc-backend keeps beside a job (contract §5.5); never null, or the server breaks at editing them (W13). */
export function metaDataOf(run: Run, privacy: Privacy, { devicesUnnamed }: { readonly devicesUnnamed: boolean }): Record<string, string> {
  const metaData: Record<string, string> = { jobName: fit(run.name, maxName) };
  if (privacy.script && run.script !== null) metaData['jobScript'] = fit(run.script, maxScript);
  const info = slurmInfoOf(run, privacy);
  if (info !== undefined) metaData['slurmInfo'] = info;
  if (run.submit !== null) metaData['submitTime'] = String(run.submit);
  if (run.allocation === null && run.whole !== true) metaData['message'] = lostAllocation;
  if (devicesUnnamed) metaData['message'] = lostDevices;
  return metaData;
}

function slurmInfoOf(run: Run, privacy: Privacy): string | undefined {
  const text = privacy.slurmInfo ? run.description : null;
  const info = text === null ? undefined : fit(shownOf(text, privacy), maxSlurmInfo);
  if (!privacy.environment || !run.environment) return info;
  const environment = fit(maskEnvironment(run.environment), maxEnvironment);
  const before = info === undefined || info === '' || info.endsWith('\n') ? (info ?? '') : `${info}\n`;
  return `${before}ENV:\n====\n${environment}`;
}

function shownOf(text: string, privacy: Privacy): string {
  const shown = privacy.environment ? text : withoutExports(text);
  return privacy.comments ? shown : withoutComments(shown);
}

/** Well-formed text of at most `max` characters; where some are cut off, the text says so at its end. */
export function fit(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed();
  const note = `\n[cut: ${text.length} characters]`;
  const end = Math.max(0, max - note.length);
  // Not between the halves of a character.
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? end - 1 : end).toWellFormed() + note;
}
