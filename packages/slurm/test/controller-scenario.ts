import { chmodSync, mkdirSync } from 'node:fs';
import type { Clock, Processes } from '@sluice/io';
import { type HostileTexts, hostileTexts } from './hostile-texts.ts';

/** Ids of the scenario's jobs by role. */
export type Roles = Readonly<Record<string, number>>;

interface LabJob {
  readonly role: string;
  readonly user: 'alice' | 'bob';
  /** Arguments of sbatch, one character per byte. */
  readonly args: readonly string[];
  /** State to wait for before the next is submitted. */
  readonly state: string;
  readonly hostile?: HostileTexts;
}

/** Longer than Slurm shows unless it is told to. */
export const longArray = Array.from({ length: 30 }, (_, index) => (index + 1) ** 2).join(',');

const sleeping = '--wrap=sleep 3600';

/** Jobs of every kind that slurmctld shows, on fixed nodes; then those of the hostile. */
function* labJobs(ids: Readonly<Record<string, number>>): Generator<LabJob> {
  const run = (role: string, args: readonly string[], user: 'alice' | 'bob' = 'alice'): LabJob => ({
    role,
    user,
    args: [...args, sleeping],
    state: 'RUNNING',
  });
  const pend = (role: string, args: readonly string[]): LabJob => ({ role, user: 'bob', args: [...args, sleeping], state: 'PENDING' });
  const end = (role: string, script: string, state: string): LabJob => ({
    role,
    user: 'alice',
    args: ['-w', 'node01', '-n1', '-J', role, `--wrap=${script}`],
    state,
  });
  yield run('plain', ['-w', 'node01', '-n2', '-t', '90', '-J', 'plain', '--comment=user comment; k=v']);
  yield run('exclusive', ['-w', 'node02', '-n1', '--exclusive', '-t', '1-0', '-J', 'exclusive', '--mem=1000']);
  yield run('oversubscribed', ['-p', 'shared', '-w', 'node04', '-n16', '--oversubscribe', '--mem=1G', '-J', 'oversubscribed'], 'bob');
  yield run('gpu_one', ['-p', 'gpu', '-w', 'gpu01', '-n1', '--gres=gpu:1', '-J', 'gpu_one']);
  yield run('gpu_two', ['-p', 'gpu', '-w', 'gpu01', '-c4', '--gres=gpu:a100:2', '-J', 'gpu_two'], 'bob');
  yield run('gpu_pair', ['-p', 'gpu', '-N2', '-n2', '--gpus-per-node=1', '--mem=500', '-J', 'gpu_pair']);
  yield run('nomultithread', ['-w', 'node01', '-n1', '-c2', '--hint=nomultithread', '-J', 'nomultithread']);
  yield run('suspended', ['-w', 'node01', '-n1', '-J', 'suspended']);
  yield run('array', ['-w', 'node01', '-n1', '-a', '3-9:2%2', '-J', 'array']);
  yield pend('held', ['-H', '-J', 'held', '-t', '30']);
  yield pend('long_array', ['-H', `--array=${longArray}`, '-J', 'long_array']);
  yield pend('dependent', ['-d', `afterok:${ids['plain']}`, '-J', 'dependent']);
  yield pend('begin', ['-b', 'now+10days', '-J', 'begin']);
  yield pend('two_partitions', ['-p', 'cpu,shared', '-N4', '--exclusive', '-J', 'two_partitions']);
  yield pend('cancelled_pending', ['-H', '-J', 'cancelled_pending']);
  yield end('completed', 'exit 0', 'COMPLETED');
  yield end('failed', 'exit 3', 'FAILED');
  yield end('signalled', 'kill -SEGV $$', 'FAILED');
  for (const [role, texts] of Object.entries(hostileTexts)) {
    const hostile = texts(ids['plain'] ?? 0);
    const { name, comment, wckey } = hostile;
    const args = ['-w', 'node03', '-n1', `--job-name=${name}`, ...(comment === undefined ? [] : [`--comment=${comment}`])];
    yield { role, user: 'bob', args: [...args, ...(wckey === undefined ? [] : [`--wckey=${wckey}`])], state: 'RUNNING', hostile };
  }
}

/** Submits the scenario to the cluster of SLURM_CONF; we are root. `directory` may be written by everybody. */
export async function submitScenario(processes: Processes, clock: Clock, directory: string): Promise<Roles> {
  const ids: Record<string, number> = {};
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o777);

  async function bash(user: string | undefined, script: string): Promise<string> {
    const as = user === undefined ? [] : [`--reuid=${user}`, `--regid=${user}`, '--init-groups'];
    const program = { name: 'setpriv', timeoutMs: 60_000, inherit: ['PATH', 'SLURM_CONF'], env: { LC_ALL: 'C' }, maxOutputBytes: 1e6 };
    const { stdout, stderr, code } = await processes.run({ program, args: [...as, 'bash', '-c', `cd '${directory}' && ${script}`] });
    if (code !== 0) throw new Error(`${script.slice(0, 200)}\n${stderr.slice(0, 500)}`);
    return stdout.toString('utf8').trim();
  }

  async function until(id: number, state: string): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if ((await bash(undefined, `squeue -h -t all -j ${id} -o %T`)).split('\n').includes(state)) return;
      await clock.sleep(200);
    }
    throw new Error(`job ${id} did not become ${state}`);
  }

  for (const job of labJobs(ids)) {
    const into =
      job.hostile?.directory === undefined ? '' : `mkdir -p ${quote(job.hostile.directory)} && cd ${quote(job.hostile.directory)} && `;
    const script = `echo $'#!/bin/bash\\nsleep 3600' > ${quote(`${job.hostile?.directory ?? 'script'}.sh`)}; `;
    const file = job.hostile === undefined ? '' : quote(`${job.hostile.directory ?? 'script'}.sh`);
    const output = job.hostile?.directory === undefined ? `--output=${directory}/%j.out` : '';
    const command = `sbatch --parsable ${output} ${job.args.map(quote).join(' ')} ${file}`;
    ids[job.role] = Number((await bash(job.user, `${into}${file === '' ? '' : script}${command}`)).split(';')[0]);
    await until(ids[job.role] ?? 0, job.state);
  }
  ids['het'] = Number(
    await bash('bob', `sbatch --parsable -w node01 -n1 -J het ${quote(sleeping)} : -p gpu -w gpu02 -n2 --gpus-per-node=1 -J het`),
  );
  await until(ids['het'], 'RUNNING');
  await bash(undefined, `scontrol suspend ${ids['suspended']}; scancel ${ids['cancelled_pending']}`);
  await bash(undefined, `scontrol update jobid=${ids['plain']} ${quote('admincomment=admin "x"\nJobId=1 JobName=')}`);
  await bash(undefined, `scontrol update nodename=gpu02 state=drain ${quote('reason=drain\nNodeName=node01 State=DOWN [root@2026]')}`);
  await until(ids['suspended'] ?? 0, 'SUSPENDED');
  await until(ids['cancelled_pending'] ?? 0, 'CANCELLED');
  return ids;
}

/** A word for bash that gives these bytes. */
function quote(bytes: string): string {
  return `$'${[...bytes].map((byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}'`;
}
