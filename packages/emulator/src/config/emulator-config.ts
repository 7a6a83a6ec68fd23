import { type ConfigMeta, described } from '@sluice/service';
import * as z from 'zod';

const name = z.string().regex(/^[\w.-]+$/, { error: 'a name without blanks' });
const hosts = z.string().min(1);
const amount = z.number().nonnegative();
const count = z.int().nonnegative();
const amounts = z.record(z.string(), amount);

const tresHelp = 'By resource, e.g. `cpu`, `mem` (MiB), `node`, `gres/gpu`, `billing`.';

/** Limits that an association and a QOS have in common, by sacctmgr(1)'s names. */
const groupLimits = {
  grpTres: described(amounts.optional(), { description: `GrpTRES. ${tresHelp}`, examples: [{ cpu: 64, 'gres/gpu': 4 }] }),
  grpTresMins: described(amounts.optional(), { description: 'GrpTRESMins.', unit: 'minutes' }),
  grpTresRunMins: described(amounts.optional(), { description: 'GrpTRESRunMins.', unit: 'minutes' }),
  maxTresPerJob: described(amounts.optional(), { description: 'MaxTRESPerJob.' }),
  maxTresPerNode: described(amounts.optional(), { description: 'MaxTRESPerNode.' }),
  maxTresMinsPerJob: described(amounts.optional(), { description: 'MaxTRESMinsPerJob.', unit: 'minutes' }),
  grpJobs: described(count.optional(), { description: 'GrpJobs.' }),
  grpSubmitJobs: described(count.optional(), { description: 'GrpSubmitJobs.' }),
  grpWall: described(count.optional(), { description: 'GrpWall.', unit: 'minutes' }),
  maxWallPerJob: described(count.optional(), { description: 'MaxWallDurationPerJob.', unit: 'minutes' }),
};

const associationLimits = z.object({
  ...groupLimits,
  maxJobs: described(count.optional(), { description: 'MaxJobs.' }),
  maxSubmitJobs: described(count.optional(), { description: 'MaxSubmitJobs.' }),
  fairshare: described(z.union([count, z.literal('parent')]).optional(), { description: 'Shares of the association.' }),
  qos: described(z.array(z.string().regex(/^[+-]?[\w.-]+$/, { error: 'the name of a QOS' })).optional(), {
    description: 'QOS that may be used; `+name` and `-name` change what is inherited.',
  }),
  defaultQos: described(name.optional(), { description: 'The QOS of a job that asks for none.' }),
});

const node = z.object({
  names: described(hosts, { description: 'Names as a host list.', examples: ['node[01-04]'] }),
  sockets: described(z.int().positive().default(1), { description: 'Sockets of each.' }),
  coresPerSocket: described(z.int().positive().default(1), { description: 'Cores of each socket.' }),
  threadsPerCore: described(z.int().positive().default(1), { description: 'Threads of each core; each counts as a CPU.' }),
  memory: described(z.int().positive().default(1024), { description: 'RealMemory.', unit: 'MiB' }),
  gres: described(z.string().default(''), { description: 'Devices of each, as in slurm.conf.', examples: ['gpu:a100:4'] }),
  features: described(z.array(name).default([]), { description: 'Features that `--constraint` asks for.' }),
  weight: described(z.int().positive().default(1), { description: 'Nodes of the lowest weight are taken first.' }),
});

const partition = z.object({
  name: described(name, { description: 'Name of the partition.' }),
  nodes: described(hosts.default('ALL'), { description: 'Its nodes as a host list, or `ALL`.' }),
  default: described(z.boolean().default(false), { description: 'Where a job goes that names none; the first one when none is.' }),
  state: described(z.enum(['UP', 'DOWN', 'DRAIN', 'INACTIVE']).default('UP'), { description: 'State of the partition.' }),
  maxTime: described(z.string().optional(), { description: 'MaxTime.', examples: ['1-00:00:00'] }),
  defaultTime: described(z.string().optional(), { description: 'DefaultTime.' }),
  maxNodes: described(z.int().positive().optional(), { description: 'MaxNodes.' }),
  minNodes: described(count.default(0), { description: 'MinNodes.' }),
  allowAccounts: described(z.array(name).optional(), { description: 'AllowAccounts; everybody without it.' }),
  allowQos: described(z.array(name).optional(), { description: 'AllowQos; every one without it.' }),
  qos: described(name.optional(), { description: 'QOS of the partition.' }),
  oversubscribe: described(z.string().default('NO'), { description: 'OverSubscribe.', examples: ['YES:4', 'EXCLUSIVE'] }),
  priorityJobFactor: described(count.default(1), { description: 'PriorityJobFactor.' }),
  priorityTier: described(count.default(1), { description: 'PriorityTier.' }),
  defMemPerCpu: described(z.int().positive().optional(), { description: 'DefMemPerCPU.', unit: 'MiB' }),
  billingWeights: described(z.string().optional(), { description: 'TRESBillingWeights.', examples: ['CPU=1.0,Mem=0.25G,GRES/gpu=2.0'] }),
});

const account = z.object({
  name: described(name, { description: 'Name of the account.' }),
  description: described(z.string().optional(), { description: 'Its description; its name without one.' }),
  organization: described(z.string().optional(), { description: 'Its organization; its name without one.' }),
  parent: described(name.default('root'), { description: 'The account above it, which stands before it in the list.' }),
  fairshare: described(count.default(1), { description: 'Its shares.' }),
  limits: described(associationLimits.optional(), { description: 'Limits of its association.' }),
});

