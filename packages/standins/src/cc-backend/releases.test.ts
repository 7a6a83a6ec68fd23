import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mintToken, type Version } from '../index.ts';
import { type Bench, bench, keys, now, start } from '../testing/backend.ts';

const startPath = '/api/jobs/start_job/';
const stopPath = '/api/jobs/stop_job/';

const as = (version: Version, more = {}) => bench({ version, allowedIps: ['*'], observe: () => {}, ...more });

/** For each of several releases what one question is answered; the question has a stand-in of its own each time. */
async function each(expected: Partial<Record<Version, unknown>>, ask: (b: Bench) => Promise<unknown>): Promise<void> {
  for (const [version, answer] of Object.entries(expected)) {
    await using b = await as(version as Version);
    assert.deepEqual(await ask(b), answer, version);
  }
}

test('§10 what a start answers', () =>
  each(
    {
      '1.3.0': { id: 1 },
      '1.3': { id: 1 },
      '1.4.0': { msg: 'Successfully triggered job start' },
      '1.4.1': { msg: 'Successfully triggered job start' },
      '1.4.2': { msg: 'success' },
      '1.4': { msg: 'success' },
      '1.5.0': { msg: 'success' },
      '1.5': { msg: 'success' },
    },
    async (b) => (await b.ask('POST', startPath, start())).json,
  ));

test('§10 1.4.0 says nothing of a start that cannot be inserted', () =>
  each({ '1.4.0': 201, '1.4.2': 500, '1.5': 500 }, async (b) => (await b.ask('POST', startPath, start({ smt: 2 }))).status));

test('§10 §5.2 exclusive up to 1.4, shared from 1.5; the other one is an unknown field', async () => {
  const ask = async (b: Bench) => [
    await b.said('POST', startPath, start({ jobId: 1, exclusive: 0 })),
    await b.said('POST', startPath, start({ jobId: 2, shared: 'multi_user' })),
    b.backend.rows('job').map(({ exclusive, shared }) => [exclusive, shared]),
  ];
  const unknown = (key: string) => `400 parsing request body failed: json: unknown field "${key}"`;
  await each(
    {
      '1.3': ['201', unknown('shared'), [[0, 'multi_user']]],
      '1.4': ['201 success', unknown('shared'), [[0, 'multi_user']]],
      '1.5': [unknown('exclusive'), '201 success', []],
    },
    ask,
  );
});

test('§10 exclusive is 1 by default and checked; submitTime came with 1.5', () =>
  each({ '1.4': ['201 success', '500 insert into database failed: CHECK constraint failed: exclusive IN (0, 1, 2)', 400] }, async (b) => [
    await b.said('POST', startPath, start()),
    await b.said('POST', startPath, start({ jobId: 2, exclusive: 3 })),
    (await b.ask('POST', startPath, start({ jobId: 3, submitTime: 1 }))).status,
  ]));

test('§10 no job_cache before 1.5: a start is seen at once, and a duplicate is always 422', () =>
  each({ '1.3': [1, 422], '1.4': [1, 422], '1.5': [0, 500] }, async (b) => {
    await b.ask('POST', startPath, start());
    const { jobs } = (await b.ask('GET', '/api/jobs/')).json as { jobs: object[] };
    return [jobs.length, (await b.ask('POST', startPath, start())).status];
  }));

test('§5.1 §10 states: stopped before 1.5, node_fail from 1.5', async () => {
  const stop = async (b: Bench, jobId: number, jobState: string) => {
    await b.ask('POST', startPath, start({ jobId }));
    return (await b.ask('POST', stopPath, { jobId, stopTime: now, jobState })).status;
  };
  const all = ['stopped', 'node_fail', 'boot_fail', 'deadline', 'timeout', 'canceled', 'COMPLETED'];
  const former = [200, 400, 400, 400, 200, 400, 400];
  await each({ '1.3': former, '1.4': former, '1.5': [400, 200, 200, 200, 200, 400, 400] }, async (b) => {
    const answers: number[] = [];
    for (const [index, state] of all.entries()) answers.push(await stop(b, index + 1, state));
    return answers;
  });
});

test('§4.2 §10 a stop of what is not there, of what is stopped, and at the second of the start', () =>
  each(
    { '1.3': [422, 400, 400], '1.4.0': [422, 400, 400], '1.4.3': [422, 422, 200], '1.4': [422, 422, 200], '1.5': [404, 422, 200] },
    async (b) => {
      await b.ask('POST', startPath, start());
      await b.ask('POST', startPath, start({ jobId: 2 }));
      await b.ask('POST', stopPath, { jobId: 1, stopTime: now });
      const stop = async (jobId: number, stopTime: number) => (await b.ask('POST', stopPath, { jobId, stopTime })).status;
      return [await stop(9, now), await stop(1, now), await stop(2, now - 1000)];
    },
  ));

test('§4.3 stop_job by database id up to 1.3', () =>
  each({ '1.3': [200, 422, 400], '1.4': [404, 404, 404], '1.5': [404, 404, 404] }, async (b) => {
    await b.ask('POST', startPath, start());
    const body = { stopTime: now, jobState: 'failed' };
    const answers = ['1', '2', 'x'].map(async (id) => (await b.ask('POST', `/api/jobs/stop_job/${id}`, body)).status);
    return Promise.all(answers);
  }));

test('§10 the start in a stop’s answer is text before 1.5', () =>
  each({ '1.3': '2026-11-18T', '1.4': '2026-11-18T', '1.5': String(now).slice(0, 11) }, async (b) => {
    await b.ask('POST', startPath, start({ startTime: now }));
    const { startTime } = (await b.ask('POST', stopPath, { jobId: 1, stopTime: now + 1 })).json;
    return String(startTime).slice(0, 11);
  }));

