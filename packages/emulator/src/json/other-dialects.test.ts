import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { acceptedOf } from './accepted-differences.fixture.ts';
import {
  associationsJson,
  type Fields,
  jobsJson,
  nodesJson,
  partitionsJson,
  pingJson,
  printJson,
  qosJson,
  sacctJson,
  sinfoJson,
  usersJson,
} from './index.ts';
import { recordedJobs } from './jobs.fixture.ts';
import { labSlurm, labSpec } from './lab.fixture.ts';
import { momentsOf } from './moments.fixture.ts';
import { labAssociations, labNodes, labPartitions, labQos, labUsers } from './objects.fixture.ts';
import { differences, numberIn, objects, type PlainObject, readPrinted } from './recordings.fixture.ts';
import { rowMomentsOf } from './row-moments.fixture.ts';
import { recordedRows } from './rows.fixture.ts';

/** The same few objects of Debian's 24.11.5 and 26.05.5 in every dialect that they speak: of a lab where one job had failed on gpu01. */
const recorded = JSON.parse(
  gunzipSync(readFileSync(new URL('recordings/other-dialects.json.gz', import.meta.url))).toString('utf8'),
) as Readonly<Record<string, Readonly<Record<string, PlainObject>>>>;

const as = { uid: 0, gid: 0, user: 'root', group: 'root' };

for (const [name, documents] of Object.entries(recorded)) {
  describe(`${name}`, () => {
    const [release = '', dialect = ''] = name.split(' ');
    const short = release.slice(0, 5);
    const spec = labSpec(release, 17_900);
    const lab = { name: short === '24.11' ? '24.11' : '26.05', release, dialect, lab: '/lab', port: 17_900 } as const;
    const slurm = labSlurm(spec, 1_795_283_999, { database: { associations: labAssociations, qos: () => labQos } });
    const call = { release, dialect, command: 'squeue', argv: [], as };

    function compare(object: string, file: string, key: string, written: Fields, same: (one: PlainObject) => string): void {
      const found = objects(readPrinted(printJson(written))[key]);
      assert.notEqual(found.length, 0);
      for (const one of found) {
        const real = objects(documents[file]?.[key]).find((other) => same(other) === same(one));
        assert.ok(real, `${same(one)} is not in the recording`);
        assert.deepEqual(acceptedOf(object, short, differences(real, one)).unexpected, []);
      }
    }
    const named = (one: PlainObject) => `${one['name']}`;

    test('a job with two GPUs whose output could not be opened', () => {
      const [real] = objects(documents['squeue']?.['jobs']);
      const job = recordedJobs['two GPUs with their indices'];
      assert.ok(real && job);
      const made = job.make(momentsOf(real, lab));
      const failed = {
        ...made,
        jobId: 1,
        state: 'FAILED' as const,
        uid: numberIn(real['user_id']) ?? 0,
        gid: numberIn(real['group_id']) ?? 0,
        reason: 'RaisedSignal',
        reasonText: 'RaisedSignal:53(Real-time signal 19)',
        exit: { code: 0, signal: 53 },
        request: { ...made.request, workDir: '/' },
        grants: made.grants.map((one) => ({ ...one, gres: [] })),
      };
      compare('job', 'squeue', 'jobs', jobsJson(slurm, [failed], call), (one) => `${one['job_id']}`);
    });

    test('its row in accounting', () => {
      const [real] = objects(documents['sacct']?.['jobs']);
      const role = recordedRows['failed by a signal'];
      assert.ok(real && role);
      const row = role.make(rowMomentsOf(real, lab));
      const gpus = { 'gres/gpu': 2, 'gres/gpu:a100': 2 };
      const tres = { cpu: 4, mem: 4000, node: 1, billing: 4, ...gpus };
      const failed = {
        ...row,
        jobId: 1,
        name: 'gpu_idx',
        partition: 'gpu',
        nodes: 'gpu01',
        exit: { code: 0, signal: 53 },
        requestedCpus: 4,
        requestedTres: tres,
        allocatedTres: tres,
        workDir: '/',
        steps: row.steps.map((step) => ({ ...step, nodes: ['gpu01'], tres: { cpu: 4, mem: 4000, node: 1, ...gpus } })),
      };
      compare('row', 'sacct', 'jobs', sacctJson(slurm, [failed], call), (one) => `${one['job_id']}`);
    });

    test('a node, and its row of sinfo', () => {
      const [real] = objects(documents['nodes']?.['nodes']);
      const moment = (key: string) => numberIn(real?.[key]) ?? 0;
      const at = { boot: moment('boot_time'), start: moment('slurmd_start_time'), busy: () => moment('last_busy') };
      const node = labNodes(spec, at).find((one) => one.spec.name === 'gpu01');
      assert.ok(node);
      const idle = { ...node, state: 'IDLE', cpusAllocated: 0, memoryAllocatedMiB: 0, gresUsed: {} };
      compare('node', 'nodes', 'nodes', nodesJson(slurm, [idle], call), named);
      const partitions = labPartitions(spec).filter((partition) => partition.name === 'gpu');
      const other = { ...idle, spec: { ...idle.spec, name: 'gpu02', port: idle.spec.port + 1 } };
      compare('sinfo', 'sinfo', 'sinfo', sinfoJson(slurm, { partitions, nodes: [idle, other] }, call), () => '');
    });

    test('partitions, associations, QOS, users and ping', () => {
      compare('partition', 'partitions', 'partitions', partitionsJson(slurm, labPartitions(spec), call), named);
      compare(
        'association',
        'associations',
        'associations',
        associationsJson(slurm, labAssociations(), call),
        (one) => `${one['account']}/${one['user']}`,
      );
      compare('qos', 'qos', 'qos', qosJson(slurm, labQos, call), named);
      compare('user', 'users', 'users', usersJson(slurm, labUsers, call), named);
      compare('ping', 'ping', 'pings', pingJson(slurm, [{ host: 'vm', up: true }], call), (one) => `${one['hostname']}`);
    });
  });
}
