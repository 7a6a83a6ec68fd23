/**
 * One `sacct --json` of all jobs of a window with its memory bounded, whose answer is only counted, not parsed.
 * Arguments: `FROM TO BYTES`. Writes one line of JSON; `code` is sacct's exit code, null when a signal ended it.
 */
import { systemProcesses } from '@sluice/io';
import { childrenCpuSeconds } from './processes.ts';

const [from = '', to = '', bytes = ''] = process.argv.slice(2);
const stamp = (epoch: string) => new Date(Number(epoch) * 1000).toISOString().slice(0, 19);
const program = {
  name: 'prlimit',
  timeoutMs: 600_000,
  inherit: ['PATH', 'HOME', 'SLURM_CONF'],
  env: { TZ: 'UTC' },
  maxOutputBytes: 16 * 1024 ** 3,
};
const began = performance.now();
const { stdout, ended } = systemProcesses(process.env).stream({
  program,
  args: [`--as=${bytes}`, 'sacct', '--json', '-a', '-S', stamp(from), '-E', stamp(to)],
});
let written = 0;
let jobs = 0;
for await (const chunk of stdout) {
  written += chunk.length;
  for (let at = chunk.indexOf('"derived_exit_code"'); at >= 0; at = chunk.indexOf('"derived_exit_code"', at + 1)) jobs += 1;
}
const { code } = await ended;
const seconds = (performance.now() - began) / 1000;
console.log(JSON.stringify({ code, jobs, megabytes: written / 1e6, seconds, childrenCpuSeconds: childrenCpuSeconds() }));
