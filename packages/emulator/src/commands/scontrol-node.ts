import type { EmulatedNode } from '../model/slurmctld.ts';
import { tresText } from './amounts.ts';
import { allocatedTres, configuredTres, cpuTotal, freeMemoryMiB, gresText, gresUsedText, loadText } from './node-facts.ts';
import type { Scene } from './scene.ts';
import type { ShowOptions } from './scontrol-job.ts';
import { completeNodeState } from './state-words.ts';

export interface NodeScene extends Scene {
  readonly fullRelease: string;
  /** Resources that the cluster tracks beside Slurm's own. */
  readonly tracked: readonly string[];
  /** Partitions of a node, in the order of slurm.conf. */
  partitionsOf(node: string): readonly string[];
}

/** One node of `scontrol show node`, with what ends it. */
export function nodeText(node: EmulatedNode, scene: NodeScene, { isDetailed, isOneLine }: ShowOptions): string {
  const { features, spec } = node;
  const { release, times } = scene;
  const end = isOneLine ? ' ' : '\n   ';
  const words = features.length === 0 ? '(null)' : features.join(',');
  const used = gresUsedText(node, scene);
  const partitions = scene.partitionsOf(spec.name);
  const lines = [
    `NodeName=${spec.name} Arch=x86_64 CoresPerSocket=${spec.coresPerSocket} `,
    `CPUAlloc=${node.cpusAllocated} CPUEfctv=${cpuTotal(node)} CPUTot=${cpuTotal(node)} CPULoad=${loadText(node)}`,
    `AvailableFeatures=${words}`,
    `ActiveFeatures=${words}`,
    `Gres=${gresText(node) ?? '(null)'}`,
    ...(isDetailed ? ['GresDrain=N/A', ...(used === null ? [] : [`GresUsed=${used}`])] : []),
    `NodeAddr=${spec.address} NodeHostName=${spec.hostname} Port=${spec.port} Version=${scene.fullRelease}`,
    'OS=Linux 6.12.0-emulated #1 SMP PREEMPT_DYNAMIC ',
    `RealMemory=${spec.memoryMiB} AllocMem=${node.memoryAllocatedMiB} FreeMem=${freeMemoryMiB(node)} Sockets=${spec.sockets} Boards=1`,
    `State=${completeNodeState(node)} ThreadsPerCore=${spec.threadsPerCore} TmpDisk=0 Weight=${node.weight} Owner=N/A MCS_label=N/A`,
    ...(partitions.length === 0 ? [] : [`Partitions=${partitions.join(',')} `]),
    `BootTime=${times.time(node.bootAt)} SlurmdStartTime=${times.time(node.slurmdStartAt)}`,
    busyLine(node, scene),
    `CfgTRES=${tresText(configuredTres(node, scene.tracked), 'id') ?? ''}`,
    `AllocTRES=${tresText(allocatedTres(node, scene.tracked), 'id') ?? ''}`,
    ...(release < 2405 ? ['CapWatts=n/a'] : []),
    'CurrentWatts=0 AveWatts=0',
    ...sensorLines(release),
    ...reasonLines(node, scene, end),
    ...(node.comment === '' ? [] : [`Comment=${node.comment}`]),
    ...(node.extra === '' ? [] : [`Extra=${node.extra}`]),
  ];
  return lines.join(end) + (isOneLine ? '\n' : '\n\n');
}

function busyLine({ lastBusy }: EmulatedNode, { release, times }: Scene): string {
  const resume = release < 2302 ? '' : ' ResumeAfterTime=None';
  return `LastBusyTime=${times.time(lastBusy)}${resume}${release < 2605 ? '' : ' SuspendTime=INFINITE'}`;
}

/** 24.05 and 24.11 leave the line empty that stood here before. */
function sensorLines(release: number): readonly string[] {
  if (release >= 2505) return [];
  if (release >= 2405) return [''];
  const none = release < 2302 ? 'n/s' : 'n/a';
  return [`ExtSensorsJoules=${none} ExtSensorsWatts=0 ExtSensorsTemp=${none}`];
}

/** Behind the first line of a reason stands who gave it, and when. */
function reasonLines({ reason, reasonAt, reasonBy }: EmulatedNode, { times }: Scene, end: string): readonly string[] {
  if (reason === '') return [];
  const [first = '', ...rest] = reason.split('\n');
  const stamp = reasonAt === null ? '' : ` [${reasonBy}@${times.time(reasonAt)}]`;
  return [[`Reason=${first}${stamp}`, ...rest.map((line) => `       ${line}`)].join(end)];
}
