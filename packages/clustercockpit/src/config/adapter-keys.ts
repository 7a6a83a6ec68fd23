import { type ConfigMeta, described, type KeyMeta, secondsSchema, secretSchema } from '@sluice/service';
import * as z from 'zod';
import { parseHookAddress } from '../hook/address.ts';
import { natsServers } from '../nats/servers.ts';
import { addedKeys } from './adapter-added-keys.ts';
import { defaultSocket } from './defaults.ts';

function stock<T extends z.ZodType>(schema: T, description: string, more: KeyMeta = {}): T {
  return described(schema, { description, origin: 'cc-slurm-adapter', ...more });
}

const path = z.string().min(1, { error: 'a path' });
const port = z.int().min(1).max(65_535);
/** Also what the program would correct is taken: the loader corrects it, and says so. */
const wholeRange = { min: Number.MIN_SAFE_INTEGER };

/** A blank text means that there is no socket. */
const socket = z.string().superRefine((text, context) => {
  const address = text === '' ? undefined : parseHookAddress(text);
  if (typeof address === 'string') context.addIssue({ code: 'custom', message: address });
});

/** A text with a login is judged where the message does not show it, when NATS is set up. */
const servers = z.string().refine((text) => text.includes('@') || isServers(text), {
  error: 'expected a host, or several with commas between them, each as HOST, HOST:PORT, nats://HOST or tls://HOST',
});

function isServers(text: string): boolean {
  try {
    natsServers(text, 4222);
    return true;
  } catch {
    return false;
  }
}

/** The keys that cc-slurm-adapter has, with its defaults (its internal/config/config.go, April 2026). */
const stockKeys = {
  pidFilePath: stock(path.default('/run/cc-slurm-adapter/daemon.pid'), 'File that keeps a second daemon from starting.'),
  prepSockListenPath: stock(
    socket.default(defaultSocket),
    'Socket on which the daemon takes the messages of the hook: a path, `unix:PATH`, or for several slurmctld `tcp:HOST:PORT`; `tcp::PORT` is every address. Blank: none.',
    { examples: ['tcp:127.0.0.1:12345', 'tcp:[::1]:12345', 'tcp::12345'] },
  ),
  prepSockConnectPath: stock(
    socket.default(defaultSocket),
    'Socket to which the hook sends its message, in the same forms. `tcp::PORT` is this machine.',
  ),
  lastRunPath: stock(
    path.default('/var/lib/cc-slurm-adapter/lastrun'),
    'File whose time of change says up to when everything has been delivered. It is read at the first start and kept up to date, so that cc-slurm-adapter could take over again.',
  ),
  slurmPollInterval: stock(
    secondsSchema(wholeRange).default(60),
    'Time between two looks at Slurm when no event asks for one earlier. Below 1 it is 1.',
  ),
  slurmQueryDelay: stock(
    secondsSchema(wholeRange).default(1),
    'Wait between an event of the hook and the question to Slurm’s accounting. Below 1 it is 1. What slurmctld itself can tell does not wait for it.',
  ),
  slurmQueryMaxSpan: stock(
    secondsSchema(wholeRange).default(604_800),
    'How far back accounting is asked for jobs after a pause. What lies before is counted and named with the command that brings it in (`sluice cc backfill`).',
  ),
  slurmMaxRetries: stock(
    z.int().default(10),
    'How often accounting is asked again, quickly, about the job of an event. After that the regular look finds it.',
  ),
  slurmQueryMaxRetries: stock(
    z.int().optional(),
    'The name that cc-slurm-adapter’s example gives `slurmMaxRetries`. That program ignores it; here it is read.',
    { deprecatedBy: 'slurmMaxRetries' },
  ),
  ccPollInterval: stock(secondsSchema(wholeRange).default(21_600), 'Time between two full comparisons with cc-backend. Below 1 it is 1.'),
  ccRestSubmitJobs: stock(
    z.boolean().default(true),
    'Whether jobs are submitted through cc-backend’s REST API. False only where cc-backend takes them from NATS.',
  ),
  ccRestUrl: stock(
    z.url({ protocol: /^https?$/, error: 'the http:// or https:// address of cc-backend' }).optional(),
    'Address of cc-backend, without `/api`. Needed unless `ccRestSubmitJobs` is false; then it serves for comparisons and node states.',
    { examples: ['https://cc.example.org'] },
  ),
  ccRestJwt: stock(
    secretSchema().optional(),
    'Token of a cc-backend user whose only role is `api`. Needed with `ccRestSubmitJobs`. Forms other than text are a Sluice addition.',
    { examples: [{ file: '/etc/cc-slurm-adapter/token' }, { credential: 'cc-token' }] },
  ),
  gpuPciAddrs: stock(
    z.record(z.string(), z.array(z.string().min(1))).default({}),
    'Regular expression (Go’s RE2 syntax, found anywhere in a host name) → PCI addresses of the GPUs by Slurm’s index, for hosts whose GPUs cc-backend’s cluster file does not name. The first in the file that means a host counts.',
    { examples: [{ '^gpu0[0-9]$': ['00000000:00:10.0', '00000000:00:3F.0'] }] },
  ),
  ignoreHosts: stock(
    z.string().optional(),
    'Regular expression (RE2). A job all of whose hosts it means is not sent, nor is the state of such a host.',
    { examples: ['^test[0-9]+$'] },
  ),
  natsServer: stock(
    servers.optional(),
    'Host of the NATS server, or several with commas between them; `tls://` before it asks for TLS. Absent or blank: NATS is off.',
    { examples: ['nats.example.org'] },
  ),
  natsPort: stock(port.default(4222), 'Port of servers for which `natsServer` names none.'),
  natsSubject: stock(
    z
      .string()
      .regex(/^[^\s*>]+$/, { error: 'a NATS subject without blanks and wildcards' })
      .default('jobs'),
    'Subject on which starts and stops are published.',
  ),
  natsUser: stock(z.string().optional(), 'User at the NATS server.'),
  natsPassword: stock(secretSchema().optional(), 'Password of that user. Forms other than text are a Sluice addition.'),
  natsCredsFile: stock(path.optional(), 'Credentials file (JWT and seed) for the NATS server.'),
  natsNKeySeedFile: stock(path.optional(), 'File with an NKey seed for the NATS server.'),
  ipcSockPath: stock(
    z.unknown().optional(),
    'Removed from cc-slurm-adapter; it has no effect. `prepSockListenPath` and `prepSockConnectPath` took its place.',
  ),
};

