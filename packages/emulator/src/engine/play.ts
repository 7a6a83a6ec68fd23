import type { Epoch, ExitCode, Tres } from '@sluice/slurm';
import type { EmulatedStep, NodeGrant } from '../model/job.ts';
import { planOf } from './interpret.ts';
import type { JobRecord, Mutable } from './job-record.ts';
import type { Ending } from './lifecycle.ts';
import type { World } from './world.ts';

/** Sets a run going: its batch step, its plan if it is only played, its time limit. */
export function beginPlay(world: World, job: JobRecord): void {
  const { now } = world;
  job.steps = [];
  job.own.playedAt = now;
  const kind = job.request.play?.kind ?? world.settings.play;
  const leads = job.request.script !== null && (job.het?.offset ?? 0) === 0;
  const real = kind === 'script' && world.effects.runsScripts && job.request.script !== null;
  // An allocation without a script lasts until whoever asked for it ends it (srun, salloc).
  const allocation = job.request.script === null && job.request.play === undefined && job.het === null;
  job.own.plan = real || allocation ? null : planOf(scripted(world, job), world.settings.simulatedSeconds);
  if (leads) job.steps = [batchStep(job, now)];
  if (job.own.plan !== null) world.setTimer(job, 'play', now);
  if (job.timeLimit !== 'unlimited') world.setTimer(job, 'limit', now + job.timeLimit * 60 + world.settings.overTimeLimit);
}

/** Of a het job, the leader's script is what all components run. */
function scripted(world: World, job: JobRecord): JobRecord {
  const leader = job.het === null || job.het.offset === 0 ? undefined : world.jobs.get(job.het.jobId);
  if (leader === undefined || job.request.play !== undefined) return job;
  const { script, play } = leader.request;
  return { ...job, request: { ...job.request, script, ...(play === undefined ? {} : { play }) } };
}

/** Lets a run that has been set going take effect: its hook, its script. Of a het job all components have been set going before. */
export function takeEffect(world: World, job: JobRecord): void {
  // Components of a het job beside the leader have no script of their own: they last as long as it does.
  const leads = job.request.script !== null && (job.het?.offset ?? 0) === 0;
  world.effects.begun(job, leads && job.own.plan === null);
}

/** Seconds that a job has run, without suspensions. */
export function ranSeconds(job: JobRecord, now: Epoch): number {
  if (job.suspendedAt !== null || job.own.playedAt === null) return job.ranBeforeSuspend;
  return job.ranBeforeSuspend + now - job.own.playedAt;
}

/** Brings a played run to the present: steps begin and end. Gives how it ended, if it has; else the next moment is set. */
export function playOn(world: World, job: JobRecord): ExitCode | null {
  const { plan } = job.own;
  if (plan === null || job.state !== 'RUNNING') return null;
  const ran = ranSeconds(job, world.now);
  if (ran >= plan.seconds) {
    settleSteps(world, job, ran);
    return plan.exit;
  }
  let next = plan.seconds;
  for (const { from, to } of plan.steps) {
    if (from > ran) next = Math.min(next, from);
    if (to !== null && to > ran) next = Math.min(next, to);
  }
  settleSteps(world, job, ran);
  world.setTimer(job, 'play', world.now + next - ran);
  return null;
}

function settleSteps(world: World, job: JobRecord, ran: number): void {
  const { plan } = job.own;
  if (plan === null) return;
  const started = world.now - ran;
  const steps = [...job.steps];
  const offset = job.het?.offset ?? 0;
  const numbered = plan.steps.filter(({ hetGroup }) => (hetGroup === null ? offset === 0 : hetGroup.includes(offset)));
  for (const [number, planned] of numbered.entries()) {
    if (planned.from > ran) continue;
    const at = steps.findIndex(({ id }) => id === `${number}`);
    const known = steps[at];
    const step = known ?? runStep(job, `${number}`, started + planned.from, planned);
    const over = planned.to !== null && planned.to <= ran && step.end === null;
    const now = over && planned.to !== null ? endedStep(step, started + planned.to, planned.exit) : step;
    if (at < 0) steps.push(now);
    else steps[at] = now;
  }
  job.steps = steps;
  world.touch(job);
}

