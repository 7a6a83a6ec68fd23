import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';

/** The program as one file of JavaScript (ESM, Node 24) and what went into it. */
export interface Bundle {
  readonly code: string;
  readonly map: string;
  readonly metafile: Metafile;
}

/** `readFileSync(new URL('./x', import.meta.url), 'utf8')`, or without 'utf8': a file that belongs to the source. */
const ownFile = /\breadFileSync\(\s*new URL\(\s*'([^'\n]+)'\s*,\s*import\.meta\.url\s*,?\s*\)\s*(?:,\s*('utf-?8')\s*,?\s*)?\)/g;
const otherOwnFile = /\bnew URL\([^)]*import\.meta\.url|\bimport\.meta\.(?:dirname|filename|resolve)\b/;
const comments = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;

/**
 * Puts the files that our sources read beside themselves into the bundle. Any other way to a file beside the source is
 * an error here, because in the bundle that file would be missing at run time.
 */
export function embedOwnFiles(root: string): Plugin {
  const packages = join(root, 'packages') + sep;
  return {
    name: 'embed-own-files',
    setup(hooks) {
      hooks.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!path.startsWith(packages)) return null;
        const contents = readFileSync(path, 'utf8').replace(ownFile, (_, name: string, encoding?: string) => {
          const bytes = readFileSync(resolve(dirname(path), name));
          return encoding ? JSON.stringify(bytes.toString('utf8')) : `Buffer.from('${bytes.toString('base64')}', 'base64')`;
        });
        const left = otherOwnFile.exec(contents.replace(comments, ''));
        if (left) {
          const text = `${left[0]} leads to a file that the bundle has not; read it with readFileSync(new URL('…', import.meta.url))`;
          return { errors: [{ text, location: { file: relative(root, path) } }] };
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

/**
 * Built-in modules that an older Node lacks, wholly or in part. Imported as others are, they would end it with a stack
 * before the first line of the bundle could say which Node it needs. And those of which an ES module that imports them
 * looks at each export, and so loads what nobody asked for: fetch and WebSocket with node:http, WebCrypto with node:crypto,
 * workers with node:util, reports with node:process (Node 24).
 */
export const askedForLate: Plugin = {
  name: 'asked-for-late',
  setup(hooks) {
    const late = /^node:(?:crypto|http|process|sqlite|tls|util)$/;
    hooks.onResolve({ filter: late }, ({ path }) => ({ path, namespace: 'asked-for-late' }));
    hooks.onLoad({ filter: /.*/, namespace: 'asked-for-late' }, ({ path }) => ({
      contents: path === 'node:process' ? 'module.exports = process;' : exportsOnDemand(path),
    }));
  },
};

/** A module whose exports are looked at one by one; a look at the description of one of node:util's is enough to load what it needs. */
function exportsOnDemand(path: string): string {
  return `
    const whole = process.getBuiltinModule('${path}');
    for (const name of Object.keys(whole)) Object.defineProperty(exports, name, { get: () => whole[name], enumerable: true });
  `;
}

/** What libraries load and we never use: HTTP/2, which undici can do without, and the threads of pino's transports. */
const notUsed: Readonly<Record<string, { readonly by: RegExp; readonly instead: string }>> = {
  'node:http2': { by: /[\\/]undici[\\/]/, instead: "throw new Error('Sluice speaks HTTP/1.1');" },
  worker_threads: { by: /[\\/](?:pino|thread-stream)[\\/]/, instead: 'module.exports = { isMainThread: true };' },
};

/** Leaves out {@link notUsed}: 5 MB of a long-running command. */
const leftOut: Plugin = {
  name: 'left-out',
  setup(hooks) {
    hooks.onResolve({ filter: /^(?:node:http2|worker_threads)$/ }, ({ path, importer }) =>
      notUsed[path]?.by.test(importer) ? { path, namespace: 'left-out' } : null,
    );
    hooks.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({ contents: notUsed[path]?.instead ?? '' }));
  },
};

/** The first line of a bundle. */
export const nodeTest =
  "if (Number.parseInt(process.versions.node, 10) < 24) { console.error('sluice needs Node 24 or newer; this is ' + process.version); process.exit(69); }";

/** The first lines of a bundle that is an ES module. */
export const banner = [
  nodeTest,
  // Dependencies in CommonJS ask for Node's own modules through `require`, which an ES module has not.
  "import { createRequire as sluiceRequire } from 'node:module'; var require = sluiceRequire(import.meta.url);",
].join('\n');

function optionsOf(root: string): BuildOptions & { readonly write: false; readonly metafile: true } {
  return {
    absWorkingDir: root,
    entryPoints: ['packages/cli/src/main.ts'],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    conditions: ['@sluice/source'],
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'silent',
    banner: { js: banner },
    plugins: [embedOwnFiles(root), askedForLate, leftOut],
  };
}

/** A file of {@link bundleParts}, by its path beneath the program's folder. */
export interface Part {
  readonly name: string;
  readonly text: string;
}

/**
 * The program in parts, for packages: `sluice.mjs`, and what it loads late in `parts/`. A long-running command then holds
 * in memory what it uses, which is a third of the one file, and each file as one byte a character.
 */
export async function bundleParts(root: string): Promise<readonly Part[]> {
  const folder = join(root, 'dist', 'installed');
  const { outputFiles } = await build({
    ...optionsOf(root),
    entryNames: 'sluice',
    chunkNames: 'parts/[name]-[hash]',
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
  });
  return outputFiles.map(({ path, text }) => ({ name: relative(folder, path), text }));
}

/** Bundles `packages/cli/src/main.ts` with all it imports. `fileName` is the name under which the result will stand. */
export async function bundleSluice(root: string, fileName: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...optionsOf(root),
    outfile: join(root, 'dist', fileName),
    charset: 'utf8',
  });
  const text = (ending: string): string => {
    const file = outputFiles.find(({ path }) => basename(path) === `${fileName}${ending}`);
    if (!file) throw new Error(`esbuild gave no ${fileName}${ending}`);
    return file.text;
  };
  const code = text('');
  const shebang = '#!/usr/bin/env node\n';
  if (!code.startsWith(shebang)) throw new Error(`packages/cli/src/main.ts must begin with ${shebang.trim()}`);
  return { code, map: text('.map'), metafile };
}
