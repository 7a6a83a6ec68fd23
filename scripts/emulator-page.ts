import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { emulatorConfigMeta, emulatorConfigSchema } from '@sluice/emulator';
import { referencePage } from '@sluice/service';

/** docs/emulator-configuration.md: what an emulated cluster is made of. */
export function emulatorPage(root: string): string {
  const description = `${emulatorConfigMeta.description} This page is made from \`packages/emulator/src/config\` by \`npm run docs\`.

For \`sluice emulator up --config FILE\`; YAML or JSON. Every key may be left out. Without nodes, accounts, users and QOS of its own the cluster is the one of
Sluice's test lab: \`labcluster\`, four nodes and two with GPUs, the accounts \`physics\` and \`chem\`, the users \`alice\` and \`bob\`.`;
  return `${referencePage(emulatorConfigSchema, { ...emulatorConfigMeta, description })}
## A real slurm.conf

\`slurmConf\` (or \`--slurm-conf\`) takes over name, controllers, nodes, partitions and settings of a cluster that exists; included files are read, node sets and
lines of \`DEFAULT\` understood. Left out are settings that name programs or secrets of that machine: prologs, epilogs, \`AuthAltParameters\` and their like.
Name such programs under \`hooks\`, and they run. Who uses the cluster stands in slurmdbd, not there: name accounts and users here.

## Several things at once

What stands in the file wins over the slurm.conf, and an option of the command line over both. With nodes but no partitions there is one, \`batch\`; the first
partition is the default unless one says so. Accounts stand after the account above them. An unknown key is a warning that names the nearest known one; with
\`--strict\` it is an error.

## Example

\`\`\`yaml
${readFileSync(join(root, 'deploy/examples/emulator.yaml'), 'utf8')}\`\`\`

[emulator.schema.json](emulator.schema.json) is the JSON Schema, for editors.
`;
}
