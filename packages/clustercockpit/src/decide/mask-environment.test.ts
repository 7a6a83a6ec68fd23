import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskEnvironment } from './mask-environment.ts';

const ofEveryJob = [
  'HOME=/home/alice',
  'PATH=/bin',
  'PWD=/w',
  'SHELL=/bin/sh',
  'SLURM_PRIO_PROCESS=0',
  'SLURM_SUBMIT_DIR=/w',
  'SLURM_UMASK=0022',
];

test('the value of a name that looks like a secret is not told, and what may belong to it is left out and counted', () => {
  const environment = [
    'LANG=C',
    'DB_PASSWORD=hunter2',
    'MODE=fast',
    'HOME=/home/alice',
    'BASH_FUNC_ml%%=() {  eval',
    '}',
    'my-token=x',
    'last',
  ];
  assert.equal(
    maskEnvironment(environment.join('\n')),
    [
      ...['LANG=C', 'DB_PASSWORD=[redacted]', '[1 line left out: may belong to it]', 'HOME=/home/alice'],
      ...['BASH_FUNC_ml%%=() {  eval', '}', 'my-token=[redacted]', '[1 line left out: may belong to it]'],
    ].join('\n'),
  );
  assert.equal(maskEnvironment('REPO=https://me:pw@host/x'), 'REPO=https://me:[redacted]@host/x');
});

test('entries that NUL ends are told apart', () => {
  assert.equal(maskEnvironment('A=1\0API_KEY=x\ny=2\0B=3\0'), 'A=1\nAPI_KEY=[redacted]\nB=3\n');
});

test('lines of a secret that look like variables, well known ones too, are not taken for any', () => {
  const lines = ['{', 'user=canary', 'HOME=/canary', 'SLURM_UMASK=canary', 'login=canary', 'QUJDcanary=='];
  const masked = maskEnvironment(
    ['HOME=/home/alice', 'A=1', `SERVICE_CREDENTIALS=${lines.join('\n')}`, 'B=2', ...ofEveryJob.slice(1)].join('\n'),
  );
  assert.ok(!masked.includes('canary'), masked);
  assert.ok(masked.startsWith('HOME=/home/alice\nA=1\nSERVICE_CREDENTIALS=[redacted]\n[6 lines left out'), masked);
  assert.ok(
    ofEveryJob.every((own) => masked.includes(own.replace(/^PWD=.*/, 'PWD='))),
    masked,
  );
});

test('whatever a secret holds and wherever it stands, no piece of it is told', () => {
  const line = fc.constantFrom(
    'canary',
    '',
    'x=canary',
    'X_CANARY=canary',
    '  canary',
    '=canary',
    ...ofEveryJob.map((own) => `${own}canary`),
  );
  const secret = fc.tuple(fc.constantFrom('DB_PASSWORD', 'API_KEY', 'jwt', 'my.secret'), fc.array(line, { maxLength: 6 }));
  const plain = fc.constantFrom('MODE=fast', 'TERM=xterm\nsecond', 'F%%=() {\n}', 'EMPTY=');
  const entry = fc.oneof(
    secret.map(([name, lines]) => `${name}=${lines.join('\n')}`),
    plain,
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), fc.nat(), (entries, seed) => {
      const environment = [...ofEveryJob];
      for (const [at, one] of entries.entries()) environment.splice((seed + 3 * at) % (environment.length + 1), 0, one);
      const masked = maskEnvironment(environment.join('\n'));
      assert.ok(!masked.includes('canary'), masked);
    }),
    { numRuns: 1000 },
  );
});
