import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Run } from '../run.ts';
import type { CcCluster } from './cc-cluster.ts';
import { type DecideSettings, decideContext, defaultSettings } from './context.ts';
import { cluster, run as fixture, held, node, start, subCluster } from './decide.fixture.ts';
import { decideStart, decideStop, endStateOf } from './decide.ts';

const run: Run = {
  cluster: 'fritz',
  jobId: 42,
  start,
  ended: null,
  submit: start - 1000,
  user: 'alice',
  account: 'chem',
  partition: 'cpu',
  name: 'we|ird "n\'ame"\nline 2',
  arrayJobId: null,
  nodes: ['node01', 'node02'],
  cpus: 32,
  gpus: 0,
  walltime: 7200,
  whole: true,
  allocation: null,
  script: null,
  description: null,
};

/** cc-backend was not asked. */
const unasked = (settings: Partial<DecideSettings> = {}) => decideContext({ ...defaultSettings, ...settings }, null, []);

function payload(changes: Partial<Run>, context = unasked()) {
  const decided = decideStart({ ...run, ...changes }, context);
  assert.ok('payload' in decided, JSON.stringify(decided));
  return decided.payload;
}

test('§3.1 a start holds exactly what is known, and metadata is never null', () => {
  assert.deepEqual(payload({}), {
    jobId: 42,
    cluster: 'fritz',
    user: 'alice',
    project: 'chem',
    partition: 'cpu',
    shared: 'none',
    startTime: start,
    walltime: 7200,
    numNodes: 2,
    numHwthreads: 32,
    numAcc: 0,
    resources: [{ hostname: 'node01' }, { hostname: 'node02' }],
    metaData: { jobName: 'we|ird "n\'ame"\nline 2', submitTime: String(start - 1000) },
  });
  const bare = payload({ submit: null, walltime: null, name: '' });
  assert.deepEqual(bare.metaData, { jobName: '' });
  assert.ok(!('walltime' in bare) && !('submitTime' in bare) && !('arrayJobId' in bare));
});

test('W6 smt is never sent', () => {
  assert.ok(!('smt' in payload({})));
});

test('§5.2 none only for a job that owns its nodes, single_user where only its user may stand beside it', () => {
  assert.equal(payload({ whole: true }).shared, 'none');
  assert.equal(payload({ whole: false }).shared, 'multi_user');
  assert.equal(payload({ whole: null }).shared, 'multi_user', 'known from accounting alone');
  assert.equal(payload({ whole: false, sharing: 'user' }).shared, 'single_user');
  assert.equal(payload({ whole: false, sharing: 'mcs' }).shared, 'multi_user', 'a label may have several users');
});

test('§5.3 array tasks name their array, with ids of their own', () => {
  assert.equal(payload({ arrayJobId: 17 }).arrayJobId, 17);
});

test('W5 a start has the tag that the configuration wants', () => {
  const startTag = { type: 'source', name: 'sluice', scope: 'global' };
  assert.deepEqual(payload({}, unasked({ startTag })).tags, [startTag]);
  assert.ok(!('tags' in payload({})));
});

test('§5.4 a shared job whose allocation nobody knows any more says so', () => {
  assert.match(payload({ whole: false }).metaData['message'] ?? '', /no longer knows/);
  assert.equal(payload({ whole: true }).metaData['message'], undefined);
  const allocation = { cluster: 'fritz', jobId: 42, start: run.start, whole: false, nodes: [] };
  assert.equal(payload({ whole: false, allocation }).metaData['message'], undefined);
});

test('W11 what cc-backend would take and then suffer from is refused here', () => {
  const refusal = (changes: Partial<Run>) => {
    const decided = decideStart({ ...run, ...changes }, unasked());
    return 'refused' in decided ? decided.refused : 'sent';
  };
  assert.equal(refusal({ start: -1 }), 'its start -1 is no time');
  assert.equal(refusal({ start: 0xffff_fffe }), 'its start 4294967294 is no time');
  assert.equal(refusal({ jobId: 0 }), 'its id 0 is no job id');
  assert.equal(refusal({ user: '' }), 'its user is not known');
  assert.equal(refusal({ nodes: [] }), 'its nodes are not known');
  assert.deepEqual(decideStop(run, unasked()), { refused: 'it has not ended', because: 'run' });
});

