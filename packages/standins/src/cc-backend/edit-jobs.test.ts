import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bench, bench, now, start } from '../testing/backend.ts';

const missing = 'sql: no rows in result set';

/** A bench with jobs 1 and 2 in table `job`, and job 2 stopped. */
async function withJobs(changes: Record<string, unknown> = {}): Promise<Bench> {
  const b = await bench({ observe: () => {} });
  for (const jobId of [1, 2]) assert.equal(await b.said('POST', '/api/jobs/start_job/', start({ jobId, ...changes })), '201 success');
  await b.backend.sync();
  assert.equal(await b.said('POST', '/api/jobs/stop_job/', { jobId: 2, stopTime: now }), '200');
  return b;
}

const metaOf = (b: Bench, jobId: number) => JSON.parse(b.backend.job('labcluster', jobId, now - 1000)?.meta_data ?? 'null');

test('§4.7 edit_meta by database id: one key, upserted; PATCH alone', async () => {
  await using b = await withJobs({ metaData: { jobName: 'x' } });
  const answer = await b.ask('PATCH', '/api/jobs/edit_meta/1', { key: 'message', value: 'hello' });
  assert.deepEqual([answer.status, answer.json['metaData']], [200, { jobName: 'x', message: 'hello' }]);
  await b.ask('PATCH', '/api/jobs/edit_meta/1', { key: 'jobName', value: 'y' });
  assert.deepEqual(metaOf(b, 1), { jobName: 'y', message: 'hello' });
  assert.equal(await b.said('POST', '/api/jobs/edit_meta/1', {}), '405');
  assert.equal(
    await b.said('PATCH', '/api/jobs/edit_meta/x', {}),
    '400 parsing job ID failed: strconv.ParseInt: parsing "x": invalid syntax',
  );
  assert.equal(await b.said('PATCH', '/api/jobs/edit_meta/1', { k: 1 }), '400 decoding request failed: json: unknown field "k"');
  assert.equal(await b.said('PATCH', '/api/jobs/edit_meta/9', { k: 1 }), `404 finding job failed: ${missing}`);
});

test('§4.7 edit_meta by request: the newest match in table job', async () => {
  await using b = await withJobs();
  const payload = { key: 'a', value: 'b' };
  const path = '/api/jobs/edit_meta/';
  assert.equal(await b.said('PATCH', path, { jobId: 1, cluster: 'labcluster', startTime: now - 1000, payload }), '200');
  assert.deepEqual(metaOf(b, 1), { a: 'b' });
  assert.equal(await b.said('PATCH', path, { payload }), "400 the field 'jobId' is required");
  assert.equal(await b.said('PATCH', path, { jobId: 1, key: 'a' }), '400 parsing request body failed: json: unknown field "key"');
  assert.equal(await b.said('PATCH', path, { jobId: 1, startTime: 5, payload }), `422 finding job failed: ${missing}`);
});

test('§4.7 W5: what is only cached can be neither edited, tagged nor deleted', async () => {
  await using b = await bench();
  await b.ask('POST', '/api/jobs/start_job/', start());
  assert.match(await b.said('PATCH', '/api/jobs/edit_meta/1', { key: 'a', value: 'b' }), /^404/);
  assert.match(await b.said('PATCH', '/api/jobs/edit_meta/', { jobId: 1, payload: { key: 'a', value: 'b' } }), /^422/);
  assert.match(await b.said('POST', '/api/jobs/tag_job/1', []), /^404/);
  assert.match(await b.said('DELETE', '/api/jobs/delete_job/', { jobId: 1 }), /^422/);
  assert.equal((await b.ask('GET', '/api/jobs/1')).status, 422);
});

test('§4.7 W13: an edit after the archiving is written there too; without metaData at the start it panics; not archived is 500', async () => {
  await using b = await withJobs({ metaData: { jobName: 'x' } });
  assert.equal(await b.said('PATCH', '/api/jobs/edit_meta/2', { key: 'a', value: 'b' }), '200');
  assert.deepEqual(b.backend.archive()[0]?.meta['metaData'], { jobName: 'x', a: 'b' });
  b.backend.loseArchived(b.backend.archive()[0]?.path ?? '');
  assert.match(await b.said('PATCH', '/api/jobs/edit_meta/2', { key: 'a', value: 'c' }), /^500 updating metadata failed: /);
  assert.deepEqual(metaOf(b, 2), { jobName: 'x', a: 'c' });
  const byRequest = await b.ask('PATCH', '/api/jobs/edit_meta/', { jobId: 2, payload: { key: 'a', value: 'd' } });
  assert.deepEqual([byRequest.status, byRequest.headers['content-type']], [500, 'text/plain; charset=utf-8']);

  await using without = await withJobs({ metaData: null });
  assert.equal(await without.said('PATCH', '/api/jobs/edit_meta/2', { key: 'a', value: 'b' }), '500');
  assert.equal(
    await without.said('PATCH', '/api/jobs/edit_meta/1', { key: 'a', value: 'b' }),
    '200',
    'a running job is only in the database',
  );
});

