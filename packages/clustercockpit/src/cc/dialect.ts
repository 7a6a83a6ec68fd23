import type { EndState, Shared, StartPayload, StopPayload } from './payloads.ts';
import type { ServerProfile } from './server-profile.ts';

/** A start as cc-backend up to 1.4 takes it: a number instead of `shared` (contract §5.2), no time of submission, in 1.3 no scope of tags. */
export type OldStartPayload = Omit<StartPayload, 'shared' | 'submitTime'> & { readonly exclusive: 0 | 1 | 2 };

const exclusive: Readonly<Record<Shared, 0 | 1 | 2>> = { none: 1, multi_user: 0, single_user: 2 };

/** States of 1.5 that older servers do not know, and what comes nearest there (contract §5.1). */
const oldStates: Partial<Readonly<Record<string, EndState>>> = { node_fail: 'failed', boot_fail: 'failed', deadline: 'failed' };

/** The start as this server takes it. */
export function startForVersion(profile: ServerProfile, job: StartPayload): StartPayload | OldStartPayload {
  // The server counts it as a switch and refuses anything above 1 (contract W6).
  const known = job.smt !== undefined && job.smt > 1 ? { ...job, smt: 1 } : job;
  if (profile.version === '1.5') return known;
  const { shared, submitTime: _, ...rest } = known;
  const old = { ...rest, exclusive: exclusive[shared] };
  return profile.version === '1.3' && old.tags ? { ...old, tags: old.tags.map(({ type, name }) => ({ type, name })) } : old;
}

/** The stop as this server takes it. */
export function stopForVersion(profile: ServerProfile, job: StopPayload): StopPayload {
  if (profile.version === '1.5') return job;
  const stopTime = endsWhenItStarts(profile) ? job.stopTime : Math.max(job.stopTime, job.startTime + 1);
  return { ...job, jobState: oldStates[job.jobState] ?? job.jobState, stopTime };
}

/** The states to ask for; one that this server does not know is none that a job of it can have. */
export function statesForVersion(profile: ServerProfile, states: readonly string[]): readonly string[] {
  return profile.version === '1.5'
    ? states
    : states.filter((state) => oldStates[state] === undefined && state !== 'pending' && state !== 'suspended');
}

/** Jobs of no seconds are taken from 1.4.3 on; before, a second must lie between (contract §10). */
function endsWhenItStarts({ text }: ServerProfile): boolean {
  const patch = /^1\.4\.(\d+)/.exec(text ?? '')?.[1];
  return patch !== undefined && Number(patch) >= 3;
}
