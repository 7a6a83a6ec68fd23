import { foldHostlist } from '@sluice/slurm';
import type { EmulatedJob, EmulatedStep } from '../model/job.ts';
import { tresText } from './amounts.ts';
import { stepJobText } from './job-facts.ts';
import type { Scene } from './scene.ts';

/** One step of `scontrol show step`, with what ends it. */
export function stepText(job: EmulatedJob, step: EmulatedStep, scene: Scene, isOneLine: boolean): string {
  const end = isOneLine ? ' ' : '\n   ';
  const isNumbered = /^\d+$/.test(step.id);
  const layout = step.tasks > step.nodes.length ? 'Block' : 'Cyclic';
  const lines = [
    `StepId=${stepJobText(job)}.${step.id} UserId=${job.uid} StartTime=${scene.times.time(step.start)} TimeLimit=UNLIMITED`,
    `State=${step.state} Partition=${job.partition} NodeList=${foldHostlist(step.nodes)}`,
    `Nodes=${step.nodes.length} CPUs=${isNumbered ? step.cpus : 0} Tasks=${step.tasks} Name=${step.name} Network=(null)`,
    `TRES=${isNumbered ? (tresText(step.tres, 'sorted') ?? '(null)') : '(null)'}`,
    'ResvPorts=(null)',
    `CPUFreqReq=Default${isNumbered ? ` Dist=${layout}` : ''}`,
    `SrunHost:Pid=${isNumbered ? `${job.request.submitHost}:${job.request.submitSession ?? 0}` : '(null):0'}`,
  ];
  return lines.join(end) + (isOneLine ? '\n' : '\n\n');
}
