import { foldHostlist, sortHosts } from '@sluice/slurm';
import type { Reservation } from '../model/slurmctld.ts';
import type { Scene } from './scene.ts';
import { spanText } from './time-text.ts';

/** One reservation of `scontrol show reservation`, with what ends it. */
export function reservationText(reservation: Reservation, scene: Scene, isOneLine: boolean): string {
  const { accounts, end: until, flags, name, nodes, partition, start, users } = reservation;
  const { now, release, times } = scene;
  const end = isOneLine ? ' ' : '\n   ';
  const list = (words: readonly string[]) => words.join(',') || '(null)';
  const specs = nodes.flatMap((node) => scene.node(node)?.spec ?? []);
  const cores = specs.reduce((sum, { coresPerSocket, sockets }) => sum + sockets * coresPerSocket, 0);
  const cpus = specs.reduce((sum, { coresPerSocket, sockets, threadsPerCore }) => sum + sockets * coresPerSocket * threadsPerCore, 0);
  const shown = flags.includes('SPEC_NODES') || flags.includes('ALL_NODES') || nodes.length === 0 ? flags : [...flags, 'SPEC_NODES'];
  const state = start <= now && now < until ? 'ACTIVE' : 'INACTIVE';
  const watts = release < 2405 ? ' Watts=n/a' : '';
  const lines = [
    `ReservationName=${name} StartTime=${times.time(start)} EndTime=${times.time(until)} Duration=${spanText(until - start)}`,
    `Nodes=${list([foldHostlist(sortHosts(nodes))])} NodeCnt=${nodes.length} CoreCnt=${cores} Features=(null) PartitionName=${partition ?? '(null)'} Flags=${shown.join(',')}`,
    `TRES=cpu=${cpus}`,
    ...(release < 2605 ? [] : ['AllowedPartitions=(null) QOS=(null)']),
    `Users=${list(users)} Groups=(null) Accounts=${list(accounts)} Licenses=(null) State=${state} BurstBuffer=(null)${watts}`,
    'MaxStartDelay=(null)',
  ];
  return lines.join(end) + (isOneLine ? '\n' : '\n\n');
}
