import { tokenSoonSeconds } from '../cc/token-facts.ts';
import { ccBackendTrouble } from '../trouble.ts';
import type { SinkStatus, Status } from './status.ts';
import { counted, moment, plain, span } from './words.ts';

/** Something that does not mend itself, and what to do about it. */
export interface Attention {
  readonly what: string;
  readonly mend?: string;
}

/** What lasts longer than this has not mended itself. */
const lastsMs = 60_000;

/** What needs an administrator; nothing when all is well. The daemon's state itself is not among it. */
export function attentionOf(status: Status): readonly Attention[] {
  return [...problems(status), ...token(status), ...refused(status), ...wrong(status), ...left(status)];
}

/** 0: all well. 1: something needs an administrator. 75: the daemon does not run, or is stuck. */
export function statusExitCode(status: Status): 0 | 1 | 75 {
  if (status.daemon.state !== 'running') return 75;
  return attentionOf(status).length > 0 ? 1 : 0;
}

/** Lasting problems; those of a sink are said with the sink. */
function problems({ note, sinks, atMs }: Status): readonly Attention[] {
  const ofSinks = sinks.flatMap(({ sink, trouble }) => (trouble && atMs - trouble.sinceMs > lastsMs ? [troubleOf(sink, trouble)] : []));
  const messages = new Set(sinks.map(({ trouble }) => trouble?.message));
  const others = (note?.problems ?? []).filter(
    ({ since, message }) =>
      atMs - since > lastsMs &&
      !(ofSinks.length > 0 && message.startsWith(ccBackendTrouble)) &&
      ![...messages].some((known) => known !== undefined && message.includes(known)),
  );
  return [...ofSinks, ...others.map(({ message, since }) => ({ what: `${plain(message, 600)} (since ${moment(since)})` }))];
}

function troubleOf(sink: SinkStatus['sink'], { message, sinceMs }: { message: string; sinceMs: number }): Attention {
  const who = sink === 'rest' ? 'cc-backend' : 'NATS';
  return { what: `${who} takes nothing since ${moment(sinceMs)}: ${plain(message)}`, mend: 'sluice cc check' };
}

/** A token that expires is renewed in time, or at night. */
function token({ note, atMs }: Status): readonly Attention[] {
  const leftMs = (note?.tokenExpires ?? Number.POSITIVE_INFINITY) * 1000 - atMs;
  if (leftMs > tokenSoonSeconds * 1000) return [];
  const when = leftMs > 0 ? `expires in ${span(leftMs)}` : `expired ${span(-leftMs)} ago`;
  return [{ what: `the token of cc-backend ${when}`, mend: 'a new one is made on its host; sluice cc check prints the command' }];
}

function refused({ sinks }: Status): readonly Attention[] {
  const aside = sinks.reduce((sum, one) => sum + one.aside, 0);
  if (aside === 0) return [];
  return [{ what: `${counted(aside, 'run')} set aside: refused for good`, mend: 'once the cause is mended: sluice cc retry --all' }];
}

function wrong({ wronglyEnded, strays, runaway }: Status): readonly Attention[] {
  const found: Attention[] = [];
  if (wronglyEnded.length > 0) {
    found.push({
      what: `${counted(wronglyEnded.length, 'job runs', 'jobs run')} on and ended for cc-backend`,
      mend: 'cc-backend has no way to resume a job: delete it there, and the next comparison sends it again',
    });
  }
  if (strays.length > 0) {
    found.push({
      what: `${counted(strays.length, 'job runs', 'jobs run')} for cc-backend alone; Slurm does not know them`,
      mend: 'stop or delete them there, unless another program delivers them',
    });
  }
  if (runaway.length > 0) {
    found.push({
      what: `${counted(runaway.length, 'run')} without an end that slurmctld has not known for more than an hour`,
      mend: 'have slurmdbd fix them: sacctmgr show runawayjobs',
    });
  }
  return found;
}

function left({ gaps, spool, note, atMs }: Status): readonly Attention[] {
  const found: Attention[] = gaps.map(({ cluster, since, until, command }) => ({
    what: `${cluster}: history of ${span((until - since) * 1000)} until ${moment(until * 1000)} was not asked for (slurmQueryMaxSpan)`,
    mend: command,
  }));
  const fullMs = spool?.fullMs ?? note?.spool.fullMs ?? null;
  if (fullMs !== null && atMs - fullMs < recentMs) {
    found.push({
      what: `the hook found no room in its spool at ${moment(fullMs)}: events were dropped, and the regular look made up for them`,
      mend: 'make room on its file system, or install the hook with a larger --max-events',
    });
  }
  return found;
}

/** Of a spool that was full longer ago everything has been made up for. */
const recentMs = 86_400_000;
