import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, now, start } from '../testing/backend.ts';

const startPath = '/api/jobs/start_job/';
const stopPath = '/api/jobs/stop_job/';

test('§1.1 strict JSON: the error texts of Go', async () => {
  await using b = await bench();
  const refused = async (body: string) => {
    const { status, json } = await b.ask('POST', startPath, body);
    assert.equal(status, 400, body);
    return String(json['error']).replace('parsing request body failed: ', '');
  };
  assert.equal(await refused(' '), 'EOF');
  assert.equal(await refused('{"jobId":1'), 'unexpected EOF');
  assert.equal(await refused('{]'), "invalid character ']' looking for beginning of object key string");
  assert.equal(await refused('{"exclusive":1}'), 'json: unknown field "exclusive"');
  assert.equal(await refused('{"resources":[{"hostname":"a","name":"b"}]}'), 'json: unknown field "name"');
  assert.equal(await refused('{"jobId":"1"}'), 'json: cannot unmarshal string into Go struct field Job.jobId of type int64');
  assert.equal(await refused('{"jobId":1.0}'), 'json: cannot unmarshal number 1.0 into Go struct field Job.jobId of type int64');
  assert.equal(await refused('{"startTime":1e3}'), 'json: cannot unmarshal number 1e3 into Go struct field Job.startTime of type int64');
  assert.equal(
    await refused('{"numNodes":2147483648}'),
    'json: cannot unmarshal number 2147483648 into Go struct field Job.numNodes of type int32',
  );
  assert.equal(await refused('{"metaData":{"a":1}}'), 'json: cannot unmarshal number into Go struct field Job.metaData of type string');
  assert.equal(
    await refused('{"resources":[{"hwthreads":["0"]}]}'),
    'json: cannot unmarshal string into Go struct field Resource.resources.hwthreads of type int',
  );
  assert.equal(await refused('[]'), 'json: cannot unmarshal array into Go value of type schema.Job');
});

test('§1.1 keys in any case, null as default, the last duplicate, trailing bytes', async () => {
  await using b = await bench();
  const body = `{"JOBID":1,"jobid":7,"cluster":"labcluster","user":"alice","numNodes":1,"shared":null,"monitoringStatus":null,
    "resources":[{"HostName":"node01"}],"startTime":${now - 5},"metaData":{"jobName":null}} trailing`;
  assert.equal((await b.ask('PUT', startPath, body)).status, 201);
  const [row] = b.backend.rows('job_cache');
  assert.deepEqual([row?.job_id, row?.shared, row?.monitoring_status, row?.meta_data], [7, 'none', 1, '{"jobName":""}']);
});

test('§3.2 a start stands in job_cache until the commit and is not listed before', async () => {
  await using b = await bench();
  const answer = await b.ask('POST', startPath, start());
  assert.deepEqual([answer.status, answer.text], [201, '{"msg":"success"}\n']);
  assert.deepEqual((await b.ask('GET', '/api/jobs/')).json, { jobs: [], items: 25, page: 1 });
  b.backend.sync();
  assert.equal(b.backend.rows('job_cache').length, 0);
  assert.equal(((await b.ask('GET', '/api/jobs/')).json['jobs'] as object[]).length, 1);
  assert.equal(b.backend.rows('job')[0]?.subcluster, 'cpu');
});

test('§3.2 a start with a tag goes into job at once', async () => {
  await using b = await bench();
  assert.equal((await b.ask('POST', startPath, start({ tags: [{ type: 'source', name: 'sluice' }] }))).status, 201);
  assert.deepEqual([b.backend.rows('job_cache').length, b.backend.rows('job').length], [0, 1]);
  const { jobs } = (await b.ask('GET', '/api/jobs/')).json as { jobs: { tags: object[] }[] };
  assert.deepEqual(jobs[0]?.tags, [{ type: 'source', name: 'sluice', scope: 'global', id: 1 }]);
});

