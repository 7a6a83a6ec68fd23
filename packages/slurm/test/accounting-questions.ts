import { type Clock, type Processes, SluiceError } from '@sluice/io';
import { commandsConnector } from '../src/commands/connector.ts';
import type { Piece, Plan, Reject } from '../src/facets.ts';
import type { AccountedJob, Epoch } from '../src/records.ts';
import type { Roles } from './controller-scenario.ts';

/** What a recording was asked about, beside the recording itself. */
export interface AccountingScenario {
  readonly from: Epoch;
  readonly to: Epoch;
  readonly roles: Roles;
}

export const unknownJob = 4_000_000;

/** The connector with nonces that repeat: those of `purpose`, counted. */
function connectorOn(processes: Processes, clock: Clock, purpose: string) {
  let count = 0;
  const nonce = () => `${purpose}${String(++count).padStart(10, '0')}`;
  return commandsConnector({ processes, clock, nonce, user: 'root' });
}

/** Every question of the accounting facet but `environment`, whose answer would be that of the recording machine. */
export async function askAccounting(processes: Processes, clock: Clock, { from, to, roles }: AccountingScenario) {
  const on = (purpose: string) => connectorOn(processes, clock, purpose).accounting;
  return {
    offers: await on('o').offers(),
    privileges: await on('p').privileges(),
    ended: await collect(on('e').endedJobs({ from, to })),
    bobs: await collect(on('b').endedJobs({ from, to, users: ['bob'], accounts: ['chem'], partitions: ['cpu', 'gpu'] })),
    byId: await collect(on('i').jobsById([...Object.values(roles), unknownJob])),
    usage: await on('u').usage({ from: from - 86_400, to }),
    shares: await on('s').shares(),
    clusters: await on('c').clusters(),
    accounts: await on('a').accounts(),
    users: await on('n').users(),
    associations: await on('t').associations(),
    ofAlice: await on('l').associations({ users: ['alice'], accounts: ['physics'] }),
    qos: await on('q').qos(),
    tres: await on('r').tres(),
    script: await on('h').batchScript(roles['completed'] ?? 0),
    noScript: await on('k').batchScript(unknownJob),
    runaway: await on('w').runawayJobs(),
    ping: await on('g').ping(),
  };
}

export interface Collected {
  readonly jobs: readonly AccountedJob[];
  readonly rejects: readonly Reject[];
  readonly slices: readonly Extract<Piece<AccountedJob>, { kind: 'slice' }>[];
}

export async function collect(pieces: AsyncIterable<Piece<AccountedJob>>): Promise<Collected> {
  const jobs: AccountedJob[] = [];
  const rejects: Reject[] = [];
  const slices: Extract<Piece<AccountedJob>, { kind: 'slice' }>[] = [];
  for await (const piece of pieces) {
    if (piece.kind === 'records') jobs.push(...piece.records);
    if (piece.kind === 'rejects') rejects.push(...piece.rejects);
    if (piece.kind === 'slice') slices.push(piece);
  }
  return { jobs, rejects, slices };
}

