import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatNodeState, parseNodeState } from './node-state.ts';

test('states of nodes as scontrol and sinfo write them', () => {
  const cases = {
    'MIXED+DRAIN': ['MIXED', 'DRAIN'],
    'IDLE*': ['IDLE', 'NOT_RESPONDING'],
    'DOWN*+DRAIN': ['DOWN', 'NOT_RESPONDING', 'DRAIN'],
    'IDLE+CLOUD+POWERED_DOWN': ['IDLE', 'CLOUD', 'POWERED_DOWN'],
    'idle~': ['IDLE', 'POWERED_DOWN'],
    mixed: ['MIXED'],
    'mixed-': ['MIXED', 'PLANNED'],
    alloc: ['ALLOCATED'],
    'allocated+': ['ALLOCATED', 'COMPLETING'],
    drained: ['IDLE', 'DRAIN'],
    'drng@': ['ALLOCATED', 'DRAIN', 'REBOOT_REQUESTED'],
    maint: ['IDLE', 'MAINTENANCE'],
    'IDLE+MAINT': ['IDLE', 'MAINTENANCE'],
    UNKNOWN: ['UNKNOWN'],
  };
  for (const [text, [state, ...flags]] of Object.entries(cases)) assert.deepEqual(parseNodeState(text), { state, flags }, text);
});

test('a word of a later release is kept', () => {
  assert.deepEqual(parseNodeState('IDLE+HOVERING'), { state: 'IDLE', flags: ['HOVERING'] });
});

test('text that is no state is refused', () => {
  for (const text of ['', '+', 'IDLE++', '*', 'IDLE**', 'IDLE DRAIN', 'IDLE,DRAIN', 'IDLE\n', 'ıdle', '1', 'A'.repeat(600)])
    assert.equal(parseNodeState(text), undefined);
});

test('states are written as they are read', () => {
  const state = fc.record(
    {
      state: fc.constantFrom('IDLE', 'ALLOCATED', 'MIXED', 'DOWN', 'FUTURE'),
      flags: fc.uniqueArray(fc.constantFrom('DRAIN', 'COMPLETING', 'NOT_RESPONDING', 'LATER_FLAG')),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(state, (value) => assert.deepEqual(parseNodeState(formatNodeState(value)), value)));
});