test('§3.3 §4.1.5 W6: constraints reach the client with the words of SQLite', async () => {
  await using b = await bench();
  const refused = async (changes: Record<string, unknown>) => {
    const { status, json } = await b.ask('POST', startPath, start(changes));
    return `${status} ${json['error']}`;
  };
  assert.equal(await refused({ smt: 2 }), '500 insert into database failed: CHECK constraint failed: smt IN (0, 1)');
  assert.equal(
    await refused({ shared: 'yes' }),
    '500 insert into database failed: CHECK constraint failed: shared IN ("none", "single_user", "multi_user")',
  );
  assert.equal(
    await refused({ monitoringStatus: 4 }),
    '500 insert into database failed: CHECK constraint failed: monitoring_status IN (0, 1, 2, 3)',
  );
  assert.equal((await b.ask('POST', startPath, start({ smt: 2, tags: [{ type: 'a', name: 'b' }] }))).status, 201);
});

test('§4.1.3 what is checked, in order, with the server’s sentences', async () => {
  await using b = await bench();
  const refused = async (changes: Record<string, unknown>) => {
    const { status, json } = await b.ask('POST', startPath, start(changes));
    assert.equal(status, 400, JSON.stringify(changes));
    return json['error'];
  };
  assert.equal(await refused({ cluster: 'c', user: '' }), 'no such cluster: c');
  assert.equal(
    await refused({ subCluster: 'x', resources: [] }),
    'ARCHIVE/CLUSTERCONFIG > already assigned subcluster x unkown (cluster: labcluster)',
  );
  assert.equal(await refused({ resources: [], user: '' }), 'ARCHIVE/CLUSTERCONFIG > job without any resources/hosts');
  assert.equal(
    await refused({ resources: [{ hostname: 'node1' }] }),
    'ARCHIVE/CLUSTERCONFIG > no subcluster found for cluster labcluster and host node1',
  );
  assert.equal(await refused({ user: '', numNodes: 0 }), "'resources' and 'user' should not be empty");
  assert.equal(await refused({ subCluster: 'cpu', resources: [] }), "'resources' and 'user' should not be empty");
  assert.equal(await refused({ numAcc: -1, numNodes: 2 }), "'numNodes', 'numAcc' or 'numHWThreads' invalid");
  assert.equal(await refused({ numNodes: 2 }), 'len(resources) does not equal numNodes (1 vs 2)');
});

test('§4.1.4 §4.1.5 W3: the rule of 86,400 s is signed and sees table job only', async () => {
  await using b = await bench();
  const at = async (startTime: number) => b.ask('POST', startPath, start({ startTime }));
  assert.equal((await at(now)).status, 201);
  assert.equal((await at(now + 1)).status, 201, 'the first is only cached');
  const twice = await at(now);
  assert.equal(twice.status, 500);
  assert.match(String(twice.json['error']), /UNIQUE constraint failed: job_cache\.job_id, job_cache\.cluster, job_cache\.start_time/);
  b.backend.sync();
  const again = await at(now + 86_399);
  assert.equal(again.status, 422);
  assert.equal(again.json['error'], 'a job with that jobId, cluster and startTime already exists: dbid: 1, jobid: 1');
  assert.equal((await at(now - 1_000_000)).status, 422, 'an older run after a newer one is refused');
  assert.equal((await at(now + 86_400)).status, 422, 'the second row is younger by a second');
  assert.equal((await at(now + 86_401)).status, 201);
});

test('§4.2 a stop of a cached job moves it, answers with the job and archives it', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start({ walltime: 3600, numHwthreads: 8 }));
  const answer = await b.ask('POST', stopPath, {
    jobId: 1,
    cluster: 'labcluster',
    startTime: now - 1000,
    jobState: 'failed',
    stopTime: now - 400,
  });
  assert.equal(answer.status, 200);
  assert.equal(
    answer.text,
    `{"cluster":"labcluster","subCluster":"cpu","project":"","user":"alice","shared":"none","jobState":"failed","resources":[{"hostname":"node01"}],"energyFootprint":null,"footprint":null,"metaData":null,"concurrentJobs":{"items":null,"count":0},"energy":0,"walltime":3600,"jobId":1,"duration":600,"monitoringStatus":1,"numHwthreads":8,"numNodes":1,"statistics":null,"id":1,"startTime":${now - 1000}}\n`,
  );
  const [row] = b.backend.rows('job');
  assert.deepEqual([row?.job_state, row?.duration, row?.monitoring_status], ['failed', 600, 3]);
});

