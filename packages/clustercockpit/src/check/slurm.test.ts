import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '@sluice/io';
import { loadAdapterConfig } from '../config/load-adapter-config.ts';
import type { SlurmReader } from '../observe/slurm-reader.ts';
import { type CheckFinding, checkExitCode, saying } from './finding.ts';
import { checkSlurm } from './slurm.ts';

const good = {
  ClusterName: 'alpha',
  MinJobAge: '300 sec',
  AccountingStorageType: 'accounting_storage/slurmdbd',
  AccountingStoreFlags: 'job_comment,job_script',
  SlurmctldParameters: '(null)',
  SlurmUser: 'slurm(64030)',
};
const unreachable = () => Promise.reject(new SluiceError('slurm.unreachable', 'nobody answers'));
const none = { controller: [], accounting: [] };
/** A node of every cluster but that of this host. */
const unread = { source: 'scontrol show node', reason: 'no node state', excerpt: 'NodeName=b1' };

interface Says {
  readonly conf?: Record<string, string>;
  readonly controller?: object;
  readonly accounting?: object;
  readonly keys?: object;
  readonly user?: string;
}

async function look({ conf = {}, controller = {}, accounting = {}, keys = {}, user = 'sluice' }: Says) {
  const reader = {
    controller: {
      ping: async () => [{ host: 'ctl1', role: 'primary', up: true }],
      config: async () => ({ ...good, ...conf }),
      offers: async () => ({ release: { text: '24.11.3', major: 2411 }, allocations: true }),
      diagnostics: async () => ({ dbdAgentQueue: 0 }),
      nodes: async () => ({ records: [], rejects: [] }),
      ...controller,
    },
    accounting: {
      ping: async () => ({ up: true, milliseconds: 3 }),
      privileges: async () => ({ user, adminLevel: 'None', coordinates: [], privateData: none, maxQueryTimeRange: null }),
      clusters: async () => ({ records: [{ name: 'alpha', controlHost: 'ctl1' }], rejects: [] }),
      ...accounting,
    },
  } as unknown as SlurmReader;
  const text = JSON.stringify({ ccRestUrl: 'http://cc', ccRestJwt: 'x', ...keys });
  const { config } = await loadAdapterConfig({ file: 'config.json', text });
  const found: CheckFinding[] = [];
  const say = saying('Slurm', (finding) => found.push(finding));
  const another: SlurmReader = { ...reader, controller: { ...reader.controller, nodes: async () => ({ records: [], rejects: [unread] }) } };
  const connect = (cluster: string | undefined) => (cluster === undefined ? reader : another);
  const slurm = await checkSlurm({ config, connect, hostname: 'ctl1.example.org', userName: user }, say);
  const of = (what: string) => {
    const { verdict, says, mend } = found.find((one) => one.what === what) ?? {};
    return `${verdict} ${says} | ${mend}`;
  };
  return { slurm, found, of, exit: checkExitCode(found) };
}

test('a Slurm that is as it should be gives nothing but ok', async () => {
  const { found, slurm, exit } = await look({});
  assert.deepEqual([[...new Set(found.map(({ verdict }) => verdict))], slurm.clusters, exit], [['ok'], ['alpha'], 0]);
});

test('commands that are missing are said once', async () => {
  const { found, exit } = await look({
    controller: { ping: () => Promise.reject(new SluiceError('process.missing', 'scontrol is not there')) },
  });
  assert.deepEqual([found.map(({ what }) => what), exit], [['Slurm’s commands'], 69]);
  assert.match(found[0]?.mend ?? '', /slurmBinPath/);
});

