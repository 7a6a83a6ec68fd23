import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Written } from '@sluice/clustercockpit';
import { isCode } from '@sluice/io';
import { at, envelope, errorOf, first, job, now, release, type Script, scripted, standIn, stopOf } from './client-bed.ts';

const start = '/api/jobs/start_job/';
const stop = '/api/jobs/stop_job/';
const exists = (dbId = 1) => envelope(422, `a job with that jobId, cluster and startTime already exists: dbid: ${dbId}, jobid: 7`);
const already = 'jobId 7 (id 1) on labcluster : job has already been stopped (state is: failed)';
const coarse = (state: string) =>
  `jobId 7 (id 1) on labcluster : stopTime 5 must be larger than startTime 4 and only running jobs can be stopped (state is: ${state})`;
const notFound = 'finding job failed: sql: no rows in result set';

/** A server of 1.5 that answers a write so. */
function answering(path: string, answer: ReturnType<Script>): Promise<Awaited<ReturnType<typeof scripted>>> {
  return scripted(
    first(
      release('1.5.4'),
      at('POST', path, () => answer ?? 'drop'),
    ),
  );
}

describe('§4.17 start_job, answer by answer', () => {
  const table: readonly (readonly [string, ReturnType<Script>, Written])[] = [
    ['201', { status: 201, body: { msg: 'success' } }, { kind: 'written' }],
    [
      'W3: 500 UNIQUE of the cache is the same run',
      envelope(500, 'insert into database failed: UNIQUE constraint failed: job_cache.job_id, job_cache.cluster, job_cache.start_time'),
      { kind: 'there' },
    ],
    [
      '500 CHECK is for good',
      envelope(500, 'insert into database failed: CHECK constraint failed: smt IN (0, 1)'),
      { kind: 'refused', reason: 'insert into database failed: CHECK constraint failed: smt IN (0, 1)' },
    ],
    ['400 is for good', envelope(400, 'no such cluster: x'), { kind: 'refused', reason: 'no such cluster: x' }],
    [
      'W15: 500 of a tag comes after the row is in',
      envelope(500, 'adding tag to new job 3 failed: cannot write tag scope with current authorization'),
      { kind: 'written', note: 'adding tag to new job 3 failed: cannot write tag scope with current authorization' },
    ],
  ];
  for (const [name, answer, expected] of table) {
    test(name, async () => {
      await using line = await answering(start, answer);
      assert.deepEqual(await line.client.start(job), expected);
    });
  }

  test('a body that a proxy finds too large is for good, and says whose bound it is', async () => {
    await using line = await answering(start, { status: 413, body: '<html><h1>413 Request Entity Too Large</h1></html>' });
    const written = await line.client.start(job);
    assert.equal(written.kind, 'refused');
    assert.match('reason' in written ? written.reason : '', /client_max_body_size/);
  });

  for (const [name, answer] of [
    ['500 of a locked database', envelope(500, 'insert into database failed: database is locked')],
    [
      '500 UNIQUE of anything but the cache',
      envelope(500, 'insert into database failed: UNIQUE constraint failed: tag.tag_type, tag.tag_name'),
    ],
    ['500 with nothing in it, after a panic', { status: 500, body: '' }],
    ["a proxy's 502", { status: 502, body: '<html><title>502 Bad Gateway</title></html>' }],
    ["a proxy's 400, which is not the server's word", { status: 400, body: '<html>400 Bad Request</html>' }],
    ["a proxy's 422", { status: 422, body: 'no' }],
    ['404 with a job', envelope(404, 'something else', 'Not Found')],
  ] as const) {
    test(`${name} may be repeated`, async () => {
      await using line = await answering(start, answer);
      assert.ok(isCode(await errorOf(line.client.start(job)), 'cc.failed'));
    });
  }

  test('a dropped connection leaves the outcome unknown', async () => {
    await using line = await answering(start, 'drop');
    assert.ok(isCode(await errorOf(line.client.start(job)), 'http.dropped'));
    assert.equal(line.asked.filter(({ method, path }) => method === 'POST' && path === start).length, 1);
  });
});