test('§4.2 the refusals of a stop, in order', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start());
  const refused = async (body: Record<string, unknown>) => {
    const { status, json } = await b.ask('PUT', stopPath, body);
    return `${status} ${json['error'] ?? 'stopped'}`;
  };
  const named = 'jobId 1 (id 1) on labcluster : ';
  assert.equal(await refused({ stopTime: now }), "400 the field 'jobId' is required");
  assert.equal(await refused({ jobId: null }), "400 the field 'jobId' is required");
  assert.equal(await refused({ jobId: 1, state: 'failed' }), '400 parsing request body failed: json: unknown field "state"');
  assert.equal(await refused({ jobId: 2, stopTime: now }), '404 finding job failed: sql: no rows in result set');
  assert.equal(await refused({ jobId: 1, startTime: now, stopTime: now }), '404 finding job failed: sql: no rows in result set');
  assert.equal(
    await refused({ jobId: 1, stopTime: now - 1001, jobState: 'x' }),
    `400 ${named}stopTime ${now - 1001} must be larger/equal than startTime ${now - 1000}`,
  );
  assert.equal(await refused({ jobId: 1, stopTime: now, jobState: 'stopped' }), `400 ${named}invalid requested job state: "stopped"`);
  assert.equal(await refused({ jobId: 1, stopTime: now - 1000 }), '200 stopped');
  assert.equal(await refused({ jobId: 1, stopTime: now }), `422 ${named}job has already been stopped (state is: completed)`);
});

test('§4.2 without startTime the newest run is stopped', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start({ startTime: now - 100_000 }));
  b.backend.sync();
  await b.ask('POST', startPath, start({ startTime: now - 10 }));
  assert.equal((await b.ask('POST', stopPath, { jobId: 1, stopTime: now })).json['startTime'], now - 10);
});

test('§4.3 there is no stop by database id', async () => {
  await using b = await bench();
  assert.equal((await b.ask('POST', '/api/jobs/stop_job/1', { stopTime: now })).status, 404);
});

test('§4.4 listing: filters, pages and what it refuses', async () => {
  await using b = await bench();
  for (const jobId of [1, 2, 3])
    await b.ask('POST', startPath, start({ jobId, startTime: now - jobId, project: `p${jobId}`, metaData: { k: 'v' } }));
  b.backend.sync();
  await b.ask('POST', stopPath, { jobId: 3, stopTime: now });
  const ids = async (query: string) => {
    const { jobs } = (await b.ask('GET', `/api/jobs/${query}`)).json as { jobs: { jobId: number; metaData: unknown; duration: number }[] };
    return jobs.map((job) => job.jobId);
  };
  assert.deepEqual(await ids('?state=running'), [1, 2]);
  assert.deepEqual(await ids('?state=running&state=completed'), [1, 2, 3]);
  assert.deepEqual(await ids('?cluster=other'), []);
  assert.deepEqual(await ids('?project=p2'), [2]);
  assert.deepEqual(await ids(`?start-time=${now - 2}-${now - 1}`), [1, 2]);
  assert.deepEqual(await ids('?items-per-page=2&page=2'), [3]);
  const page = (await b.ask('GET', '/api/jobs/?items-per-page=2&with-metadata=false')).json as {
    items: number;
    jobs: { metaData: unknown; duration: number }[];
  };
  assert.equal(page.items, 2);
  assert.deepEqual([page.jobs[0]?.metaData, page.jobs[0]?.duration], [{ k: 'v' }, 1]);
  const refused = async (query: string) => {
    const { status, json } = await b.ask('GET', `/api/jobs/${query}`);
    assert.equal(status, 400, query);
    return json['error'];
  };
  assert.equal(await refused('?jobId=1'), 'invalid query parameter: jobId');
  assert.equal(await refused('?state=stopped'), 'invalid query parameter value: state');
  assert.equal(await refused('?start-time=5'), 'invalid query parameter value: startTime');
  assert.equal(await refused('?page=0'), 'page must be >= 1');
  assert.equal(await refused('?items-per-page=-1'), 'items-per-page must be >= 1');
});

