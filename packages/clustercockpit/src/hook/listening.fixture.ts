/** A daemon that does nothing but listen: `listening.fixture.ts ADDRESS`. Says its pid when it listens, and each event, as lines of JSON. */
import { systemClock } from '@sluice/io';
import { parseHookAddress } from './address.ts';
import { listenForHooks } from './listener.ts';

const address = parseHookAddress(process.argv[2] ?? '');
if (typeof address === 'string') throw new Error(address);
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
await listenForHooks(address, {
  clock: systemClock(),
  onEvent: (event) => say({ jobId: event.jobId }),
  onRefused: (refused) => say({ refused }),
});
say({ pid: process.pid });
