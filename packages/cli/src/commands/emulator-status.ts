import { existsSync } from 'node:fs';
import { askHolder, type EmulatorStatus, emulatorPaths, shellQuoted } from '@sluice/emulator';
import { SluiceError } from '@sluice/io';
import type { Surroundings } from '../surroundings.ts';
import { formatTable } from '../table.ts';
import { formatEpoch } from '../time.ts';
import type { DirectoryOptions, StatusOptions } from './emulator-command.ts';
import { faultWords } from './emulator-fault.ts';

/** `sluice emulator status`: 0 when the cluster answers, 69 when nobody holds it. */
export async function emulatorStatus({ dir, json }: StatusOptions, around: Surroundings): Promise<number> {
  const { root } = emulatorPaths(dir);
  const status = await askHolder(dir, { ask: 'status' });
  if (json === true)
    around.stdout.write(`${JSON.stringify(status === undefined ? { directory: root, running: false } : { running: true, ...status })}\n`);
  else around.stdout.write(status === undefined ? `${root}: no process holds the cluster\n` : statusTable(status));
  return status === undefined ? 69 : 0;
}

/** What is where, as `up` and `status` print it. */
export function statusTable(status: EmulatorStatus): string {
  const { time, controllers } = status;
  const counted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([state, count]) => `${count} ${state.toLowerCase()}`)
      .join(', ') || 'none';
  const pace = time.rate === 0 ? 'stands still' : time.rate === 1 ? 'runs' : `runs ${time.rate} times as fast`;
  const rows: (readonly [string, string])[] = [
    ['cluster', `${status.cluster}, Slurm ${status.release}`],
    ['directory', status.directory],
    ['process', `${status.pid}, since ${formatEpoch(status.since)}`],
    ['controllers', controllers.map(({ host, up }) => `${host}${up ? '' : ' (down)'}`).join(', ')],
    ['slurmrestd', status.rest ?? 'does not run'],
    ...(status.control === null ? [] : [['control API', `http://${status.control}/`] as const]),
    ['time', `${formatEpoch(time.now)} UTC, ${pace}`],
    ['partitions', status.partitions.join(', ')],
    ['nodes', counted(status.nodes)],
    ['jobs', counted(status.jobs)],
    ['faults', faultWords(status.faults).join(', ') || 'none'],
  ];
  return formatTable([{ title: 'what' }, { title: 'is' }], rows).replace(/^.*\n/, '');
}

/** `sluice emulator env`: nothing needs to run, but the commands must be there. */
export function emulatorEnv({ dir }: DirectoryOptions, around: Surroundings): void {
  const { root, bin, slurmConf } = emulatorPaths(dir);
  if (!existsSync(bin) || !existsSync(slurmConf)) {
    throw new SluiceError('usage', `there is no emulated cluster in ${root}`, {
      hint: `Start one with: sluice emulator up --dir ${dir}`,
    });
  }
  around.stdout.write(`export PATH=${shellQuoted(bin)}:"$PATH"\nexport SLURM_CONF=${shellQuoted(slurmConf)}\n`);
}
