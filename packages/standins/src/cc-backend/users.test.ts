import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mintToken } from '../index.ts';
import { bench, keys, now, start } from '../testing/backend.ts';

const users = [
  { username: 'alice', name: 'Alice', email: 'a@example.org', roles: ['user'], projects: [] },
  { username: 'boss', name: 'Boss', email: '', roles: ['manager'], projects: ['p1'] },
  { username: 'slurm', name: '', email: '', roles: ['api'], projects: [] },
];
const admin = ['admin', 'api'];

test('§4.11 the users: for admins alone, all or those that are more than users', async () => {
  await using b = await bench({ users });
  assert.equal(await b.said('GET', '/api/users/'), '403 only admins are allowed to fetch a list of users');
  const headers = { 'x-auth-token': mintToken(keys, { name: 'root', roles: admin }, now) };
  const names = async (query: string) =>
    (JSON.parse((await b.ask('GET', `/api/users/${query}`, undefined, headers)).text) as { username: string }[]).map(
      ({ username }) => username,
    );
  assert.deepEqual(await names(''), ['alice', 'boss', 'slurm']);
  assert.deepEqual(await names('?not-just-user=true'), ['boss', 'slurm']);
});

test('§4.11 edits of a user, one at a time', async () => {
  await using b = await bench({ users });
  const edit = (username: string, body: unknown, roles = admin) => b.said('POST', `/api/user/${username}`, body, roles);
  const cases: [username: string, body: unknown, said: string][] = [
    ['alice', { 'add-role': 'support' }, '200 Add Role Success for user alice'],
    ['alice', { 'add-role': 'support' }, '422 adding role failed: user alice already has role support'],
    ['alice', { 'add-role': 'king' }, '422 adding role failed: supplied role is no valid option : king'],
    ['alice', { 'remove-role': 'user' }, '200 Remove Role Success for user alice'],
    ['alice', { 'remove-role': 'user' }, "422 removing role failed: role already deleted for user 'alice': user"],
    ['alice', { 'remove-role': 'king' }, '422 removing role failed: supplied role is no valid option : king'],
    ['alice', { 'add-project': 'p' }, "422 adding project failed: user 'alice' is not a manager"],
    ['alice', { 'remove-project': 'p' }, "422 removing project failed: user 'alice' is not a manager"],
    [
      'boss',
      { 'remove-role': 'manager' },
      "422 removing role failed: cannot remove role 'manager' while user boss still has assigned project(s) : [p1]",
    ],
    ['boss', { 'add-project': 'p2' }, '200 Add Project Success for user boss'],
    ['boss', { 'add-project': 'p2' }, "422 adding project failed: user 'boss' already manages project 'p2'"],
    ['boss', { 'remove-project': 'p1' }, '200 Remove Project Success for user boss'],
    ['boss', { 'remove-project': 'p1' }, "422 removing project failed: user 'boss': Cannot remove project 'p1' - Does not match"],
    ['nobody', { 'add-role': 'api' }, '422 adding role failed: sql: no rows in result set'],
    ['boss', {}, '400 no operation specified: must provide add-role, remove-role, add-project, or remove-project'],
    ['boss', { role: 'x' }, '400 decoding request failed: json: unknown field "role"'],
  ];
  for (const [username, body, said] of cases) assert.equal(await edit(username, body), said);
  assert.equal(await edit('boss', {}, ['api']), '403 only admins are allowed to update a user');
  assert.deepEqual(
    b.backend.users().map(({ roles, projects }) => [roles, projects]),
    [
      [['support'], []],
      [['manager'], ['p2']],
      [['api'], []],
    ],
  );
});

test('§2 validate-user: the token’s user must be known, and the database says the roles', async () => {
  await using b = await bench({ users, validateUser: true });
  const ask = async (name: string, roles: string[]) => {
    const headers = { 'x-auth-token': mintToken(keys, { name, roles }, now) };
    const { status, json } = await b.ask('GET', '/api/jobs/', undefined, headers);
    return `${status} ${json['error'] ?? 'ok'}`;
  };
  assert.equal(await ask('ghost', ['api']), '401 unknown user');
  assert.equal(await ask('alice', ['api']), '401 unauthorized');
  assert.equal(await ask('slurm', ['user']), '200 ok');
});

test('§2 disable-authentication: no token is asked for, and what needs a user fails', async () => {
  await using b = await bench({ disableAuthentication: true, observe: () => {} });
  const status = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
    (await b.ask(method, path, body, {})).status;
  assert.equal(await status('POST', '/api/jobs/start_job/', start()), 201);
  await b.backend.sync();
  const tagged = await b.ask('POST', '/api/jobs/start_job/', start({ jobId: 2, tags: [{ type: 'a', name: 'b' }] }), {});
  assert.match(String(tagged.json['error']), /^adding tag to new job 2 failed: .*no user in context/);
  assert.equal(b.backend.rows('job').length, 2, 'the job of the tag that failed is there');
  const list = await b.ask('GET', '/api/jobs/', undefined, {});
  assert.deepEqual([list.status, list.json['error']], [500, 'user context is nil']);
  assert.equal(await status('GET', '/api/jobs/1'), 422);
  assert.equal(await status('POST', '/api/jobs/1', []), 422);
  assert.equal(await status('PATCH', '/api/jobs/edit_meta/1', { key: 'a', value: 'b' }), 404);
  assert.equal(await status('POST', '/api/jobs/tag_job/1', []), 404);
  assert.equal(await status('GET', '/api/users/'), 500);
  assert.equal(await status('POST', '/api/nodestate/', { cluster: 'labcluster', nodes: [] }), 200);
  assert.equal(await status('GET', '/api/clusters/'), 200);
  assert.equal(await status('GET', `/api/jobs/used_nodes?ts=${now}`), 200);
  assert.equal(await status('POST', '/api/jobs/stop_job/', { jobId: 1, stopTime: now }), 200);
  assert.equal(await status('DELETE', '/api/jobs/delete_job/1'), 200);
});