describe('§5.7 hosts and subclusters', () => {
  const two: CcCluster = {
    ...cluster(subCluster('a[1-9]', { name: 'first' }), subCluster('b[1-9],a[5-9]', { name: 'second' })),
    name: 'fritz',
  };
  const decide = (nodes: readonly string[], clusters: readonly CcCluster[] = [two], changes: Partial<Run> = {}) =>
    decideStart({ ...run, nodes, ...changes }, decideContext(defaultSettings, clusters, []));
  const sent = (nodes: readonly string[], clusters?: readonly CcCluster[]) => {
    const decided = decide(nodes, clusters);
    assert.ok('payload' in decided, JSON.stringify(decided));
    return [decided.payload.subCluster, decided.payload.resources.map(({ hostname }) => hostname).join(), decided.payload.numNodes];
  };

  test('the server derives the subcluster from the first host; it is named where several name that host', () => {
    assert.deepEqual(sent(['a1', 'b1']), [undefined, 'a1,b1', 2]);
    assert.deepEqual(sent(['a5', 'b1']), ['first', 'a5,b1', 2]);
  });

  test('a host that is known goes first, the others keep their order', () => {
    assert.deepEqual(sent(['x1', 'x2', 'b1', 'b2']), [undefined, 'b1,x1,x2,b2', 4]);
  });

  test('without any known host, or with a cluster that cc-backend has not, the run is refused with what to mend', () => {
    assert.deepEqual(decide(['x1', 'x2']), {
      refused: "no subcluster of cc-backend's cluster fritz names host x1 or any of the 1 others of this job",
      because: 'host',
    });
    assert.deepEqual(decide(['a1'], [{ ...two, name: 'alex' }]), { refused: 'cc-backend has no cluster fritz', because: 'cluster' });
    assert.deepEqual(decide(['a1'], []), { refused: 'cc-backend has no cluster fritz', because: 'cluster' });
  });

  test('a first subcluster of * takes what no other names', () => {
    const any = { ...cluster(subCluster('*', { name: 'any' }), subCluster('b[1-9]', { name: 'named' })), name: 'fritz' };
    assert.deepEqual(sent(['host_with.dots', 'b1'], [any]), [undefined, 'host_with.dots,b1', 2]);
    const later = { ...cluster(subCluster('b[1-9]'), subCluster('*', { name: 'any' })), name: 'fritz' };
    assert.ok('refused' in decide(['x1'], [later]), 'only the first one’s * counts');
  });
});

describe('names', () => {
  const context = (settings: Partial<DecideSettings>) => {
    const clusters = [{ ...cluster(subCluster('*')), name: 'alex' }];
    return decideContext({ ...defaultSettings, clusterNames: new Map([['c', 'alex']]), ...settings }, clusters, [node('n1'), node('n2')]);
  };
  const ended = fixture([held('n1', { cpuIds: [0] }), held('n9')], { ended: { time: start + 60, state: 'COMPLETED' } });
  const sent = (settings: Partial<DecideSettings> = {}) => {
    const decided = decideStart(ended, context(settings));
    assert.ok('payload' in decided);
    return [decided.payload.cluster, ...decided.payload.resources.map(({ hostname }) => hostname)];
  };

  test('§5.4 hosts are called as the configuration says; the subcluster is that of the name that is sent', () => {
    assert.deepEqual(sent(), ['alex', 'n1', 'n9']);
    assert.deepEqual(sent({ hostnames: 'hostname' }), ['alex', 'n1.site', 'n9'], 'Slurm does not list n9');
    assert.deepEqual(sent({ hostnames: new Map([['n9', 'other']]) }), ['alex', 'n1', 'other']);
  });

  test('a renamed node keeps its allocation', () => {
    const decided = decideStart(ended, context({ hostnames: 'hostname' }));
    assert.deepEqual('payload' in decided && decided.payload.resources[0], { hostname: 'n1.site', hwthreads: [0] });
  });

  test('clusters are called as cc-backend does, in the stop too', () => {
    const decided = decideStop(ended, context({}));
    assert.equal('payload' in decided && decided.payload.cluster, 'alex');
  });
});

