import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ErrorCode, isCode } from './errors.ts';
import { redactText } from './redact.ts';
import { readSecret, type SecretSource } from './secret-source.ts';

const dir = mkdtempSync(join(tmpdir(), 'sluice-secret-'));
after(() => rmSync(dir, { recursive: true }));

function file(text: string | Buffer, mode = 0o600): string {
  const path = join(dir, `secret-${mode}-${text.length}`);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}
const read = (source: SecretSource, env = {}) => {
  const { secret, findings } = readSecret('sink.token', source, env);
  return { secret: secret.reveal(), findings };
};
const refused = (code: ErrorCode, source: SecretSource, env = {}) =>
  assert.throws(
    () => readSecret('sink.token', source, env),
    (error) =>
      isCode(error, code) &&
      error.message.includes('sink.token') &&
      !error.message.includes('s3cr3t') &&
      // What is said of a secret must not look like one, or the log shows nothing of it.
      [error.message, error.hint ?? ''].every((text) => redactText(text) === text),
  );

test('value, file and credential give the secret', () => {
  assert.deepEqual(read({ value: 's3cr3t' }), { secret: 's3cr3t', findings: [] });
  assert.deepEqual(read({ file: file('s3cr3t') }), { secret: 's3cr3t', findings: [] });
  writeFileSync(join(dir, 'cc.token'), 's3cr3t\n', { mode: 0o444 });
  assert.deepEqual(read({ credential: 'cc.token' }, { CREDENTIALS_DIRECTORY: dir }), { secret: 's3cr3t', findings: [] });
});

test('one newline at the end is not part of the secret, further ones and spaces are', () => {
  for (const [text, secret] of [
    ['s\n', 's'],
    ['s\r\n', 's'],
    ['s \n\n', 's \n'],
    [' s', ' s'],
  ] as const) {
    assert.equal(read({ file: file(text) }).secret, secret);
  }
});

test('a file that others can read is used and found', () => {
  for (const [mode, shown] of [
    [0o640, '0640'],
    [0o604, '0604'],
  ] as const) {
    const { secret, findings } = read({ file: file('s3cr3t', mode) });
    assert.equal(secret, 's3cr3t');
    assert.equal(findings.length, 1);
    assert.ok(findings[0]?.includes(`mode ${shown}`) && !findings[0].includes('s3cr3t'));
  }
});

test('what cannot be read, is empty or ambiguous is refused without the secret', () => {
  refused('config.unreadable', { file: join(dir, 'none') });
  mkdirSync(join(dir, 'directory'));
  refused('config.unreadable', { file: join(dir, 'directory') });
  refused('config.unreadable', { file: file(Buffer.alloc(70_000, 's')) });
  refused('config.unreadable', { credential: 'none' }, { CREDENTIALS_DIRECTORY: dir });
  refused('config.unreadable', { credential: 'none' });
  refused('config.invalid', { credential: '../x' }, { CREDENTIALS_DIRECTORY: dir });
  refused('config.invalid', { credential: '..' }, { CREDENTIALS_DIRECTORY: dir });
  refused('config.invalid', { file: file('\n') });
  refused('config.invalid', { value: '' });
  refused('config.invalid', {});
  refused('config.invalid', { value: 's3cr3t', file: '/x' });
});
