import { build, type Plugin, type ResolveOptions } from 'esbuild';
import { askedForLate, banner, embedOwnFiles, nodeTest } from './bundle.ts';

const seen = Symbol('seen');

/** Our modules do nothing when they are imported, so those of which nothing is used can be left out. */
const onlyWhatIsUsed: Plugin = {
  name: 'only-what-is-used',
  setup(hooks) {
    hooks.onResolve({ filter: /^(?:\.|@sluice\/)/ }, async ({ path, kind, pluginData, importer, resolveDir }) => {
      if (pluginData === seen || kind !== 'import-statement') return null;
      const options: ResolveOptions = { kind, importer, resolveDir, pluginData: seen };
      return { ...(await hooks.resolve(path, options)), sideEffects: false };
    });
  },
};

/** What is loaded late is the program that stands beside the bundle; libraries are for the program to load. */
function lateIsTheProgram(program: string): Plugin {
  return {
    name: 'late-is-the-program',
    setup(hooks) {
      hooks.onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (kind !== 'dynamic-import') return null;
        return path === './main.ts' ? { path: program, external: true } : { path, namespace: 'the-program-has-it' };
      });
      hooks.onLoad({ filter: /.*/, namespace: 'the-program-has-it' }, ({ path }) => ({
        contents: `throw new Error('${path} is not part of the hook');`,
      }));
    },
  };
}

/**
 * Bundles `packages/cli/src/cc-slurm-adapter.ts` with what the hook needs and nothing else, because slurmctld waits for it.
 * `program` stands beside the result and does everything else: `./sluice.mjs`, `./main.js`. CommonJS starts sooner; npm's package,
 * all of which is ES modules, cannot have it under the name of the file that it takes the place of.
 */
export async function bundleAdapter(root: string, program: string, format: 'cjs' | 'esm'): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['packages/cli/src/cc-slurm-adapter.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format,
    target: 'node24',
    conditions: ['@sluice/source'],
    legalComments: 'none',
    charset: 'utf8',
    logLevel: 'silent',
    banner: { js: format === 'esm' ? banner : nodeTest },
    plugins: [lateIsTheProgram(program), onlyWhatIsUsed, embedOwnFiles(root), askedForLate],
  });
  const [file] = outputFiles;
  if (!file) throw new Error('esbuild gave no cc-slurm-adapter');
  return file.text;
}
