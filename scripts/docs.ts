/** `npm run docs`: writes the pages of docs/ that are made from code. `--check` only says whether they are up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configuration, configurationMeta } from '@sluice/cli';
import { adapterConfigMeta, adapterConfigSchema, syncConfigMeta, syncConfigSchema } from '@sluice/clustercockpit';
import { emulatorConfigMeta, emulatorConfigSchema } from '@sluice/emulator';
import { errorTable } from '@sluice/io';
import { jsonSchema, referencePage } from '@sluice/service';
import { clustercockpitPage } from './clustercockpit-page.ts';
import { emulatorPage } from './emulator-page.ts';
import { runProgram } from './package/program.ts';

const root = dirname(import.meta.dirname);

const pages: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
  'docs/configuration.md': configurationPage,
  'docs/sluice.schema.json': () => schemaPage(jsonSchema(configuration, configurationMeta)),
  'docs/clustercockpit-configuration.md': () => clustercockpitPage(root),
  'docs/cc-slurm-adapter.schema.json': () => schemaPage(jsonSchema(adapterConfigSchema, adapterConfigMeta)),
  'docs/cc-slurm-sync.schema.json': () => schemaPage(jsonSchema(syncConfigSchema, syncConfigMeta)),
  'docs/emulator-configuration.md': () => emulatorPage(root),
  'docs/emulator.schema.json': () => schemaPage(jsonSchema(emulatorConfigSchema, emulatorConfigMeta)),
};

function errorsPage(): string {
  const rows = Object.entries(errorTable).map(([code, { exit, http, meaning }]) => `| \`${code}\` | ${exit} | ${http} | ${meaning} |`);
  return `# Errors

Every error that Sluice raises on purpose has a stable code. A command that ends with it has the exit code of the table (those of sysexits.h, so that a
systemd unit can say \`RestartPreventExitStatus=64 78\`); the job API answers with the HTTP status. The message says what and where; a line beneath it
what to do. This page is made from \`packages/io/src/errors.ts\` by \`npm run docs\`.

| code | exit | HTTP | meaning |
|---|---|---|---|
${rows.join('\n')}
`;
}

function configurationPage(): string {
  const description = `${configurationMeta.description} This page is made from \`packages/cli/src/configuration.ts\` by \`npm run docs\`.

One file, YAML or JSON: \`/etc/sluice/sluice.yaml\` if it exists, or the one that \`--config\` names, which must exist. Every key may be left out. An
option of the command line wins over the file, and the file over the environment's \`SLURM_CONF\`.`;
  return `${referencePage(configuration, { ...configurationMeta, description })}
## Checking it

    sluice config check [FILE] [--strict]    # every error at once
    sluice config show [FILE]                # what is understood, as JSON; secrets stay hidden
    sluice config schema                     # the JSON Schema, for editors
    sluice slurm check                       # which values are in force and where they come from, then tries them

An error names file, line, column and key, what stands there and what should, for example

    sluice: the configuration has 2 errors:
      /etc/sluice/sluice.yaml:1:1: slurmBinPath: expected an absolute path, found "slurm/bin"
      /etc/sluice/sluice.yaml:2:1: cluster: expected the name of one cluster, found "alpha,beta"

An unknown key is a warning that names the nearest known one; with \`--strict\` it is an error. What an unknown key holds is never shown.

| exit code | meaning |
|---|---|
| 0 | no error; with warnings too |
| 64 | the command line is not understood |
| 74 | the output could not be written |
| 78 | the configuration has errors, or its file cannot be read |
| 130, 143 | interrupted by SIGINT, SIGTERM; running commands of Slurm are ended first |

A command that asks Slurm can end with any code of [errors.md](errors.md) besides. When whoever reads the output closes it (\`| head\`), it ends with 0.

## In an editor

[sluice.schema.json](sluice.schema.json) is the JSON Schema; the packages bring it as \`/usr/share/doc/sluice/docs/sluice.schema.json\`. Editors that use
yaml-language-server take it from the file's first line, as in this example:

\`\`\`yaml
${readFileSync(join(root, 'deploy/examples/sluice.yaml'), 'utf8')}\`\`\`
`;
}

function schemaPage(schema: Record<string, unknown>): string {
  return formatted('schema.json', JSON.stringify(schema));
}

/** As the formatter of `npm run check` wants it. */
function formatted(name: string, text: string): string {
  const options = { cwd: root, input: text, stdio: 'pipe' } as const;
  return runProgram(join(root, 'node_modules/.bin/biome'), ['format', `--stdin-file-path=${name}`], options);
}

const stale = Object.entries(pages).filter(([file, page]) => {
  try {
    return readFileSync(join(root, file), 'utf8') !== page();
  } catch {
    return true;
  }
});
if (process.argv.includes('--check')) {
  for (const [file] of stale) process.stdout.write(`${file} is not what the code says; write it with: npm run docs\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, page] of stale) {
    writeFileSync(join(root, file), page());
    process.stdout.write(`${file} written\n`);
  }
}
