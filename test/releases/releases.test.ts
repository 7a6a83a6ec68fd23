import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AccountedJob, ActiveJob, Allocation } from '@sluice/slurm';
import { type RoleName, roles } from '../lab/scenario-roles.ts';
import type { Facts } from './questions.ts';
import { type Replayed, recordedReleases, replay } from './replayed.ts';
import { comparable, roleOf } from './same.ts';

/** Where releases of Slurm say something else of the same job, and why; everything else must be equal. */
const activeDiffers: Readonly<Record<string, string>> = {
  reason: 'words for ended and for waiting jobs change from release to release',
  stderr: 'empty from 24.11 on when it is the same as stdout',
  exitCode: 'NODE_FAIL has signal 1 from 24.11 on; a cancelled script may end before or after it is signalled',
  nodeCount: '22.05 counts the nodes of a job that waits for several partitions otherwise',
  allocated: '26.05 gives no billing for het components',
};
const endedDiffers: Readonly<Record<string, string>> = {
  flags: '22.05 writes StartRecieved',
  restarts: 'not in accounting before 24.11',
  reason: 'why it waited, as far as it was noted',
  cpus: 'jobs that never had nodes: 0 from 24.11 on',
  exitCode: 'NODE_FAIL is 1:0 from 24.11 on',
  derivedExitCode: 'as the steps ended',
  allocated: '26.05 gives no billing for het components',
};

const replayed = new Map<string, Replayed>();
const of = (release: string): Replayed => replayed.get(release) ?? assert.fail(release);

for (const release of recordedReleases) {
  describe(`Slurm ${release}`, () => {
    it('answers every question that was recorded, and nothing is rejected', async () => {
      replayed.set(release, await replay(release));
      const { live, ended } = of(release);
      const answers = { ...live, ...ended };
      for (const [name, answer] of Object.entries(answers)) {
        if ('rejects' in answer) assert.deepEqual(answer.rejects, [], name);
      }
      assert.equal(`${live.offers.controller.release.major}`, release.replace('.', ''));
    });

    it('reads the same from output that comes in pieces of seven bytes', async () => {
      const pieces = await replay(release, 7);
      assert.deepEqual(pieces.live.active, of(release).live.active);
      assert.deepEqual(pieces.live.allocations, of(release).live.allocations);
      assert.deepEqual(pieces.ended.ended, of(release).ended.ended);
    });

    it('every job is what its submission made it, in the queue and in history', () => {
      const { facts, live, ended } = of(release);
      for (const [name, role] of Object.entries(roles) as [RoleName, (typeof roles)[RoleName]][]) {
        if (name === 'array' || name === 'heldArray') continue;
        const queued = live.active.records.find(({ jobId }) => jobId === facts.jobs[name]) ?? assert.fail(`${name} is not in the queue`);
        const { user, account, partition, uid } = queued;
        assert.deepEqual([user, account, partition, uid], [role.user, role.account, role.partition, facts.uids[role.user]], name);
        if (name !== 'nullWord') assert.deepEqual([queued.name, queued.comment], [role.jobName ?? name, role.comment ?? ''], name);
        if (role.live) assert.equal(queued.state.base, role.live, name);
        const past =
          ended.ended.records.filter(({ jobId }) => jobId === facts.jobs[name]).at(-1) ?? assert.fail(`${name} is not in history`);
        assert.deepEqual([past.user, past.account, past.comment], [role.user, role.account, role.comment ?? ''], name);
        // slurmdbd keeps a quotation mark in a job's name as a backtick, and bytes that are not UTF-8 as it likes.
        if (!role.latin1) assert.equal(past.name, (role.jobName ?? name).replaceAll('"', '`'), name);
        assert.ok(past.state.base === role.ends.state, `${name} ended as ${past.state.base}`);
      }
    });

    it("a name and a comment that are Slurm's own words for nothing are kept", () => {
      const { facts, live } = of(release);
      const { name, comment } = live.active.records.find(({ jobId }) => jobId === facts.jobs['nullWord']) ?? assert.fail();
      assert.deepEqual({ name, comment }, { name: 'N/A', comment: 'None' });
    });

    it('the few columns and the many say the same states', () => {
      const { live } = of(release);
      const those = live.active.records.filter(({ state }) => state.base !== 'PENDING');
      const wanted = those.map(({ cluster, jobId, state, start, end, restarts }) => ({ cluster, jobId, state, start, end, restarts }));
      assert.deepEqual(
        live.states.records.toSorted((a, b) => a.jobId - b.jobId),
        wanted.toSorted((a, b) => a.jobId - b.jobId),
      );
    });

    it('details are the record, what it holds, its script and its text, whatever its user wrote', () => {
      const { facts, live } = of(release);
      for (const name of ['exclusive', 'forged', 'held', 'completed'] as const) {
        const jobId = facts.jobs[name] ?? assert.fail(name);
        const details = live.details.get(jobId);
        if (details?.kind !== 'known') assert.fail(`${name} is ${details?.kind}`);
        const { job, allocation, script, description } = details.value;
        assert.deepEqual(
          job,
          live.active.records.find((one) => one.jobId === jobId),
          name,
        );
        const holds = live.allocations.records.find((one) => one.jobId === jobId);
        if (name !== 'completed') assert.deepEqual(allocation ?? undefined, holds, name);
        else {
          const { start, devicesLost, nodes } = allocation ?? assert.fail('what it held is not told');
          assert.deepEqual([holds, start, devicesLost], [undefined, job.start, true]);
          assert.deepEqual(
            nodes.map(({ node, cpus, gres }) => [node, cpus, gres]),
            [[job.nodes, job.cpus, []]],
          );
        }
        assert.equal(script, roles[name].script, name);
        assert.match(description ?? '', new RegExp(`^JobId=${jobId} JobName=[\\s\\S]*\\n   UserId=${job.user}\\(${job.uid}\\)`), name);
      }
      assert.deepEqual(live.details.get(999_999), { kind: 'gone' });
    });

    it('scripts, environment and text are whole', () => {
      const { live, ended } = of(release);
      assert.deepEqual(live.script, { kind: 'known', value: roles.exclusive.script });
      assert.deepEqual(ended.script, live.script);
      assert.ok(ended.environment.kind === 'known' && ended.environment.value['USER'] === 'alice');
      assert.deepEqual(live.byId.get(999_999), { kind: 'gone' });
      assert.equal(live.diagnostics.dbdAgentQueue, 0);
      assert.equal(live.privileges.adminLevel, 'Administrator');
    });
  });
}