test('§4.14 userapi: api with any role, and the jobs that the user may see', async () => {
  await using b = await bench({ users, validateUser: false });
  for (const [jobId, user, project] of [
    [1, 'alice', 'p1'],
    [2, 'bob', 'p1'],
    [3, 'bob', 'p2'],
  ]) {
    await b.ask('POST', '/api/jobs/start_job/', start({ jobId, user, project }));
  }
  await b.backend.sync();
  const ask = async (name: string, roles: string[], path = '/userapi/jobs/') => {
    const { status, json } = await b.ask('GET', path, undefined, { 'x-auth-token': mintToken(keys, { name, roles }, now) });
    return [status, ((json['jobs'] ?? []) as { jobId: number }[]).map(({ jobId }) => jobId).sort()];
  };
  assert.deepEqual(await ask('x', ['api']), [200, [1, 2, 3]]);
  assert.deepEqual(await ask('alice', ['api', 'user']), [200, [1]]);
  assert.deepEqual(await ask('alice', ['api', 'support']), [200, [1, 2, 3]]);
  assert.deepEqual(await ask('alice', ['user', 'manager']), [401, []]);
  assert.deepEqual(await ask('alice', ['api', 'anonymous']), [401, []]);
  assert.deepEqual(await ask('alice', ['api', 'user'], '/userapi/jobs/2'), [422, []]);
  assert.deepEqual(await ask('alice', ['api', 'user'], '/userapi/jobs/1'), [200, []]);
  assert.deepEqual(await ask('alice', ['api', 'user'], '/api/jobs/'), [401, []]);
});

test('§4.14 §2 a manager sees the projects that the database knows', async () => {
  const boss = { username: 'boss', name: '', email: '', roles: ['api', 'manager'], projects: ['p1'] };
  await using b = await bench({ users: [boss, ...users.slice(2)], validateUser: true });
  const slurm = { 'x-auth-token': mintToken(keys, { name: 'slurm', roles: [] }, now) };
  for (const project of ['p1', 'p2']) await b.ask('POST', '/api/jobs/start_job/', start({ jobId: Number(project[1]), project }), slurm);
  await b.backend.sync();
  const { json } = await b.ask('GET', '/userapi/jobs/', undefined, { 'x-auth-token': mintToken(keys, { name: 'boss', roles: [] }, now) });
  assert.deepEqual(
    (json['jobs'] as { jobId: number }[]).map(({ jobId }) => jobId),
    [1],
  );
});

test('§4.12 machine state: no route unless configured; what was put is got', async () => {
  await using without = await bench();
  assert.match(await without.said('PUT', '/api/machine_state/c/h', 'x'), /^404/);
  await using b = await bench({ machineState: true });
  const path = '/api/machine_state/labcluster/node01';
  const before = await b.ask('GET', path);
  assert.deepEqual([before.status, before.headers['content-type']], [404, 'text/plain; charset=utf-8']);
  const put = await b.ask('PUT', path, '{"any": "thing"}');
  assert.deepEqual([put.status, put.text], [201, '']);
  assert.equal((await b.ask('GET', path)).text, '{"any": "thing"}');
  assert.equal(await b.said('POST', '/api/machine_state/a/..%2Fb', 'x'), '400 invalid host name');
  assert.equal(await b.said('POST', '/api/machine_state/a%5Cb/c', 'x'), '400 invalid cluster name');
});

test('§4.13 metric store: its own group of roles, both slashes, healthcheck is nodestate', async () => {
  await using b = await bench({ allowedIps: ['10.0.0.1'] });
  const nodes = { cluster: 'labcluster', nodes: [{ hostname: 'node01', states: ['IDLE'] }] };
  const line = 'cpu_load,cluster=labcluster,hostname=node01 value=1.5 1795000000\n';
  for (const slash of ['', '/']) {
    assert.equal(await b.said('POST', `/api/write${slash}?cluster=labcluster`, line), '200');
    assert.match(await b.said('POST', `/api/write${slash}`, 'no line'), /^400 /);
    assert.equal(await b.said('POST', `/api/free${slash}?to=5`, '[["labcluster"]]', ['api', 'user']), '200 buffers freed: 0');
    assert.equal(await b.said('POST', `/api/free${slash}`, '[]'), "400 'to' is a required query parameter");
    assert.match(await b.said('POST', `/api/free${slash}?to=x`, '[]'), /^500 strconv\.ParseInt/);
    assert.equal((await b.said('POST', `/api/free${slash}?to=5`, '{}')).slice(0, 3), '400');
    assert.equal(await b.said('GET', `/api/debug${slash}`, undefined, ['api', 'manager']), '200');
    assert.equal(await b.said('POST', `/api/healthcheck${slash}`, nodes, ['admin', 'api']), '200');
    assert.match(await b.said('POST', `/api/healthcheck${slash}`, { x: 1 }), /^400 parsing request body failed/);
    assert.equal(await b.said('GET', `/api/debug${slash}`, undefined, ['api', 'support']), '401 unauthorized');
  }
  assert.equal(b.backend.nodeStates().length, 2);
  assert.equal(await b.said('GET', '/api/jobs/'), '401 unknown ip: 127.0.0.1', 'the others look at the address');
});
