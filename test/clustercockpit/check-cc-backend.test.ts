import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CheckFinding, check, checkExitCode } from '@sluice/clustercockpit';
import type { Connector, Node } from '@sluice/slurm';
import { labCluster } from '@sluice/standins';
import { at, first, now, release, scripted, standIn, tokenWith } from './client-bed.ts';

/** The lab's nodes as its Slurm describes them, and one that cc-backend does not know. */
function node(name: string, changes: Partial<Node> = {}): Node {
  const gpus = name.startsWith('gpu') ? [{ name: 'gpu', type: 'a100', count: 4 }] : [];
  return {
    cluster: 'labcluster',
    name,
    hostname: name,
    address: name,
    state: 'IDLE',
    flags: [],
    reason: '',
    partitions: [],
    features: [],
    sockets: 2,
    coresPerSocket: 4,
    threadsPerCore: 2,
    cpus: { total: 16, allocated: 0 },
    memoryMiB: { total: 1, allocated: 0, free: null },
    gres: { total: gpus as unknown as Node['gres']['total'], used: [] },
    tres: { total: {}, allocated: {} },
    version: null,
    ...changes,
  };
}

function slurm(nodes: readonly Node[], cluster: string): Pick<Connector, 'accounting' | 'controller'> {
  const conf = {
    ClusterName: cluster,
    MinJobAge: '300 sec',
    AccountingStorageType: 'accounting_storage/slurmdbd',
    AccountingStoreFlags: 'job_script,job_comment',
    SlurmUser: 'slurm(1)',
  };
  return {
    controller: {
      ping: async () => [{ host: 'ctl', role: 'primary', up: true }],
      config: async () => conf,
      offers: async () => ({ release: { text: '24.11.3', major: 2411 }, allocations: true }),
      diagnostics: async () => ({ dbdAgentQueue: 0 }),
      nodes: async () => ({ records: nodes, rejects: [] }),
    },
    accounting: {
      ping: async () => ({ up: true, milliseconds: 1 }),
      privileges: async () => ({
        user: 'u',
        adminLevel: 'Operator',
        coordinates: [],
        privateData: { controller: [], accounting: [] },
        maxQueryTimeRange: null,
      }),
      clusters: async () => ({ records: [{ name: cluster, controlHost: 'ctl' }], rejects: [] }),
    },
  } as unknown as Pick<Connector, 'accounting' | 'controller'>;
}

interface Asked {
  readonly url: string;
  readonly token?: string;
  readonly keys?: object;
  readonly nodes?: readonly Node[];
  readonly cluster?: string;
  /** Milliseconds by which this host's clock is ahead. */
  readonly aheadMs?: number;
}