test('§4.5 a job by database id, with its metadata', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start({ metaData: { jobName: 'x' } }));
  b.backend.sync();
  const { Meta } = (await b.ask('GET', '/api/jobs/1')).json as { Meta: { metaData: unknown } };
  assert.deepEqual(Meta.metaData, { jobName: 'x' });
  const missing = await b.ask('GET', '/api/jobs/2');
  assert.deepEqual([missing.status, missing.json['error']], [422, 'finding job with db id 2 failed: sql: no rows in result set']);
});

test('§4.6 used nodes', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start({ numNodes: 2, resources: [{ hostname: 'node02' }, { hostname: 'node01' }] }));
  b.backend.sync();
  assert.deepEqual((await b.ask('GET', `/api/jobs/used_nodes?ts=${now}`)).json, { usedNodes: { labcluster: ['node01', 'node02'] } });
  assert.equal((await b.ask('GET', '/api/jobs/used_nodes')).status, 400);
  assert.equal((await b.ask('GET', '/api/jobs/used_nodes?ts=x')).status, 400);
});

test('§4.10 clusters, one or all', async () => {
  await using b = await bench();
  const all = (await b.ask('GET', '/api/clusters/')).json as { clusters: { name: string }[] };
  assert.deepEqual(
    all.clusters.map(({ name }) => name),
    ['labcluster'],
  );
  assert.equal((await b.ask('GET', '/api/clusters/?cluster=labcluster')).status, 200);
  const unknown = await b.ask('GET', '/api/clusters/?cluster=x');
  assert.deepEqual([unknown.status, unknown.json['error']], [400, 'unknown cluster: x']);
});

test('§11 TestStopJobWithReusedJobId: the failed run before is not touched by the second stop', async () => {
  await using b = await bench();
  const stop = (startTime: number, jobState: string) =>
    b.ask('POST', stopPath, { jobId: 999, cluster: 'labcluster', startTime, jobState, stopTime: startTime + 60 });
  assert.equal((await b.ask('POST', startPath, start({ jobId: 999, startTime: 200_000_000 }))).status, 201);
  b.backend.sync();
  assert.equal((await stop(200_000_000, 'failed')).status, 200);
  assert.equal((await b.ask('POST', startPath, start({ jobId: 999, startTime: 300_000_000 }))).status, 201);
  assert.equal((await stop(300_000_000, 'completed')).status, 200);
  assert.deepEqual(
    b.backend.rows('job').map((row) => row.job_state),
    ['failed', 'completed'],
  );
});

test('§7.3 an orphan runs forever, or is failed when its walltime is long over; a later stop is 422', async () => {
  await using b = await bench();
  for (const [jobId, walltime] of [
    [1, 600],
    [2, 0],
    [3, 950],
  ]) {
    await b.ask('POST', startPath, start({ jobId, walltime }));
  }
  assert.equal(b.backend.failOverdue(100), 0, 'only what is committed');
  b.backend.sync();
  assert.equal(b.backend.failOverdue(100), 1);
  const { job_state, duration, monitoring_status } = b.backend.job('labcluster', 1, now - 1000) ?? {};
  assert.deepEqual([job_state, duration, monitoring_status, b.backend.archive()], ['failed', 0, 2, []]);
  assert.equal((await b.ask('POST', stopPath, { jobId: 1, stopTime: now })).status, 422);
});