describe('§4.17 stop_job, answer by answer', () => {
  const table: readonly (readonly [string, ReturnType<Script>, Written])[] = [
    ['200', { status: 200, body: { id: 1 } }, { kind: 'written' }],
    ['422 of a stopped job says its state', envelope(422, already), { kind: 'there', state: 'failed' }],
    ['W17: 404 of a job', envelope(404, notFound, 'Not Found'), { kind: 'missing' }],
    ['§10: 422 of a missing job up to 1.4', envelope(422, notFound), { kind: 'missing' }],
    ['§10: 400 of a stopped job in 1.4.0 to 1.4.2', envelope(400, coarse('failed')), { kind: 'there', state: 'failed' }],
    [
      '§10: the same sentence of an end that is not after the start',
      envelope(400, coarse('running')),
      { kind: 'refused', reason: coarse('running') },
    ],
    ['400 is for good', envelope(400, 'invalid requested job state: "x"'), { kind: 'refused', reason: 'invalid requested job state: "x"' }],
  ];
  for (const [name, answer, expected] of table) {
    test(name, async () => {
      await using line = await answering(stop, answer);
      assert.deepEqual(await line.client.stop(stopOf(job)), expected);
    });
  }

  for (const error of ['transferring cached job failed: UNIQUE constraint failed: job.job_id', 'database is locked']) {
    test(`500 ${error.slice(0, 12)}… may be repeated`, async () => {
      await using line = await answering(stop, envelope(500, error));
      assert.ok(isCode(await errorOf(line.client.stop(stopOf(job))), 'cc.failed'));
    });
  }

  for (const [state, expected] of [
    ['completed', { kind: 'there', state: 'completed' }],
    ['running', { kind: 'refused', reason: 'stopTime must be larger than startTime and only running jobs can be stopped' }],
    [null, { kind: 'missing' }],
  ] as const) {
    test(`§10: 1.3 has one sentence for two faults; the list tells them apart (${state})`, async () => {
      const refusal = envelope(400, 'stopTime must be larger than startTime and only running jobs can be stopped');
      const row = { jobId: 7, cluster: 'labcluster', startTime: job.startTime, jobState: state, duration: 1, id: 3 };
      const list = at('GET', '/api/jobs/', () => ({ status: 200, body: { jobs: state === null ? [] : [row] } }));
      await using line = await scripted(
        first(
          release('1.3.1'),
          at('POST', stop, () => refusal),
          list,
        ),
      );
      assert.deepEqual(await line.client.stop(stopOf(job)), expected);
    });
  }
});

describe('nodestate and delete_job', () => {
  const states = { cluster: 'labcluster', nodes: [] };

  test('§4.17 nodestate: 200 is all it ever says, 400 is for good', async () => {
    await using fine = await answering('/api/nodestate/', { status: 200, body: '' });
    await fine.client.nodeStates(states);
    await using not = await answering('/api/nodestate/', envelope(400, 'parsing request body failed: json: unknown field "x"'));
    assert.ok(isCode(await errorOf(not.client.nodeStates(states)), 'data.invalid'));
  });

  test('§4.9 a server before 1.5 has no node states, and the hint names its release', async () => {
    await using line = await scripted(first(release('1.4.4'), () => ({ status: 404, body: '404 page not found' })));
    const error = await errorOf(line.client.nodeStates(states));
    assert.ok(isCode(error, 'cc.no-route'));
    assert.match(error.hint ?? '', /1\.4\.4.*1\.5/);
  });

  test('W18: rows are deleted by request, so that one that is not there is told', async () => {
    const path = '/api/jobs/delete_job/';
    await using gone = await scripted(at('DELETE', path, () => ({ status: 200, body: { msg: 'Successfully deleted job 1' } })));
    assert.equal(await gone.client.remove('labcluster', 7, job.startTime), true);
    assert.deepEqual(JSON.parse(gone.asked[0]?.body ?? ''), { jobId: 7, cluster: 'labcluster', startTime: job.startTime });
    await using never = await scripted(at('DELETE', path, () => envelope(422, notFound)));
    assert.equal(await never.client.remove('labcluster', 7, job.startTime), false);
    await using broken = await scripted(at('DELETE', path, () => envelope(500, 'database is locked')));
    assert.ok(isCode(await errorOf(broken.client.remove('labcluster', 7, job.startTime)), 'cc.failed'));
  });
});