/** Keys of which a blank text means that they are not there, as it does for Go. */
const blankIsAbsent = new Set([
  'ccRestUrl',
  'ccRestJwt',
  'ignoreHosts',
  'natsServer',
  'natsUser',
  'natsPassword',
  'natsCredsFile',
  'natsNKeySeedFile',
]);

/** Go leaves a key with null at its default. */
function withoutBlanks(written: unknown): unknown {
  if (written === null || typeof written !== 'object' || Array.isArray(written)) return written;
  const given = Object.entries(written).filter(([key, value]) => {
    const blank = typeof value === 'string' && value.trim() === '' && blankIsAbsent.has(key);
    return value !== null && !blank;
  });
  return withRetries(Object.fromEntries(given));
}

/** The example's `slurmQueryMaxRetries` stands for `slurmMaxRetries` where that is not given. */
function withRetries(keys: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { slurmQueryMaxRetries: retries, slurmMaxRetries = retries } = keys;
  return typeof retries === 'number' ? { ...keys, slurmMaxRetries } : keys;
}

/**
 * What may stand in cc-slurm-adapter's config.json: the keys of that program with its names, defaults and meaning, and the
 * additions of Sluice.
 */
export const adapterConfigSchema = z.preprocess(withoutBlanks, z.object({ ...stockKeys, ...addedKeys }));

/** What the schema makes of a file, before it is checked as a whole. */
export type AdapterSettings = z.output<typeof adapterConfigSchema>;

export const adapterConfigMeta: ConfigMeta = {
  title: 'Configuration of the ClusterCockpit daemon',
  description: 'cc-slurm-adapter’s config.json as that program reads it, and what Sluice adds.',
};
