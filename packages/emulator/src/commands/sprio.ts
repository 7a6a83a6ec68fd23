import { priorityParts } from '../engine/priority.ts';
import { type EngineSettings, engineSettings } from '../engine/settings.ts';
import { sluid } from '../json/names.ts';
import type { EmulatedJob } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';
import { optionsOrEnd } from './inform.ts';
import { cpuTotal } from './node-facts.ts';
import { type GivenOptions, optionTable } from './options.ts';
import { majorRelease, memo, type Scene, sceneOf } from './scene.ts';
import { cellText, parseFormat } from './text-columns.ts';

/** What a job's priority is made of, each weighted. */
type Factors = EngineSettings['weights'];

interface Row {
  readonly job: EmulatedJob;
  readonly partition: string;
  readonly factors: Factors;
}

interface Column {
  readonly header: string;
  readonly job: (row: Row) => string;
  readonly weight: (weights: Factors) => string;
}

const none = () => '';

/** The share of the weight that a factor has. */
function normal(factor: keyof Factors, weights: Factors): (row: Row) => string {
  return ({ factors }) => (weights[factor] === 0 ? 0 : factors[factor] / weights[factor]).toFixed(7);
}

function columnsOf(weights: Factors, scene: Scene): Readonly<Record<string, Column>> {
  const weighted = (header: string, factor: keyof Factors): Column => ({
    header,
    job: ({ factors }) => factors[factor].toFixed(0),
    weight: (all) => `${all[factor]}`,
  });
  const shared = (header: string, factor: keyof Factors): Column => ({
    header,
    job: normal(factor, weights),
    weight: (all) => `${all[factor]}`,
  });
  return {
    a: shared('AGE', 'age'),
    A: weighted('AGE', 'age'),
    b: shared('ASSOC', 'assoc'),
    B: weighted('ASSOC', 'assoc'),
    c: { header: 'CLUSTER', job: () => scene.cluster, weight: none },
    f: shared('FAIRSHARE', 'fairshare'),
    F: weighted('FAIRSHARE', 'fairshare'),
    i: { header: 'JOBID', job: ({ job }) => `${job.jobId}`, weight: () => 'Weights' },
    j: shared('JOBSIZE', 'jobSize'),
    J: weighted('JOBSIZE', 'jobSize'),
    n: { header: 'QOSNAME', job: ({ job }) => job.qos, weight: none },
    N: { header: 'NICE', job: ({ job }) => `${job.nice}`, weight: none },
    o: { header: 'ACCOUNT', job: ({ job }) => job.account, weight: none },
    p: shared('PARTITION', 'partition'),
    P: weighted('PARTITION', 'partition'),
    q: shared('QOS', 'qos'),
    Q: weighted('QOS', 'qos'),
    r: { header: 'PARTITION', job: ({ partition }) => partition, weight: none },
    s: { header: 'SLUID', job: ({ job }) => sluid(job.dbIndex), weight: none },
    S: { header: 'SITE', job: () => '0', weight: () => '1' },
    t: { header: 'TRES', job: none, weight: none },
    T: { header: 'TRES', job: none, weight: none },
    u: { header: 'USER', job: ({ job }) => job.user, weight: none },
    y: { header: 'PRIORITY', job: ({ job }) => (job.priority / 0xffff_ffff).toFixed(14), weight: none },
    Y: { header: 'PRIORITY', job: ({ job }) => `${job.priority}`, weight: none },
  };
}

/** sprio(1). */
export async function sprio(call: CommandCall): Promise<number> {
  const release = majorRelease(call);
  const table = optionTable([
    'noheader,h',
    'jobs,j::',
    'long,l',
    'local',
    'cluster|clusters,M:',
    'norm,n',
    'format,o:',
    'partition,p:',
    'sort,S:',
    'users|user,u:',
    'verbose,v',
    'version,V',
    'weights,w',
    'federation',
    'help',
    'usage',
  ]);
  const usage = 'Usage: sprio [-j jid[s]] [-u user_name[s]] [-o format] [-p partitions] [-hlnvVw]\n';
  const given = optionsOrEnd(call, 'sprio', usage, table);
  if (typeof given === 'number') return given;
  const controller = await call.controller();
  write(call, given, controller, release);
  return 0;
}

