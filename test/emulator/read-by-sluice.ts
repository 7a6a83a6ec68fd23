import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../packages/slurm/src/commands');
const source = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** Words in quotes between two marks of a source file. */
function words(file: string, from: string, to: string): readonly string[] {
  const text = source(file);
  const start = text.indexOf(from);
  const end = text.indexOf(to, start + from.length);
  if (start < 0 || end < 0) throw new Error(`${file} has no ${from} … ${to}`);
  return [...text.slice(start + from.length, end).matchAll(/'([\w/:-]+)'/g)].map(([, word = '']) => word);
}

/** Keys that a reader of `Key=value` takes. */
function keys(file: string): readonly string[] {
  return [...source(file).matchAll(/(?:\(pairs, |pairs\.get\()'([A-Za-z:/]+)'/g)].map(([, key = '']) => key);
}

/** Heads under which squeue prints the columns of `-O`, where they are not their names in capitals. */
const squeueHeads: Readonly<Record<string, string>> = {
  ArrayJobID: 'ARRAY_JOB_ID',
  ArrayTaskID: 'ARRAY_TASK_ID',
  UserName: 'USER',
  UserID: 'UID',
  GroupName: 'GROUP',
  GroupID: 'GROUP',
  SubmitTime: 'SUBMIT_TIME',
  EligibleTime: 'ELIGIBLE_TIME',
  StartTime: 'START_TIME',
  EndTime: 'END_TIME',
  TimeLimit: 'TIME_LIMIT',
  NumNodes: 'NODES',
  NumCPUs: 'CPUS',
  'tres-alloc': 'TRES_ALLOC',
  WorkDir: 'WORK_DIR',
  PriorityLong: 'PRIORITY',
  BatchHost: 'EXEC_HOST',
  OverSubscribe: 'OVER_SUBSCRIBE',
};

const sacctmgr = 'sacctmgr-records.ts';
const limits = words(sacctmgr, 'const limitColumns = [', ']');

/** The columns and keys that Sluice's connector reads, by command, taken from the lists with which it asks. Of the documents it reads none. */
export const readColumns: Readonly<Record<string, ReadonlySet<string>>> = {
  sacct: new Set([...source('sacct-columns.ts').matchAll(/column: '(\w+)'/g)].map(([, column = '']) => column)),
  squeue: new Set(words('squeue-columns.ts', 'const columns = [', ']').map((name) => squeueHeads[name] ?? name.toUpperCase())),
  // An allocation is all that is taken from it (allocation.ts).
  'scontrol show job': new Set(['JobId', 'JOB_GRES', 'Nodes', 'CPU_IDs', 'Mem', 'GRES']),
  'scontrol show node': new Set(keys('nodes.ts')),
  'scontrol show partition': new Set(keys('partitions.ts')),
  'scontrol show config': new Set(['ClusterName', 'AccountingStoreFlags', 'MessageTimeout', 'MinJobAge', 'SlurmctldPort']),
  sdiag: new Set(['Jobs pending', 'Jobs running', 'Server thread count', 'DBD Agent queue size']),
  'sacctmgr show cluster': new Set(words(sacctmgr, 'clusterColumns = [', ']')),
  'sacctmgr show user': new Set(words(sacctmgr, 'userColumns = [', ']')),
  'sacctmgr show tres': new Set(words(sacctmgr, 'tresColumns = [', ']')),
  'sacctmgr show assoc': new Set([...words(sacctmgr, 'associationColumns = [', ']'), ...limits]),
  'sacctmgr show qos': new Set([...words(sacctmgr, 'qosColumns = [', ']'), ...limits]),
  sshare: new Set(words('sshare.ts', 'shareColumns = [', ']')),
  'sreport cluster': new Set(words('sreport.ts', 'usageColumns = [', ']')),
};

/** Whether Sluice reads a column of these rows; of sacct it asks for jobs alone, without their steps. */
export function isRead(command: string, column: string, rows: string): boolean {
  if (command === 'sacct' && rows === stepRows) return false;
  return readColumns[command]?.has(column.replace(/#\d+$/, '')) === true;
}

const stepRows = '/\\.(batch|extern|\\d+)$/';