describe('the same scenario decodes to the same records', () => {
  const [first, ...others] = recordedReleases;
  if (first === undefined) throw new Error('there are no recordings');
  for (const release of others) {
    const both = <T>(choose: (one: Replayed) => readonly T[], key: (one: T, facts: Facts) => string, differs: object = {}) => {
      const [theirs, ours] = [of(first), of(release)].map((one) => named(choose(one), key, one.facts, differs));
      assert.deepEqual(ours, theirs);
    };

    it(`queue: ${release} and ${first}`, () => {
      // The deadline comes when slurmctld next looks.
      both(({ live, facts }) => live.active.records.filter(({ jobId }) => jobId !== facts.jobs['deadline']), activeKey, activeDiffers);
    });

    it(`history: ${release} and ${first}`, () => {
      both(({ ended }) => ended.ended.records, endedKey, endedDiffers);
    });

    it(`allocations: ${release} and ${first}`, () => {
      both(({ live }) => live.allocations.records.map(sizes), allocationKey);
    });

    it(`partitions, accounts, users, associations, QOS: ${release} and ${first}`, () => {
      both(
        ({ live }) => live.partitions.records,
        ({ name }) => name,
      );
      both(
        ({ live }) => live.accounts.records,
        ({ name }) => name,
      );
      both(
        ({ live }) => live.users.records,
        ({ name }) => name,
      );
      both(
        ({ live }) => live.associations.records,
        ({ account, user }) => `${account}/${user}`,
      );
      both(
        ({ live }) => live.qos.records,
        ({ name }) => name,
      );
    });

    it(`nodes: ${release} and ${first}`, () => {
      const differs = {
        flags: 'PLANNED comes and goes with the scheduler',
        cpus: 'see tres',
        tres: '22.05 gives the CPUs of suspended jobs back',
      };
      both(
        ({ live }) => live.nodes.records,
        ({ name }) => name,
        differs,
      );
    });
  }
});

function named<T>(records: readonly T[], key: (one: T, facts: Facts) => string, facts: Facts, differs: object): object {
  const left = (one: T): unknown => {
    const whole = comparable(one, facts) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(whole).filter(([name]) => !(name in differs)));
  };
  const entries = records.map((one) => [key(one, facts), left(one)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => a.localeCompare(b)));
}

function activeKey(job: ActiveJob, facts: Facts): string {
  if (job.array) return `${roleOf(job.array.jobId, facts)}_${job.array.taskId ?? 'rest'}`;
  return job.het ? `${roleOf(job.het.jobId, facts)}+${job.het.offset}` : roleOf(job.jobId, facts);
}

function endedKey(job: AccountedJob, facts: Facts): string {
  const place = job.array ? `_${job.array.taskId ?? 'rest'}` : job.het ? `+${job.het.offset}` : '';
  return `${roleOf(job.array?.jobId ?? job.het?.jobId ?? job.jobId, facts)}${place} ${job.state.base} ${job.state.flags.join('+')}`;
}

function allocationKey(one: { readonly jobId: number; readonly nodes: readonly { readonly node: string }[] }, facts: Facts): string {
  return `${roleOf(one.jobId, facts)} ${one.nodes.map(({ node }) => node).join(',')}`;
}

/** How much a job holds; which cores and devices it was given is the scheduler's choice. */
function sizes({ jobId, whole, nodes }: Allocation) {
  const brief = nodes.map(({ node, cpus, cores, memoryMiB, gres }) => ({
    node,
    cpus,
    cores: cores?.length,
    threads: cores?.map(({ threads }) => threads),
    memoryMiB,
    gres: gres.map(({ name, type, count, indices }) => ({ name, type, count, indices: indices?.length })),
  }));
  return { jobId, whole, nodes: brief };
}