function write(call: CommandCall, given: GivenOptions, controller: Slurmctld, release: number): void {
  const scene = sceneOf(call, controller);
  const { weights } = engineSettings(call.slurm.spec);
  const columns = columnsOf(weights, scene);
  const { fields, prefix } = parseFormat(formatOf(given, weights, release), (letter) => Object.hasOwn(columns, letter));
  const line = (cell: (column: Column) => string) =>
    `${prefix}${fields.map(({ layout, letter }) => (columns[letter] === undefined ? '' : cellText(cell(columns[letter]), layout)) + layout.suffix).join('')}\n`;
  const header = given.has('noheader') ? '' : line((column) => column.header);
  if (given.has('weights')) {
    call.out(header + line(({ weight }) => weight(weights)));
    return;
  }
  const wanted = (name: string) => given.value(name)?.split(',');
  const jobs = wanted('jobs') ?? (given.has('jobs') ? given.operands : undefined);
  const users = wanted('users');
  const partitions = wanted('partition');
  const factors = factorsOf(call, controller, scene);
  const rows = [...controller.jobs()]
    .filter((job) => isCounted(job, scene))
    .filter(({ array, jobId }) => jobs === undefined || jobs.includes(`${jobId}`) || jobs.includes(`${array?.jobId}`))
    .filter(({ uid, user }) => users === undefined || users.includes(user) || users.includes(`${uid}`))
    .flatMap((job) => job.partitions.map((partition): Row => ({ job, partition, factors: factors({ job, partition }) })))
    .filter(({ partition }) => partitions === undefined || partitions.includes(partition));
  call.out(header + rows.map((row) => line(({ job }) => job(row))).join(''));
}

/** Jobs that wait for resources alone. */
function isCounted({ eligible, held, priority, state, dependency }: EmulatedJob, { now }: Scene): boolean {
  return state === 'PENDING' && held === null && priority > 0 && dependency === '' && eligible !== null && eligible <= now;
}

function formatOf(given: GivenOptions, weights: Factors, release: number): string {
  const own = given.value('format');
  if (own !== undefined) return own;
  const isNormal = given.has('norm');
  const withNames = release >= 2311;
  if (given.has('long')) {
    const [account, qosName] = withNames ? [' %.8o', ' %.10n'] : ['', ''];
    return isNormal
      ? `%.15i %9r %.8u${account} %10y %10a %10b %10f %10j %10p${qosName} %10q %20t`
      : `%.15i %9r %.8u${account} %.10Y %.10S %.10A %.10B %.10F %.10J %.10P${qosName} %.10Q %.11N %.20T`;
  }
  const columns: readonly (readonly [keyof Factors, string])[] = [
    ['age', 'a'],
    ['assoc', 'b'],
    ['fairshare', 'f'],
    ['jobSize', 'j'],
    ['partition', 'p'],
    ['qos', 'q'],
  ];
  const shown = columns
    .filter(([factor]) => weights[factor] > 0)
    .map(([, letter]) => (isNormal ? ` %10${letter}` : ` %.10${letter.toUpperCase()}`));
  const user = given.has('users') ? ' %.8u' : '';
  return `%.15i %9r${user}${isNormal ? ' %10y' : ' %.10Y %.10S'}${shown.join('')}`;
}

/** The factors as the engine weighs them, of the facts that everybody may ask for. */
function factorsOf({ slurm }: CommandCall, controller: Slurmctld, { now }: Scene): (row: Omit<Row, 'factors'>) => Factors {
  const settings = engineSettings(slurm.spec);
  const { maxAge, weights } = settings;
  const shares = memo(() => new Map(slurm.database.shares().map(({ association, fairshare }) => [association.id, fairshare ?? 0])));
  const qos = memo(() => new Map(slurm.database.qos().map(({ name, priority }) => [name, priority])));
  const mostQos = memo(() => Math.max(1, ...qos().values()));
  const partitions = memo(() => new Map(controller.partitions().map(({ name, priorityJobFactor }) => [name, priorityJobFactor])));
  const mostPartition = memo(() => Math.max(1, ...partitions().values()));
  const nodes = memo(() => controller.nodes());
  const cpus = memo(() => nodes().reduce((sum, node) => sum + cpuTotal(node), 0));
  return ({ job, partition }) =>
    priorityParts(
      {
        ageShare: maxAge > 0 ? Math.min(1, Math.max(0, now - (job.accrue ?? now)) / maxAge) : 0,
        assocShare: 0,
        fairshare: weights.fairshare === 0 ? 0 : (shares().get(job.associationId) ?? 0),
        nodeShare: job.nodeCount / Math.max(1, nodes().length),
        cpuShare: (job.requestedTres['cpu'] ?? 1) / Math.max(1, cpus()),
        partitionShare: (partitions().get(partition) ?? 1) / mostPartition(),
        qosShare: weights.qos === 0 ? 0 : (qos().get(job.qos) ?? 0) / mostQos(),
        nice: job.nice,
      },
      settings,
    );
}