async function findings(t: TestContext, asked: Asked) {
  const { url, token = tokenWith(), keys = {}, nodes = [node('node01')], cluster = 'labcluster', aheadMs = 0 } = asked;
  const dir = mkdtempSync(join(tmpdir(), 'sluice-check-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'config.json');
  const places = {
    lastRunPath: join(dir, 'lastrun'),
    pidFilePath: join(dir, 'pid'),
    spoolPath: join(dir, 'spool'),
    prepSockListenPath: '',
  };
  writeFileSync(file, JSON.stringify({ ccRestUrl: url, ccRestJwt: token, ...places, ...keys }));
  chmodSync(file, 0o600);
  const found: CheckFinding[] = [];
  await check({
    file,
    connect: () => slurm(nodes, cluster),
    clock: { now: () => now * 1000 + aheadMs, monotonic: () => performance.now(), sleep: () => Promise.resolve() },
    random: Math.random,
    env: {},
    hostname: 'ctl',
    user: { name: 'u', uid: process.getuid?.() ?? 0, gids: [] },
    userOf: async () => undefined,
    say: (finding) => found.push(finding),
  });
  const of = (group: string, what?: string) =>
    found
      .filter((one) => one.group === group && (what === undefined || one.what === what))
      .map(({ verdict, what: name, says, mend = '' }) => `${verdict} ${name}: ${says} | ${mend}`);
  return { found, of, exit: checkExitCode(found) };
}

test('a site that is as it should be: what is found, GPUs by index included', async (t) => {
  await using bed = await standIn();
  const { of, exit, found } = await findings(t, { url: bed.backend.url, nodes: [node('node01'), node('node02'), node('gpu01')] });
  assert.equal(exit, 0, JSON.stringify(found.filter(({ verdict }) => verdict !== 'ok')));
  assert.match(of('cc-backend', 'ccRestJwt')[0] ?? '', /^ok .*token of sluice, role api; it does not expire/);
  assert.match(of('cc-backend', 'cc-backend')[0] ?? '', /^ok cc-backend: cc-backend 1\.5\.\d+, behaves as 1\.5; takes jobs by REST/);
  assert.match(of('cc-backend', 'ccCommitInterval')[0] ?? '', /120 s, so a stop waits 240 s/);
  assert.deepEqual(
    of('topology').map((text) => text.slice(0, text.indexOf(':'))),
    ['ok node[01-02]', 'ok gpu01'],
  );
  assert.match(of('topology', 'gpu01')[0] ?? '', /GPUs 0→00000000:10:00\.0 1→00000000:3F:00\.0/);
  assert.equal(bed.backend.rows('job').length + bed.backend.rows('job_cache').length, 0);
});

test('§2: the token: none, expired, soon to expire, of the wrong role, of another key, with more than it needs', async (t) => {
  await using bed = await standIn();
  const { url } = bed.backend;
  const of = async (token: string) => {
    const { of: said, exit } = await findings(t, { url, token });
    return { said: said('cc-backend', 'ccRestJwt')[0] ?? said('cc-backend', 'cc-backend')[0] ?? '', exit, all: said('cc-backend') };
  };
  assert.match((await of('nonsense')).said, /^error ccRestJwt: what is configured is no JWT \| .*cc-backend -jwt NAME/);
  const expired = await of(tokenWith({ exp: now - 60 }));
  assert.deepEqual(
    [expired.exit, /^error ccRestJwt: the token of sluice has expired \| .*cc-backend -jwt sluice/.test(expired.said)],
    [77, true],
  );
  const soon = await of(tokenWith({ exp: now + 3 * 86_400 }));
  assert.deepEqual([soon.exit, /^warning ccRestJwt: .*expires in 3 d/.test(soon.said)], [0, true], soon.said);
  assert.match((await of(tokenWith({ roles: ['api', 'user'] }))).said, /^error ccRestJwt: .*roles api, user/);
  assert.match((await of(tokenWith({ roles: ['admin', 'api'] }))).said, /^warning ccRestJwt: .*may do more than it must/);
  const forged = `${tokenWith().split('.').slice(0, 2).join('.')}.${'A'.repeat(86)}`;
  const foreign = await of(forged);
  assert.equal(foreign.exit, 77);
  assert.ok(
    foreign.all.some((text) => /^error cc-backend: cc-backend refuses the token/.test(text)),
    foreign.all.join('\n'),
  );
});

test('W16: a server in NATS mode needs ccRestSubmitJobs false, and the other way round', async (t) => {
  await using inNatsMode = await standIn({ natsMode: true });
  const wrong = await findings(t, { url: inNatsMode.backend.url });
  assert.match(
    wrong.of('cc-backend', 'cc-backend')[0] ?? '',
    /^error .*NATS alone \(main\.api-subjects\) \| set ccRestSubmitJobs to false/,
  );
  assert.equal(wrong.exit, 78);
  await using byRest = await standIn();
  const keys = { ccRestSubmitJobs: false, natsServer: '127.0.0.1:9' };
  const other = await findings(t, { url: byRest.backend.url, keys });
  assert.match(other.of('cc-backend', 'cc-backend')[0] ?? '', /^warning .*does not listen to NATS/);
  assert.match(other.of('NATS')[0] ?? '', /^error natsServer: /);
  assert.equal(other.exit, 69);
});

test('a cluster that cc-backend does not know: the nearest name is told', async (t) => {
  await using bed = await standIn({ clusters: [labCluster('labcluster2')] });
  const { of, exit } = await findings(t, { url: bed.backend.url });
  assert.match(
    of('topology')[0] ?? '',
    /^error cluster labcluster: .*no cluster labcluster.* \| .*"clusterNames": \{"labcluster":"labcluster2"\}/,
  );
  assert.equal(exit, 78);
  const named = await findings(t, { url: bed.backend.url, keys: { clusterNames: { labcluster: 'labcluster2' } } });
  assert.deepEqual([named.exit, named.of('topology').map((text) => text.slice(0, 2))], [0, ['ok']]);
});

test('§5.7: nodes that cc-backend does not know, has otherwise, or are left out', async (t) => {
  await using bed = await standIn();
  const nodes = [node('node01'), node('node02', { coresPerSocket: 8, cpus: { total: 32, allocated: 0 } }), node('login1'), node('test1')];
  const { of, exit } = await findings(t, { url: bed.backend.url, nodes, keys: { ignoreHosts: '^test' } });
  const lines = of('topology');
  assert.match(lines[0] ?? '', /^ok node01/);
  assert.match(lines[1] ?? '', /^warning node02: .*without their cores: Slurm has 2:8:2 sockets:cores:threads, subcluster cpu has 2:4:2/);
  assert.match(lines[2] ?? '', /^warning login1: .*no subcluster.* \| add login1 to the nodes of a subcluster/);
  assert.match(lines[3] ?? '', /^ok test1: .*ignoreHosts/);
  assert.equal(exit, 0);
});

test('the clocks differ', async (t) => {
  const dated = first(
    at('GET', '/login', () => ({ status: 200, body: '<li>Version 1.5.4</li>', headers: { date: new Date(now * 1000).toUTCString() } })),
    at('GET', '/api/clusters/', () => ({ status: 200, body: { clusters: [labCluster()] } })),
    release('1.5.4'),
  );
  await using bed = await scripted(dated);
  assert.match((await findings(t, { url: bed.url })).of('cc-backend', 'clock')[0] ?? '', /^ok/);
  const ahead = await findings(t, { url: bed.url, aheadMs: 90_000 });
  assert.match(ahead.of('cc-backend', 'clock')[0] ?? '', /^warning clock: this host is 89 s ahead of cc-backend/);
  const behind = await findings(t, { url: bed.url, aheadMs: -90_000 });
  assert.match(behind.of('cc-backend', 'clock')[0] ?? '', /^warning clock: this host is 90 s behind cc-backend/);
});

test('nobody listens, or somebody else', async (t) => {
  const silent = await findings(t, { url: 'http://127.0.0.1:9' });
  assert.match(silent.of('cc-backend', 'ccRestUrl')[0] ?? '', /^error ccRestUrl: .*ECONNREFUSED/);
  assert.deepEqual([silent.exit, silent.of('topology')], [69, []]);
  await using other = await scripted(() => ({ status: 200, body: '<html>hello</html>' }));
  const { of, exit } = await findings(t, { url: other.url });
  assert.match(of('cc-backend', 'cc-backend')[0] ?? '', /^error cc-backend: this is no cc-backend/);
  assert.equal(exit, 78);
});

test('a configuration with errors is told line by line, and nothing else is asked', async (t) => {
  const { found, exit } = await findings(t, { url: 'ftp://cc', keys: { ccRestJWTT: 'x', slurmPollInterval: 'often' } });
  assert.deepEqual([...new Set(found.map(({ group }) => group))], ['configuration']);
  assert.ok(found.length >= 2);
  assert.equal(exit, 78);
});
