import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './program.ts';
import type { Target } from './target.ts';

interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/** @throws Error unless one of the digests in `integrity` (Subresource Integrity) is that of `data`. */
export function checkIntegrity(name: string, data: Buffer, integrity: string): void {
  const fits = integrity.split(/\s+/).some((entry) => {
    const [algorithm = '', digest] = entry.split('-', 2);
    return (algorithm === 'sha512' || algorithm === 'sha384') && createHash(algorithm).update(data).digest('base64') === digest;
  });
  if (!fits) throw new Error(`${name} as the registry gives it is not what package-lock.json has (${integrity.slice(0, 20)}…)`);
}

function locked(root: string, name: string): LockedPackage {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockedPackage> };
  const entry = lock.packages[`node_modules/${name}`];
  if (!entry?.integrity) throw new Error(`package-lock.json has no ${name} with its integrity`);
  return entry;
}

/**
 * The folder of the npm package that holds Node for `target` (bin/node, LICENSE): the workspace's own when it is
 * installed, else fetched by npm into `work` and compared with the lock file.
 * @throws Error when it can neither be found nor had.
 */
export function nodePackageFolder(root: string, target: Target, work: string): string {
  const { version, integrity } = locked(root, target.nodePackage);
  const installed = join(root, 'node_modules', target.nodePackage);
  if (existsSync(join(installed, 'bin', 'node'))) {
    const found = (JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string }).version;
    if (found !== version)
      throw new Error(`node_modules has ${target.nodePackage} ${found}, package-lock.json ${version}; run npm install`);
    return installed;
  }
  const name = `${target.nodePackage}@${version}`;
  runProgram('npm', ['pack', name, '--pack-destination', work, '--prefer-offline', '--loglevel=error'], { cwd: work });
  const archive = join(work, `${target.nodePackage}-${version}.tgz`);
  checkIntegrity(name, readFileSync(archive), integrity);
  runProgram('tar', ['-xzf', archive, '-C', work, 'package/bin/node', 'package/LICENSE', 'package/package.json']);
  return join(work, 'package');
}
