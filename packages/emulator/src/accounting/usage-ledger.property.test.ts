import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageLedger } from './usage-ledger.ts';

const halfLife = 1000;

interface Step {
  readonly wait: number;
  readonly job: number;
  readonly cpus: number;
  readonly act: 'start' | 'stop' | 'calculate' | 'restart';
}

const steps = fc.array(
  fc.record({
    wait: fc.integer({ min: 0, max: 700 }),
    job: fc.integer({ min: 0, max: 4 }),
    cpus: fc.integer({ min: 1, max: 64 }),
    act: fc.constantFrom<Step['act'][]>('start', 'stop', 'calculate', 'restart'),
  }),
  { maxLength: 40 },
);

/** What is left at `end` of a rate that ran from `from` to `to`: the integral of its decay. */
function left(rate: number, from: number, to: number, end: number): number {
  const lambda = Math.LN2 / halfLife;
  return (rate / lambda) * (Math.exp(-lambda * (end - to)) - Math.exp(-lambda * (end - from)));
}

test('whatever starts and stops when, the usage is that of every run by itself', () => {
  fc.assert(
    fc.property(steps, (history: readonly Step[]) => {
      const rules = { halfLife, reset: 'NONE', period: 300 } as const;
      let ledger = new UsageLedger(rules, { asOf: 0, accounts: [], charged: [] }, (key) => key === 'lasting');
      const running = new Map<number, { readonly cpus: number; readonly from: number }>();
      const runs: { readonly cpus: number; readonly from: number; readonly to: number }[] = [];
      let now = 0;
      const charge = (job: number, cpus: number, at: number) =>
        ledger.start({
          key: String(job),
          associationId: 1,
          qos: '',
          tres: { cpu: cpus },
          at,
          limitMins: null,
          accounts: ['a', 'lasting'],
          factor: 1,
        });
      const end = (job: number) => {
        const run = running.get(job);
        if (run !== undefined) runs.push({ ...run, to: now });
        running.delete(job);
      };
      for (const { wait, job, cpus, act } of history) {
        now += wait;
        if (act === 'start') {
          end(job);
          running.set(job, { cpus, from: now });
          charge(job, cpus, now);
        } else if (act === 'stop') {
          end(job);
          ledger.stop(String(job), now);
        } else if (act === 'calculate') ledger.settle(now);
        else {
          ledger = new UsageLedger(rules, JSON.parse(JSON.stringify(ledger.state())), (key) => key === 'lasting');
          for (const [known, run] of running) charge(known, run.cpus, run.from);
        }
      }
      ledger.calculate(now);
      const all = [...runs, ...[...running.values()].map((run) => ({ ...run, to: now }))];
      const expected = all.reduce((sum, { cpus, from, to }) => sum + left(cpus, from, to, now), 0);
      const lasting = all.reduce((sum, { cpus, from, to }) => sum + cpus * (to - from), 0);
      assert.ok(
        Math.abs(ledger.seconds('a', 'cpu') - expected) <= 1e-6 * Math.max(1, expected),
        `${ledger.seconds('a', 'cpu')}, not ${expected}`,
      );
      assert.ok(Math.abs(ledger.seconds('lasting', 'cpu') - lasting) <= 1e-6 * Math.max(1, lasting));
      assert.ok(Math.abs(ledger.usage('lasting').wall - all.reduce((sum, { from, to }) => sum + to - from, 0)) < 1e-3);
    }),
  );
});
