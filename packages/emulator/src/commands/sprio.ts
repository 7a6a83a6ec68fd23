import { sluid } from '../json/names.ts';
import type { EmulatedJob } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';
import { type GivenOptions, OptionError, optionErrorText, optionTable, readOptions } from './options.ts';
import { majorRelease, memo, type Scene, sceneOf } from './scene.ts';
import { cellText, parseFormat } from './text-columns.ts';

/** What a job's priority is made of, each weighted. */
interface Factors {
  readonly age: number;
  readonly assoc: number;
  readonly fairshare: number;
  readonly jobSize: number;
  readonly partition: number;
  readonly qos: number;
}

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
    job: ({ factors }) => `${Math.floor(factors[factor])}`,
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
  try {
    const given = readOptions(call.argv, table);
    if (given.has('version') || given.has('help') || given.has('usage')) {
      call.out(
        given.has('version')
          ? `slurm ${call.slurm.spec.release}\n`
          : 'Usage: sprio [-j jid[s]] [-u user_name[s]] [-o format] [-p partitions] [-hlnvVw]\n',
      );
      return 0;
    }
    const controller = await call.controller();
    write(call, given, controller, release);
    return 0;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    call.err(optionErrorText('sprio', error));
    return 1;
  }
}

function write(call: CommandCall, given: GivenOptions, controller: Slurmctld, release: number): void {
  const scene = sceneOf(call, controller);
  const weights = weightsOf(scene);
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
  const factors = factorsOf(call, controller, scene, weights);
  const rows = [...controller.jobs()]
    .filter((job) => isCounted(job, scene))
    .filter(({ array, jobId }) => jobs === undefined || jobs.includes(`${jobId}`) || jobs.includes(`${array?.jobId}`))
    .filter(({ uid, user }) => users === undefined || users.includes(user) || users.includes(`${uid}`))
    .flatMap((job) => job.partitions.map((partition): Row => ({ job, partition, factors: factors(job, partition) })))
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
  const withNames = release >= 2405;
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

function weightsOf({ setting }: Scene): Factors {
  const weight = (...names: readonly string[]) => Number(names.map((name) => setting(name)).find((value) => value !== undefined) ?? 0) || 0;
  return {
    age: weight('PriorityWeightAge'),
    assoc: weight('PriorityWeightAssoc'),
    fairshare: weight('PriorityWeightFairshare', 'PriorityWeightFairShare'),
    jobSize: weight('PriorityWeightJobSize'),
    partition: weight('PriorityWeightPartition'),
    qos: weight('PriorityWeightQOS'),
  };
}

/** The parts that follow from shares, partition and QOS; age grows to its weight in PriorityMaxAge, and the size of the job is what is left. */
function factorsOf(
  { slurm }: CommandCall,
  controller: Slurmctld,
  { now }: Scene,
  weights: Factors,
): (job: EmulatedJob, partition: string) => Factors {
  const shares = memo(() => new Map(slurm.database.shares().map((share) => [share.association.id, share.fairshare ?? 0])));
  const qos = memo(() => new Map(slurm.database.qos().map(({ name, priority }) => [name, priority])));
  const mostQos = memo(() => Math.max(1, ...qos().values()));
  const mostPartition = memo(() => Math.max(1, ...controller.partitions().map(({ priorityJobFactor }) => priorityJobFactor)));
  const maxAge = 7 * 86_400;
  return (job, partition) => {
    const factor = controller.partitions().find(({ name }) => name === partition)?.priorityJobFactor ?? 1;
    const known = {
      age: weights.age * Math.min(1, Math.max(0, now - (job.accrue ?? now)) / maxAge),
      assoc: 0,
      fairshare: weights.fairshare === 0 ? 0 : weights.fairshare * (shares().get(job.associationId) ?? 0),
      partition: weights.partition * (factor / mostPartition()),
      qos: weights.qos === 0 ? 0 : weights.qos * ((qos().get(job.qos) ?? 0) / mostQos()),
    };
    const rest = job.priority + job.nice - known.age - known.fairshare - known.partition - known.qos;
    return { ...known, jobSize: Math.max(0, Math.min(weights.jobSize, rest)) };
  };
}
