import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  billingMinutes,
  billingUnits,
  carryoverByDecay,
  carryoverByShare,
  daysBetween,
  decayFactor,
  fairshareOf,
  graceLimit,
  quarterOf,
  standingOf,
} from './index.ts';

const close = (actual: number, expected: number, by = 0.005) =>
  assert.ok(Math.abs(actual - expected) <= by, `${actual} is not ${expected}`);

test('usage decays by half-life', () => {
  assert.equal(decayFactor(90), 1 / 64);
  assert.equal(decayFactor(30), 0.25);
  close(decayFactor(90, 7), 0.000135, 0.000001);
  assert.equal(decayFactor(30, 0), 1, 'a half-life of 0 means no decay (slurm.conf(5), PriorityDecayHalfLife)');
  assert.equal(decayFactor(-1), 1);
});

test('what is carried over by decay', () => {
  for (const [base, used, days, total] of [
    [1000, 300, 30, 1925],
    [1500, 1050, 30, 2737.5],
    [2000, 2400, 30, 3400],
    [1000, 500, 90, 1992.19],
    [1000, 1500, 90, 1976.56],
    [1000, 1700, 90, 1973.44],
  ] as const) {
    close(carryoverByDecay(base, used, days).total, total);
  }
  close(carryoverByDecay(1000, 500, 90).effectiveUsage, 7.81);
});

test('what is carried over by share has a cap', () => {
  assert.deepEqual(carryoverByShare(1000, 200, 15), { effectiveUsage: 200, unused: 150, total: 1150 });
  assert.equal(carryoverByShare(1000, 900, 15).total, 1100);
  assert.equal(carryoverByShare(1000, 1200, 15).total, 1000);
  assert.equal(carryoverByShare(1000, 0, 50).total, 1500);
});

test('shares, minutes, grace and billing units', () => {
  assert.deepEqual([fairshareOf(1000), fairshareOf(1992.19), fairshareOf(2)], [333, 664, 1]);
  assert.deepEqual([billingMinutes(1000), billingMinutes(1992.1875)], [60_000, 119_531]);
  assert.equal(graceLimit(1000, 0.2), 1200);
  assert.equal(billingUnits({ cpu: 64, mem: 512, 'gres/gpu': 4, node: 1 }, { cpu: 0.015625, mem: 0.001953125, 'gres/gpu': 0.25 }), 3);
});

test('thresholds: reaching one is passing it', () => {
  const level = (usage: number, allocation = 1000, graceRatio = 0.2) => standingOf(usage, { allocation, graceRatio }).level;
  assert.deepEqual(
    [500, 999, 1000, 1100, 1199, 1200, 1300].map((usage) => level(usage)),
    ['normal', 'normal', 'slowdown', 'slowdown', 'slowdown', 'blocked', 'blocked'],
  );
  assert.equal(level(1000, 1000, 0), 'blocked');
  assert.deepEqual([level(0, 0), level(1, 0)], ['normal', 'blocked']);
  assert.equal(standingOf(900, { allocation: 1000, graceRatio: 0.2 }).status, 'approaching_threshold');
});

test('more usage never gives a better standing, more allocation never a worse one', () => {
  const rank = { normal: 0, slowdown: 1, blocked: 2 };
  const amount = fc.double({ min: 0, max: 1e9, noNaN: true });
  fc.assert(
    fc.property(amount, amount, amount, fc.double({ min: 0, max: 1, noNaN: true }), (usage, more, allocation, graceRatio) => {
      const at = (used: number, given: number) => rank[standingOf(used, { allocation: given, graceRatio }).level];
      assert.ok(at(usage + more, allocation) >= at(usage, allocation));
      assert.ok(at(usage, allocation + more) <= at(usage, allocation));
    }),
  );
});

test('quarters of a year', () => {
  const spring = quarterOf(Date.UTC(2024, 3, 1) / 1000);
  assert.deepEqual([spring.name, quarterOf(spring.start - 1).name, quarterOf(spring.start, 3).name], ['2024-Q2', '2024-Q1', '2025-Q1']);
  assert.equal(daysBetween(quarterOf(spring.start, -1), spring), 91);
});
