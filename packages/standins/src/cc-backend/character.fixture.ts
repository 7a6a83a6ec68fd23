import fc from 'fast-check';

/** Any character that UTF-8 can hold. fast-check's own unit for these, `binary`, takes a second of CPU in every test process. */
export const character = fc.integer({ min: 0, max: 0x10f7ff }).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));
