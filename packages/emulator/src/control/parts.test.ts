import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { labSpec } from '../config/lab-spec.ts';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { openEmulator } from '../open-emulator.ts';
import { ensureAccount } from './administer.ts';
import { dateText, later, parseDate, periodOf } from './calendar.ts';
import { ControlBooks } from './control-books.ts';
import { transition } from './policy-actions.ts';
import { resourceAmounts, wholeNode } from './resources.ts';
import { injectUsage, usedNodeHours } from './usage.ts';
import { dailyShares } from './usage-pattern.ts';

async function onCluster(use: (slurm: EmulatedSlurm) => void): Promise<void> {
  const slurm = openEmulator({ spec: labSpec(), file: ':memory:', start: Date.UTC(2024, 0, 1) / 1000, rate: 0 });
  try {
    use(slurm);
  } finally {
    await slurm.close();
  }
}

test('stretches of the calendar, and periods', () => {
  const day = (text: string) => parseDate(text) ?? Number.NaN;
  assert.equal(dateText(later(day('2024-01-31T10:00:00'), { months: 1 })), '2024-02-29T10:00:00Z');
  assert.equal(dateText(later(day('2024-11-30'), { quarters: 1, days: 1, seconds: 5 })), '2025-03-01T00:00:05Z');
  assert.deepEqual(
    [
      periodOf(day('2024-12-31'), 'month').name,
      periodOf(day('2024-12-31'), 'month', 1).name,
      periodOf(day('2024-01-01'), 'quarter', -1).name,
    ],
    ['2024-12', '2025-01', '2023-Q4'],
  );
  assert.deepEqual([periodOf(day('2024-02-10'), 'month').end, periodOf(5, 'total').start], [day('2024-03-01'), 0]);
  assert.deepEqual(['2024-02-30', '2024-13-01', '24-01-01', '', '2024-01-01T25:00'].map(parseDate), Array(5).fill(undefined));
  assert.equal(parseDate('2024-01-01T00:00:00+01:00'), day('2023-12-31T23:00:00Z'));
});

test('a date that is written is the date that was read', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (epoch) => assert.equal(parseDate(dateText(epoch)), epoch)));
});

test('shares of days sum to one; four fifths come at the end of a period', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom('steady' as const, 'bursty' as const, 'end_of_period' as const),
      (days, pattern) => {
        const shares = dailyShares(days, pattern);
        assert.equal(shares.length, days);
        assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
      },
    ),
  );
  const late = dailyShares(90, 'end_of_period').slice(-18);
  assert.ok(Math.abs(late.reduce((sum, share) => sum + share, 0) - 0.8) < 1e-9);
});

test('what is injected is what accounting has, to a second per node-hour', () =>
  onCluster((slurm) => {
    let all = 0;
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 5000, noNaN: true }), (nodeHours) => {
        injectUsage(slurm, { account: 'a', user: 'ada', nodeHours });
        all += nodeHours;
        const used = usedNodeHours(slurm, 'a', periodOf(slurm.time.now(), 'month'));
        assert.ok(Math.abs(used - all) <= all / 3600 + 1 / 3600, `${used} of ${all}`);
      }),
      { numRuns: 30 },
    );
  }));

test('usage of the first second of a month is that month’s', () =>
  onCluster((slurm) => {
    slurm.time.set(parseDate('2024-03-01') ?? 0);
    injectUsage(slurm, { account: 'a', user: 'ada', nodeHours: 10 });
    const used = (later: number) => usedNodeHours(slurm, 'a', periodOf(slurm.time.now(), 'month', later));
    assert.deepEqual([used(-1), used(0), used(1)], [0, 10, 0]);
  }));

test('a node-hour is what the cluster bills for a node', () =>
  onCluster((slurm) => {
    assert.deepEqual(wholeNode(slurm), { cpu: 16, mem: 64_000, node: 1, billing: 16 });
    assert.deepEqual(resourceAmounts(slurm, { GPU: 1, 'gres/gpu:a100': 2, Mem: 3 }), { 'gres/gpu': 1, 'gres/gpu:a100': 2, mem: 3 });
    assert.throws(() => resourceAmounts(slurm, { constructor: 1 }), { code: 'data.invalid' });
  }));

test('a monthly policy: carryover by decay of 30 days, as the agent’s tests have it', () =>
  onCluster((slurm) => {
    const books = new ControlBooks();
    const rules = { carryover: 'decay', percent: 15, days: 30, halfLifeDays: 15, limit: 'grace', resetRawUsage: false } as const;
    for (const [name, base, used, total] of [
      ['a', 1000, 300, 1925],
      ['b', 1500, 1050, 2737.5],
      ['c', 2000, 2400, 3400],
    ] as const) {
      books.set(name, { allocation: base, period: 'month' });
      slurm.time.set(Math.max(slurm.time.now(), parseDate('2024-01-15') ?? 0));
      injectUsage(slurm, { account: name, user: 'ada', nodeHours: used, at: parseDate('2024-01-15') ?? 0 });
      slurm.time.set(parseDate('2024-02-01') ?? 0);
      const figures = transition(slurm, books, name, rules);
      assert.deepEqual([figures.previous, figures.total, figures.minutesWithGrace], [used, total, total * 60 * 16 * 1.2]);
    }
  }));

test('allocations outlast the process that keeps them in a file', () =>
  onCluster((slurm) => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-books-'));
    try {
      const file = join(directory, 'control.json');
      ensureAccount(slurm, { name: 'a' });
      new ControlBooks(file).set('A', { allocation: 5, graceRatio: 0 });
      assert.deepEqual(new ControlBooks(file).standing(slurm, 'a').allocation, 5);
      assert.equal(new ControlBooks(file).allocation('b'), 1000);
      writeFileSync(file, '{"a": 5');
      assert.throws(() => new ControlBooks(file), { code: 'data.invalid' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  }));
