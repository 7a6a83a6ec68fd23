import type { LabUser } from './lab.ts';

/** One job of the scenario: how it is submitted, and what is true of it, known without asking Slurm. */
export interface Role {
  readonly user: LabUser;
  /** Options of sbatch; `{work}` is the lab's common directory, `{role}` the job id of another role. */
  readonly args: readonly string[];
  readonly script: string;
  /** Whether the script is given as Latin-1, so that it holds bytes that are not UTF-8, the job's name among them. */
  readonly latin1?: true;
  /** The role's name when absent. */
  readonly jobName?: string;
  readonly comment?: string;
  readonly account: string;
  readonly partition: string;
  /** When it is submitted; with the others when absent. */
  readonly stage?: 'first' | 'dependent' | 'after node failure';
  /** State that it keeps until all is ended; absent for jobs that end by themselves. */
  readonly live?: 'PENDING' | 'RUNNING' | 'SUSPENDED';
  /** It has ended by the time the scenario is live. */
  readonly soon?: true;
  /** How accounting has it in the end; without `exit` where releases differ. */
  readonly ends: { readonly state: string; readonly exit?: string; readonly by?: LabUser };
}

const sh = (...lines: readonly string[]): string => `#!/bin/bash\n${lines.join('\n')}\n`;
const forever = sh('sleep 900');
const secondTimeQuick = sh('[ ! -e "{work}/ran-$SLURM_JOB_ID" ] || exit 0', 'touch "{work}/ran-$SLURM_JOB_ID"', 'sleep 900');
const cancelled = { state: 'CANCELLED', exit: '0:0', by: 'root' } as const;

interface Kind {
  readonly user: LabUser;
  readonly account?: string;
  readonly partition?: string;
  readonly jobName?: string;
  readonly comment?: string;
  readonly stage?: Role['stage'];
}

const accounts = { alice: 'physics', bob: 'chem', root: 'root' } as const;

function job(kind: Kind, args: readonly string[], script: string, then: Pick<Role, 'live' | 'soon' | 'ends'>): Role {
  const { user, stage, jobName, comment, account = accounts[user], partition = 'cpu' } = kind;
  // With a limit of its own: without one it depends on which scheduler starts a job whether it gets one.
  const limit = args.includes('-t') ? [] : ['-t', '15'];
  const words = ['-p', partition, '-A', account, ...limit, ...(comment === undefined ? [] : [`--comment=${comment}`]), ...args];
  const optional = { ...(stage && { stage }), ...(jobName !== undefined && { jobName }), ...(comment !== undefined && { comment }) };
  return { user, account, partition, args: words, script, ...optional, ...then };
}

const stays = (state: 'PENDING' | 'RUNNING' | 'SUSPENDED') => ({ live: state, ends: cancelled });
const soon = (state: string, exit?: string, by?: LabUser) =>
  ({ soon: true, ends: { state, ...(exit && { exit }), ...(by && { by }) } }) as const;

/** Looks like the text of `scontrol show job`, and like a further record of it. */
const forgedName =
  'x UserId=root(0) JobState=COMPLETED\n\nJobId=1 JobName=forged\n   UserId=root(0) GroupId=root(0)\n   JOB_GRES=gpu:a100:4\n     Nodes=node01 CPU_IDs=0-15 Mem=64000 GRES=gpu:a100:4(IDX:0-3)';

// Options of the command line would hold for both components.
const hetScript = sh(
  '#SBATCH --partition=cpu --nodelist=node03 --ntasks=1 --mem=1G --time=60',
  '#SBATCH hetjob',
  '#SBATCH --partition=gpu --nodelist=gpu01 --gpus=1 --ntasks=2 --mem=2G --time=60',
  'srun --het-group=0,1 sleep 900',
);

