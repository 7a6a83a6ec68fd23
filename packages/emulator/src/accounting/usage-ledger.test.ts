import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LedgerRules, UsageLedger } from './usage-ledger.ts';

const day = 86_400;
const empty = { asOf: 0, accounts: [], charged: [] };
const never = () => false;
const rules = (changes: Partial<LedgerRules> = {}): LedgerRules => ({ halfLife: 7 * day, reset: 'NONE', period: 300, ...changes });
const charge = (at: number, accounts = ['a']) => ({
  key: 'k',
  associationId: 1,
  qos: '',
  tres: { cpu: 4, billing: 2 },
  at,
  limitMins: null,
  accounts,
  factor: 1,
});
const close = (value: number | undefined, expected: number) =>
  assert.ok(Math.abs((value ?? Number.NaN) / expected - 1) < 1e-9, `${value}, not ${expected}`);

test('without decay what runs is counted second by second, once', () => {
  const ledger = new UsageLedger(rules({ halfLife: 0 }), empty, never);
  ledger.start(charge(100, ['a', 'root']));
  ledger.calculate(160);
  ledger.calculate(160);
  ledger.stop('k', 200);
  ledger.stop('k', 900);
  ledger.calculate(day);
  assert.deepEqual(ledger.usage('a'), { tres: { cpu: 400, billing: 200 }, wall: 100 });
  assert.deepEqual(ledger.usage('root'), ledger.usage('a'));
});

test('usage halves in a half-life, however the clock gets there', () => {
  const jumped = new UsageLedger(rules(), empty, never);
  const ticked = new UsageLedger(rules(), empty, never);
  for (const ledger of [jumped, ticked]) ledger.start(charge(0));
  for (let now = 300; now <= 2 * day; now += 300) ticked.calculate(now);
  for (const ledger of [jumped, ticked]) ledger.stop('k', 2 * day);
  for (let now = 2 * day; now <= 9 * day; now += 300) ticked.calculate(now);
  jumped.calculate(9 * day);
  close(jumped.usage('a').tres['cpu'], ticked.usage('a').tres['cpu'] ?? 0);
  const before = jumped.usage('a').tres['billing'] ?? 0;
  jumped.calculate(16 * day);
  close(jumped.usage('a').tres['billing'], before / 2);
});

test('it is calculated once a period', () => {
  const ledger = new UsageLedger(rules(), empty, never);
  ledger.start(charge(0));
  assert.equal(ledger.settle(299), false);
  assert.deepEqual(ledger.usage('a').tres, {});
  assert.equal(ledger.settle(300), true);
  assert.equal(ledger.settle(599), false);
});

test('what does not decay stays, and what a factor counts is counted so', () => {
  const ledger = new UsageLedger(rules(), empty, (key) => key === 'qos x');
  ledger.start({ ...charge(0, ['qos x']), factor: 2 });
  ledger.stop('k', 100);
  ledger.calculate(70 * day);
  assert.deepEqual(ledger.usage('qos x').tres, { cpu: 800, billing: 400 });
});

test('usage is set to zero at the turn of a quarter, and counted anew from there', () => {
  const turn = Date.UTC(2026, 6, 1) / 1000;
  const ledger = new UsageLedger(rules({ halfLife: 0, reset: 'QUARTERLY' }), { ...empty, asOf: turn - day }, never);
  ledger.start(charge(turn - 100));
  ledger.calculate(turn - 50);
  assert.deepEqual(ledger.usage('a').tres, { cpu: 200, billing: 100 });
  ledger.calculate(turn + 10);
  assert.deepEqual(ledger.usage('a').tres, { cpu: 40, billing: 20 });
});

test('after a restart a charge goes on where it was counted', () => {
  const first = new UsageLedger(rules({ halfLife: 0 }), empty, never);
  first.start(charge(0));
  first.calculate(600);
  const second = new UsageLedger(rules({ halfLife: 0 }), JSON.parse(JSON.stringify(first.state())), never);
  second.start(charge(0));
  second.stop('k', 1000);
  assert.deepEqual(second.usage('a').tres, { cpu: 4000, billing: 2000 });
});

test('what is paused is not counted, and is among the charges until it ends', () => {
  const ledger = new UsageLedger(rules({ halfLife: 0 }), empty, never);
  ledger.start(charge(0));
  ledger.pause('k', 100);
  ledger.calculate(1000);
  assert.deepEqual([ledger.usage('a').wall, [...ledger.charges()].length], [100, 1]);
  ledger.start(charge(1000));
  ledger.calculate(1010);
  assert.deepEqual([ledger.usage('a').wall, [...ledger.charges()].length], [110, 1]);
  ledger.pause('k', 1010);
  ledger.stop('k', 1020);
  assert.deepEqual([...ledger.charges()], []);
});
