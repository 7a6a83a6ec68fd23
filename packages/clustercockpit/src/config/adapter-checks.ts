import { longestInterval } from './adapter-added-keys.ts';
import type { AdapterSettings } from './adapter-keys.ts';
import type { Finding, Findings } from './findings.ts';

/** A hundred years: farther back there is nothing to ask for. */
const longestSpan = 36_525 * 86_400;

/** Numbers that the program sets right instead of refusing them: what they may be at least and at most. */
export const corrected = {
  slurmPollInterval: { least: 1, most: longestInterval },
  slurmQueryDelay: { least: 1, most: longestInterval },
  ccPollInterval: { least: 1, most: longestInterval },
  slurmQueryMaxSpan: { least: 0, most: longestSpan },
  slurmMaxRetries: { least: 0, most: 1_000_000 },
} as const;

/** The address that requests begin with: without slashes and without `/api` at its end. */
export function baseUrl(text: string): string {
  return text
    .trim()
    .replace(/\/+$/, '')
    .replace(/^([^:]+:\/\/[^/].*?)\/+api$/, '$1');
}

/** What the keys of a configuration say together. */
export function checkSettings(settings: AdapterSettings): Findings {
  return {
    errors: [...delivery(settings), ...url(settings), ...hostnames(settings)],
    warnings: [...corrections(settings), ...address(settings), ...nats(settings), ...clusters(settings), ...effects(settings)],
  };
}

/** Something must be delivered to, and with what it needs. */
function delivery({ ccRestSubmitJobs, ccRestUrl, ccRestJwt, natsServer }: AdapterSettings): readonly Finding[] {
  if (!ccRestSubmitJobs) {
    const message = 'nothing would be delivered: this is false and NATS is off; set natsServer, or leave this key out and set ccRestUrl';
    return natsServer === undefined ? [{ path: ['ccRestSubmitJobs'], message }] : [];
  }
  const without = natsServer === undefined ? '' : '; where cc-backend takes jobs from NATS alone, set ccRestSubmitJobs to false';
  const missing: Finding[] = [];
  if (ccRestUrl === undefined) {
    missing.push({
      path: ['ccRestUrl'],
      message: `missing: jobs are submitted to this address of cc-backend, as in https://cc.example.org${without}`,
    });
  }
  if (ccRestJwt === undefined) {
    const message = `missing: jobs are submitted with this token; on cc-backend's host \`cc-backend -add-user "slurm:api:" -jwt slurm\` prints one${without}`;
    missing.push({ path: ['ccRestJwt'], message });
  }
  return missing;
}

function url({ ccRestUrl }: AdapterSettings): readonly Finding[] {
  if (ccRestUrl === undefined) return [];
  const { username, password, search, hash } = new URL(ccRestUrl);
  if (username !== '' || password !== '') {
    return [{ path: ['ccRestUrl'], message: 'an address without user and password is expected; cc-backend takes the token of ccRestJwt' }];
  }
  return search + hash === '' ? [] : [{ path: ['ccRestUrl'], message: 'an address without ? and # is expected' }];
}

function hostnames({ hostnames }: AdapterSettings): readonly Finding[] {
  if (typeof hostnames === 'string' || Object.keys(hostnames).length > 0) return [];
  return [{ path: ['hostnames'], message: 'the mapping is empty; leave the key out where cc-backend calls nodes as Slurm does' }];
}

function corrections(settings: AdapterSettings): readonly Finding[] {
  return Object.entries(corrected).flatMap(([key, { least, most }]) => {
    const value = settings[key as keyof typeof corrected];
    if (value < least) return [{ path: [key], message: `less than ${least}: ${least} is used` }];
    return value > most ? [{ path: [key], message: `more than ${most}: ${most} is used` }] : [];
  });
}

function address({ ccRestUrl, ccRestSubmitJobs, ccRestJwt }: AdapterSettings): readonly Finding[] {
  if (ccRestUrl === undefined) return [];
  const path = ['ccRestUrl'];
  const findings: Finding[] = [];
  const base = baseUrl(ccRestUrl);
  if (base !== ccRestUrl) findings.push({ path, message: `the slash or /api at its end is left out: write ${base}` });
  if (!ccRestSubmitJobs && ccRestJwt === undefined) {
    findings.push({ path, message: 'without ccRestJwt cc-backend answers no question: nothing is compared, no node states are sent' });
  }
  return findings;
}

function nats(settings: AdapterSettings): readonly Finding[] {
  const findings: Finding[] = [];
  if (settings.natsUser !== undefined && settings.natsPassword === undefined) {
    findings.push({ path: ['natsUser'], message: 'there is no natsPassword: the user logs in without one' });
  }
  if (settings.natsUser === undefined && settings.natsPassword !== undefined) {
    findings.push({ path: ['natsPassword'], message: 'there is no natsUser: the password is not used' });
  }
  if (settings.natsCredsFile !== undefined && settings.natsNKeySeedFile !== undefined) {
    findings.push({ path: ['natsNKeySeedFile'], message: 'natsCredsFile is given too and is used instead: leave one of them out' });
  }
  return findings;
}

function clusters({ clusters, clusterNames }: AdapterSettings): readonly Finding[] {
  const findings: Finding[] = [];
  const slurmNames = new Map<string, string>();
  for (const [cluster, name] of Object.entries(clusterNames)) {
    const path = ['clusterNames', cluster];
    if (clusters !== 'all' && !clusters.includes(cluster)) {
      findings.push({ path, message: `${JSON.stringify(cluster)} is not among clusters: this name is not used` });
      continue;
    }
    const other = slurmNames.get(name);
    if (other !== undefined) {
      findings.push({
        path,
        message: `${JSON.stringify(other)} has the same name in cc-backend: jobs of the two can be taken for one another`,
      });
    }
    slurmNames.set(name, cluster);
  }
  return findings;
}

/** Keys that have no effect, or another one than it seems. */
function effects(settings: AdapterSettings): readonly Finding[] {
  const findings: Finding[] = [];
  if (settings.ipcSockPath !== undefined) {
    const message = 'this key was removed and has no effect: use prepSockListenPath and prepSockConnectPath';
    findings.push({ path: ['ipcSockPath'], message });
  }
  if (settings.startTag !== undefined && !settings.ccRestSubmitJobs) {
    findings.push({ path: ['startTag'], message: 'cc-backend attaches no tag to a job that comes through NATS: it has no effect' });
  }
  if (settings.journalRetention !== undefined && settings.journalRetention < settings.slurmQueryMaxSpan) {
    const message = 'shorter than slurmQueryMaxSpan: after a pause, jobs that the journal has forgotten are asked for and sent again';
    findings.push({ path: ['journalRetention'], message });
  }
  return findings;
}
