import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Lets the processes that this one starts keep what they compiled for each other: hundreds of test processes load the
 * same modules. The cache is gone when this process ends; one that the caller has named stays.
 */
export function shareCompiledModules(): void {
  if (process.env['NODE_COMPILE_CACHE'] !== undefined) return;
  const directory = mkdtempSync(join(tmpdir(), 'sluice-compiled-'));
  process.env['NODE_COMPILE_CACHE'] = directory;
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
}
