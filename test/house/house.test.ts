import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = dirname(dirname(import.meta.dirname));

/** Which room may enter which: the table of docs/architecture.md. Lint holds each import to its package.json. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  io: [],
  slurm: ['io'],
  service: ['io'],
  policy: [],
  clustercockpit: ['slurm', 'service', 'io'],
  jobs: ['slurm', 'service', 'io'],
  waldur: ['slurm', 'service', 'policy', 'io'],
  emulator: ['slurm', 'service', 'policy', 'io'],
  standins: ['service', 'policy', 'io'],
  cli: ['io', 'slurm', 'service', 'policy', 'clustercockpit', 'jobs', 'waldur', 'emulator', 'standins'],
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const rooms = readdirSync(join(root, 'packages'));
const manifest = (room: string): Manifest => JSON.parse(readFileSync(join(root, 'packages', room, 'package.json'), 'utf8'));

for (const room of rooms) {
  test(`packages/${room} imports only what the table allows`, () => {
    const allowed = mayImport[room];
    assert.ok(allowed, `${room} is not a room of the house`);
    const inHouse = Object.keys(manifest(room).dependencies ?? {}).filter((name) => name.startsWith('@sluice/'));
    for (const name of inHouse) assert.ok(allowed.includes(name.slice('@sluice/'.length)), `${room} must not import ${name}`);
  });

  test(`packages/${room} has one public face and says what it is for`, () => {
    assert.deepEqual(Object.keys(manifest(room).exports ?? {}), ['.']);
    assert.equal(manifest(room).exports?.['.']?.['@sluice/source'], './src/index.ts');
    assert.ok(existsSync(join(root, 'packages', room, 'README.md')), `packages/${room}/README.md is missing`);
  });
}

test('packages refer to each other by the version they have', () => {
  for (const room of rooms) {
    for (const [name, version] of Object.entries(manifest(room).dependencies ?? {})) {
      if (name.startsWith('@sluice/')) assert.equal(version, manifest(name.slice('@sluice/'.length)).version, `${room} → ${name}`);
    }
  }
});

test('the lock file names no download address', () => {
  assert.doesNotMatch(readFileSync(join(root, 'package-lock.json'), 'utf8'), /"resolved": "http/);
});

test('no child process and no outgoing HTTP outside packages/io', () => {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'packages'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('packages/io/') && existsSync(join(root, file)),
    );
  assert.ok(files.length > 0);
  for (const file of files) {
    assert.doesNotMatch(readFileSync(join(root, file), 'utf8'), /from '(node:)?(child_process|http2|undici)'|\bfetch\(/, file);
  }
});
