import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { endedStates, formatState, isActive, isEnded, parseState } from './state.ts';

const plain = { flags: [], cancelledBy: null };

test('base states, long and compact', () => {
  const cases = {
    RUNNING: 'RUNNING',
    R: 'RUNNING',
    PD: 'PENDING',
    CD: 'COMPLETED',
    OOM: 'OUT_OF_MEMORY',
    NF: 'NODE_FAIL',
    S: 'SUSPENDED',
    TIMEOUT: 'TIMEOUT',
  };
  for (const [text, base] of Object.entries(cases)) assert.deepEqual(parseState(text), { base, ...plain }, text);
});

test('who cancelled', () => {
  assert.deepEqual(parseState('CANCELLED by 1000'), { base: 'CANCELLED', flags: [], cancelledBy: 1000 });
  assert.deepEqual(parseState('CANCELLED by 0'), { base: 'CANCELLED', flags: [], cancelledBy: 0 });
  assert.deepEqual(parseState('CANCELLED'), { base: 'CANCELLED', ...plain });
  for (const text of ['CANCELLED by', 'CANCELLED by bob', 'CANCELLED by -1', 'RUNNING by 1', ' by 1', 'CANCELLED by 4294967296']) {
    assert.equal(parseState(text), undefined, text);
  }
});

test('words cut at the edge of a column', () => {
  assert.deepEqual(parseState('CANCELLED+'), { base: 'CANCELLED', ...plain });
  assert.deepEqual(parseState('OUT_OF_ME+'), { base: 'OUT_OF_MEMORY', ...plain });
  for (const text of ['+', 'RE+', 'X+']) assert.equal(parseState(text), undefined, text);
});

test('flags beside a base state', () => {
  assert.deepEqual(parseState('PENDING,UPDATE_DB'), { base: 'PENDING', flags: ['UPDATE_DB'], cancelledBy: null });
  assert.deepEqual(parseState('RUNNING+COMPLETING'), { base: 'RUNNING', flags: ['COMPLETING'], cancelledBy: null });
  assert.deepEqual(parseState('COMPLETING,FAILED'), { base: 'FAILED', flags: ['COMPLETING'], cancelledBy: null });
  assert.equal(parseState('RUNNING,FAILED'), undefined);
});

test('a flag alone implies its base', () => {
  const cases = {
    COMPLETING: 'RUNNING',
    CG: 'RUNNING',
    CONFIGURING: 'RUNNING',
    REQUEUED: 'PENDING',
    RESIZING: 'RUNNING',
    SPECIAL_EXIT: 'PENDING',
    REVOKED: 'CANCELLED',
  };
  for (const [text, base] of Object.entries(cases)) {
    const state = parseState(text);
    assert.equal(state?.base, base, text);
    assert.equal(state?.flags.length, 1, text);
  }
});

test('a word of a later release is kept, and is neither ended nor active', () => {
  const state = parseState('HIBERNATED') ?? assert.fail();
  assert.deepEqual(state, { base: 'HIBERNATED', ...plain });
  assert.equal(isEnded(state) || isActive(state), false);
  assert.deepEqual(parseState('RUNNING,EXPEDITED'), { base: 'RUNNING', flags: ['EXPEDITED'], cancelledBy: null });
});

test('text that is no state is refused', () => {
  for (const text of ['', ',', 'running', 'RUNNING,', 'RUNNING FAILED', 'RUNNING\n', 'ЯUNNING', '1', 'A'.repeat(600)])
    assert.equal(parseState(text), undefined);
});

test('ended and active states', () => {
  for (const word of endedStates) {
    const state = parseState(word) ?? assert.fail();
    assert.ok(isEnded(state) && !isActive(state), word);
  }
  for (const word of ['PENDING', 'RUNNING', 'SUSPENDED', 'COMPLETING', 'CONFIGURING', 'REQUEUED']) {
    const state = parseState(word) ?? assert.fail();
    assert.ok(!isEnded(state) && isActive(state), word);
  }
});

test('states are written as they are read', () => {
  assert.equal(formatState({ base: 'RUNNING', flags: ['COMPLETING'], cancelledBy: null }), 'RUNNING+COMPLETING');
  assert.equal(formatState({ base: 'CANCELLED', flags: [], cancelledBy: 1000 }), 'CANCELLED by 1000');
  const state = fc.oneof(
    fc.record(
      {
        base: fc.constantFrom(...endedStates, 'RUNNING', 'PENDING', 'SUSPENDED'),
        flags: fc.uniqueArray(fc.constantFrom('COMPLETING', 'REQUEUED', 'RESIZING', 'LATER_FLAG')),
        cancelledBy: fc.constant(null),
      },
      { noNullPrototype: true },
    ),
    fc.record({ base: fc.constant('CANCELLED'), flags: fc.constant([]), cancelledBy: fc.nat() }, { noNullPrototype: true }),
  );
  fc.assert(fc.property(state, (value) => assert.deepEqual(parseState(formatState(value)), value)));
});

test('any text is read without a throw', () => {
  fc.assert(fc.property(fc.string({ unit: character }), (text) => void parseState(text)));
});
