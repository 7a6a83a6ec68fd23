import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** A directory that is gone after the test. */
export function scratch(t: { after(done: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-machine-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An executable script of the shell. */
export function executable(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Waits until something holds; gives up after minutes. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 10_000; tries++) {
    if (holds()) return;
    await setTimeout(20);
  }
  throw new Error(`${what} did not come about`);
}
