import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptedOf } from './accepted-differences.fixture.ts';
import {
  accountsJson,
  associationsJson,
  clustersJson,
  type Fields,
  licensesJson,
  nodesJson,
  partitionsJson,
  pingJson,
  printJson,
  qosJson,
  reservationsJson,
  sdiagJson,
  sharesJson,
  sinfoJson,
  stepsJson,
  tresJson,
  usersJson,
} from './index.ts';
import { labSlurm, labSpec, labTres } from './lab.fixture.ts';
import {
  labAccounts,
  labAssociations,
  labNodes,
  labPartitions,
  labQos,
  labReservation,
  labShares,
  labStatistics,
  labUsers,
} from './objects.fixture.ts';
import {
  differences,
  isObject,
  numberIn,
  objects,
  type PlainObject,
  readPrinted,
  recordedReleases,
  recording,
} from './recordings.fixture.ts';

const as = { uid: 0, gid: 0, user: 'root', group: 'root' };

for (const release of recordedReleases) {
  describe(`objects as ${release.name} prints them`, () => {
    const spec = labSpec(release.release, release.port);
    const database = { associations: labAssociations, qos: () => labQos };
    const slurm = labSlurm(spec, 1_795_253_920, { database });
    const rest = (plane: 'slurmctld' | 'slurmdbd') => ({
      release: release.release,
      dialect: release.dialect,
      speaker: { kind: 'rest', plane, source: '', user: 'root', group: 'root' } as const,
    });
    const command = (name: string, ...argv: readonly string[]) => ({
      release: release.release,
      dialect: release.dialect,
      command: name,
      argv,
      as,
    });

    /** Compares the list under a key, object by object as they are told apart by `name`. */
    function compare(object: string, file: string, key: string, written: Fields, name: (one: PlainObject) => string): void {
      const recorded = recording(release, file);
      const plain = readPrinted(printJson(written));
      const found = objects(plain[key]);
      assert.notEqual(found.length, 0);
      for (const one of found) {
        const real = objects(recorded[key]).find((other) => name(other) === name(one));
        assert.ok(real, `${name(one)} is not in the recording`);
        assert.deepEqual(acceptedOf(object, release.name, differences(real, one)).unexpected, []);
      }
      assert.deepEqual(Object.keys(plain), Object.keys(recorded));
    }
    const named = (one: PlainObject) => `${one['name']}`;

    test('nodes', () => {
      const recorded = objects(recording(release, 'rest-slurm-nodes')['nodes']);
      const moment = (key: string, node = 'gpu01') => numberIn(recorded.find((one) => one['name'] === node)?.[key]) ?? 0;
      const nodes = labNodes(spec, {
        boot: moment('boot_time'),
        start: moment('slurmd_start_time'),
        busy: (node) => moment('last_busy', node),
      });
      compare('node', 'rest-slurm-nodes', 'nodes', nodesJson(slurm, nodes, rest('slurmctld')), named);
    });

    test('partitions', () => {
      compare('partition', 'rest-slurm-partitions', 'partitions', partitionsJson(slurm, labPartitions(spec), rest('slurmctld')), named);
    });

    test('reservations', () => {
      const [recorded] = objects(recording(release, 'rest-slurm-reservations')['reservations']);
      const reservation = labReservation(numberIn(recorded?.['start_time']) ?? 0);
      compare('reservation', 'rest-slurm-reservations', 'reservations', reservationsJson(slurm, [reservation], rest('slurmctld')), named);
    });

    test('associations', () => {
      const key = (one: PlainObject) => `${one['account']}/${one['user'] ?? ''}`;
      const written = associationsJson(slurm, labAssociations(), rest('slurmdbd'));
      compare('association', 'rest-slurmdb-associations', 'associations', written, key);
    });

    test('accounts, users, QOS, resources and clusters', () => {
      compare('account', 'rest-slurmdb-accounts', 'accounts', accountsJson(slurm, labAccounts, rest('slurmdbd')), named);
      compare('user', 'rest-slurmdb-users', 'users', usersJson(slurm, labUsers, rest('slurmdbd')), named);
      compare('qos', 'rest-slurmdb-qos', release.name === '22.05' ? 'QOS' : 'qos', qosJson(slurm, labQos, rest('slurmdbd')), named);
      const kind = (one: PlainObject) => `${one['id']}`;
      compare('tres', 'rest-slurmdb-tres', 'TRES', tresJson(slurm, labTres(release.release), rest('slurmdbd')), kind);
      const rpcVersion = { '22.05': 9728, '23.11': 10_240, '24.11': 10_752, '25.05': 11_008, '26.05': 11_520 }[release.name];
      const cluster = { name: 'labcluster', controlHost: '127.0.0.1', controlPort: release.port, rpcVersion };
      compare('cluster', 'rest-slurmdb-clusters', 'clusters', clustersJson(slurm, [cluster], rest('slurmdbd')), named);
    });

    test('statistics have the keys and the types', () => {
      const recorded = recording(release, 'rest-slurm-diag');
      const written = readPrinted(printJson(sdiagJson(slurm, labStatistics(1_795_253_876), rest('slurmctld'))));
      const [real, own] = [recorded['statistics'], written['statistics']];
      assert.ok(isObject(real) && isObject(own));
      assert.deepEqual(Object.keys(own).sort(), Object.keys(real).sort());
      for (const key of Object.keys(real)) assert.equal(typeof own[key], typeof real[key], key);
    });

    test('ping and licenses', () => {
      const pings = pingJson(slurm, [{ host: 'vm', up: true }], rest('slurmctld'));
      compare('ping', 'rest-slurm-ping', 'pings', pings, (one) => `${one['hostname']}`);
      const written = readPrinted(printJson(licensesJson(slurm, rest('slurmctld'))));
      const recorded = recording(release, 'rest-slurm-licenses');
      assert.deepEqual(Object.keys(written), Object.keys(recorded));
      assert.deepEqual(written['warnings'], recorded['warnings']);
    });

    if (release.name === '22.05') return;

    test('rows of sinfo', () => {
      const recorded = objects(recording(release, 'rest-slurm-nodes')['nodes']);
      const nodes = labNodes(spec, { boot: 0, start: 0, busy: () => 0 });
      assert.notEqual(recorded.length, 0);
      const partitions = labPartitions(spec).filter(({ name }) => name === 'gpu');
      const gpuNodes = nodes.filter((node) => node.spec.name === 'gpu01');
      const written = sinfoJson(slurm, { partitions, nodes: gpuNodes }, command('sinfo', '--json'));
      compare('sinfo', 'sinfo', 'sinfo', written, (one) => {
        const [members, partition] = [one['nodes'], one['partition']];
        return JSON.stringify([isObject(members) ? members['nodes'] : null, isObject(partition) ? partition['name'] : null]);
      });
    });

    test('shares', () => {
      const recorded = recording(release, 'sshare')['shares'];
      assert.ok(isObject(recorded));
      const usedBy = (id: number) => {
        const share = objects(recorded['shares']).find((one) => one['id'] === id);
        const tres = isObject(share?.['tres']) ? share['tres'] : {};
        const minutes = (key: string) =>
          Object.fromEntries(objects(tres[key]).map(({ name, value }) => [`${name}`, (numberIn(value) ?? 0) / 60] as const));
        return { rawUsage: numberIn(share?.['usage']) ?? 0, runMins: minutes('run_seconds'), usedMins: minutes('usage') };
      };
      const written = readPrinted(printJson(sharesJson(slurm, labShares(usedBy), command('sshare', '--json', '-a'))));
      const own = written['shares'];
      assert.ok(isObject(own));
      for (const one of objects(own['shares'])) {
        const real: PlainObject | undefined = objects(recorded['shares']).find(({ id }) => id === one['id']);
        assert.deepEqual(acceptedOf('share', release.name, differences(real, one)).unexpected, []);
      }
      assert.deepEqual(written['meta'], recording(release, 'sshare')['meta']);
    });

    test('users of sacctmgr, ping and no steps of scontrol', () => {
      compare('user', 'sacctmgr-user', 'users', usersJson(slurm, labUsers, command('sacctmgr', '--json', 'show', 'user')), named);
      const pings = pingJson(slurm, [{ host: 'vm', up: true }], command('scontrol', 'ping', '--json'));
      compare('ping', 'scontrol-ping', 'pings', pings, (one) => `${one['hostname']}`);
      const steps = readPrinted(printJson(stepsJson(slurm, [], command('scontrol', 'show', 'step', '--json'))));
      assert.deepEqual(steps['meta'], recording(release, 'scontrol-show-step')['meta']);
      assert.deepEqual(steps['warnings'], [{ description: 'Zero steps to dump', source: '' }]);
    });
  });
}