/** Every write of the admin facet in one order, on objects of its own: each ends as an outcome or the code of its error. */
export async function askAdmin(processes: Processes, clock: Clock): Promise<Readonly<Record<string, string>>> {
  const { accounting, accountingAdmin: admin } = connectorOn(processes, clock, 'x');
  const outcomes: Record<string, string> = {};
  async function run(name: string, plan: Plan<unknown>): Promise<void> {
    outcomes[name] = await plan.run().then(String, (error: unknown) => (error instanceof SluiceError ? error.code : 'untyped'));
  }
  const bio = { name: 'bio', description: 'a, b = c; $x | y "z"', organization: 'lab' };
  await run('addAccount', admin.addAccount(bio, { parent: 'root' }));
  await run('addAccount again', admin.addAccount(bio));
  await run('addAccount below nothing', admin.addAccount({ ...bio, name: 'bio2' }, { parent: 'nope' }));
  const described = (await accounting.accounts()).records.find(({ name }) => name === 'bio');
  outcomes['description'] = described?.description ?? 'none';
  await run('modifyAccount', admin.modifyAccount('bio', { description: 'new', organization: 'other', parent: 'physics' }));
  await run('modifyAccount unknown', admin.modifyAccount('nope', { description: 'new' }));
  await run('addUser', admin.addUser('bob', { account: 'bio' }));
  await run('addUser again', admin.addUser('bob', { account: 'bio' }));
  await run('addUser to nothing', admin.addUser('bob', { account: 'nope' }));
  await run('setDefaultAccount', admin.setDefaultAccount('bob', 'chem'));
  await run('setDefaultAccount to a foreign one', admin.setDefaultAccount('bob', 'physics'));
  await run(
    'setLimits',
    admin.setLimits(
      { account: 'bio' },
      {
        ...{ fairshare: 7, grpTres: { cpu: 10, mem: 5000, 'gres/gpu': 2 }, grpTresMins: { cpu: 600 }, grpTresRunMins: { cpu: 5 } },
        ...{ maxTresPerJob: { node: 1 }, maxTresMinsPerJob: { cpu: 7 }, grpJobs: 5, grpSubmitJobs: 6, maxJobs: 3, maxSubmitJobs: 4 },
        ...{ maxWallPerJob: 90, grpWall: 1000, qos: ['high', 'normal'], defaultQos: 'normal' },
      },
    ),
  );
  const limited = (await accounting.associations({ accounts: ['bio'] })).records.find(({ user }) => user === '');
  outcomes['limits'] = JSON.stringify({ ...limited, id: 0 });
  await run(
    'clearLimits',
    admin.setLimits(
      { account: 'bio' },
      {
        ...{ grpTres: { cpu: null, mem: null, 'gres/gpu': null }, grpTresMins: { cpu: null }, grpTresRunMins: { cpu: null } },
        ...{ maxTresPerJob: { node: null }, maxTresMinsPerJob: { cpu: null }, grpJobs: null, grpSubmitJobs: null, maxJobs: null },
        ...{ maxSubmitJobs: null, maxWallPerJob: null, grpWall: null, qos: [], defaultQos: null },
      },
    ),
  );
  const cleared = (await accounting.associations({ accounts: ['bio'] })).records.find(({ user }) => user === '');
  outcomes['no limits'] = JSON.stringify({ ...cleared, id: 0 });
  await run('setLimits of a user', admin.setLimits({ account: 'bio', user: 'bob' }, { fairshare: 'parent', maxJobs: 2 }));
  await run('setLimits of nobody', admin.setLimits({ account: 'bio', user: 'nobody' }, { maxJobs: 2 }));
  await run('setLimits of no resource', admin.setLimits({ account: 'bio' }, { grpTres: { 'gres/none': 2 } }));
  await run('setLimits with no QOS', admin.setLimits({ account: 'bio' }, { qos: ['nope'] }));
  await run('resetRawUsage', admin.resetRawUsage({ account: 'bio' }));
  await run('resetRawUsage of a user', admin.resetRawUsage({ account: 'bio', user: 'bob' }));
  await run(
    'addQos',
    admin.addQos('gold', {
      ...{ description: 'the best', priority: 5, flags: ['DenyOnLimit', 'NoDecay'], usageFactor: 1.5, grpTres: { cpu: 9 } },
      ...{ grpTresMins: { cpu: 99 }, maxTresPerJob: { cpu: 3 }, maxTresPerUser: { cpu: 4 }, maxTresPerAccount: { cpu: 5 } },
      ...{ maxJobsPerUser: 3, maxSubmitJobsPerUser: 8, maxWallPerJob: 60 },
    }),
  );
  outcomes['qos'] = JSON.stringify((await accounting.qos()).records.find(({ name }) => name === 'gold'));
  await run('addQos again', admin.addQos('gold'));
  await run('modifyQos', admin.modifyQos('gold', { flags: [], maxWallPerJob: null, maxTresPerUser: { cpu: null }, maxJobsPerUser: null }));
  outcomes['modified qos'] = JSON.stringify((await accounting.qos()).records.find(({ name }) => name === 'gold'));
  await run('modifyQos unknown', admin.modifyQos('nope', { priority: 2 }));
  await run('removeUser', admin.removeUser('bob', { account: 'bio' }));
  await run('removeUser again', admin.removeUser('bob', { account: 'bio' }));
  await run('removeQos', admin.removeQos('gold'));
  await run('removeQos again', admin.removeQos('gold'));
  await run('removeAccount', admin.removeAccount('bio'));
  await run('removeAccount again', admin.removeAccount('bio'));
  return outcomes;
}
