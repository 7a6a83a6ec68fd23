import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { manualClock } from '@sluice/io';
import { aRun } from '../journal/run.fixture.ts';
import { openRunJournal, type RunJournal } from '../journal/run-journal.ts';
import type { Sighting } from '../journal/types.ts';
import { attentionOf, statusExitCode } from './attention.ts';
import { type StatusNote, statusFormat, statusNote } from './note.ts';
import { readStatus } from './status.ts';
import { statusText } from './status-text.ts';

const nowMs = 1_795_000_000_000;
const now = nowMs / 1000;

/** A journal, what is configured, and a look at both. */
async function bed(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-status-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const clock = manualClock(nowMs);
  const config = { journalPath: join(dir, 'journal.db'), spoolPath: join(dir, 'spool'), ccRestSubmitJobs: true, natsServer: null };
  const open = () =>
    openRunJournal(config.journalPath, { clock, pid: process.pid, sinks: ['rest'], first: 'rest', durability: 'process-kill' });
  return { clock, config, open, look: () => readStatus({ config, clock }) };
}

function note(changes: Partial<StatusNote> = {}): StatusNote {
  return {
    format: statusFormat,
    version: '1.2.3',
    pid: process.pid,
    startedMs: nowMs - 3_600_000,
    atMs: nowMs - 5000,
    stopped: false,
    acting: true,
    clusters: [
      {
        cluster: 'c',
        slurm: '22.05.8',
        running: 1,
        watermark: now - 60,
        controller: { failure: null, doneMs: nowMs - 5000 },
        accounting: { failure: null, doneMs: nowMs - 5000 },
      },
    ],
    sinks: { rest: { trouble: null, delivered: { start: 3, stop: 1 } } },
    server: { version: '1.5', text: '1.5.4', starts: 'rest', nodeStates: true, jobCache: true },
    comparisons: {},
    spool: { state: 'ready', files: 0, bytes: 0, oldestMs: null, fullMs: null },
    eventsWaiting: 0,
    problems: [],
    over: [],
    ...changes,
  };
}

const keep = (journal: RunJournal, changes: Partial<StatusNote> = {}) =>
  journal.book.setNotes({ [statusNote]: JSON.stringify(note(changes)), clusters: '["c"]', local: 'c' });

function sighting(jobId: number, ended = false): Sighting {
  const end = ended ? { time: now - 50, state: 'COMPLETED' } : null;
  return { run: aRun({ cluster: 'c', jobId, start: now - 100, ended: end }), complete: true, backlog: false };
}

test('the daemon has never run, runs, is stuck, stops, was killed', async (t) => {
  const { open, look, clock } = await bed(t);
  const never = await look();
  assert.deepEqual([never.daemon.state, statusExitCode(never)], ['never', 75]);
  assert.match(statusText(never), /never run with this configuration/);

  const journal = await open();
  assert.equal((await look()).daemon.state, 'starting');
  await keep(journal);
  const runs = await look();
  assert.deepEqual([runs.daemon, statusExitCode(runs), attentionOf(runs)], [{ state: 'running', pid: process.pid }, 0, []]);
  assert.match(
    statusText(runs),
    /^Sluice 1\.2\.3 runs as process \d+ since .* \(60 min\)\n.* {2}c \(Slurm 22\.05\.8\): 1 running.* {2}cc-backend 1\.5\.4: 0 starts/s,
  );
  assert.match(statusText(runs), /\nDelivered:\n/);
  assert.match(statusText(runs, { dryRun: true }), /\nWould be delivered \(dry run: nothing is sent\):\n/);

  const [cluster] = note().clusters;
  assert.ok(cluster);
  await keep(journal, { clusters: [{ ...cluster, running: null }] });
  assert.match(statusText(await look()), /: the daemon has just started and notes its first look within 15 s;/);
  await keep(journal, { clusters: [{ ...cluster, running: null, controller: { failure: 'refused', doneMs: null } }] });
  assert.match(statusText(await look()), /: not looked at yet;/);
  await keep(journal);

  await clock.advance(60_000);
  const stuck = await look();
  assert.deepEqual([stuck.daemon.state, statusExitCode(stuck)], ['stuck', 75]);
  assert.match(statusText(stuck), /STUCK: process \d+ has noted nothing for 65 s/);
  await keep(journal, { atMs: nowMs + 60_000, pid: 1 });
  assert.equal((await look()).daemon.state, 'starting', 'the note is of the process before');
  await keep(journal, { atMs: nowMs + 60_000 });
  journal.close();
  assert.equal((await look()).daemon.state, 'stopped', 'nobody holds the journal, however fresh the note');
  assert.match(statusText(await look()), /does NOT RUN; it was last seen at/);
});

