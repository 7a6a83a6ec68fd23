import { type ExitCode, formatTimeLimit, type Tres } from '@sluice/slurm';
import type { EmulatedStep } from '../model/job.ts';
import type { JobRow } from '../model/slurmdbd.ts';
import { amountText, type Conversion, tresText } from './amounts.ts';
import { exitText } from './job-facts.ts';
import { spanText, type TimeTexts } from './time-text.ts';

/** What sacct's columns need beside a row. */
export interface SacctScene {
  readonly release: number;
  readonly now: number;
  readonly times: TimeTexts;
  readonly conversion: Conversion;
  qosId(name: string): number | null;
  foldNodes(names: readonly string[]): string;
}

export type JobText = (row: JobRow, scene: SacctScene) => string | null;
export type StepText = (step: EmulatedStep, row: JobRow, scene: SacctScene) => string | null;

export function orBlank(text: string): string | null {
  return text === '' ? null : text;
}

/** `17_3`, `17_[4-10%2]`, `15+0`, `8`. */
export function rowIdText({ array, het, jobId }: JobRow): string {
  if (array?.pending != null) return `${array.jobId}_[${array.pending}]`;
  if (array?.taskId != null) return `${array.jobId}_${array.taskId}`;
  return het === null ? `${jobId}` : `${het.jobId}+${het.offset}`;
}

/** Whether it has not been given anything yet. */
export function isWaiting(row: JobRow): boolean {
  return Object.keys(row.allocatedTres).length === 0;
}

export function suspendedSeconds(row: JobRow, now: number): number {
  const running = row.state === 'SUSPENDED' && row.suspendedAt != null ? Math.max(0, now - row.suspendedAt) : 0;
  return row.suspendedSeconds + running;
}

/** Seconds that a row ran, without its suspensions. */
export function elapsedSeconds(row: JobRow, now: number): number {
  if (row.start === null) return 0;
  return Math.max(0, (row.end ?? now) - row.start - suspendedSeconds(row, now));
}

export function stepSeconds(step: EmulatedStep, row: JobRow, now: number): number {
  if (step.end !== null) return step.end - step.start;
  return Math.max(0, now - step.start - (row.state === 'SUSPENDED' ? suspendedSeconds(row, now) : 0));
}

export function cpusOf(row: JobRow, { release }: SacctScene): number {
  return row.allocatedTres['cpu'] ?? (release < 2302 ? row.requestedCpus : 0);
}

export function stepCpus({ cpus, tres }: EmulatedStep): number {
  return tres['cpu'] ?? cpus;
}

/** `00:00:01`, `00:01.234`, `1-02:03:04`: CPU time. */
export function cpuTimeText(seconds: number): string {
  const whole = Math.floor(seconds);
  const thousandths = Math.floor((seconds - whole) * 1000 + 1e-6);
  if (whole >= 3600 || thousandths === 0) return spanText(whole);
  const two = (value: number) => `${value}`.padStart(2, '0');
  return `${two(Math.floor(whole / 60))}:${two(whole % 60)}.${`${thousandths}`.padStart(3, '0')}`;
}

export type Used = NonNullable<EmulatedStep['used']>;

export function sumOfSteps(row: JobRow, of: (used: Used) => number): number {
  return row.steps.reduce((sum, { used }) => sum + (used === null ? 0 : of(used)), 0);
}

export const userOf = ({ userSeconds }: Used) => userSeconds;
export const systemOf = ({ systemSeconds }: Used) => systemSeconds;
export const totalOf = ({ systemSeconds, userSeconds }: Used) => userSeconds + systemSeconds;

/** Largest resident memory; Slurm keeps bytes. */
export function memoryText({ used }: EmulatedStep, { conversion }: SacctScene): string | null {
  return used === null ? null : amountText(used.maxRssKiB * 1024, '', conversion);
}

export function usageText({ used }: EmulatedStep, { conversion }: SacctScene): string | null {
  if (used === null) return null;
  return `cpu=${spanText(Math.floor(totalOf(used)))},mem=${amountText(used.maxRssKiB * 1024, '', conversion)}`;
}

/** Of a step whose use is known. */
export function whereUsed(of: (step: EmulatedStep) => string): StepText {
  return (step) => (step.used === null ? null : of(step));
}

export function resources(tres: Tres, { conversion }: SacctScene): string | null {
  return tresText(tres, 'sorted', conversion);
}

export function limitText({ timeLimit }: JobRow): string {
  return timeLimit === null ? 'Partition_Limit' : formatTimeLimit(timeLimit);
}

export function stateText({ cancelledBy, state }: JobRow): string {
  return state === 'CANCELLED' && cancelledBy !== null ? `CANCELLED by ${cancelledBy}` : state;
}

/** How it came to run; 22.05 writes one of them with a slip of the pen. */
export function flagsText({ flags }: JobRow, { release }: SacctScene): string | null {
  const shown = flags.filter((flag) => /^(?:Sched|Start)/.test(flag));
  return orBlank(shown.map((flag) => (release < 2302 && flag === 'StartReceived' ? 'StartRecieved' : flag)).join(','));
}

/** Start of a row that ended without one, as Slurm stores it: NO_VAL. */
const noStart = 0xffff_fffe;

function endedWithoutStart({ end, start }: JobRow): boolean {
  return start === null && end !== null;
}

/** `None` of a row that ended before it began. */
export function startText(row: JobRow, { times }: SacctScene): string {
  return endedWithoutStart(row) ? 'None' : times.time(row.start);
}

/** How long it waited, from when it could have started; 22.05 does not reckon with an end before the start. */
export function plannedText(row: JobRow, { now, release }: SacctScene): string {
  const { eligible, end, start } = row;
  if (eligible === null) return spanText(0);
  if (release < 2302 && endedWithoutStart(row)) return 'INVALID';
  return spanText(Math.max(0, (start ?? end ?? now) - eligible));
}

/** The same in CPU seconds; no release reckons with an end before the start (recorded). */
export function plannedCpuSeconds(row: JobRow, { now }: SacctScene): number {
  if (row.eligible === null) return 0;
  return ((endedWithoutStart(row) ? noStart : (row.start ?? now)) - row.eligible) * row.requestedCpus;
}

export function plannedCpuText(row: JobRow, scene: SacctScene): string {
  return scene.release < 2302 && endedWithoutStart(row) ? 'INVALID' : spanText(plannedCpuSeconds(row, scene));
}

export function layoutText({ id, nodes, tasks }: EmulatedStep): string {
  if (!/^\d+$/.test(id)) return 'Unknown';
  return tasks > nodes.length ? 'Block' : 'Cyclic';
}

export function exitOf(exit: ExitCode): string {
  return exitText(exit);
}
