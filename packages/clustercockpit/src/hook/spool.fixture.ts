import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { manualClock } from '@sluice/io';
import { openSpool, type Spool, type SpoolOptions } from './spool.ts';
import { writeSpoolEvent } from './spool-write.ts';

export const noon = Date.UTC(2026, 10, 21, 12);
/** The directory of that day. */
export const today = '20261121';
export const hook = { SLURM_CLUSTER_NAME: 'lab', SLURM_SCRIPT_CONTEXT: 'prolog_slurmctld' };
export const eventText = 'SLURM_JOB_ID=9\nSLURM_CLUSTER_NAME=lab\nSLURM_SCRIPT_CONTEXT=prolog_slurmctld\nEND\n';
export const eventName = (jobId: number) => `1795262400.000000000.${jobId}.prolog.1.event`;

/** An empty spool, in a directory that ends with the test. */
export function spoolDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-spool-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'spool');
  mkdirSync(path);
  return path;
}

export function openAt(path: string, options: Partial<SpoolOptions> = {}): Spool {
  return openSpool({ path, clock: manualClock(noon), ...options });
}

export function writeEvent(spool: string, jobId: number, nowMs = noon): void {
  assert.equal(writeSpoolEvent({ spool, environment: { ...hook, SLURM_JOB_ID: String(jobId) }, nowMs, pid: 7 }), true);
}

export const jobsOf = (spool: Spool, max: number) => spool.read(max).events.map(({ event }) => event.jobId);
