// The hook's client as a program; see hook-client.ts.
import { hookClient } from './hook-client.ts';

process.exit(
  await hookClient({
    args: process.argv.slice(2),
    environment: process.env,
    nowMs: Date.now(),
    elapsedMs: performance.now(),
    pid: process.pid,
    say: (text) => process.stderr.write(`sluice hook: ${text}\n`),
  }),
);
