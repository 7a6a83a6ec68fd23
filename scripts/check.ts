/**
 * `npm run check`: types, lint with the doors of the design, formatting, circular imports, unused code and
 * dependencies. All run side by side; what fails prints its findings. `--format` writes what can be mended by machine.
 */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';

const root = dirname(import.meta.dirname);

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const checks: readonly Check[] = [
  { name: 'types', command: 'tsc', args: ['-p', root] },
  { name: 'generated pages', command: process.execPath, args: ['--conditions=@sluice/source', join(root, 'scripts/docs.ts'), '--check'] },
  { name: 'lint, format, circular imports', command: 'biome', args: ['check', '--error-on-warnings', '--max-diagnostics=50'] },
  { name: 'unused code and dependencies', command: 'knip', args: ['--no-progress'] },
];

interface Result {
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

function run({ command, args }: Check): Promise<Result> {
  return new Promise((settle) => {
    const started = performance.now();
    const child = spawn(resolve(root, 'node_modules/.bin', command), [...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    const done = (code: number) =>
      settle({ code, output: Buffer.concat(chunks).toString('utf8'), seconds: (performance.now() - started) / 1000 });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      done(1);
    });
    child.once('close', (code) => done(code ?? 1));
  });
}

if (process.argv.includes('--format')) {
  const { code, output } = await run({ name: 'format', command: 'biome', args: ['check', '--write'] });
  process.stdout.write(output);
  process.exit(code);
}

const results = await Promise.all(checks.map(async (check) => ({ check, result: await run(check) })));
for (const { check, result } of results) {
  if (result.code !== 0) process.stdout.write(`${result.output}\n`);
  process.stdout.write(`${result.code === 0 ? 'ok  ' : 'FAIL'} ${check.name} (${result.seconds.toFixed(1)} s)\n`);
}
process.exitCode = results.some(({ result }) => result.code !== 0) ? 1 : 0;
