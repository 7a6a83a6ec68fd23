import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ListedJob, WholeList } from '@sluice/clustercockpit';
import { isCode } from '@sluice/io';
import { at, envelope, errorOf, first, job, now, release, type Script, scripted, standIn, stopOf, tokenWith } from './client-bed.ts';

async function jobsOf(list: WholeList): Promise<readonly ListedJob[]> {
  const jobs: ListedJob[] = [];
  for await (const slice of list) jobs.push(...slice.jobs);
  return jobs;
}

const idsOf = async (list: WholeList) => (await jobsOf(list)).map(({ jobId }) => jobId).toSorted((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

/** `GET /api/jobs/` of contract §4.4 over many rows, ties in another order at each request. */
function listing(jobs: readonly ListedJob[]): Script {
  return at('GET', '/api/jobs/', ({ query }) => {
    const [from, to] = (query.get('start-time') ?? '0-99999999999').split('-').map(Number) as [number, number];
    const items = Number(query.get('items-per-page') ?? 25);
    const within = jobs.filter(({ startTime, jobState }) => {
      const states = query.getAll('state');
      return startTime >= from && startTime <= to && (states.length === 0 || states.includes(jobState));
    });
    within.sort(() => Math.random() - 0.5);
    within.sort((a, b) => b.startTime - a.startTime);
    return { status: 200, body: { jobs: within.slice(0, items), items, page: 1 } };
  });
}
const row = (jobId: number, startTime: number, jobState = 'running'): ListedJob => ({
  jobId,
  cluster: 'labcluster',
  startTime,
  jobState,
  duration: 1,
  id: jobId,
});

describe('W9 §4.4: whole lists without pages', () => {
  test('10,000 jobs that started at one second, among others', async () => {
    const jobs = upTo(12_000).map((id) => row(id, id < 10_000 ? now : now - id));
    await using line = await scripted(first(release('1.5.4'), listing(jobs)));
    assert.deepEqual(await idsOf(line.client.running('labcluster')), upTo(12_000));
    assert.ok(line.asked.every(({ query }) => !query.has('page')));
  });

  test('slices of any size, with ties, from the stand-in', async () => {
    await using line = await standIn({}, { pageSize: 7 });
    for (const id of upTo(120)) await line.client.start({ ...job, jobId: id, startTime: now - Math.floor(id / 10) * 60 });
    assert.deepEqual(await idsOf(line.client.running('labcluster')), [], 'only what is committed (W5)');
    await line.backend.sync();
    assert.deepEqual(await idsOf(line.client.running('labcluster')), upTo(120));
    assert.deepEqual(await idsOf(line.client.running('labcluster', { from: now - 59 })), upTo(10));
    assert.deepEqual(await idsOf(line.client.running('elsewhere')), []);
    assert.deepEqual((await line.client.startedAt('labcluster', now - 60)).length, 10);
  });

  test('a start in the future is running, too', async () => {
    await using line = await scripted(first(release('1.5.4'), listing([row(1, now + 100_000)])));
    assert.deepEqual(await idsOf(line.client.running('labcluster')), [1]);
  });

  test('§9.2 running jobs are asked for as such, by REST, without their metadata', async () => {
    await using line = await scripted(first(release('1.5.4'), listing([])));
    await idsOf(line.client.running('lab & co'));
    assert.deepEqual(
      line.asked.map(({ path }) => path),
      ['/api/jobs/?cluster=lab%20%26%20co&start-time=0-4102444800&items-per-page=1000&state=running'],
    );
  });

  test('a slice that cannot be had ends the list: what came before proves nothing', async () => {
    let questions = 0;
    const jobs = upTo(30).map((id) => row(id, now - id));
    const failing: Script = ({ path }) =>
      path.startsWith('/api/jobs/?') && ++questions === 3 ? envelope(500, 'database is locked') : undefined;
    await using line = await scripted(first(failing, release('1.5.4'), listing(jobs)), { pageSize: 8 });
    assert.ok(isCode(await errorOf(jobsOf(line.client.running('labcluster'))), 'cc.failed'));
    assert.equal(questions, 3);
  });

  test('an answer that is no list, or has a job without its key, proves nothing either', async () => {
    for (const body of [
      '<html>',
      'null',
      { jobs: null },
      { jobs: [null] },
      { jobs: [{ ...row(1, now), startTime: null }] },
      { jobs: [{ jobId: 1 }] },
      ...[null, '', true, [], 1.5, -1, undefined].map((jobId) => ({ jobs: [row(2, now), { ...row(1, now), jobId }] })),
    ]) {
      await using line = await scripted(at('GET', '/api/jobs/', () => ({ status: 200, body })));
      assert.ok(isCode(await errorOf(jobsOf(line.client.running('labcluster'))), 'cc.failed'), JSON.stringify(body));
    }
  });

  test('a list can be given up', async () => {
    await using line = await scripted(listing(upTo(30).map((id) => row(id, now - id))), { pageSize: 8 });
    const giveUp = new AbortController();
    await assert.rejects(async () => {
      for await (const _ of line.client.running('labcluster', { signal: giveUp.signal })) giveUp.abort(new Error('enough'));
    }, /enough/);
    assert.equal(line.asked.length, 1);
  });
});

describe('W9 §4.16: ended jobs', () => {
  const ended = async (count: number) => {
    const line = await standIn({}, { pageSize: 5 });
    for (const jobId of upTo(count)) {
      const run = { ...job, jobId, startTime: job.startTime + jobId };
      await line.client.start(run);
      if (jobId % 2 === 0) await line.client.stop(stopOf(run, { jobState: jobId % 4 === 0 ? 'completed' : 'node_fail' }));
    }
    await line.backend.sync();
    await line.backend.archived();
    return line;
  };

  test('every state, or some of them, by the start', async () => {
    await using line = await ended(20);
    const { client } = line;
    const [from, to] = [job.startTime, job.startTime + 19];
    assert.deepEqual(await idsOf(client.startedBetween('labcluster', from, to)), upTo(20));
    assert.deepEqual(await idsOf(client.startedBetween('labcluster', from + 3, from + 5)), [3, 4, 5]);
    assert.deepEqual(await idsOf(client.startedBetween('labcluster', from, to, { states: ['node_fail'] })), [2, 6, 10, 14, 18]);
    const [four] = await jobsOf(client.startedBetween('labcluster', from + 4, from + 4));
    assert.deepEqual(
      { ...four, id: 0 },
      { jobId: 4, cluster: 'labcluster', startTime: from + 4, jobState: 'completed', duration: 60, id: 0 },
    );
  });

  test('an archive entry that is lost breaks neither the list of running jobs nor a list by GraphQL', async () => {
    await using line = await ended(6);
    for (const { path } of line.backend.archive()) line.backend.loseArchived(path);
    assert.deepEqual(await idsOf(line.client.running('labcluster')), [1, 3, 5]);
    assert.deepEqual(await idsOf(line.client.startedBetween('labcluster', 0, now)), upTo(6));
    assert.equal((await line.client.find('labcluster', 2, job.startTime + 2))?.jobState, 'node_fail');
  });

  test('without GraphQL small slices by REST do', async () => {
    for (const answer of [
      { status: 404, body: 'no' },
      { status: 422, body: { errors: [{ message: 'Cannot query field' }], data: null } },
      { status: 200, body: { errors: [{ message: 'user context is nil' }], data: null } },
      { status: 200, body: '<html>log in</html>' },
      { status: 401, body: 'unauthorized' },
      { status: 302, headers: { location: '/login' }, body: '' },
    ]) {
      const jobs = upTo(130).map((id) => row(id, now - Math.floor(id / 3), id % 2 === 0 ? 'running' : 'failed'));
      await using line = await scripted(
        first(
          release('1.5.4'),
          at('POST', '/query', () => answer),
          listing(jobs),
        ),
      );
      assert.deepEqual(await idsOf(line.client.startedBetween('labcluster', 0, now)), upTo(130));
      const sizes = line.asked.filter(({ path }) => path.startsWith('/api/jobs/?')).map(({ query }) => query.get('items-per-page'));
      assert.deepEqual([...new Set(sizes)], ['50']);
    }
  });

  test('§2 a token to which GraphQL would show its own jobs alone is not used there', async () => {
    let token = tokenWith();
    const denied = at('GET', '/api/jobs/', () => envelope(401, 'unauthorized', 'Unauthorized'));
    await using line = await scripted(first(release('1.5.4'), denied), { token: () => token });
    await line.client.profile();
    token = tokenWith({ roles: ['user'] });
    assert.ok(isCode(await errorOf(jobsOf(line.client.startedBetween('labcluster', 0, now))), 'cc.denied'));
    assert.ok(isCode(await errorOf(line.client.find('labcluster', 7, now)), 'cc.denied'));
  });

  test('GraphQL that fails is no reason to read the archive', async () => {
    await using line = await scripted(
      first(
        release('1.5.4'),
        at('POST', '/query', () => ({ status: 500, body: '' })),
        listing([]),
      ),
    );
    assert.ok(isCode(await errorOf(jobsOf(line.client.startedBetween('labcluster', 0, now))), 'cc.failed'));
  });

  test('§5.1 a state that an old server does not know is none of its jobs’, and is not asked for', async () => {
    await using line = await scripted(first(release('1.4.4'), listing([row(1, now, 'failed')])));
    assert.deepEqual(await idsOf(line.client.startedBetween('labcluster', 0, now, { states: ['node_fail'] })), []);
    assert.deepEqual(await idsOf(line.client.startedBetween('labcluster', 0, now, { states: ['node_fail', 'failed'] })), [1]);
  });
});

test('§4.16 one run is found by its id, cluster and start, in each release', async () => {
  for (const version of ['1.3', '1.4.4', '1.5'] as const) {
    const asked: { readonly status: number; readonly requestBody: string }[] = [];
    const observe = (exchange: { readonly path: string; readonly status: number; readonly requestBody: string }) => {
      if (exchange.path === '/query') asked.push(exchange);
    };
    await using line = await standIn({ version, allowedIps: ['*'], observe });
    await line.client.start(job);
    await line.backend.sync();
    assert.equal((await line.client.find('labcluster', 7, job.startTime))?.jobState, 'running', version);
    assert.equal(await line.client.find('labcluster', 7, job.startTime + 1), undefined);
    assert.equal(await line.client.find('labcluster', 70, job.startTime), undefined);
    assert.equal(await line.client.find('elsewhere', 7, job.startTime), undefined);
    // The schema of 1.3.1 orders by a field alone.
    const { variables } = JSON.parse(asked[0]?.requestBody ?? '') as { variables: { order: object } };
    assert.equal('type' in variables.order, version !== '1.3');
    if (version !== '1.3') assert.deepEqual([...new Set(asked.map(({ status }) => status))], [200]);
  }
});
