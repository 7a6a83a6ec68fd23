import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';

/** Prints what one of a directory's benchmarks found, keeps it by its name in last-run.json with `--record`, and ends with 1 when a target is missed. */
export function conclude(name: string, found: Readonly<Record<string, unknown>>, missed: readonly string[], directory: string): void {
  const load = loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');
  const result = { date: new Date().toISOString().slice(0, 16), machine: machine(), load, ...found, missed: missed.join('; ') };
  console.log(JSON.stringify(result, undefined, 2));
  for (const what of missed) console.log(`MISSED: ${what}`);
  if (missed.length > 0) process.exitCode = 1;
  const file = join(directory, 'last-run.json');
  const all = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  write({ ...all, [name]: result }, directory);
}

/** Keeps what the only benchmark of a directory found in last-run.json, with `--record`. */
export function record(found: Readonly<Record<string, unknown>>, directory: string): void {
  write({ date: new Date().toISOString().slice(0, 10), machine: machine(), ...found }, directory);
}

function write(content: Readonly<Record<string, unknown>>, directory: string): void {
  if (process.argv.includes('--record')) writeFileSync(join(directory, 'last-run.json'), `${JSON.stringify(content, undefined, 2)}\n`);
}

function machine(): string {
  return `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Looks again and again until something is there. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => Promise<T | undefined> | T | undefined,
  everyMs = 200,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
