import type { Fault, FaultRequest } from '@sluice/standins';
import type { Choices } from './random.ts';

export interface FaultCounts {
  calls: number;
  readonly faults: Record<string, number>;
}

const badGateway: Fault = {
  kind: 'body',
  status: 502,
  headers: { 'content-type': 'text/html' },
  body: '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n',
};

/** Faults of a server that fails, hangs and drops the connection after it has committed, in a share of all calls. */
const kinds: readonly (readonly [name: string, fault: Fault])[] = [
  ['database is locked', { kind: 'refuse', status: 500, error: 'database is locked' }],
  ['502 HTML', badGateway],
  ['502 HTML after the work', { ...badGateway, work: true }],
  ['hangs after the work', { kind: 'stall' }],
  ['dropped before', { kind: 'drop', when: 'before' }],
  ['dropped after the commit', { kind: 'drop', when: 'after' }],
  ['dropped after the commit', { kind: 'drop', when: 'after' }],
];

/** A fault for every call with this probability; what was done is counted. */
export function faulty(
  share: number,
  choices: Choices,
): { readonly fault: (request: FaultRequest) => Fault | undefined; readonly counts: FaultCounts } {
  const counts: FaultCounts = { calls: 0, faults: {} };
  return {
    counts,
    fault() {
      counts.calls++;
      if (choices.number() >= share) return undefined;
      const [name, fault] = choices.one(kinds);
      counts.faults[name] = (counts.faults[name] ?? 0) + 1;
      return fault;
    },
  };
}
