import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adapterConfigMeta, adapterConfigSchema, syncConfigMeta, syncConfigSchema } from '@sluice/clustercockpit';
import { type ConfigMeta, referencePage } from '@sluice/service';

type Schema = Parameters<typeof referencePage>[0];

/** docs/clustercockpit-configuration.md: both configurations of the door to ClusterCockpit. */
export function clustercockpitPage(root: string): string {
  const example = (name: string) => `\`\`\`json\n${readFileSync(join(root, 'deploy/examples', name), 'utf8')}\`\`\``;
  return `# Configuration of the door to ClusterCockpit

The files of cc-slurm-adapter and of cc-slurm-sync work as they are: the same keys, with the defaults and the meaning that those programs have. Where a
program and its documents differ, the program is followed. This page is made from \`packages/clustercockpit/src/config\` by \`npm run docs\`.

${chapter(adapterConfigSchema, adapterConfigMeta, 'For `sluice cc daemon --config FILE`, and for the executable `cc-slurm-adapter`. JSON or YAML; keys in any case.')}
### Which file

The one that \`--config\` (\`-config\` of \`cc-slurm-adapter\`) names, which must exist; else \`/etc/cc-slurm-adapter/config.json\`. If that does not exist,
every key has its default, and a line in the log says so. The hook reads \`prepSockConnectPath\` and \`spoolPath\` alone, whatever else is wrong in the file;
when it may not read the default file, because the token stands in it, the defaults of these two hold.

### What must be there

Jobs go to cc-backend through its REST API (\`ccRestUrl\` and \`ccRestJwt\`), through NATS (\`natsServer\`), or both: then NATS tells others what cc-backend
has accepted. \`ccRestSubmitJobs: false\` is for a cc-backend that takes jobs from NATS and has no other way. To have neither is an error.

### What is corrected, with a warning

| written | in force |
|---|---|
| \`slurmPollInterval\`, \`slurmQueryDelay\`, \`ccPollInterval\` below 1 | 1 |
| the same above 24 days | 24 days |
| \`slurmQueryMaxSpan\`, \`slurmMaxRetries\` below 0 | 0 |
| a slash or \`/api\` at the end of \`ccRestUrl\` | without |
| \`slurmQueryMaxRetries\`, from cc-slurm-adapter’s example | \`slurmMaxRetries\`, unless that is given too |
| \`natsCredsFile\` and \`natsNKeySeedFile\` | \`natsCredsFile\` |
| \`ipcSockPath\` | nothing |
| a key that is not known | nothing; the nearest known key is named. With \`--strict\` it is an error |
| the same key in different case | the last |

A key with \`null\` is at its default. A blank text turns off what the key names: \`ignoreHosts\`, \`natsServer\` and all that is about logging in. Times are
seconds, or texts such as \`90s\`, \`5m\`, \`6h\`, \`14d\`.

### Regular expressions

\`gpuPciAddrs\` and \`ignoreHosts\` are read as Go reads them (RE2 syntax: no looking around, no references to groups). An expression is looked for anywhere in
the name of a host: \`node1\` means \`node10\` too, \`^node1$\` does not. Of several expressions of \`gpuPciAddrs\` the first in the file that means a host counts;
cc-slurm-adapter takes any of them. Keys of digits alone come first, whatever their place. Two groups of one name are refused.

### Secrets

\`ccRestJwt\` and \`natsPassword\` are the secret itself, \`{"file": "/path"}\`, or \`{"credential": "NAME"}\` for a credential of systemd (\`LoadCredential=\`).
They are never shown. A file with a secret that everybody may read is warned about.

### Requeued jobs

cc-backend refuses the start of a job whose id it has with a start less than 24 hours earlier, so of the runs of a requeued job one can stand there.
\`keep-first\` does not show the later run; \`sluice cc status\` counts it as not sent. \`replace\` deletes the earlier run from cc-backend, with its tags and its metadata.

### Example

${example('cc-slurm-adapter.json')}

${chapter(syncConfigSchema, syncConfigMeta, 'For `sluice cc sync`, and for the executable `slurm-clusercockpit-sync.py`. JSON or YAML; keys as they are written here.')}
### What differs from the script

- The file is \`./config.json\` unless \`--config\` names another; it must exist.
- \`slurm.squeue\` and \`slurm.sacct\` have the defaults that the script’s page promises; \`scontrol\`, which that page does not name, is looked for beside
  \`squeue\`, as Slurm’s further commands (sinfo, sacctmgr) are. The three may lie in several directories and have other names.
- \`slurm.state_save_location\` is accepted and not used: Slurm is asked for scripts and environments.
- The environment of jobs is not sent unless \`include_environment\` is true.
- Of several beginnings of a host name under \`accelerators\` the longest counts, in the script the last in the file.
- A job whose node list \`node_regex\` does not fit is not sent; the script sends it without nodes, and cc-backend refuses it.
- \`node_regex\` is read as Python 3.11 reads it. Atomic groups, possessive repeats, conditions, the flag \`x\` and \`\\N{…}\` are errors that say what to write
  instead. A reference to a group that took no part in the match is empty; in Python it fails. Looking behind may be of any length.

### Example

${example('cc-slurm-sync.json')}

## In an editor

[cc-slurm-adapter.schema.json](cc-slurm-adapter.schema.json) and [cc-slurm-sync.schema.json](cc-slurm-sync.schema.json) are the JSON Schemas.
`;
}

/** A reference as one chapter of a page. */
function chapter(schema: Schema, meta: ConfigMeta, about: string): string {
  return `#${referencePage(schema, { ...meta, description: `${meta.description} ${about}` })}`;
}
