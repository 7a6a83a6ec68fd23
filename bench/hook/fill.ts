/** Fills a spool with 100,000 events: `fill.ts SPOOL`. */
import { writeSpoolEvent } from '@sluice/clustercockpit';

const [, , spool = ''] = process.argv;
for (let n = 1; n <= 100_000; n += 1) {
  writeSpoolEvent({ spool, environment: { ...process.env, SLURM_JOB_ID: String(n) }, nowMs: Date.now(), pid: n });
}
