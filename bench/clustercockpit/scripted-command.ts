/**
 * Answers of squeue and of a conversation with scontrol, for a cluster whose jobs all run. Arguments: the directory that
 * scripted-slurm.ts has written, the command, and what it is asked.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeName, type Scripted } from './scripted-slurm.ts';

const [dir = '', command, ...args] = process.argv.slice(2);
const cluster = JSON.parse(readFileSync(join(dir, 'cluster.json'), 'utf8')) as Scripted;
const firstId = 1_000_001;
const cpus = 8;

const option = (name: string) => args.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const nodeOf = (id: number) => nodeName((id - firstId) % cluster.nodes);
const nameOf = (id: number) => `simulation-${id % 97}`;
const stamp = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);

const columns: Readonly<Record<string, (id: number) => string>> = {
  jobid: String,
  arrayjobid: String,
  hetjobid: () => 'N/A',
  hetjoboffset: () => 'N/A',
  arraytaskid: () => 'N/A',
  cluster: () => 'labcluster',
  name: nameOf,
  username: (id) => `user${id % 50}`,
  userid: (id) => String(2000 + (id % 50)),
  groupname: () => 'users',
  groupid: () => '100',
  account: (id) => `project${id % 20}`,
  partition: () => 'cpu',
  qos: () => 'normal',
  state: () => 'RUNNING',
  reason: () => 'None',
  exit_code: () => '0',
  submittime: () => String(cluster.began - 60),
  eligibletime: () => String(cluster.began - 60),
  starttime: () => String(cluster.began),
  endtime: () => String(cluster.began + 86_400),
  timelimit: () => '1-00:00:00',
  nodelist: nodeOf,
  numnodes: () => '1',
  numcpus: () => String(cpus),
  'tres-alloc': () => `cpu=${cpus},mem=32000M,node=1,billing=${cpus}`,
  workdir: (id) => `/home/user${id % 50}/work`,
  restartcnt: () => '0',
  prioritylong: () => '11093',
  batchhost: nodeOf,
  oversubscribe: () => 'YES',
};

if (command === 'squeue') process.stdout.write(queue());
else if (args.join(' ').endsWith('show job')) process.stdout.write(allIds().map(jobText).join(''));
else process.stdout.write(readFileSync(0, 'utf8').split('\n').map(said).join(''));

function queue(): string {
  const format = option('Format') ?? '';
  const fields = format.split(',').map((field) => field.split(/:(.*)/s));
  const asked = option('jobs')?.split(',').map(Number) ?? allIds();
  const row = (id: number) =>
    fields.map(([name = '', delimiter]) => `${columns[name.toLowerCase()]?.(id) ?? '(null)'}${delimiter}`).join('');
  return asked.map((id) => `${row(id)}\n`).join('');
}

function allIds(): readonly number[] {
  return Array.from({ length: cluster.jobs }, (_, index) => firstId + index);
}

/** What scontrol says to one line of its stdin. */
function said(question: string): string {
  const [, , word = ''] = question.split(' ');
  if (question.startsWith('show hostnames ')) return `${word}\n`;
  if (question.startsWith('write batch_script '))
    return `#!/bin/sh\n#SBATCH -n ${cpus}\n${'module load simulation/4.2\n'.repeat(20)}srun ./simulation --input ${word}\n`;
  return question.startsWith('show job ') ? jobText(Number(word)) : '';
}

function jobText(id: number): string {
  const user = id % 50;
  const first = (Math.floor((id - firstId) / cluster.nodes) * cpus) % 128;
  return `JobId=${id} JobName=${nameOf(id)}
   UserId=user${user}(${2000 + user}) GroupId=users(100) MCS_label=N/A
   Priority=11093 Nice=0 Account=project${id % 20} QOS=normal
   JobState=RUNNING Reason=None Dependency=(null)
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   DerivedExitCode=0:0
   RunTime=01:00:04 TimeLimit=1-00:00:00 TimeMin=N/A
   SubmitTime=${stamp(cluster.began - 60)} EligibleTime=${stamp(cluster.began - 60)}
   StartTime=${stamp(cluster.began)} EndTime=${stamp(cluster.began + 86_400)} Deadline=N/A
   Partition=cpu AllocNode:Sid=login1:26609
   NodeList=${nodeOf(id)}
   BatchHost=${nodeOf(id)}
   NumNodes=1 NumCPUs=${cpus} NumTasks=${cpus} CPUs/Task=1 ReqB:S:C:T=0:0:*:*
   ReqTRES=cpu=${cpus},mem=32000M,node=1,billing=${cpus}
   AllocTRES=cpu=${cpus},mem=32000M,node=1,billing=${cpus}
   Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=*
   JOB_GRES=(null)
     Nodes=${nodeOf(id)} CPU_IDs=${first}-${first + cpus - 1} Mem=32000 GRES=
   MinCPUsNode=1 MinMemoryCPU=4000M MinTmpDiskNode=0
   Features=(null) DelayBoot=00:00:00
   OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null)
   Command=/home/user${user}/work/job.sh
   WorkDir=/home/user${user}/work

`;
}