describe('W2 W4: a start that is refused for a run of the same id', () => {
  const graph = (...starts: readonly number[]) =>
    at('POST', '/query', () => ({
      status: 200,
      body: {
        data: {
          jobs: {
            items: starts.map((startTime, at) => ({
              id: String(at),
              jobId: 7,
              cluster: 'labcluster',
              startTime: new Date(startTime * 1000).toISOString(),
              state: 'running',
              duration: 0,
            })),
          },
        },
      },
    }));
  const refusing = (...more: Script[]) =>
    scripted(
      first(
        release('1.5.4'),
        at('POST', start, () => exists()),
        ...more,
      ),
    );

  test('the same run stands there, in the state that the list says', async () => {
    await using line = await refusing(graph(job.startTime - 500, job.startTime));
    assert.deepEqual(await line.client.start(job), { kind: 'there', state: 'running' });
  });

  test('of other runs the nearest is named', async () => {
    await using line = await refusing(graph(job.startTime - 50_000, job.startTime + 200, job.startTime - 500));
    const { reason } = exists().body as { reason?: string };
    assert.equal(reason, undefined);
    assert.deepEqual(await line.client.start(job), {
      kind: 'other-run',
      startTime: job.startTime + 200,
      reason: 'a job with that jobId, cluster and startTime already exists: dbid: 1, jobid: 7',
    });
  });

  test('without GraphQL the list of that second tells the same run, and no other', async () => {
    const row = { jobId: 7, cluster: 'labcluster', startTime: job.startTime, jobState: 'running', duration: 1 };
    for (const [jobs, kind] of [
      [[{ ...row, jobId: 8 }, row], 'there'],
      [[{ ...row, jobId: 8 }], 'other-run'],
    ] as const) {
      await using line = await refusing(at('GET', '/api/jobs/', () => ({ status: 200, body: { jobs } })));
      const written = await line.client.start(job);
      assert.equal(written.kind, kind);
      if (written.kind === 'other-run') assert.equal(written.startTime, null);
      const { query } = line.asked.find(({ path }) => path.startsWith('/api/jobs/?')) ?? assert.fail();
      assert.equal(query.get('start-time'), `${job.startTime}-${job.startTime}`);
      assert.equal(query.get('cluster'), 'labcluster');
    }
  });

  test('a look-up that fails is an error, because neither is known', async () => {
    await using line = await refusing(at('GET', '/api/jobs/', () => envelope(500, 'unreadable archive')));
    assert.ok(isCode(await errorOf(line.client.start(job)), 'cc.failed'));
  });
});

describe('against the stand-in', () => {
  test('W3 W4 §4.2: written, cached, committed, stopped, stopped again', async () => {
    await using line = await standIn();
    const { client, backend } = line;
    assert.deepEqual(await client.start(job), { kind: 'written' });
    assert.deepEqual(await client.start(job), { kind: 'there' });
    assert.equal(await client.find('labcluster', 7, job.startTime), undefined);
    await backend.sync();
    assert.equal((await client.start(job)).kind, 'there');
    assert.equal((await client.find('labcluster', 7, job.startTime))?.jobState, 'running');
    assert.deepEqual(await client.stop(stopOf(job, { jobState: 'timeout' })), { kind: 'written' });
    assert.deepEqual(await client.stop(stopOf(job)), { kind: 'there', state: 'timeout' });
    const found = await client.find('labcluster', 7, job.startTime);
    assert.deepEqual([found?.jobState, found?.duration], ['timeout', 60]);
  });

  test('W2: another run within a day, earlier or later, is named as one', async () => {
    await using line = await standIn();
    await line.client.start(job);
    await line.backend.sync();
    for (const startTime of [job.startTime + 100, job.startTime - 100, job.startTime - 200_000]) {
      assert.equal((await line.client.start({ ...job, startTime })).kind, 'other-run');
    }
    assert.equal((await line.client.start({ ...job, startTime: job.startTime + 86_400 })).kind, 'written');
  });

  test('§4.2 W17: a stop for a job that nobody started', async () => {
    await using line = await standIn();
    assert.deepEqual(await line.client.stop(stopOf(job)), { kind: 'missing' });
  });

  test('W5: a tag is passed on and makes the job visible at once', async () => {
    await using line = await standIn();
    await line.client.start({ ...job, tags: [{ type: 'source', name: 'sluice', scope: 'global' }] });
    assert.equal((await line.client.find('labcluster', 7, job.startTime))?.jobId, 7);
  });

  test('W6: more than one thread per core is no reason for a refusal', async () => {
    await using line = await standIn();
    assert.deepEqual(await line.client.start({ ...job, smt: 2 }), { kind: 'written' });
    assert.equal(line.backend.rows('job_cache')[0]?.smt, 1);
  });

  test('§4.8: a committed run can be removed, a cached one cannot', async () => {
    await using line = await standIn();
    await line.client.start(job);
    assert.equal(await line.client.remove('labcluster', 7, job.startTime), false);
    await line.backend.sync();
    assert.equal(await line.client.remove('labcluster', 7, job.startTime), true);
    assert.equal((await line.client.start({ ...job, startTime: now })).kind, 'written');
  });
});
