import { described, type KeyMeta, secondsSchema } from '@sluice/service';
import * as z from 'zod';
import { defaultSpool } from './defaults.ts';

const day = 86_400;

/** The longest time that a timer of Node holds, in whole days. */
export const longestInterval = 24 * day;

/** How long delivered runs stay in the journal, unless more history is asked for. */
export const shortestRetention = 14 * day;

function added<T extends z.ZodType>(schema: T, description: string, more: KeyMeta = {}): T {
  return described(schema, { description, origin: 'Sluice addition', ...more });
}

const path = z.string().min(1, { error: 'a path' });
const absolute = z.string().startsWith('/', { error: 'an absolute path' });
const name = z.string().min(1, { error: 'a name' });
/** A cluster, as Slurm knows it: whatever slurm.conf says, slurmctld and slurmdbd use small letters. */
const slurmCluster = name.toLowerCase();
const atATime = z.int().min(1).max(64);

/** What Sluice adds to cc-slurm-adapter's keys. */
export const addedKeys = {
  ccRestCaFile: added(
    path.optional(),
    'PEM file with certificates of authorities that are trusted for cc-backend besides those of the system.',
  ),
  ccRestTimeout: added(secondsSchema({ min: 1, max: 3600 }).default(30), 'After this time a request to cc-backend counts as unanswered.'),
  ccRestConcurrency: added(atATime.default(4), 'How many starts are under way to cc-backend at a time.'),
  ccStopConcurrency: added(
    atATime.default(2),
    'How many stops are under way to cc-backend at a time. Each makes it archive a job, which is the slowest thing that it does.',
  ),
  ccCommitInterval: added(
    secondsSchema({ max: day }).default(120),
    'cc-backend’s `cron.commit-job-worker`. Until it has passed, a started job can be seen nowhere, and to stop it can hit another job (cc-backend 1.5.0 to 1.5.4): the stop of a job waits until twice this time after its start was accepted.',
  ),
  startTag: added(
    z
      .string()
      .regex(/^[^:\s][^:]*:[^:\s][^:]*(?::[^:\s]+)?$/, { error: 'a tag of the form type:name or type:name:scope' })
      .optional(),
    'A tag that every job gets at its start. A tagged job is visible in cc-backend at once, and its stop need not wait. The scope is `global` unless given. Not for jobs through NATS.',
    { examples: ['source:sluice'] },
  ),
  requeuedJobs: added(
    z.enum(['keep-first', 'replace']).default('keep-first'),
    'cc-backend refuses a run within 24 hours of the start of an earlier run of the same job. `keep-first` keeps the earlier one and sets the later one aside; `replace` deletes the earlier one from cc-backend, with its tags and metadata.',
  ),
  nodeStateInterval: added(
    secondsSchema({ max: longestInterval }).default(300),
    'The states of all nodes are sent at least this often; what changes is sent at once. 0: node states are not sent.',
  ),
  clusters: added(
    z.union([z.literal('all'), z.array(slurmCluster).min(1)]).default('all'),
    'The clusters to look after, by Slurm’s names. `all`: every one that slurmdbd knows.',
    { examples: [['alpha', 'beta']] },
  ),
  clusterNames: added(
    z.record(z.string().toLowerCase(), name).default({}),
    'Slurm’s name of a cluster → cc-backend’s, where they differ.',
    {
      examples: [{ alpha: 'Alpha2026' }],
    },
  ),
  hostnames: added(
    z.union([z.enum(['node', 'hostname']), z.record(z.string(), name)]).default('node'),
    'How cc-backend calls a node: `node` as Slurm does (NodeName), `hostname` by its NodeHostName, or a mapping of NodeName → host name. It must be what the metric collector on the node sends.',
  ),
  sendScript: added(z.boolean().default(true), 'Whether the job script goes into the job’s metadata.'),
  sendSlurmInfo: added(z.boolean().default(true), 'Whether Slurm’s own text about the job goes into its metadata.'),
  sendComments: added(
    z.boolean().default(true),
    'Whether the comments within Slurm’s text (of user, administrators and system, `--extra`, and the submission’s command line, which repeats them) go into the job’s metadata.',
  ),
  sendEnvironment: added(
    z.boolean().default(false),
    'Whether the job’s environment goes into its metadata; what looks like a secret is masked, and what stands behind it left out, up to a line that can only be a variable. Everyone who may see the job sees it.',
  ),
  journalPath: added(
    path.optional(),
    'File of the journal, on a local file system. Without it: `journal.db` in the directory of `lastRunPath`.',
  ),
  journalRetention: added(
    secondsSchema({ min: 3600 }).optional(),
    'How long delivered runs stay in the journal. Without it 14 days, or `slurmQueryMaxSpan` if that is longer.',
    { examples: ['30d'] },
  ),
  spoolPath: added(
    path.default(defaultSpool),
    'Directory in which the hook leaves its events. It need not exist; then there is the socket, and the regular look.',
  ),
  controllerHost: added(
    name.optional(),
    'Name of this machine in SlurmctldHost of slurm.conf, where there are two controllers. Without it: its host name.',
  ),
  operationsListen: added(
    z
      .string()
      .regex(/^(?:unix:\/.+|(?:\[[\da-fA-F:.]+\]|[\w.-]*):\d{1,5})$/, { error: 'HOST:PORT, :PORT or unix:/PATH' })
      .optional(),
    'Where metrics (`/metrics`) and health (`/healthz`, `/readyz`) are served, on loopback. Without it: nowhere.',
    { examples: ['127.0.0.1:9105', 'unix:/run/cc-slurm-adapter/operations.sock'] },
  ),
  slurmBinPath: added(absolute.optional(), 'Directory that holds Slurm’s commands. Without it they are looked for in PATH.', {
    examples: ['/opt/slurm/bin'],
  }),
  slurmConf: added(
    absolute.optional(),
    'The slurm.conf that Slurm’s commands use. Without it the environment’s `SLURM_CONF` holds, and without that Slurm’s own choice.',
    { examples: ['/etc/slurm/slurm.conf'] },
  ),
  slurmTimeout: added(
    secondsSchema({ min: 1, max: day }).optional(),
    'After this time one command of Slurm is ended. Without it the time is longer than Slurm itself waits.',
    { examples: [90, '2m'] },
  ),
  natsJetStream: added(
    z.boolean().default(false),
    'Publish through JetStream, with an identifier for each message: what the server did not confirm is sent again, and what it has twice it drops.',
  ),
  natsTls: added(z.boolean().default(false), 'Speak TLS with the NATS server even if it does not ask for it.'),
  natsCaFile: added(
    path.optional(),
    'PEM file with certificates of authorities that are trusted for the NATS server besides the system’s.',
  ),
};
