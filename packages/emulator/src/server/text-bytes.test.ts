import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { character } from './character.fixture.ts';
import { bytesOfText, textOfBytes } from './text-bytes.ts';

describe('words of bytes', () => {
  it('come back as they were, whatever they are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => Buffer.compare(bytesOfText(textOfBytes(bytes)), bytes) === 0));
    fc.assert(fc.property(fc.string({ unit: character }), (text) => textOfBytes(Buffer.from(text)) === text));
  });

  it('are text where they are text, and lone surrogates where not', () => {
    assert.equal(textOfBytes(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82])), 'a\udcffé\udce2\udc82');
  });
});
