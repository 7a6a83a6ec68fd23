import { type Clock, type HttpClient, httpClient, readSecret } from '@sluice/io';
import { type CcBackendClient, ccBackendClient } from '../cc/cc-backend-client.ts';
import type { ServerProfile } from '../cc/server-profile.ts';
import { tokenFacts, tokenHint, tokenSoonSeconds } from '../cc/token-facts.ts';
import type { AdapterConfig } from '../config/adapter-config.ts';
import type { CcCluster } from '../decide/cc-cluster.ts';
import { counted, span } from '../status/words.ts';
import type { Saying } from './finding.ts';

export interface CcCheckOptions {
  readonly config: AdapterConfig;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const clockMs = 5000;

/** Asks cc-backend what it is and what it takes; gives the clusters that it serves, or null. */
export async function checkCcBackend(options: CcCheckOptions, say: Saying): Promise<readonly CcCluster[] | null> {
  const { config, clock, env } = options;
  if (config.ccRestUrl === null) {
    say.ok('ccRestUrl', 'not set: jobs go to NATS alone, nothing is compared, GPUs go by gpuPciAddrs');
    return null;
  }
  const token = tokenOf(options, say);
  let http: HttpClient;
  try {
    const authority = config.ccRestCaFile === null ? {} : { caFile: config.ccRestCaFile };
    http = httpClient({ baseUrl: config.ccRestUrl, timeoutMs: config.ccRestTimeout * 1000, ...authority, env });
  } catch (error) {
    say.failed('ccRestUrl', error);
    return null;
  }
  try {
    if (!(await checkReach(http, config.ccRestUrl, clock, say)) || token === undefined) return null;
    const client = ccBackendClient(http, () => token, { now: () => clock.now() });
    return (await checkProfile(client, config, say)) ? await clustersOf(client, say) : null;
  } finally {
    await http.close();
  }
}

/** The token, unless there is none or it cannot be good. */
function tokenOf({ config, env, clock }: CcCheckOptions, say: Saying): string | undefined {
  if (config.ccRestJwt === null) return undefined;
  let token: string;
  try {
    const { secret, findings } = readSecret('ccRestJwt', config.ccRestJwt, env);
    for (const finding of findings) say.warn('ccRestJwt', finding);
    token = secret.reveal();
  } catch (error) {
    say.failed('ccRestJwt', error);
    return undefined;
  }
  const now = clock.now() / 1000;
  const facts = tokenFacts(token);
  const renew = tokenHint(token, now);
  if (!facts) return refuse(say, 'what is configured is no JWT', renew);
  const { roles, expires, subject } = facts;
  const whose = `the token of ${subject ?? 'nobody'}`;
  if (expires !== null && expires <= now) return refuse(say, `${whose} has expired`, renew);
  const good = (roles.length === 1 && roles[0] === 'api') || (roles.includes('api') && roles.includes('admin'));
  if (!good) return refuse(say, `${whose} has ${roles.length === 0 ? 'no role' : `the roles ${roles.join(', ')}`}`, renew);
  const left = expires === null ? 'it does not expire' : `it expires in ${span((expires - now) * 1000)}`;
  if (expires !== null && expires - now < tokenSoonSeconds) {
    say.warn(
      'ccRestJwt',
      `${whose}: ${left}`,
      `make a new one on cc-backend's host: cc-backend -jwt ${subject ?? 'NAME'}; then systemctl reload the daemon`,
    );
  } else if (roles.length > 1) {
    say.warn('ccRestJwt', `${whose} may do more than it must (${roles.join(', ')}); ${left}`, 'the role api alone is enough');
  } else say.ok('ccRestJwt', `${whose}, role api; ${left}`);
  return token;
}

function refuse(say: Saying, says: string, mend: string): undefined {
  say.error('ccRestJwt', says, mend, denied);
  return undefined;
}

/** Whether anything answers, through TLS, and by which clock. */
async function checkReach(http: HttpClient, url: string, clock: Clock, say: Saying): Promise<boolean> {
  const before = clock.now();
  try {
    const { headers } = await http.request({ method: 'GET', path: '/login', name: 'check' });
    const after = clock.now();
    const how = url.startsWith('https:') ? 'its certificate is trusted' : 'without TLS: the token can be read on the way';
    if (url.startsWith('https:') || isLocal(url)) say.ok('ccRestUrl', `${url} answers in ${Math.round(after - before)} ms; ${how}`);
    else
      say.warn('ccRestUrl', `${url} answers, ${how}`, 'give cc-backend a certificate (https-cert-file), or put a proxy with TLS before it');
    checkClock(headers['date'], before, after, say);
    return true;
  } catch (error) {
    say.failed('ccRestUrl', error);
    return false;
  }
}

function isLocal(url: string): boolean {
  return /^(?:localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
}

/** The header has whole seconds, and the answer took a while: what may follow from that is no difference. */
function checkClock(date: string | undefined, before: number, after: number, say: Saying): void {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return;
  const ahead = theirs > after ? theirs - after : theirs + 1000 < before ? theirs + 1000 - before : 0;
  if (Math.abs(ahead) <= clockMs) {
    say.ok('clock', `within ${span(clockMs)} of cc-backend’s`);
    return;
  }
  const how = ahead > 0 ? 'behind' : 'ahead of';
  say.warn(
    'clock',
    `this host is ${span(Math.abs(ahead))} ${how} cc-backend: durations of running jobs are off by as much`,
    'synchronise both (timedatectl set-ntp true)',
  );
}

/** Whether the server takes jobs in the way that is configured. */
async function checkProfile(client: CcBackendClient, config: AdapterConfig, say: Saying): Promise<boolean> {
  let profile: ServerProfile;
  try {
    profile = await client.profile();
  } catch (error) {
    say.failed('cc-backend', error);
    return false;
  }
  const release = `cc-backend ${profile.text ?? profile.version}`;
  if (profile.starts === 'nats' && config.ccRestSubmitJobs) {
    say.error(
      'cc-backend',
      `${release} takes starts and stops from NATS alone (main.api-subjects)`,
      'set ccRestSubmitJobs to false and natsServer; or remove main.api-subjects there',
    );
  } else if (profile.starts === 'rest' && !config.ccRestSubmitJobs) {
    say.warn(
      'cc-backend',
      `${release} takes starts and stops by REST, and ccRestSubmitJobs is false: it does not listen to NATS`,
      'set ccRestSubmitJobs to true; or main.api-subjects there',
    );
  } else say.ok('cc-backend', `${release}, behaves as ${profile.version}; takes jobs by ${profile.starts === 'nats' ? 'NATS' : 'REST'}`);
  if (!profile.nodeStates && config.nodeStateInterval > 0) say.ok('node states', `${release} takes none: none are sent`);
  checkCommit(profile, config, say);
  return true;
}

function checkCommit({ jobCache }: ServerProfile, config: AdapterConfig, say: Saying): void {
  const seconds = config.ccCommitInterval;
  const waits = `a stop waits ${2 * seconds} s after its start`;
  if (!jobCache || config.startTag !== null || !config.ccRestSubmitJobs) return;
  say.ok(
    'ccCommitInterval',
    `${seconds} s, so ${waits}; it must not be shorter than cron.commit-job-worker there (2m unless set), which cannot be asked`,
  );
}

async function clustersOf(client: CcBackendClient, say: Saying): Promise<readonly CcCluster[] | null> {
  try {
    const clusters = await client.clusters();
    say.ok(
      'clusters',
      clusters.length === 0
        ? 'it has none'
        : `it has ${counted(clusters.length, 'cluster')}: ${clusters.map(({ name }) => name).join(', ')}`,
    );
    return clusters;
  } catch (error) {
    say.failed('clusters', error);
    return null;
  }
}

const denied = 77;