test('settings: MinJobAge, rl_enable, what accounting keeps', async () => {
  const { of, exit } = await look({
    conf: { MinJobAge: '20 sec', SlurmctldParameters: 'enable_configless,rl_enable', AccountingStoreFlags: '(null)' },
  });
  assert.match(of('MinJobAge'), /^warning 20 s: .* \| slurm\.conf: MinJobAge=300/);
  assert.match(of('SlurmctldParameters'), /^warning rl_enable/);
  assert.match(
    of('AccountingStoreFlags'),
    /^warning .*their scripts and the comments of their users.* \| slurm\.conf: AccountingStoreFlags=job_script,job_comment$/,
  );
  assert.equal(exit, 0);
  const asSlurmUser = await look({ user: 'slurm', conf: { SlurmctldParameters: 'rl_enable' } });
  assert.match(asSlurmUser.of('SlurmctldParameters'), /^undefined/);
  const noHistory = await look({ conf: { AccountingStorageType: 'accounting_storage/none' } });
  assert.match(noHistory.of('AccountingStorageType'), /^error .*there is no history/);
});

test('privileges: what PrivateData hides, and how far back one may ask', async () => {
  const privileges = (adminLevel: string) => ({
    privileges: async () => ({
      user: 'sluice',
      adminLevel,
      coordinates: [],
      privateData: { controller: ['jobs'], accounting: [] },
      maxQueryTimeRange: '7-00:00:00',
    }),
  });
  const denied = await look({ accounting: privileges('None') });
  assert.match(
    denied.of('privileges'),
    /^error sluice has AdminLevel None; PrivateData jobs.* \| sacctmgr -i modify user sluice set AdminLevel=Operator/,
  );
  assert.match(denied.of('MaxQueryTimeRange'), /^warning/);
  assert.equal(denied.exit, 77);
  const operator = await look({ accounting: privileges('Operator') });
  assert.deepEqual([operator.of('privileges').slice(0, 2), operator.of('MaxQueryTimeRange').slice(0, 2)], ['ok', 'ok']);
});

test('controllers: which acts, and whether this host is one of them', async () => {
  const ping = (first: boolean, second: string) => ({
    ping: async () => [
      { host: 'ctl1', role: 'primary', up: first },
      { host: second, role: 'backup', up: true },
    ],
  });
  assert.match((await look({ controller: ping(true, 'ctl2') })).of('slurmctld'), /^ok ctl1 up, ctl2 up; this one acts/);
  const second = await look({ controller: ping(false, 'ctl2') });
  assert.match(second.of('slurmctld'), /^ok ctl1 DOWN, ctl2 up; ctl2 acts/);
  assert.ok(second.found.some(({ verdict, says }) => verdict === 'warning' && says.startsWith('ctl1 is down')));
  const stranger = await look({ controller: ping(true, 'ctl2'), keys: { controllerHost: 'other' } });
  assert.match(stranger.of('slurmctld'), /^warning .*this host \(other\) is none of them.* \| .*controllerHost/);
});

test('slurmdbd is away: the rest is looked at all the same', async () => {
  const down = { up: false, error: new SluiceError('slurm.unreachable', 'slurmdbd does not answer') };
  const { of, exit, slurm } = await look({ accounting: { ping: async () => down, privileges: unreachable, clusters: unreachable } });
  assert.match(of('slurmdbd'), /^error slurmdbd does not answer/);
  assert.deepEqual([exit, slurm.clusters], [69, ['alpha']]);
});

test('clusters: each is asked for its own nodes, in whatever order they are wanted, and what is wrong with one is said', async () => {
  const records = ['alpha', 'beta'].map((name) => ({ name, controlHost: 'ctl1' }));
  const { of } = await look({ accounting: { clusters: async () => ({ records, rejects: [] }) }, keys: { clusters: ['beta', 'alpha'] } });
  assert.match(of('nodes of beta'), /^warning 1 could not be read: no node state: NodeName=b1/);
  assert.match(of('nodes of alpha'), /^undefined/);
});

test('clusters: those that slurmdbd does not know', async () => {
  const wrong = await look({ keys: { clusters: ['alpha', 'betta'], clusterNames: { gamma: 'g' } } });
  assert.match(wrong.of('clusters'), /^error slurmdbd does not know betta/);
  assert.match(wrong.of('clusterNames'), /^warning .*gamma/);
  const unregistered = await look({ accounting: { clusters: async () => ({ records: [], rejects: [] }) } });
  assert.match(unregistered.of('clusters'), /sacctmgr -i add cluster alpha$/);
});