test('§3.1 what is zero is left out of an answer, and what is not', async () => {
  await using b = await bench();
  const full = { partition: 'p', arrayJobId: 5, numHwthreads: 8, numAcc: 1, smt: 1, walltime: 60, project: 'x', shared: 'multi_user' };
  const resources = [{ hostname: 'gpu01', hwthreads: [0, 1], accelerators: ['a'], configuration: 'c' }];
  const empty = [{ hostname: 'node01', hwthreads: [], accelerators: [], configuration: '' }];
  await b.ask('POST', startPath, start({ jobId: 1, ...full, resources }));
  await b.ask('POST', startPath, start({ jobId: 2, monitoringStatus: 0, resources: empty, startTime: now - 2000 }));
  b.backend.sync();
  const { jobs } = (await b.ask('GET', '/api/jobs/')).json as { jobs: Record<string, unknown>[] };
  assert.deepEqual({ ...jobs[0], ...full, resources, monitoringStatus: 1, duration: 1000, subCluster: 'gpu' }, jobs[0]);
  assert.deepEqual(jobs[1], {
    cluster: 'labcluster',
    subCluster: 'cpu',
    project: '',
    user: 'alice',
    shared: 'none',
    jobState: 'running',
    resources: [{ hostname: 'node01' }],
    energyFootprint: null,
    footprint: null,
    metaData: null,
    concurrentJobs: { items: null, count: 0 },
    energy: 0,
    jobId: 2,
    duration: 2000,
    numNodes: 1,
    statistics: null,
    id: 2,
    startTime: now - 2000,
  });
});

test('§4.5 a job with metrics: no integer, no such job, no array of names; there is no metric data', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start());
  b.backend.sync();
  const { Meta, Data } = (await b.ask('POST', '/api/jobs/1', ['cpu_load'])).json as { Meta: { jobId: number }; Data: unknown };
  assert.deepEqual([Meta.jobId, Data], [1, []]);
  assert.deepEqual((await b.ask('GET', '/api/jobs/1?all-metrics=true')).json['Data'], {});
  assert.match(await b.said('POST', '/api/jobs/1', { a: 1 }), /^400 decoding request failed: json: cannot unmarshal object/);
  assert.equal(await b.said('POST', '/api/jobs/2', []), '422 finding job with db id 2 failed: sql: no rows in result set');
  assert.match(await b.said('GET', '/api/jobs/x'), /^400 integer expected in path for id: /);
  assert.deepEqual((await b.ask('GET', '/api/jobs/metrics/1?metric=cpu_load')).json, { data: { jobMetrics: [] }, error: null });
  assert.deepEqual((await b.ask('GET', '/api/jobs/metrics/9')).json, { data: null, error: { message: 'sql: no rows in result set' } });
});

test('§5.7 the first host decides the subcluster; an explicit one is not checked against the hosts', async () => {
  await using b = await bench();
  const two = [{ hostname: 'gpu01' }, { hostname: 'node01' }];
  await b.ask('POST', startPath, start({ jobId: 1, numNodes: 2, resources: two }));
  await b.ask('POST', startPath, start({ jobId: 2, subCluster: 'cpu', resources: [{ hostname: 'anywhere' }] }));
  assert.deepEqual(
    b.backend.rows('job_cache').map(({ subcluster }) => subcluster),
    ['gpu', 'cpu'],
  );
});

test('§4.6 §3.2 used nodes: running, committed, started before', async () => {
  await using b = await bench();
  await b.ask('POST', startPath, start());
  const used = async (ts: number) => (await b.ask('GET', `/api/jobs/used_nodes?ts=${ts}`)).json['usedNodes'];
  assert.deepEqual(await used(now), {});
  b.backend.sync();
  assert.deepEqual([await used(now - 1000), await used(now - 999)], [{}, { labcluster: ['node01'] }]);
  await b.ask('POST', stopPath, { jobId: 1, stopTime: now });
  assert.deepEqual(await used(now), {});
});
