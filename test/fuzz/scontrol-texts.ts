import type { NodeAllocation } from '@sluice/slurm';
import type { QueuedTruth } from './queue-job.ts';
import type { Random } from './random.ts';

/** How the text of a job differs from release to release, as recorded. */
export interface JobLayout {
  readonly release: string;
  /** Stands between JOB_GRES and the lines of nodes. */
  readonly gap: string;
  readonly ends: string;
  readonly sluid: boolean;
  readonly submitLine: boolean;
  /** Whether slurmctld tracks keys that users choose (TrackWCKey). */
  readonly wckeys: boolean;
  /** Whether it is written in lines, for people; otherwise in one (`-o`). */
  readonly lines: boolean;
}

export function jobLayout(random: Random, lines: boolean): JobLayout {
  const wckeys = random.oneIn(2);
  return random.pick([
    { release: 'slurm-wlm 22.05.8', gap: '   ', ends: ' Power= ', sluid: false, submitLine: false, wckeys, lines },
    { release: 'slurm 24.11.1', gap: '   ', ends: ' ', sluid: false, submitLine: false, wckeys, lines },
    { release: 'slurm 26.05.3', gap: ' ', ends: '', sluid: true, submitLine: true, wckeys, lines },
  ]);
}

/** Nodes of a job in lines as Slurm groups them, and what they mean. */
export interface Held {
  readonly list: string;
  readonly cpus: number;
  readonly lines: readonly string[];
  readonly nodes: readonly NodeAllocation[];
}

const nodeGroups = [
  [['node01', ['node01']]],
  [['node[01-02]', ['node01', 'node02']]],
  [['gpu01', ['gpu01']]],
  [['gpu[01-02]', ['gpu01', 'gpu02']]],
  [
    ['gpu01', ['gpu01']],
    ['node[01-02]', ['node01', 'node02']],
  ],
  [
    ['node01', ['node01']],
    ['node02', ['node02']],
  ],
] as const;

const cpuSets = [
  ['0-1', [0, 1]],
  ['8-9', [8, 9]],
  ['0-1,8-9', [0, 1, 8, 9]],
  ['3', [3]],
  ['0-15', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]],
] as const;

const gresSets = [
  ['', []],
  ['gpu:a100:1(IDX:0)', [{ name: 'gpu', type: 'a100', count: 1, indices: [0] }]],
  ['gpu:a100:2(IDX:1-2)', [{ name: 'gpu', type: 'a100', count: 2, indices: [1, 2] }]],
  [
    'gpu:2(IDX:0,3),license:1',
    [
      { name: 'gpu', type: null, count: 2, indices: [0, 3] },
      { name: 'license', type: null, count: 1, indices: null },
    ],
  ],
] as const;

export function held(random: Random): Held {
  const groups = random.pick(nodeGroups);
  const lines: string[] = [];
  const nodes: NodeAllocation[] = [];
  for (const [list, names] of groups) {
    const [ids, cpuIds] = random.pick(cpuSets);
    const [gresText, gres] = random.pick(gresSets);
    const memoryMiB = random.pick([2000, 64_000]);
    lines.push(`Nodes=${list} CPU_IDs=${ids} Mem=${memoryMiB} GRES=${gresText}`);
    for (const node of names) nodes.push({ node, cpus: cpuIds.length, cpuIds, cores: coresOf(cpuIds), memoryMiB, gres });
  }
  return {
    list: groups.length === 1 ? groups[0][0] : groups.map(([list]) => list).join(','),
    cpus: nodes.reduce((sum, { cpus }) => sum + cpus, 0),
    lines,
    nodes,
  };
}

/** Of nodes with 2 sockets of 4 cores of 2 threads. */
function coresOf(cpuIds: readonly number[]): NodeAllocation['cores'] {
  const cores = [...new Set(cpuIds.map((id) => id >> 1))];
  return cores.map((core) => ({ socket: core >> 2, core: core & 3, threads: cpuIds.filter((id) => id >> 1 === core).length }));
}

/** Lines about the nodes that {@link held} uses, as `scontrol -d -o show node` writes them. */
export const nodeTexts = ['gpu01', 'gpu02', 'node01', 'node02']
  .map(
    (node) =>
      `NodeName=${node} Arch=x86_64 CoresPerSocket=4  CPUAlloc=6 CPUEfctv=16 CPUTot=16 CPULoad=1.30 Gres=(null) GresUsed=(null) ` +
      `NodeAddr=127.0.0.1 NodeHostName=${node} Version=22.05.8 OS=Linux 6.18 #1 SMP @0  RealMemory=64000 AllocMem=0 FreeMem=1 Sockets=2 ` +
      'Boards=1 State=MIXED ThreadsPerCore=2 Partitions=cpu  CfgTRES=cpu=16,mem=62.50G AllocTRES=cpu=6 \n',
  )
  .join('');

/** The text of one job in `scontrol -d show job`, with what its user wrote; `lines` of a job that holds nodes. */
export function jobText(layout: JobLayout, { job, texts }: QueuedTruth, lines: readonly string[], features: string): string {
  const text = (column: string): string => texts.get(column) ?? '';
  const { array, het } = job;
  const part = array ? `ArrayJobId=${array.jobId} ArrayTaskId=${array.taskId ?? array.pending} ` : '';
  const component = het ? `HetJobId=${het.jobId} HetJobOffset=${het.offset} ` : '';
  const comment = text('Comment') === '' ? '' : ` Comment=${text('Comment')}`;
  const gap = layout.lines ? '\n     ' : layout.gap;
  const parts = [
    `JobId=${job.jobId} ${part}${component}JobName=${text('Name')}${layout.sluid ? ' SLUID=s2QXM7YQGK8N00' : ''}${het ? ' HetJobIdSet=15-16' : ''}`,
    ` UserId=${job.user}(${job.uid}) GroupId=${job.group}(${job.gid}) MCS_label=N/A Priority=1 Nice=0 Account=${job.account} QOS=normal`,
    layout.wckeys ? ` WCKey=${text('WCKey')}` : '',
    ` JobState=${job.state.base} Reason=None Dependency=(null) Requeue=1 Restarts=${job.restarts ?? 0} BatchFlag=1 Reboot=0 ExitCode=0:0`,
    ` StartTime=${job.start ?? 'Unknown'} Partition=cpu AllocNode:Sid=localhost:1 ReqNodeList=(null) ExcNodeList=(null) NodeList=${job.nodes}`,
    ` BatchHost=node01 NumNodes=${job.nodeCount} NumCPUs=${job.cpus} NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=2 CoreSpec=*`,
    lines.length === 0 ? '' : ` JOB_GRES=(null)${gap}${lines.join(gap)}`,
    ` MinCPUsNode=1 MinMemoryCPU=1000M MinTmpDiskNode=0 Features=${features} DelayBoot=00:00:00 OverSubscribe=OK Network=(null)`,
    ` Command=${text('Command')}${layout.submitLine ? ` SubmitLine=sbatch ${text('Name')}` : ''} WorkDir=${text('WorkDir')}`,
    `${text('admin_comment') === '' ? '' : ` AdminComment=${text('admin_comment')}`}${comment}`,
    ` StdErr=${text('STDERR')} StdIn=${text('STDIN')} StdOut=${text('STDOUT')}${layout.ends}\n`,
  ];
  return layout.lines ? `${parts.filter((text) => text !== '').join('\n  ')}\n` : parts.join('');
}
