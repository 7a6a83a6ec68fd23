import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Clock, SluiceError, systemClock, systemProcesses } from '@sluice/io';
import { type Connector, commandsConnector, isEnded } from '@sluice/slurm';
import { type Lab, startLab } from '../lab/lab.ts';
import { type EnduranceScenario, seededRandom } from './scenario.ts';

const minutesOfOutages = 6;
const standing = 6;
/** slurmctld writes its state a few seconds after a change; what it was killed before is truly forgotten. */
const stateSaveMs = 10_000;

/** What is asked and heard while the daemons come and go. */
interface Heard {
  answers: number;
  /** Errors by their code. */
  readonly errors: Map<string, number>;
  /** Ended runs by job id, as the watermark passed over them. */
  readonly ended: Map<number, string>;
  watermark: number;
}

/**
 * slurmctld and slurmdbd are frozen, killed and started again, and commands are killed in the middle of an answer, while
 * jobs begin and end. No running job is ever said to be gone or missing from a whole answer, and once the daemons are back
 * every job that ended has been seen by a watermark that moves only with whole slices.
 */
export const slurmOutages: EnduranceScenario = {
  name: 'slurm-outages',
  async run({ seed, scale, progress }) {
    const random = seededRandom(seed);
    const clock = systemClock();
    const lab = await startLab({ suite: 'bookworm', progress });
    try {
      const connector = connectorFor(lab, clock);
      const began = Math.floor(clock.now() / 1000) - 1;
      const long = await Promise.all(
        Array.from({ length: standing }, () => lab.submit('alice', ['-n1', '-p', 'cpu', '-t', '60'], '#!/bin/sh\nexec sleep 3600\n')),
      );
      await until(clock, 60_000, async () => (await inQueue(lab, 'R')) >= standing);
      await clock.sleep(stateSaveMs);
      const heard: Heard = { answers: 0, errors: new Map(), ended: new Map(), watermark: began };
      const submitted: number[] = [];
      const outages = new Map<string, number>();
      const stop = new AbortController();
      const listening = listen(connector, clock, long, heard, stop.signal);
      const submitting = submitJobs(lab, clock, random, submitted, stop.signal);
      const end = clock.monotonic() + minutesOfOutages * 60_000 * scale;
      while (clock.monotonic() < end) {
        const kind = await oneOutage(lab, clock, random);
        await resumeNodes(lab, clock);
        outages.set(kind, (outages.get(kind) ?? 0) + 1);
        progress(
          `${kind}; ${heard.answers} answers, ${total(heard.errors)} errors, ${submitted.length} jobs, ${heard.ended.size} ends seen`,
        );
        await clock.sleep(2000 + random() * 4000);
      }
      stop.abort();
      await Promise.all([listening, submitting]);
      await lab.ask('scancel', ['--user=alice']);
      await until(clock, 180_000, async () => {
        const left = await inQueue(lab, 'R,PD,CG,S');
        const queued = await agentQueue(connector);
        progress(`${left} jobs in the queue, ${queued} messages wait for slurmdbd`);
        return left === 0 && queued === 0;
      });
      await clock.sleep(5000);
      await readEnded(connector, clock, heard);
      const ended = await endedBySlurm(lab, began);
      const missed = ended.filter((id) => !heard.ended.has(id));
      assert.deepEqual(missed, [], 'jobs that ended and were not seen');
      assert.ok(heard.answers > 0 && total(heard.errors) > 0, 'the outages were felt and survived');
      return {
        minutes: minutesOfOutages * scale,
        ...Object.fromEntries([...outages].sort()),
        jobs: submitted.length + long.length,
        ends: ended.length,
        endsMissed: missed.length,
        wholeAnswers: heard.answers,
        ...Object.fromEntries([...heard.errors].sort()),
      };
    } finally {
      await lab.down();
    }
  },
};

function connectorFor(lab: Lab, clock: Clock): Connector {
  return commandsConnector({
    processes: systemProcesses(lab.env),
    clock,
    binPath: lab.binPath(),
    conf: lab.conf,
    user: 'root',
    timeoutMs: 4000,
    nonce: () => randomBytes(16).toString('hex'),
  });
}

