import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mintToken } from '../index.ts';
import { type Bench, bench, keys, now, start } from '../testing/backend.ts';

const token = mintToken(keys, { name: 'sluice', roles: ['api'] }, now);
const headers = { 'x-auth-token': token, 'content-type': 'application/json' };

interface Listed {
  readonly items: { readonly jobId: number }[];
  readonly count: number;
  readonly hasNextPage: boolean;
}

async function jobs(b: Bench, args: string): Promise<{ readonly ids: number[] } & Listed> {
  const query = `{ jobs${args} { items { jobId } count hasNextPage } }`;
  const answer = await b.ask('POST', '/query', { query }, headers);
  assert.equal(answer.status, 200, answer.text);
  const listed = (answer.json['data'] as { jobs: Listed }).jobs;
  return { ...listed, ids: listed.items.map(({ jobId }) => jobId) };
}

async function filled(): Promise<Bench> {
  const b = await bench();
  for (const jobId of [3_000_000_001, 2, 3]) {
    const resources = [{ hostname: `node0${(jobId % 3) + 1}`, hwthreads: [0, 1] }];
    const body = start({ jobId, startTime: now - 1000 - (jobId % 10), user: `user${jobId % 2}`, project: `p${jobId % 10}`, resources });
    assert.equal((await b.ask('POST', '/api/jobs/start_job/', body)).status, 201);
  }
  await b.backend.sync();
  await b.ask('POST', '/api/jobs/stop_job/', { jobId: 3, stopTime: now, jobState: 'failed' });
  return b;
}

test('§4.16 jobs: filters, order, pages, count', async () => {
  await using b = await filled();
  const at = (seconds: number) => new Date(seconds * 1000).toISOString();
  const cases: [args: string, ids: number[]][] = [
    ['(order: {field: "startTime", type: "col", order: DESC})', [3_000_000_001, 2, 3]],
    ['(order: {field: "startTime", type: "col"})', [3, 2, 3_000_000_001]],
    ['(filter: [{jobId: {eq: "3000000001"}}])', [3_000_000_001]],
    ['(filter: [{jobId: {eq: "x"}}])', []],
    ['(filter: [{cluster: {eq: "labcluster"}, state: [running, "timeout"]}], order: {field: "jobId", type: "col"})', [2, 3_000_000_001]],
    ['(filter: [{state: [failed]}, {user: {eq: "user1"}}])', [3]],
    ['(filter: [{user: {eq: "user0"}}])', [2]],
    ['(filter: [{project: {eq: "p3"}}])', [3]],
    ['(filter: [{node: {eq: "node03"}}])', [2]],
    [`(filter: [{startTime: {from: "${at(now - 1002)}", to: "${at(now - 1002)}"}}])`, [2]],
    [`(filter: [{startTime: {to: "${at(now - 1003)}"}}])`, [3]],
  ];
  for (const [args, ids] of cases) assert.deepEqual((await jobs(b, args)).ids, ids, args);
  const pages: [page: string, ids: number[], hasNextPage: boolean][] = [
    ['{itemsPerPage: 2, page: 1}', [3, 2], true],
    ['{itemsPerPage: 2, page: 2}', [3_000_000_001], false],
    ['{itemsPerPage: -1, page: 1}', [3, 2, 3_000_000_001], false],
  ];
  for (const [page, ids, hasNextPage] of pages) {
    const listed = await jobs(b, `(page: ${page}, order: {field: "startTime", type: "col"})`);
    assert.deepEqual([listed.ids, listed.count, listed.hasNextPage], [ids, 3, hasNextPage]);
  }
});

test('§4.16 every field of a job; the start is RFC 3339; what is cached is not there', async () => {
  await using b = await filled();
  await b.ask('POST', '/api/jobs/start_job/', start({ jobId: 99 }));
  const query = `query($filter: [JobFilter!]) { jobs(filter: $filter) { items { id jobId user project cluster subCluster startTime duration walltime numNodes
    numHWThreads numAcc energy SMT shared partition arrayJobId monitoringStatus state tags { type } resources { hostname hwthreads accelerators } metaData } count } }`;
  const variables = { filter: [{ jobId: { eq: '3' } }] };
  const { json } = await b.ask('POST', '/query', { query, variables }, headers);
  assert.deepEqual(json['data'], {
    jobs: {
      items: [
        {
          id: '3',
          jobId: 3,
          user: 'user1',
          project: 'p3',
          cluster: 'labcluster',
          subCluster: 'cpu',
          startTime: new Date((now - 1003) * 1000).toISOString().replace('.000Z', 'Z'),
          duration: 1003,
          walltime: 0,
          numNodes: 1,
          numHWThreads: 0,
          numAcc: 0,
          energy: 0,
          SMT: 0,
          shared: 'none',
          partition: '',
          arrayJobId: 0,
          monitoringStatus: 3,
          state: 'failed',
          tags: [],
          resources: [{ hostname: 'node01', hwthreads: [0, 1], accelerators: null }],
          metaData: {},
        },
      ],
      count: 1,
    },
  });
  assert.deepEqual((await jobs(b, '(filter: [{jobId: {eq: "99"}}])')).count, 0);
});

test('§4.16 errors: no JSON, no such field, no such state, pages, tokens', async () => {
  await using b = await filled();
  const ask = async (body: unknown, sent: Record<string, string> = headers) => {
    const { status, json, text } = await b.ask('POST', '/query', body, sent);
    const [error] = (json['errors'] ?? []) as { message: string; extensions?: { code: string } }[];
    return `${status} ${error ? `${error.extensions?.code ?? '-'} ${error.message}` : text.slice(0, 30)}`;
  };
  const of = (args: string) => ({ query: `{ jobs${args} { count } }` });
  assert.match(await ask('x'), /^400 - json request body could not be decoded/);
  assert.match(await ask({ query: '{ jobs {' }), /^422 GRAPHQL_PARSE_FAILED /);
  assert.match(await ask({ query: '{ jobs { nothing } }' }), /^422 GRAPHQL_VALIDATION_FAILED Cannot query field "nothing"/);
  assert.match(await ask(of('(filter: [{state: [stopped]}])')), /^422 .*invalid job state: stopped/);
  assert.match(await ask(of('(filter: [{startTime: {from: "1"}}])')), /^422 .*RFC3339/);
  assert.match(await ask(of('(page: {itemsPerPage: 0, page: 1})')), /^200 - invalid items-per-page value: 0/);
  assert.match(await ask(of('(order: {field: "nope", type: "col"})')), /^200 - query failed: no such column: job\.nope/);
  assert.match(await ask({ query: '{ job(id: 1) { jobId } }' }), /^200 - you are not allowed to see this job/);
  assert.match(await ask(of(''), { 'x-auth-token': token }), /^400 - transport not supported/);
  assert.match(await ask(of(''), {}), /^401 <h1>/);
  assert.match(await ask(of(''), { ...headers, 'x-auth-token': 'x' }), /^401 token is malformed/);
  const user = mintToken(keys, { name: 'user0', roles: ['user'] }, now);
  assert.match(await ask(of(''), { ...headers, 'x-auth-token': user }), /^200 \{"data":\{"jobs":\{"count":1\}\}\}/);
});