function endedStep(step: EmulatedStep, end: Epoch, exit: ExitCode): EmulatedStep {
  const state = exit.signal === 125 ? 'OUT_OF_MEMORY' : exit.signal > 0 ? 'CANCELLED' : exit.code > 0 ? 'FAILED' : 'COMPLETED';
  return { ...step, end, exit, state };
}

/** How a played run ends that asked for an end of another kind: exit codes and reasons are slurmctld's for such. */
export function asPlanned(job: JobRecord, ending: Ending): Ending {
  const byItself = ending.state === 'COMPLETED' || ending.state === 'FAILED';
  if (!byItself || job.own.plan?.end === undefined) return ending;
  if (job.own.plan.end === 'OUT_OF_MEMORY') return { state: 'OUT_OF_MEMORY', exit: { code: 0, signal: 125 }, reason: 'OutOfMemory' };
  job.steps = [];
  return { state: 'BOOT_FAIL', exit: { code: 0, signal: 1 }, reason: 'JobLaunchFailure' };
}

/** Ends the steps that still run, with the run: each by itself when it ended by itself, cancelled when it was ended. */
export function endSteps(world: World, job: JobRecord, ending: { readonly state: string; readonly exit: ExitCode }): void {
  const byItself = ending.state === 'COMPLETED' || ending.state === 'FAILED';
  job.steps = job.steps.map((step) => {
    if (step.end !== null) return step;
    if (ending.state === 'OUT_OF_MEMORY' || (byItself && step.id === 'batch')) return endedStep(step, world.now, ending.exit);
    const exit = byItself ? { code: 0, signal: 0 } : { code: 0, signal: ending.exit.signal === 9 ? 9 : 15 };
    return { ...step, end: world.now, exit, state: byItself ? 'COMPLETED' : 'CANCELLED' };
  });
}

function batchStep(job: JobRecord, now: Epoch): EmulatedStep {
  const grants = job.grants.slice(0, 1);
  return {
    id: 'batch',
    name: 'batch',
    state: 'RUNNING',
    start: now,
    end: null,
    exit: { code: 0, signal: 0 },
    nodes: job.nodes.slice(0, 1),
    cpus: grants[0]?.cpuIds.length ?? 0,
    tasks: 1,
    tres: stepTres(grants, job.allocatedTres ?? {}),
    used: null,
    submitLine: '',
  };
}

/** A step of srun: without `--exact` it gets all that the job has on its nodes (recorded). */
export function runStep(
  job: JobRecord,
  id: string,
  start: Epoch,
  step: { readonly name: string; readonly tasks: number | null; readonly nodes: number | null; readonly submitLine: string },
  nodeNames?: readonly string[],
): Mutable<EmulatedStep> {
  const tasks = step.tasks ?? job.tasks;
  const count = step.nodes ?? Math.min(job.grants.length, tasks);
  const grants = nodeNames === undefined ? job.grants.slice(0, count) : job.grants.filter(({ node }) => nodeNames.includes(node));
  return {
    id,
    name: step.name,
    state: 'RUNNING',
    start,
    end: null,
    exit: { code: 0, signal: 0 },
    nodes: grants.map(({ node }) => node),
    cpus: grants.reduce((sum, { cpuIds }) => sum + cpuIds.length, 0),
    tasks,
    tres: stepTres(grants, job.allocatedTres ?? {}),
    used: null,
    submitLine: step.submitLine,
  };
}

/** Resources of grants, of the kinds that the job's have; steps are not billed. */
function stepTres(grants: readonly NodeGrant[], kinds: Tres): Tres {
  const tres: Record<string, number> = {
    cpu: grants.reduce((sum, { cpuIds }) => sum + cpuIds.length, 0),
    mem: grants.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
    node: grants.length,
  };
  for (const { gres } of grants) {
    for (const { name, type, indices } of gres) {
      for (const key of type === null ? [`gres/${name}`] : [`gres/${name}`, `gres/${name}:${type}`]) {
        if (key in kinds) tres[key] = (tres[key] ?? 0) + indices.length;
      }
    }
  }
  return tres;
}