/** Asks without pause until stopped; an error is counted, a false answer is thrown. */
async function listen(connector: Connector, clock: Clock, long: readonly number[], heard: Heard, signal: AbortSignal): Promise<void> {
  const question = async (ask: () => Promise<void>): Promise<void> => {
    try {
      await ask();
      heard.answers++;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      heard.errors.set(error.code, (heard.errors.get(error.code) ?? 0) + 1);
    }
  };
  while (!signal.aborted) {
    await question(async () => {
      const seen = new Set((await connector.controller.activeJobs()).records.map(({ jobId }) => jobId));
      for (const id of long) assert.ok(seen.has(id), `job ${id} runs and is missing from a whole answer`);
    });
    await question(async () => {
      for (const [id, answer] of await connector.controller.jobsById(long)) {
        assert.notEqual(answer.kind, 'gone', `job ${id} runs and is said to be gone`);
        if (answer.kind === 'known') assert.ok(!isEnded(answer.value.state), `job ${id} runs and is said to have ended`);
        if (answer.kind === 'unasked') throw answer.error;
      }
    });
    await question(async () => {
      for (const [id, answer] of await connector.controller.allocations(long)) {
        assert.notEqual(answer.kind, 'gone', `job ${id} runs and its allocation is said to be gone`);
        if (answer.kind === 'unasked') throw answer.error;
      }
    });
    await question(() => readEnded(connector, clock, heard));
    await clock.sleep(200);
  }
}

/** Reads what ended since the watermark; it moves with whole slices, and only while slurmctld holds nothing back. */
async function readEnded(connector: Connector, clock: Clock, heard: Heard): Promise<void> {
  const queued = await agentQueue(connector);
  const to = Math.floor(clock.now() / 1000) - 1;
  for await (const piece of connector.accounting.endedJobs({ from: heard.watermark - 30, to })) {
    if (piece.kind === 'records') for (const { jobId, state } of piece.records) heard.ended.set(jobId, state.base);
    else if (piece.kind === 'slice' && queued === 0) heard.watermark = Math.max(heard.watermark, piece.to);
  }
}

async function agentQueue(connector: Connector): Promise<number | null> {
  return (await connector.controller.diagnostics()).dbdAgentQueue;
}

async function submitJobs(lab: Lab, clock: Clock, random: () => number, submitted: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const script = `#!/bin/sh\nsleep ${(random() * 2).toFixed(1)}\nexit ${random() < 0.3 ? 3 : 0}\n`;
    const args = ['--parsable', '-D', lab.workDir, '-n1', '-p', 'cpu', '-o', '/dev/null', '-J', `short ${submitted.length}\n|forged`];
    const { code, stdout } = await lab.run('sbatch', args, { user: 'alice', stdin: script, timeoutMs: 45_000 });
    if (code === 0) submitted.push(Number.parseInt(stdout.toString('utf8'), 10));
    await clock.sleep(300);
  }
}

async function oneOutage(lab: Lab, clock: Clock, random: () => number): Promise<string> {
  const name = random() < 0.5 ? 'slurmctld' : 'slurmdbd';
  const daemon = lab.daemons[name];
  if (random() < 0.5) {
    await daemon.freeze();
    await clock.sleep(1000 + random() * 9000);
    await daemon.thaw();
    return `${name} frozen`;
  }
  await daemon.kill();
  await clock.sleep(500 + random() * 5000);
  await daemon.start();
  return `${name} killed`;
}

/** Ids of the jobs that Slurm itself says have ended, once all is quiet. A slurmctld that is killed forgets its newest jobs. */
async function endedBySlurm(lab: Lab, since: number): Promise<number[]> {
  const rows = await lab.ask('sacct', ['-anX', '-S', `uts${since}`, '-E', 'now', '-o', 'jobidraw,end', '-P'], {
    env: { SLURM_TIME_FORMAT: '%s' },
  });
  return rows.split('\n').flatMap((row) => {
    const [id, end] = row.split('|');
    return /^\d+$/.test(end ?? '') ? [Number(id)] : [];
  });
}

/** slurmctld drains nodes whose jobs it lost sight of; then nothing would begin or end any more. */
async function resumeNodes(lab: Lab, clock: Clock): Promise<void> {
  await clock.sleep(1000);
  const drained = await lab.ask('sinfo', ['-h', '-N', '-t', 'drain,down', '-o', '%N']);
  const names = [...new Set(drained.split('\n'))].filter((name) => name !== '');
  if (names.length > 0) await lab.run('scontrol', ['update', `nodename=${names.join(',')}`, 'state=resume']);
}

async function inQueue(lab: Lab, states: string): Promise<number> {
  const listed = await lab.ask('squeue', ['-h', '-t', states, '-o', '%A']);
  return listed === '' ? 0 : listed.split('\n').length;
}

async function until(clock: Clock, milliseconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const end = clock.monotonic() + milliseconds;
  while (!(await isSo())) {
    assert.ok(clock.monotonic() < end, `not so after ${milliseconds / 1000} s: ${isSo}`);
    await clock.sleep(2000);
  }
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
