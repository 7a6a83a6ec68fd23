import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountedJob, type ActiveJob, type Allocation, type Node, parseState } from '@sluice/slurm';
import type { Run } from '../run.ts';
import { mergeRuns, observeActive, observeEnded, type Seen, surroundings } from './seen.ts';

const nothing = surroundings([], []);
const start = 1_795_000_000;

function job(state: string, changes: object = {}) {
  return {
    cluster: 'c',
    jobId: 7,
    array: null,
    name: 'n',
    user: 'alice',
    account: 'chem',
    partition: 'cpu',
    state: parseState(state),
    submit: start - 10,
    start,
    end: null,
    timeLimit: 60,
    nodes: 'n[1-2]',
    cpus: 4,
    allocated: { cpu: 4, 'gres/gpu': 2, 'gres/gpu:a100': 2 },
    ...changes,
  };
}

const active = (state: string, changes: object = {}) =>
  observeActive(job(state, { sharing: null, ...changes }) as unknown as ActiveJob, nothing);
const ended = (state: string, changes: object = {}) =>
  observeEnded(job(state, { end: start + 60, ...changes }) as unknown as AccountedJob, nothing);

function runOf(seen: Seen): Run {
  assert.ok('run' in seen, JSON.stringify(seen));
  return seen.run;
}

test('a running job is a run: hosts by name, typed GPUs counted once and alone, the array, the limit in seconds', () => {
  const run = runOf(active('RUNNING'));
  assert.deepEqual([run.nodes, run.cpus, run.gpus, run.walltime, run.ended], [['n1', 'n2'], 4, 2, 3600, null]);
  const typed = { cpu: 6, 'gres/gpu:a100': 1, 'gres/gpu:v100': 2 };
  assert.deepEqual([runOf(active('RUNNING', { allocated: typed })).gpus, runOf(active('RUNNING', { allocated: typed })).cpus], [3, 6]);
  const bare = runOf(active('RUNNING', { allocated: {}, array: { jobId: 5, taskId: 2, pending: null } }));
  assert.deepEqual([bare.gpus, bare.cpus, bare.arrayJobId], [0, 4, 5]);
  assert.equal(runOf(active('SUSPENDED')).ended, null);
  assert.equal(runOf(active('RUNNING', { timeLimit: 'unlimited' })).walltime, null);
});

test('what has not started, or whose start may still change, is no run', () => {
  assert.deepEqual(active('PENDING', { start: null, nodes: '' }), { no: 'not started' });
  assert.deepEqual(active('PENDING', { nodes: '' }), { no: 'not started' }, 'an estimate');
  assert.deepEqual(active('RUNNING,CONFIGURING'), { no: 'start not final' });
  assert.deepEqual(active('COMPLETING'), { no: 'start not final' }, 'of a requeued job it is the time of the requeue');
  assert.deepEqual(active('CANCELLED', { start: null, end: start, nodes: '' }), { no: 'never started' });
  assert.deepEqual(ended('CANCELLED by 1000', { start: null, nodes: '' }), { no: 'never started' });
  assert.deepEqual(
    ended('CANCELLED by 1000', { nodes: '' }),
    { no: 'never started' },
    'some releases give it a start, none gives it a node',
  );
  assert.deepEqual(ended('REVOKED'), { no: 'revoked' });
});

test('a completing job has ended, once its end is known', () => {
  assert.deepEqual(runOf(active('COMPLETED,COMPLETING', { end: start + 5 })).ended, { time: start + 5, state: 'COMPLETED' });
  assert.deepEqual(active('COMPLETED,COMPLETING'), { no: 'still running' });
});

test('§9.8 the row of a requeued run is its end, though the job pends; a resized row tells of a run that goes on', () => {
  assert.deepEqual(runOf(ended('REQUEUED')).ended, { time: start + 60, state: 'REQUEUED' });
  assert.equal(runOf(ended('RESIZING')).ended, null);
});

test('the part of a het job that got a node and gave it back at once, because another part got none, is no run', () => {
  assert.deepEqual(ended('PENDING', { end: start }), { no: 'still running' });
});

test('a job owns its nodes if Slurm says so, or if it holds all their CPUs', () => {
  const node = (name: string, total: number): Node =>
    ({ name, cpus: { total, allocated: 0 }, tres: { total: {}, allocated: {} } }) as unknown as Node;
  const whole = (nodes: readonly Node[], changes: object = {}, allocations: readonly Allocation[] = []) =>
    runOf(observeActive(job('RUNNING', { sharing: null, ...changes }) as unknown as ActiveJob, surroundings(allocations, nodes))).whole;
  assert.equal(whole([]), null);
  assert.equal(whole([node('n1', 2)]), null, 'the size of one node is not known');
  assert.equal(whole([node('n1', 2), node('n2', 2)]), true);
  assert.equal(whole([node('n1', 2), node('n2', 4)]), false);
  assert.equal(whole([node('n1', 2), node('n2', 4)], { sharing: 'exclusive' }), true);
  const allocation = { cluster: 'c', jobId: 7, start, whole: false, nodes: [] };
  assert.equal(whole([node('n1', 2), node('n2', 2)], { sharing: 'exclusive' }, [allocation]), false);
  assert.equal(whole([], {}, [{ ...allocation, start: start - 1 }]), null, 'the allocation of another run');
});

test('records of one run are put together; another start is another run', () => {
  const first = runOf(active('RUNNING', { name: 'the "name"' }));
  const last = runOf(ended('FAILED', { name: 'the `name`' }));
  const other = runOf(ended('REQUEUED', { start: start - 500, end: start - 100 }));
  const merged = mergeRuns([first, last, other]);
  assert.equal(merged.length, 2);
  assert.deepEqual([merged[0]?.name, merged[0]?.ended?.state], ['the "name"', 'FAILED']);
});

test('what was seen of a run while it ran counts before what is left of it after its end', () => {
  const allocation = { cluster: 'c', jobId: 7, start, whole: true, nodes: [] };
  const seen = (lost: object, word: string, end: number | null) =>
    runOf(observeActive(job(word, { sharing: null, end }) as unknown as ActiveJob, surroundings([{ ...allocation, ...lost }], [])));
  const [whole, left] = [seen({}, 'RUNNING', null), seen({ devicesLost: true }, 'COMPLETED', start + 9)];
  assert.deepEqual([left.whole, left.allocation?.devicesLost], [true, true]);
  for (const runs of [
    [whole, left],
    [left, whole],
  ]) {
    const [run] = mergeRuns(runs);
    assert.deepEqual([run?.allocation, run?.ended?.state], [allocation, 'COMPLETED']);
  }
});

test('of the rows of a resized job the last end counts', () => {
  const ends = (time: number) => runOf(ended('COMPLETED', { end: time }));
  assert.equal(mergeRuns([ends(start + 90), ends(start + 60)])[0]?.ended?.time, start + 90);
});
