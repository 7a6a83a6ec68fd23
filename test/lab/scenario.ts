import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, LabUser } from './lab.ts';
import { type Role, type RoleName, roles } from './scenario-roles.ts';

/** What was submitted and done, against which the connector's answers are held. */
export interface Scenario {
  /** Seconds since the epoch when the first job was submitted. */
  readonly began: number;
  role(name: RoleName): Role & { readonly jobId: number };
  all(): readonly (Role & { readonly name: RoleName; readonly jobId: number })[];
  /** Job ids of the tasks of the array, by index, as far as they have one of their own. */
  arrayTasks(): Promise<ReadonlyMap<number, number>>;
  /** All jobs are in the state they keep until the end of the live part. */
  readonly live: Promise<void>;
  /** Lets the job begin that runs into its time limit, and resolves when it has done so. Until then it is held, so that no state changes. */
  timedOut(): Promise<void>;
  /** Ends all jobs that still run or pend and waits until accounting knows each end. */
  end(): Promise<void>;
  /** Stops waiting for what has not happened yet. */
  stop(): void;
}

/** Submits every kind of job at once and does to each what its role needs. Takes about 25 s until live. */
export async function playScenario(lab: Lab, progress: (line: string) => void = () => {}): Promise<Scenario> {
  const ids = new Map<RoleName, number>();
  const id = (name: RoleName): number => ids.get(name) ?? fail(`${name} was not submitted`);
  const began = Math.floor(Date.now() / 1000);
  const began_ms = performance.now();
  const stopped = new AbortController();
  const say = (line: string): void => progress(`${((performance.now() - began_ms) / 1000).toFixed(1)} s: ${line}`);
  await mkdir(join(lab.workDir, 'a b|c "d"'), { recursive: true });
  await lab.ask('run', ['chmod', '-R', '1777', lab.workDir]);

  const submit = async (name: RoleName): Promise<void> => {
    const role: Role = roles[name];
    const words = [
      ...role.args.map((arg) => arg.replaceAll('{work}', lab.workDir).replace(/\{(\w+)\}/g, (_, other) => String(id(other)))),
      ...outputOf(role, lab),
    ];
    ids.set(
      name,
      await lab.submit(
        role.user,
        [...nameOf(name, role), ...words],
        Buffer.from(role.script.replaceAll('{work}', lab.workDir), role.latin1 ? 'latin1' : 'utf8'),
      ),
    );
  };
  const names = Object.keys(roles) as RoleName[];
  const when = (stage: Role['stage']): readonly RoleName[] => names.filter((name) => roles[name].stage === stage);

  await Promise.all(when('first').map(submit));
  say('the jobs of the failing node are submitted');
  await Promise.all(when(undefined).map(submit));
  await Promise.all(when('dependent').map(submit));
  say(`${ids.size} jobs are submitted`);
  const act = async (args: readonly string[], user: LabUser = 'root'): Promise<void> => {
    await lab.ask('scontrol', args, { user });
  };
  const state = async (name: RoleName, wanted: string, seconds = 60): Promise<void> =>
    waitForState(lab, id(name), wanted, seconds, stopped.signal);

  const failNode = async (): Promise<void> => {
    await Promise.all([state('nodeFail', 'RUNNING'), hasBegun('nodeFailRequeued')]);
    await act(['update', 'nodename=node04', 'state=down', 'reason=lab: node|fail "test"']);
    await state('nodeFail', 'NODE_FAIL');
    await act(['update', 'nodename=node04', 'state=resume']);
    await runAgain('nodeFailRequeued');
    await Promise.all(when('after node failure').map(submit));
    say('node04 failed and came back');
  };
  const hasBegun = (name: RoleName): Promise<void> =>
    until(`the script of ${name} runs`, 60, async () => existsSync(join(lab.workDir, `ran-${id(name)}`)));
  const runAgain = async (name: RoleName): Promise<void> => {
    await state(name, 'PENDING');
    // Slurm lets a requeued job wait for two minutes. Not all of it is needed, but slurmd refuses a credential of the
    // second in which it revoked the one before; and the update may be too early while the job still completes.
    await sleep(2500);
    await until(`${name} accepts a new start time`, 60, async () => {
      const { code } = await lab.run('scontrol', ['update', `jobid=${id(name)}`, 'starttime=now']);
      return code === 0;
    });
    await state(name, 'COMPLETED', 90);
    say(`${name} ran a second time`);
  };
  const cancel = async (name: RoleName, user: LabUser): Promise<void> => {
    await lab.ask('scancel', [String(id(name))], { user });
  };
  const work: Promise<void>[] = [
    failNode(),
    hasBegun('requeued').then(async () => {
      await act(['requeue', String(id('requeued'))]);
      await runAgain('requeued');
    }),
    state('resized', 'RUNNING').then(() => act(['update', `jobid=${id('resized')}`, 'numnodes=1'])),
    state('suspended', 'RUNNING').then(() => act(['suspend', String(id('suspended'))])),
    state('cancelledRunning', 'RUNNING').then(() => cancel('cancelledRunning', 'bob')),
    state('cancelledByRoot', 'RUNNING').then(() => cancel('cancelledByRoot', 'root')),
    cancel('cancelledPending', 'bob'),
    act(['update', `jobid=${id('comments')}`, 'admincomment=admin|comment "x" ü']),
    waitForState(lab, `${id('array')}_1`, 'FAILED', 90, stopped.signal),
    ...names
      .filter((name) => roles[name].stage !== 'after node failure' && roles[name].live !== undefined)
      .map((name) => state(name, roles[name].live ?? '', 90)),
    ...names.filter((name) => roles[name].soon).map((name) => state(name, roles[name].ends.state, 120)),
  ];
  const live = Promise.all(work)
    .then(() => Promise.all(when('after node failure').map((name) => state(name, roles[name].live ?? ''))))
    .then(() => say('all jobs are where they should be'));
  // Who awaits it comes later; until then a failure is no unhandled one.
  live.catch(() => {});
  const timeOut = async (): Promise<void> => {
    await act(['release', `${id('timeout')}`]);
    await state('timeout', 'TIMEOUT', 150);
    say('the time limit was enforced');
  };
  let timedOut: Promise<void> | undefined;

  const role: Scenario['role'] = (name) => ({ ...roles[name], jobId: id(name) });
  return {
    began,
    role,
    all: () => names.map((name) => ({ ...role(name), name })),
    arrayTasks: async () => {
      const rows = await lab.ask('squeue', ['-h', '-r', '-t', 'all', '-j', String(id('array')), '-o', '%K %A']);
      return new Map(rows.split('\n').map((row) => row.split(' ').map(Number) as [number, number]));
    },
    live,
    timedOut: () => (timedOut ??= timeOut()),
    stop: () => stopped.abort(),
    end: async () => {
      // slurmdbd counts a suspension when it ends by being resumed.
      await act(['resume', String(id('suspended'))]);
      for (const one of ['PENDING', 'SUSPENDED', 'RUNNING']) await lab.ask('scancel', [`--state=${one}`]);
      await until('no job is left', 60, async () => (await lab.ask('squeue', ['-h', '-o', '%A'])) === '');
      const known = [...ids.values()].join(',');
      await until('accounting knows every end', 60, async () => {
        const ends = await lab.ask('sacct', ['-n', '-X', '-P', '-j', known, '-o', 'End']);
        return !ends.split('\n').includes('Unknown');
      });
      say('all jobs have ended');
    },
  };
}

