import { setTimeout as sleep } from 'node:timers/promises';
import { type Lab, type LabOptions, LabUnavailable, startLab, suites } from '../lab/lab.ts';

/** A lab of the Debian suite that SLUICE_LAB_SUITE names (bookworm by default), or why this machine has none. */
export async function labOrReason(options: Omit<LabOptions, 'suite'> = {}): Promise<Lab | LabUnavailable> {
  const wanted = process.env['SLUICE_LAB_SUITE'] ?? 'bookworm';
  const suite = suites.find((one) => one === wanted);
  if (suite === undefined) throw new Error(`SLUICE_LAB_SUITE is '${wanted}'; known are ${suites.join(', ')}`);
  try {
    return await startLab({ ...options, suite });
  } catch (error) {
    if (error instanceof LabUnavailable) return error;
    throw error;
  }
}

/** Waits until it holds, for at most some minutes; then it is an error that names what did not come. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    await sleep(500);
  }
  throw new Error(`it did not come to this: ${what}`);
}