test('§4.7 tag_job: scopes, duplicates, one key for all scopes (W15)', async () => {
  await using b = await withJobs();
  const tag = (id: number, name: string, scope: string) => b.said('POST', `/api/jobs/tag_job/${id}`, [{ type: 't', name, scope }]);
  const answer = await b.ask('PATCH', '/api/jobs/tag_job/1', [{ type: 't', name: 'a' }]);
  assert.deepEqual(answer.json['tags'], [{ type: 't', name: 'a', scope: 'global', id: 1 }]);
  assert.equal(await tag(2, 'a', 'global'), '200');
  assert.equal(await tag(1, 'a', 'global'), '500 adding tag failed: UNIQUE constraint failed: jobtag.job_id, jobtag.tag_id');
  assert.equal(await tag(1, 'a', 'admin'), '500 adding tag failed: UNIQUE constraint failed: tag.tag_type, tag.tag_name');
  assert.equal(await tag(1, 'b', 'admin'), '200');
  assert.equal(await tag(1, 'c', 'sluice'), '200', 'a private tag of the asker');
  assert.equal(await tag(1, 'd', 'somebody'), '500 adding tag failed: cannot write tag scope with current authorization');
  assert.match(await tag(9, 'a', ''), /^404 finding job failed/);
  assert.match(await b.said('POST', '/api/jobs/tag_job/x', []), /^400 parsing job ID failed/);
  assert.match(await b.said('POST', '/api/jobs/tag_job/1', [{ kind: 't' }]), /^400 decoding request failed: json: unknown field "kind"/);
  assert.deepEqual(
    b.backend.tags(1).map(({ tag_name }) => tag_name),
    ['a', 'b', 'c'],
  );
});

test('§4.7 tags are taken from a job and from all jobs; private ones are passed over', async () => {
  await using b = await withJobs();
  const tags = ['a', 'b'].map((name) => ({ type: 't', name, scope: 'global' }));
  const own = { type: 't', name: 'c', scope: 'sluice' };
  for (const id of [1, 2]) await b.ask('POST', `/api/jobs/tag_job/${id}`, [...tags, own]);
  const answer = await b.ask('DELETE', '/api/jobs/tag_job/1', [tags[0], own]);
  assert.deepEqual(
    (answer.json['tags'] as { name: string }[]).map(({ name }) => name),
    ['b', 'c'],
  );
  assert.equal(
    await b.said('DELETE', '/api/jobs/tag_job/1', [{ type: 't', name: 'x', scope: 'admin' }]),
    '500 removing tag failed: tag does not exist (name, type, scope): x, t, admin',
  );
  const deleted = await b.ask('DELETE', '/api/tags/', [...tags, own]);
  assert.deepEqual([deleted.status, deleted.text], [200, 'Deleted Tags from DB: 2 successfull of 3 requested\n']);
  assert.deepEqual(
    b.backend.tags(2).map(({ tag_name }) => tag_name),
    ['c'],
  );
  assert.match(await b.said('DELETE', '/api/tags/', [{ type: 't', name: 'x', scope: 'global' }]), /^500 removing tag failed: /);
});

test('§4.8 delete by request, by id, by time; W18: success also where there was nothing', async () => {
  await using b = await bench();
  for (const jobId of [1, 2, 3, 4, 5]) {
    const tags = jobId === 3 ? [{ type: 't', name: 'g' }] : jobId === 4 ? [{ type: 't', name: 'own', scope: 'sluice' }] : [];
    await b.ask('POST', '/api/jobs/start_job/', start({ jobId, startTime: now - 100 * jobId, tags }));
  }
  await b.backend.sync();
  const ids = () => b.backend.rows('job').map(({ job_id }) => job_id);
  const { id } = b.backend.job('labcluster', 5, now - 500) ?? {};
  assert.equal(await b.said('DELETE', '/api/jobs/delete_job/', { jobId: 5, cluster: 'labcluster' }), `200 Successfully deleted job ${id}`);
  assert.equal(await b.said('DELETE', '/api/jobs/delete_job/', { jobId: 5 }), `422 finding job failed: ${missing}`);
  assert.equal(await b.said('DELETE', '/api/jobs/delete_job/', {}), "400 the field 'jobId' is required");
  assert.equal(await b.said('DELETE', '/api/jobs/delete_job/99'), '200 Successfully deleted job 99');
  assert.match(await b.said('DELETE', '/api/jobs/delete_job/x'), /^400 integer expected in path for id: /);
  assert.deepEqual(ids(), [1, 2, 3, 4]);
  const before = (omit: string) => b.said('DELETE', `/api/jobs/delete_job_before/${now - 150}?omit-tagged=${omit}`);
  assert.equal(await before('some'), '400 omit-tagged must be one of: none, all, user');
  assert.equal(await before('all'), '200 Successfully deleted 1 jobs');
  assert.deepEqual(ids(), [1, 3, 4]);
  assert.equal(await before('user'), '200 Successfully deleted 1 jobs');
  assert.deepEqual(ids(), [1, 4]);
  assert.equal(await b.said('DELETE', `/api/jobs/delete_job_before/${now}`), '200 Successfully deleted 2 jobs');
  assert.match(await b.said('DELETE', '/api/jobs/delete_job_before/x'), /^400 integer expected in path for ts: /);
});

test('§3.3 foreign keys: a deleted job takes its tags with it, §3.2: the highest id is given again', async () => {
  await using b = await bench();
  const tags = [{ type: 't', name: 'a' }];
  await b.ask('POST', '/api/jobs/start_job/', start({ tags }));
  await b.ask('DELETE', '/api/jobs/delete_job/1');
  await b.ask('POST', '/api/jobs/start_job/', start({ tags }));
  assert.deepEqual([b.backend.rows('job')[0]?.id, b.backend.tags(1).length], [1, 1]);
});

test('§4.8 W8: the archive outlives a deleted job, the cache is not touched', async () => {
  await using b = await withJobs();
  await b.ask('POST', '/api/jobs/start_job/', start({ jobId: 7 }));
  await b.ask('DELETE', `/api/jobs/delete_job_before/${now + 1}`);
  assert.deepEqual([b.backend.rows('job').length, b.backend.rows('job_cache').length, b.backend.archive().length], [0, 1, 1]);
});
