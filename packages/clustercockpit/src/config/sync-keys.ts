import { type ConfigMeta, described, type KeyMeta, secretSchema } from '@sluice/service';
import * as z from 'zod';
import { addedKeys } from './adapter-added-keys.ts';

function stock<T extends z.ZodType>(schema: T, description: string, more: KeyMeta = {}): T {
  return described(schema, { description, origin: 'cc-slurm-sync', ...more });
}

function added<T extends z.ZodType>(schema: T, description: string, more: KeyMeta = {}): T {
  return described(schema, { description, origin: 'Sluice addition', ...more });
}

const text = z.string().min(1, { error: 'a text that is not blank' });

/** The program defaults to /usr/bin for its commands as its page says it does; its code puts that in the wrong place. */
const slurm = z.object({
  squeue: stock(
    text.default('/usr/bin/squeue'),
    'Path of squeue. Slurm’s further commands (sinfo, sacctmgr) are looked for in its directory.',
  ),
  sacct: stock(text.default('/usr/bin/sacct'), 'Path of sacct.'),
  scontrol: stock(text.optional(), 'Path of scontrol. Without it: the one beside `squeue`.', { examples: ['/opt/slurm/bin/scontrol'] }),
  state_save_location: stock(
    text.optional(),
    'Slurm’s StateSaveLocation. cc-slurm-sync reads job scripts and environments there; here Slurm is asked for them, and nothing is read there.',
    { examples: ['/var/spool/slurm/state'] },
  ),
  cluster: added(text.optional(), 'Slurm’s name of the cluster. Without it the one that this host belongs to.'),
  conf: addedKeys.slurmConf,
  timeout: addedKeys.slurmTimeout,
});

const ccBackend = z.object({
  host: stock(
    z.url({ protocol: /^https?$/, error: 'the http:// or https:// address of cc-backend' }),
    'Address of cc-backend; a slash or `/api` at its end does no harm.',
    { examples: ['https://cc.example.org'] },
  ),
  apikey: stock(secretSchema(), 'Token of a cc-backend user whose only role is `api`. Forms other than text are a Sluice addition.', {
    examples: [{ file: '/etc/cc-slurm-sync/token' }],
  }),
  ca_file: addedKeys.ccRestCaFile,
  timeout: addedKeys.ccRestTimeout,
  start_tag: addedKeys.startTag,
});

/** What may stand in cc-slurm-sync's config.json, and the additions of Sluice. Keys are read as they are written, as in Python. */
export const syncConfigSchema = z.object({
  clustername: stock(text, 'cc-backend’s name of the cluster. Slurm may know it by another.'),
  slurm: stock(slurm.prefault({}), 'How Slurm is asked.'),
  'cc-backend': stock(ccBackend, 'Where jobs are sent.'),
  accelerators: stock(
    z.record(z.string(), z.record(z.string(), text)).default({}),
    'Beginning of host names → Slurm’s index of a GPU or FPGA → its id in cc-backend. Of several that a host name begins with, the longest counts (in cc-slurm-sync the last in the file).',
    { examples: [{ n2gpu: { '0': '00000000:03:00.0', '1': '00000000:44:00.0' } }] },
  ),
  node_regex: stock(
    z.string().optional(),
    'Regular expression in Python’s syntax, looked for in a job’s node list as Slurm writes it. A job whose list it does not fit is not sent. Not supported: atomic groups, possessive repeats, conditions, the flag `x`, `\\N{…}`.',
    { examples: ['^(n2(lcn|cn|fpga|gpu)[\\d{2,4}\\,\\-\\[\\]]+)+$'] },
  ),
  include_script: addedKeys.sendScript,
  include_slurm_info: addedKeys.sendSlurmInfo,
  include_comments: addedKeys.sendComments,
  include_environment: added(
    z.boolean().default(false),
    'Whether the job’s environment goes into its metadata, as cc-slurm-sync does; what looks like a secret is masked, and what stands behind it left out, up to a line that can only be a variable. Everyone who may see the job sees it.',
  ),
  hostnames: addedKeys.hostnames,
  requeued_jobs: addedKeys.requeuedJobs,
});

export type SyncSettings = z.output<typeof syncConfigSchema>;

export const syncConfigMeta: ConfigMeta = {
  title: 'Configuration of the one-shot sync to ClusterCockpit',
  description: 'cc-slurm-sync’s config.json as that program reads it, and what Sluice adds.',
};
