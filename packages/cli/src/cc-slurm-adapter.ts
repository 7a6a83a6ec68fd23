#!/usr/bin/env node
import { type AdapterArguments, hookClient, parseAdapterArguments } from '@sluice/clustercockpit';

// slurmctld waits for the hook: packages hold this file bundled with what the hook needs and nothing else, and the program beside it.
const asked = parseAdapterArguments(process.argv.slice(2));
const done = asked.mode === 'hook' && (await hook(asked));
if (!done) {
  process.argv.splice(2, 0, '--as', 'cc-slurm-adapter');
  await import('./main.ts');
}

/** Whether it could do its work; with a configuration that is not JSON it needs libraries that only the program has. */
async function hook({ config }: Extract<AdapterArguments, { readonly mode: 'daemon' | 'hook' }>): Promise<boolean> {
  try {
    process.exitCode = await hookClient({
      args: config === undefined ? [] : ['--config', config],
      environment: process.env,
      nowMs: Date.now(),
      elapsedMs: performance.now(),
      pid: process.pid,
      say: (text) => process.stderr.write(`${text}\n`),
    });
    return true;
  } catch {
    return false;
  }
}