test('§10 several runs of an id: 1.3 stops the first, later releases the newest', () =>
  each({ '1.3': now - 200_000, '1.4': now - 1000, '1.5': now - 1000 }, async (b) => {
    for (const startTime of [now - 200_000, now - 1000]) await b.ask('POST', startPath, start({ startTime }));
    await b.backend.sync();
    await b.ask('POST', stopPath, { jobId: 1, stopTime: now });
    return b.backend.rows('job').find(({ job_state }) => job_state === 'completed')?.start_time;
  }));

test('§10 jobState of a start counts up to 1.4.2', () =>
  each({ '1.3': 'failed', '1.4.2': 'failed', '1.4.3': 'running', '1.5': 'running' }, async (b) => {
    await b.ask('POST', startPath, start({ jobState: 'failed' }));
    return b.backend.job('labcluster', 1, now - 1000)?.job_state;
  }));

test('§2 §10 the missing role is 403 in 1.3, 401 from 1.4; admin need not be with api in 1.3', () =>
  each({ '1.3': ['403 missing role: api', 200], '1.4': ['401 unauthorized', 401], '1.5': ['401 unauthorized', 401] }, async (b) => {
    const headers = { 'x-auth-token': mintToken(keys, { name: 'u', roles: ['api', 'user'] }, now) };
    return [await b.said('GET', '/api/jobs/', undefined, ['user']), (await b.ask('GET', '/api/jobs/', undefined, headers)).status];
  }));

test('§2 §10 no list of addresses: everybody, but nobody in 1.4.4', async () => {
  for (const [version, status] of [
    ['1.3', 200],
    ['1.4.3', 200],
    ['1.4.4', 401],
    ['1.5', 200],
  ] as const) {
    await using b = await bench({ version });
    assert.equal((await b.ask('GET', '/api/jobs/')).status, status, version);
  }
});

test('§1 §10 slashes: redirects with the query before 1.5, none after', async () => {
  const cases: [method: 'GET' | 'POST', path: string, location: string][] = [
    ['POST', '/api/jobs/start_job', '/api/jobs/start_job/'],
    ['GET', '/api/jobs?state=running', '/api/jobs/?state=running'],
    ['GET', '/api/jobs/5/', '/api/jobs/5'],
    ['GET', '/api/clusters', '/api/clusters/'],
  ];
  for (const [method, path, location] of cases) {
    await each({ '1.3': [301, location], '1.4': [301, location] }, async (b) => {
      const { status, headers } = await b.ask(method, path);
      return [status, headers['location']];
    });
  }
  await each({ '1.4': [404, '404 page not found\n'] }, async (b) => {
    const { status, text } = await b.ask('GET', '/api/x');
    return [status, text];
  });
});

test('§4.6 used_nodes tells the releases apart, §4.9 nodestate and §4.14 userapi too', () =>
  each({ '1.3': ['400', 404, 404], '1.4': ['400', 404, 200], '1.5': ['200', 200, 200] }, async (b) => [
    (await b.said('GET', `/api/jobs/used_nodes?ts=${now}`)).slice(0, 3),
    (await b.ask('POST', '/api/nodestate/', { cluster: 'labcluster', nodes: [] })).status,
    (await b.ask('GET', '/userapi/jobs/')).status,
  ]));

test('§4.6 what releases before 1.5 say to the probe', () =>
  each({ '1.4': '400 integer expected in path for id: strconv.ParseInt: parsing "used_nodes": invalid syntax' }, (b) =>
    b.said('GET', `/api/jobs/used_nodes?ts=${now}`),
  ));

test('§4.15 the login page says the version', () =>
  each({ '1.3': '1.3.1', '1.4': '1.4.4', '1.5': '1.5.4', '1.5.1': '1.5.1' }, async (b) => {
    const { text } = await b.ask('GET', '/login', undefined, {});
    return /Version ([\d.]+)/.exec(text)?.[1];
  }));

test('§4.4 §10 pages below 1 are checked from 1.5.4, -1 items was all; project came with 1.5', () =>
  each({ '1.4': [200, 400], '1.5.3': [200, 200], '1.5.4': [400, 200] }, async (b) => [
    (await b.ask('GET', '/api/jobs/?items-per-page=-1&page=0')).status,
    (await b.ask('GET', '/api/jobs/?project=p')).status,
  ]));

test('§4.7 §10 which edits there are', () =>
  each(
    { '1.3': [404, 405, 405, 404], '1.4.3': [404, 405, 405, 404], '1.4.4': [404, 405, 404, 400], '1.5': [405, 422, 404, 400] },
    async (b) => {
      const status = async (...[method, path, body]: Parameters<Bench['ask']>) => (await b.ask(method, path, body)).status;
      const tags = [{ type: 't', name: 'n', scope: 'global' }];
      return [
        await status('POST', '/api/jobs/edit_meta/9', { key: 'a', value: 'b' }),
        await status('PATCH', '/api/jobs/edit_meta/', { jobId: 9, payload: { key: 'a', value: 'b' } }),
        await status('DELETE', '/api/jobs/tag_job/9', tags),
        await status('DELETE', '/api/tags/', 'x'),
      ];
    },
  ));

test('§4.9 §10 states of a node: the first word up to 1.5.1, an order after', () =>
  each({ '1.5.1': 'idle', '1.5.2': 'down' }, async (b) => {
    const nodes = [{ hostname: 'node01', states: ['IDLE', 'DOWN'] }];
    await b.ask('POST', '/api/nodestate/', { cluster: 'labcluster', nodes });
    return b.backend.nodeStates()[0]?.node_state;
  }));
