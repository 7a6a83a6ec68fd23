import type { Epoch } from '@sluice/slurm';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import type { EmulatedJob, Identity } from '../model/job.ts';
import type { EmulatedNode, EmulatedPartition, Reservation } from '../model/slurmctld.ts';
import type { JobRow } from '../model/slurmdbd.ts';
import { writeJobRow } from './accounted-job.ts';
import { type JsonContext, jsonContext } from './context.ts';
import { envelope, type Said, type Speaker } from './envelope.ts';
import { writeJob } from './job.ts';
import { writeNode } from './node.ts';
import { writePartition } from './partition.ts';
import { writeReservation } from './reservation.ts';
import { sinfoGroups, writeSinfoRow } from './sinfo-row.ts';
import { wrapTime } from './table.ts';
import type { Fields } from './value.ts';

/** Who prints: a command with its words (without its name), as a user; the release and the dialect as {@link chooseDialect} gives it. */
export interface JsonCall {
  /** As in the cluster's specification, e.g. `24.11.5`. */
  readonly release: string;
  /** E.g. `v0.0.42`. */
  readonly dialect: string;
  readonly command: string;
  readonly argv: readonly string[];
  readonly as: Identity;
}

/** A call of slurmrestd in the place of a command's. */
export interface RestCall {
  readonly release: string;
  readonly dialect: string;
  readonly speaker: Speaker;
}

export type Call = (JsonCall | RestCall) & { readonly said?: Said };

/** Writes a document: the data of one kind of record, in the envelope of the dialect. */
export function document(slurm: EmulatedSlurm, call: Call, data: (context: JsonContext) => Fields): Fields {
  const context = jsonContext(slurm, call.release, call.dialect);
  const speaker: Speaker = 'speaker' in call ? call.speaker : { kind: 'command', command: call.command, argv: call.argv, as: call.as };
  return envelope(data(context), speaker, context, call.said);
}

/** Times that slurmctld says with its answers; none of them before v0.0.39. */
function updated(context: JsonContext, at: { readonly backfill?: Epoch }): Fields {
  if (context.dialect < 39) return {};
  const last = { last_update: wrapTime(context.now, context) };
  return at.backfill === undefined ? last : { last_backfill: wrapTime(at.backfill, context), ...last };
}

/** `squeue --json`, `scontrol show job --json`, `/slurm/…/jobs`. */
export function jobsJson(slurm: EmulatedSlurm, jobs: Iterable<EmulatedJob>, call: Call): Fields {
  return document(slurm, call, (context) => {
    const list = [...jobs];
    const times = updated(context, { backfill: list.length === 0 ? 0 : context.now });
    return { jobs: list.map((job) => writeJob(job, context)), ...(list.length === 0 ? { ...times, ...zeroTimes(context) } : times) };
  });
}

/** An answer without jobs has no times (recorded: errors/scontrol-unknown-job-json.txt). */
function zeroTimes(context: JsonContext): Fields {
  return context.dialect < 39 ? {} : { last_backfill: wrapTime(0, context), last_update: wrapTime(0, context) };
}

/** `sacct --json`, `/slurmdb/…/jobs`. */
export function sacctJson(slurm: EmulatedSlurm, rows: Iterable<JobRow>, call: Call): Fields {
  return document(slurm, call, (context) => ({ jobs: [...rows].map((row) => writeJobRow(row, context)) }));
}

/** `scontrol show node --json`, `/slurm/…/nodes`. */
export function nodesJson(slurm: EmulatedSlurm, nodes: readonly EmulatedNode[], call: Call): Fields {
  return document(slurm, call, (context) => ({ nodes: nodes.map((node) => writeNode(node, context)), ...updated(context, {}) }));
}

/** `sinfo --json`: rows of alike nodes by partition; 22.05 prints the nodes. */
export function sinfoJson(
  slurm: EmulatedSlurm,
  shown: { readonly partitions: readonly EmulatedPartition[]; readonly nodes: readonly EmulatedNode[] },
  call: Call,
): Fields {
  return document(slurm, call, (context) =>
    context.dialect < 39
      ? { nodes: shown.nodes.map((node) => writeNode(node, context)) }
      : { sinfo: sinfoGroups(shown.partitions, shown.nodes, context).map((group) => writeSinfoRow(group, context)) },
  );
}

/** `scontrol show partition --json`, `/slurm/…/partitions`. */
export function partitionsJson(slurm: EmulatedSlurm, partitions: readonly EmulatedPartition[], call: Call): Fields {
  return document(slurm, call, (context) => ({
    partitions: partitions.map((partition) => writePartition(partition, context)),
    ...updated(context, {}),
  }));
}

/** `scontrol show reservation --json`, `/slurm/…/reservations`. */
export function reservationsJson(slurm: EmulatedSlurm, reservations: readonly Reservation[], call: Call): Fields {
  return document(slurm, call, (context) => ({
    reservations: reservations.map((reservation) => writeReservation(reservation, context)),
    ...updated(context, {}),
  }));
}
