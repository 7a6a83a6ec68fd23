import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatedJob } from '../model/job.ts';
import type { ControllerStatistics } from '../model/slurmctld.ts';
import { type StepOfJob, writeControllerStep } from './controller-step.ts';
import { type Call, document } from './documents.ts';
import { type Ping, writePing, writeStatistics } from './statistics.ts';
import { wrapTime } from './table.ts';
import type { Fields } from './value.ts';

/** `sdiag --json`, `/slurm/…/diag`. */
export function sdiagJson(slurm: EmulatedSlurm, statistics: ControllerStatistics, call: Call): Fields {
  return document(slurm, call, (context) => ({ statistics: writeStatistics(statistics, context) }));
}

/** `scontrol ping --json`, `/slurm/…/ping`: controllers in order. */
export function pingJson(slurm: EmulatedSlurm, controllers: readonly Ping[], call: Call): Fields {
  return document(slurm, call, (context) => ({ pings: controllers.map((one, index) => writePing(one, index, context)) }));
}

/** `scontrol show step --json`: without a step there is a warning. */
export function stepsJson(slurm: EmulatedSlurm, steps: readonly StepOfJob[], call: Call): Fields {
  const said = steps.length > 0 ? call.said : { ...call.said, warnings: [{ description: 'Zero steps to dump', source: '' }] };
  return document(slurm, { ...call, ...(said === undefined ? {} : { said }) }, (context) => ({
    steps: steps.map((step) => writeControllerStep(step, context)),
    last_update: wrapTime(context.now, context),
  }));
}

/** `scontrol show licenses --json`, `/slurm/…/licenses`: the emulator has none. */
export function licensesJson(slurm: EmulatedSlurm, call: Call): Fields {
  const said = { ...call.said, warnings: [{ description: 'Zero licenses to dump', source: '' }] };
  return document(slurm, { ...call, said }, (context) => ({
    licenses: [],
    ...(context.dialect < 39 ? {} : { last_update: wrapTime(context.now, context) }),
  }));
}

/** `/slurm/…/jobs/state`: ids as Slurm writes them, with their states. */
export function jobStatesJson(slurm: EmulatedSlurm, jobs: Iterable<EmulatedJob>, call: Call): Fields {
  return document(slurm, call, () => ({
    jobs: [...jobs].map((job) => ({ job_id: idText(job), state: [job.state, ...job.flags] })),
  }));
}

function idText({ jobId, array, het }: EmulatedJob): string {
  if (array !== null && array.taskId !== null) return `${array.jobId}_${array.taskId}`;
  return het === null ? `${jobId}` : `${het.jobId}+${het.offset}`;
}
