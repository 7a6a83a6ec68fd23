import { type AdapterConfig, ask, type Request, readStatus, sinksOf } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import type { Surroundings } from '../surroundings.ts';
import { type CcOptions, openConfig } from './cc-open.ts';

/** Takes up again what was set aside: all of it, or the runs of some jobs. */
export async function runRetry(
  jobs: readonly string[],
  options: CcOptions & { readonly all?: boolean },
  around: Surroundings,
): Promise<number> {
  if ((jobs.length === 0) === (options.all !== true)) {
    throw new SluiceError('usage', 'name the jobs to take up again, or --all', { hint: 'sluice cc status lists what is set aside.' });
  }
  const jobIds = jobs.map((text) => {
    const id = Number(text);
    if (Number.isSafeInteger(id) && id > 0) return id;
    throw new SluiceError('usage', `${JSON.stringify(text)} is no job id`);
  });
  const { config } = await openConfig(options, around);
  const { setAside, daemon } = await readStatus({ config, clock: around.clock });
  if (daemon.state === 'never') {
    around.stdout.write(`The daemon has never run with this configuration: there is no ${config.journalPath}.\n`);
    return 1;
  }
  if (!setAside.some(({ jobId }) => jobIds.length === 0 || jobIds.includes(jobId))) {
    around.stdout.write(
      jobIds.length === 0 ? 'Nothing is set aside.\n' : 'No run of these jobs is set aside; sluice cc status lists those that are.\n',
    );
    return 1;
  }
  const count = await tellDaemon(config, { kind: 'retry', ...(jobIds.length > 0 ? { jobIds } : {}) }, around);
  const said =
    count === null ? 'The daemon takes them up within half a minute.' : `${count} taken up again; the daemon sends them when it runs.`;
  around.stdout.write(`${said}\n`);
  return count === 0 ? 1 : 0;
}

/** Has the daemon of a configuration do something; null when it runs and will do it soon, else how much was done. */
export function tellDaemon(config: AdapterConfig, request: Request, around: Surroundings): Promise<number | null> {
  const name = `${process.pid}-${around.nonce()}`;
  return ask(config.journalPath, request, { clock: around.clock, pid: process.pid, ...sinksOf(config), name });
}