/** Every kind of job that can be had without cgroups, placed so that all of them run at the same time. */
const table = {
  // node04, which fails, and comes back
  nodeFail: job({ user: 'alice', stage: 'first' }, ['-w', 'node04', '-n2', '--no-requeue'], forever, soon('NODE_FAIL')),
  nodeFailRequeued: job({ user: 'bob', stage: 'first' }, ['-w', 'node04', '-n2', '--requeue'], secondTimeQuick, soon('COMPLETED', '0:0')),
  oversubscribed: job(
    { user: 'bob', partition: 'shared', stage: 'after node failure' },
    ['-w', 'node04', '-n16', '--oversubscribe', '--mem=1G', '-t', '45'],
    forever,
    stays('RUNNING'),
  ),
  oversubscribedToo: job(
    { user: 'alice', partition: 'shared', stage: 'after node failure' },
    ['-w', 'node04', '-n16', '--oversubscribe', '--mem=1G', '-t', '45'],
    forever,
    stays('RUNNING'),
  ),
  // whole nodes
  exclusive: job(
    { user: 'alice' },
    ['-w', 'node[01-02]', '-N2', '--exclusive', '--mem=0', '-t', '2:00:00'],
    sh('srun sleep 900'),
    stays('RUNNING'),
  ),
  // node03
  partOfNode: job(
    { user: 'alice' },
    ['-w', 'node03', '-n3', '--mem=2G', '-t', '1-00:00:00'],
    sh('srun -n1 true', 'srun -n3 sleep 900'),
    stays('RUNNING'),
  ),
  noMultithread: job({ user: 'bob' }, ['-w', 'node03', '-n1', '-c2', '--hint=nomultithread', '-t', '30'], forever, stays('RUNNING')),
  array: job(
    { user: 'alice' },
    ['-w', 'node03', '-n1', '-t', '90', '--array=0-9%2'],
    sh('case $SLURM_ARRAY_TASK_ID in 0) exit 0;; 1) exit 4;; *) sleep 900;; esac'),
    { ends: cancelled },
  ),
  completed: job({ user: 'alice' }, ['-w', 'node03', '-n1'], sh('srun -J stepname true; srun true; exit 0'), soon('COMPLETED', '0:0')),
  failed: job({ user: 'alice' }, ['-w', 'node03', '-n1'], sh('exit 3'), soon('FAILED', '3:0')),
  signalled: job({ user: 'alice' }, ['-w', 'node03', '-n1'], sh('kill -SEGV $$'), soon('FAILED', '0:11')),
  badOutput: job({ user: 'alice' }, ['-w', 'node03', '-n1', '-o', '/nonexistent/dir/x'], sh('exit 0'), soon('FAILED', '0:53')),
  cancelledRunning: job({ user: 'bob' }, ['-w', 'node03', '-n1'], forever, soon('CANCELLED', '0:0', 'bob')),
  cancelledByRoot: job({ user: 'alice' }, ['-w', 'node03', '-n1'], forever, soon('CANCELLED', '0:0', 'root')),
  cancelledPending: job({ user: 'bob' }, ['-H', '-n1'], sh('true'), soon('CANCELLED', '0:0', 'bob')),
  deadline: job({ user: 'bob' }, ['-w', 'node01', '-n1', '-t', '1', '--deadline=now+70seconds'], sh('true'), {
    ends: { state: 'DEADLINE' },
  }),
  // GPUs
  gpuIndices: job(
    { user: 'alice', partition: 'gpu' },
    ['-w', 'gpu01', '--gres=gpu:a100:2', '-c4', '-t', '4:00:00'],
    forever,
    stays('RUNNING'),
  ),
  gpuTwoNodes: job(
    { user: 'bob', partition: 'gpu' },
    ['-N2', '--gpus-per-node=1', '--ntasks-per-node=1', '-t', '4:00:00'],
    sh('srun sleep 900'),
    stays('RUNNING'),
  ),
  gpuTotal: job(
    { user: 'alice', partition: 'gpu' },
    ['-w', 'gpu02', '--gpus=a100:1', '--mem-per-gpu=3G', '-n1', '-t', '4:00:00'],
    forever,
    stays('RUNNING'),
  ),
  resized: job({ user: 'alice', partition: 'gpu' }, ['-w', 'gpu[01-02]', '-N2', '-n2', '-t', '50'], forever, stays('RUNNING')),
  requeued: job({ user: 'alice', partition: 'gpu' }, ['-w', 'gpu02', '-n1', '--requeue'], secondTimeQuick, soon('COMPLETED', '0:0')),
  unlimited: job({ user: 'alice', partition: 'gpu' }, ['-w', 'gpu02', '-n1', '-t', 'UNLIMITED'], forever, stays('RUNNING')),
  qosHigh: job({ user: 'alice', partition: 'gpu' }, ['-w', 'gpu02', '-n1', '--qos=high', '--nice=100'], forever, stays('RUNNING')),
  suspended: job({ user: 'root', partition: 'gpu' }, ['-w', 'gpu02', '-n1', '-t', '60'], forever, stays('SUSPENDED')),
  timeout: job({ user: 'bob', partition: 'gpu' }, ['-w', 'gpu02', '-n1', '-t', '1', '-H'], forever, {
    ends: { state: 'TIMEOUT', exit: '0:0' },
  }),
  het: { user: 'bob', account: 'chem', partition: 'cpu', args: [], script: hetScript, ...stays('RUNNING') },
  // what users write
  forged: job(
    { user: 'bob', partition: 'gpu', jobName: forgedName, comment: forgedName },
    ['-w', 'gpu01', '-n1', '-t', '70'],
    forever,
    stays('RUNNING'),
  ),
  odd: job(
    { user: 'alice', jobName: 'we|ird "n\'ame" <&>\nline2\ttab ünï☃ \\ $x %j=1', comment: 'a|b "c" \'d\'\nsecond ü☃' },
    ['-H', '-D', '{work}/a b|c "d"'],
    forever,
    stays('PENDING'),
  ),
  control: job({ user: 'bob', jobName: 'c\x01\x1f\x1b[31m\x7f\r', comment: '\x1f\x1f|\x01\r\n\n' }, ['-H'], forever, stays('PENDING')),
  nullWord: job({ user: 'bob', jobName: 'N/A', comment: 'None' }, ['-H'], forever, stays('PENDING')),
  blanks: job({ user: 'bob', jobName: '  two  ', comment: ' ' }, ['-H'], forever, stays('PENDING')),
  comments: job({ user: 'bob', comment: 'user comment; k=v' }, ['-H'], forever, stays('PENDING')),
  notUtf8: {
    ...job({ user: 'bob', jobName: 'bad\ufffdname' }, ['-H'], sh('#SBATCH --job-name=bad\xffname', 'true'), stays('PENDING')),
    latin1: true,
  },
  // waiting
  held: job({ user: 'bob' }, ['-H', '-n1'], sh('true'), stays('PENDING')),
  dependent: job({ user: 'bob', stage: 'dependent' }, ['-n1', '--dependency=afterok:{exclusive}'], sh('true'), stays('PENDING')),
  begin: job({ user: 'bob' }, ['-n1', '--begin=now+2hours'], sh('true'), stays('PENDING')),
  heldArray: job({ user: 'bob' }, ['-H', '-n1', '--array=1-5,9,20-30:2%2'], sh('true'), stays('PENDING')),
  severalPartitions: job(
    { user: 'bob', partition: 'cpu,shared' },
    ['-H', '-N1-3', '-n4', '-c2', '--mem-per-cpu=500'],
    sh('true'),
    stays('PENDING'),
  ),
  noRoom: job({ user: 'bob' }, ['-N4', '--exclusive', '--nice=100000', '-t', '10'], sh('true'), stays('PENDING')),
} as const satisfies Readonly<Record<string, Role>>;

export type RoleName = keyof typeof table;

export const roles: Readonly<Record<RoleName, Role>> = table;
