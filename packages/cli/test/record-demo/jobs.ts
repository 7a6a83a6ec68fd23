/** A job of the demo. */
export interface Role {
  readonly user: 'alice' | 'bob';
  readonly name: string;
  /** Options of sbatch. */
  readonly args: readonly string[];
  readonly script: string;
  /** How many jobs of it run at the first moment. */
  readonly tasks: number;
  /** What cc-backend should say about who shares its nodes. */
  readonly shared: 'none' | 'multi_user';
  /** Cancelled between the moments. */
  readonly cancel?: boolean;
}

const script = (body: string) => `#!/bin/bash\n${body}\n`;

export const roles: readonly Role[] = [
  {
    user: 'alice',
    name: 'train "model"',
    args: ['-p', 'gpu', '-w', 'gpu01', '--gres=gpu:a100:2', '-c4', '--mem=4000', '-t', '4:00:00'],
    script: script('sleep 15'),
    tasks: 1,
    shared: 'multi_user',
  },
  {
    user: 'bob',
    name: 'infer',
    args: ['-p', 'gpu', '-N2', '--gpus-per-node=1', '--ntasks-per-node=2', '-t', '1:00:00'],
    script: script('srun sleep 14'),
    tasks: 1,
    shared: 'multi_user',
  },
  {
    user: 'alice',
    name: 'whole-nodes',
    args: ['-p', 'cpu', '-w', 'node[01-02]', '-N2', '--exclusive', '-t', '2:00:00'],
    script: script('sleep 16'),
    tasks: 1,
    shared: 'none',
  },
  {
    user: 'bob',
    name: 'sweep',
    args: ['-p', 'cpu', '-w', 'node03', '-n1', '--array=1-3', '-t', '30'],
    script: script('sleep 12\n[ "$SLURM_ARRAY_TASK_ID" != 2 ] || exit 4'),
    tasks: 3,
    shared: 'multi_user',
  },
  {
    user: 'alice',
    name: "we|ird 'n\"ame' <&>\nJobId=1 JobName=forged\tünï☃ \\ $x %j",
    args: ['-p', 'cpu', '-w', 'node04', '-n3', '--comment=a|b "c"\nsecond line', '-t', '1-00:00:00'],
    script: script('# a|b "c" \'d\' ü☃\nsleep 13'),
    tasks: 1,
    shared: 'multi_user',
  },
  {
    user: 'bob',
    name: 'failing',
    args: ['-p', 'cpu', '-w', 'node04', '-n1', '-t', '10'],
    script: script('sleep 12; exit 3'),
    tasks: 1,
    shared: 'multi_user',
  },
  {
    user: 'bob',
    name: 'cancelled',
    args: ['-p', 'cpu', '-w', 'node04', '-n2', '-t', '10'],
    script: script('sleep 900'),
    tasks: 1,
    shared: 'multi_user',
    cancel: true,
  },
  {
    user: 'alice',
    name: 'long',
    args: ['-p', 'cpu', '-w', 'node03', '-n2', '-t', 'UNLIMITED'],
    script: script('sleep 900'),
    tasks: 1,
    shared: 'multi_user',
  },
  {
    user: 'alice',
    name: 'held',
    args: ['-p', 'cpu', '-H', '-n1'],
    script: script('true'),
    tasks: 0,
    shared: 'multi_user',
  },
];