describe('what is ignored', () => {
  const ignored = (changes: Partial<Run>, settings: Partial<DecideSettings> = {}) => {
    const decided = decideStart({ ...run, ...changes }, unasked(settings));
    return 'ignored' in decided ? decided.ignored : 'not ignored';
  };

  test('a job all of whose hosts are to be ignored, not one that has another', () => {
    const settings: Partial<DecideSettings> = { ignoreHosts: (host) => /^test/.test(host) };
    assert.match(ignored({ nodes: ['test1', 'test2'] }, settings), /ignoreHosts/);
    assert.equal(ignored({ nodes: ['test1', 'node1'] }, settings), 'not ignored');
  });

  test('a job whose admin comment has the word among its flags', () => {
    for (const adminComment of ['disable_cc_submission', 'a, disable_cc_submission ,b'])
      assert.match(ignored({ adminComment }), /admin comment/);
    assert.equal(ignored({ adminComment: 'no disable_cc_submission here' }), 'not ignored');
    assert.equal(ignored({ comment: 'disable_cc_submission' }), 'not ignored', 'users do not decide it');
  });

  test('a job that never started', () => {
    assert.equal(ignored({ start: 0 }), 'it never started');
    const cancelled: Partial<Run> = { nodes: [], ended: { time: start, state: 'CANCELLED' } };
    assert.equal(ignored(cancelled), 'it never started');
  });

  test('a start that stands is stopped, whatever the configuration says since', () => {
    const stop = decideStop(
      { ...run, ended: { time: start, state: 'FAILED' } },
      decideContext({ ...defaultSettings, ignoreHosts: () => true }, [], []),
    );
    assert.ok('payload' in stop);
  });

  test('a stop needs the key of a run and its end, nothing else', () => {
    const { cluster, jobId } = run;
    const stop = decideStop({ cluster, jobId, start, ended: { time: start + 1, state: 'COMPLETED' } }, unasked());
    assert.ok('payload' in stop, 'a run that is known from cc-backend’s list alone');
    assert.ok('refused' in decideStop({ ...run, start: 0, ended: { time: start, state: 'COMPLETED' } }, unasked()));
  });
});

test('§4.2 §9.2 a stop names cluster and start, and never ends before it starts', () => {
  const stop = (time: number, state: string) => decideStop({ ...run, ended: { time, state } }, unasked());
  const expected = { jobId: 42, cluster: 'fritz', startTime: start, jobState: 'failed', stopTime: start + 60 };
  assert.deepEqual(stop(start + 60, 'FAILED'), { payload: expected });
  assert.deepEqual(stop(start - 1, 'FAILED'), { payload: { ...expected, stopTime: start } });
  assert.ok('refused' in stop(0xffff_fffe, 'FAILED'), 'no time');
});

test('§5.1 every state in which Slurm ends a job has a word', () => {
  const words = ['BOOT_FAIL', 'CANCELLED', 'COMPLETED', 'DEADLINE', 'FAILED', 'NODE_FAIL', 'OUT_OF_MEMORY', 'PREEMPTED', 'TIMEOUT'];
  for (const word of words) assert.equal(endStateOf(word), word.toLowerCase());
  for (const word of ['REQUEUED', 'REQUEUE_HOLD', 'REVOKED', 'CANCELLED by 1000', 'CANCELLED+'])
    assert.equal(endStateOf(word), 'cancelled');
  for (const word of ['SOMETHING_NEW', 'SPECIAL_EXIT', 'toString', '']) assert.equal(endStateOf(word), 'failed');
});

test('W11 a state in which a job goes on is never sent', () => {
  for (const state of ['RUNNING', 'PENDING', 'SUSPENDED', 'COMPLETING', 'RESIZING', 'STOPPED']) {
    const decided = decideStop({ ...run, ended: { time: start + 1, state } }, unasked());
    assert.deepEqual(decided, { refused: `its state ${state} is none in which a job has ended`, because: 'run' });
  }
});