const user = z.object({
  name: described(name, { description: 'Name of the user.' }),
  uid: described(z.int().nonnegative().optional(), { description: 'Number of the user; 2001 and up, in their order, without one.' }),
  group: described(name.optional(), { description: 'Primary group; named as the user without one.' }),
  gid: described(z.int().nonnegative().optional(), { description: 'Its number; the user’s without one.' }),
  home: described(z.string().optional(), { description: 'Home directory; `/home/NAME` without one.' }),
  admin: described(z.enum(['None', 'Operator', 'Administrator']).default('None'), { description: 'AdminLevel in slurmdbd.' }),
  accounts: described(z.array(name).min(1), { description: 'Accounts; the first is the default.' }),
  limits: described(associationLimits.optional(), { description: 'Limits of each of the user’s associations.' }),
});

const qos = z.object({
  name: described(name, { description: 'Name of the QOS.' }),
  priority: described(count.default(0), { description: 'Its priority.' }),
  description: described(z.string().optional(), { description: 'Its description.' }),
  flags: described(z.array(name).optional(), { description: 'Flags, e.g. `DenyOnLimit`, `NoDecay`.' }),
  preempt: described(z.array(name).optional(), { description: 'QOS whose jobs it may preempt.' }),
  usageFactor: described(amount.optional(), { description: 'UsageFactor.' }),
  graceTime: described(count.optional(), { description: 'GraceTime.', unit: 'seconds' }),
  ...groupLimits,
  maxTresPerUser: described(amounts.optional(), { description: 'MaxTRESPerUser.' }),
  maxTresPerAccount: described(amounts.optional(), { description: 'MaxTRESPerAccount.' }),
  minTresPerJob: described(amounts.optional(), { description: 'MinTRESPerJob.' }),
  maxJobsPerUser: described(count.optional(), { description: 'MaxJobsPerUser.' }),
  maxSubmitJobsPerUser: described(count.optional(), { description: 'MaxSubmitJobsPerUser.' }),
  maxJobsPerAccount: described(count.optional(), { description: 'MaxJobsPerAccount.' }),
  maxSubmitJobsPerAccount: described(count.optional(), { description: 'MaxSubmitJobsPerAccount.' }),
});

const path = z.string().startsWith('/', { error: 'an absolute path' });

/** The configuration of an emulated cluster, as data. Every key may be left out. */
export const emulatorConfigSchema = z.object({
  cluster: described(name.optional(), { description: 'Name of the cluster.', examples: ['labcluster'] }),
  release: described(
    z
      .string()
      .regex(/^\d\d\.\d\d(\.\d+)?$/, { error: 'a release of Slurm such as 24.11' })
      .optional(),
    { description: 'The release of Slurm to answer as. Option: `--release`.', examples: ['24.11', '25.05.8'] },
  ),
  slurmConf: described(path.optional(), {
    description: 'A slurm.conf from which nodes, partitions and settings are taken; what stands here wins. Option: `--slurm-conf`.',
    examples: ['/etc/slurm/slurm.conf'],
  }),
  controllers: described(z.array(name).min(1).max(2).optional(), {
    description: 'Host names of the controllers; with two, the second answers while the first is down.',
    examples: [['ctl1', 'ctl2']],
  }),
  nodes: described(z.array(node).min(1).optional(), { description: 'The nodes.' }),
  partitions: described(z.array(partition).min(1).optional(), {
    description: 'The partitions; one named `batch` with all nodes without them.',
  }),
  tres: described(z.array(z.string()).optional(), { description: 'AccountingStorageTRES.', examples: [['gres/gpu', 'gres/gpu:a100']] }),
  accounts: described(z.array(account).optional(), { description: 'The accounts.' }),
  users: described(z.array(user).optional(), { description: 'The users; root is there in any case.' }),
  qos: described(z.array(qos).optional(), { description: 'The QOS; `normal` is there in any case.' }),
  settings: described(z.record(z.string(), z.union([z.string(), z.number()])).optional(), {
    description: 'Settings by their names in slurm.conf.',
    examples: [{ MinJobAge: 60, PriorityWeightFairshare: 10000 }],
  }),
  hooks: described(
    z
      .object({
        prologSlurmctld: described(path.optional(), { description: 'PrologSlurmctld: runs before a job, as the user of the emulator.' }),
        epilogSlurmctld: described(path.optional(), { description: 'EpilogSlurmctld: runs after a job.' }),
      })
      .optional(),
    { description: 'Programs that slurmctld runs. Those of a `slurmConf` are left out: they were not made for this machine.' },
  ),
  jobs: described(
    z
      .object({
        play: described(z.enum(['simulated', 'script']).default('simulated'), {
          description:
            '`simulated`: a job lasts as long as its script says (`sleep`, `exit`); `script`: it runs as a process of this machine. Option: `--play`.',
        }),
        seconds: described(count.default(60), {
          description: 'How long a simulated job lasts whose script does not say.',
          unit: 'seconds',
        }),
        epilogSeconds: described(count.default(0), { description: 'How long a job is COMPLETING.', unit: 'seconds' }),
      })
      .optional(),
    { description: 'How jobs go.' },
  ),
  rate: described(z.number().min(0).max(1_000_000).optional(), {
    description: 'How fast the time of the cluster goes: 1 as the machine’s, 0 not at all. Option: `--rate`.',
  }),
});

export type EmulatorConfig = z.output<typeof emulatorConfigSchema>;

export const emulatorConfigMeta: ConfigMeta = {
  title: 'Configuration of the emulator',
  description: 'What an emulated cluster is made of.',
};