function nameOf(name: RoleName, role: Role): readonly string[] {
  if (role.latin1) return [];
  return role.jobName === undefined ? ['-J', name] : ['-J', role.jobName];
}

function outputOf(role: Role, lab: Lab): readonly string[] {
  return role.args.includes('-o') ? [] : ['-o', `${lab.workDir}/%j.out`];
}

async function waitForState(lab: Lab, job: number | string, wanted: string, seconds: number, signal: AbortSignal): Promise<void> {
  let seen = '';
  await until(`job ${job} is ${wanted}`, seconds, async () => {
    signal.throwIfAborted();
    const { stdout } = await lab.run('squeue', ['-h', '-t', 'all', '-j', String(job), '-o', '%T']);
    seen = stdout.toString('utf8').split('\n')[0] ?? '';
    return seen === wanted;
  }).catch((error: Error) => fail(`${error.message}; it is ${seen || 'unknown'}`));
}

/** Asks four times a second until the answer is yes; gives up when it takes five times the seconds that are enough on a quiet machine. */
export async function until(what: string, seconds: number, ask: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 5 * seconds * 1000;
  while (performance.now() < end) {
    if (await ask()) return;
    await sleep(250);
  }
  fail(`waited ${5 * seconds} s in vain until ${what}`);
}

function fail(what: string): never {
  throw new Error(what);
}