test('what waits for a commit is no lag; what waits otherwise, is set aside or unsent is counted', async (t) => {
  const { open, look, clock } = await bed(t);
  const journal = await open();
  await keep(journal);
  await journal.runs.record([sighting(1, true), sighting(2), sighting(3), sighting(4, true), sighting(5)]);
  const [one, two, , four, five] = journal.deliveries.due('rest', 'start', 10, new Set()).map(({ id }) => id);
  await journal.deliveries.settle('rest', [
    { id: one ?? 0, did: 'start', stopAfterMs: 240_000 },
    { id: two ?? 0, did: 'later', reason: 'an earlier run of\nthe job goes first', dueMs: nowMs + 1000 },
    { id: four ?? 0, did: 'aside', reason: 'no \u001b[31mhost' },
    { id: five ?? 0, did: 'unsent', reason: 'by policy' },
  ]);
  await clock.advance(30_000);
  const status = await look();
  const { startsWaiting, stopsWaiting, awaitingCommit, aside, unsent, lagMs, reasons } = status.sinks[0] ?? {};
  assert.deepEqual([startsWaiting, stopsWaiting, awaitingCommit, aside, unsent, lagMs], [2, 1, 1, 1, 1, 30_000]);
  assert.deepEqual(reasons, [{ reason: 'an earlier run of\nthe job goes first', count: 1, jobId: 2 }]);
  assert.equal(statusExitCode(status), 1);
  const text = statusText(status);
  assert.match(text, /2 starts and 0 stops waiting; 1 stop waiting for commit; lag 30 s\n {4}1 set aside, 1 not sent by policy/);
  assert.match(text, /job 4 of c, started .*: start refused by cc-backend: no host\n/);
  assert.match(text, /1 run set aside: refused for good\n.*sluice cc retry --all/);
  journal.close();
});

test('what needs somebody: gaps with their command, strays, runaway and wrongly ended runs, problems that last', async (t) => {
  const { open, look, clock } = await bed(t);
  const journal = await open();
  await journal.runs.record([sighting(1), sighting(2)]);
  await clock.advance(10);
  const open1 = [...journal.runs.openRuns('c', clock.now())][0]?.id ?? 0;
  await journal.runs.markMissing([open1], []);
  await clock.advance(3_600_001);
  const atMs = clock.now();
  await journal.book.addGap({ cluster: 'c', since: now - 864_000, until: now - 604_800 });
  await journal.book.addGap({ cluster: 'other', since: 0, until: 60 });
  await journal.book.setStrays('c', [{ cluster: 'c', jobId: 77, start: now }]);
  const compared = { listed: 1, recognised: 0, lostStarts: 0, lostStops: 0, strays: [], atMs };
  const trouble = { message: 'cc-backend refuses the token', sinceMs: atMs - 61_000 };
  await keep(journal, {
    atMs,
    comparisons: { c: { ...compared, wronglyEnded: [{ cluster: 'c', jobId: 2, start: now - 100 }] } },
    sinks: { rest: { trouble, delivered: { start: 0, stop: 0 } } },
    problems: [
      {
        message: 'cc-backend takes nothing at the moment: cc-backend refuses the token; what waits is kept',
        since: atMs - 61_000,
        count: 5,
      },
      { message: 'accounting of c: nobody answers', since: atMs - 61_000, count: 5 },
      { message: 'slurmctld of c: just now', since: atMs - 1000, count: 1 },
    ],
  });
  const status = await look();
  journal.close();
  const needs = attentionOf(status).map(({ what, mend }) => `${what} | ${mend}`);
  assert.equal(needs.length, 7, needs.join('\n'));
  assert.match(needs[0] ?? '', /cc-backend takes nothing since .*refuses the token \| sluice cc check/);
  assert.match(needs[1] ?? '', /accounting of c: nobody answers/);
  assert.match(needs[2] ?? '', /1 job runs on and ended for cc-backend/);
  assert.match(needs[3] ?? '', /1 job runs for cc-backend alone/);
  assert.match(needs[4] ?? '', /1 run without an end.* \| .*sacctmgr show runawayjobs/);
  assert.match(needs[5] ?? '', /other.* --cluster other$/);
  assert.match(needs[6] ?? '', /c: history of 3 d .* \| sluice cc backfill --since 2026-\S+Z --until 2026-\S+Z$/);
  assert.equal(statusExitCode(status), 1);
  assert.match(statusText(status), /accounting read up to/);
});

test('a token that expires within a week, or has expired, needs somebody before cc-backend refuses it', async (t) => {
  const { open, look } = await bed(t);
  const journal = await open();
  for (const [tokenExpires, says] of [
    [null, []],
    [now + 8 * 86_400, []],
    [now + 6 * 86_400, ['the token of cc-backend expires in 6 d']],
    [now - 7200, ['the token of cc-backend expired 2 h ago']],
  ] as const) {
    await keep(journal, { tokenExpires });
    const status = await look();
    assert.deepEqual([attentionOf(status).map(({ what }) => what), statusExitCode(status)], [says, says.length]);
  }
  journal.close();
});

test('long lists are cut, and say so', async (t) => {
  const { open, look } = await bed(t);
  const journal = await open();
  await keep(journal);
  await journal.book.setStrays(
    'c',
    Array.from({ length: 25 }, (_, index) => ({ cluster: 'c', jobId: 100 + index, start: now })),
  );
  const status = await look();
  journal.close();
  assert.match(statusText(status, { limit: 20 }), /job 119 of c.*\n {2}and 5 more: --all lists them/);
  assert.match(statusText(status), /job 124 of c/);
});
