#!/usr/bin/env node
import { type AdapterArguments, hookClient, parseAdapterArguments } from '@sluice/clustercockpit';

// slurmctld waits for the hook: packages hold this file bundled with what the hook needs and nothing else, and the program beside it. That
// bundle is CommonJS, which Node starts 8 ms sooner than an ES module, and which has no await outside of a function.
void run();

async function run(): Promise<void> {
  const asked = parseAdapterArguments(process.argv.slice(2));
  if (asked.mode === 'hook') await hook(asked);
  process.argv.splice(2, 0, '--as', 'cc-slurm-adapter');
  await import('./main.ts');
}

/** Ends the process unless it could not do its work; with a configuration that is not JSON it needs libraries that only the program has. */
async function hook({ config }: Extract<AdapterArguments, { readonly mode: 'daemon' | 'hook' }>): Promise<void> {
  let code: number;
  try {
    code = await hookClient({
      args: config === undefined ? [] : ['--config', config],
      environment: process.env,
      nowMs: Date.now(),
      elapsedMs: performance.now(),
      pid: process.pid,
      say: (text) => process.stderr.write(`${text}\n`),
    });
  } catch {
    return;
  }
  // At once: an end of its own accord takes Node 5 ms longer.
  process.exit(code);
}
