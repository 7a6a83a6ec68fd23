import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The folders, relative to the root, of the packages of others whose files are in the bundle. */
function bundledPackages(metafile: Metafile): string[] {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const folder = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
    if (folder) folders.add(folder);
  }
  return [...folders].sort();
}

/**
 * Name, version and licence texts of everything in the bundle that is not ours.
 * @throws Error when a package neither ships a licence text nor names its licence.
 */
export function thirdPartyLicences(root: string, metafile: Metafile): string {
  const parts = bundledPackages(metafile).map((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
    const files = readdirSync(join(root, folder))
      .filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name))
      .sort();
    if (files.length === 0 && !manifest.license) throw new Error(`${folder} is in the bundle and has no licence`);
    const texts = files.map((name) =>
      readFileSync(join(root, folder, name), 'utf8')
        .replaceAll('\r\n', '\n')
        .trim(),
    );
    return [`${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})`, ...texts].join('\n\n');
  });
  const head = `Sluice contains the following ${parts.length} packages of others, each under its own licence.`;
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
