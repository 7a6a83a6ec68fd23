import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The shape of a cluster that is only spoken of. */
export interface Scripted {
  readonly nodes: number;
  readonly jobs: number;
  /** When all of its jobs began, in seconds since the epoch. */
  readonly began: number;
}

const recordings = new URL('../../packages/slurm/recordings/', import.meta.url);
const recorded = (name: string) => readFileSync(new URL(name, recordings), 'utf8');

/**
 * Writes a directory of commands that answer as a Slurm 24.11 of many nodes and jobs does. What is asked often is
 * printed by `cat`; what depends on the question is made by scripted-command.ts.
 */
export function scriptedSlurm(dir: string, cluster: Scripted): string {
  mkdirSync(dir, { recursive: true });
  const said = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return `exec cat '${join(dir, name)}'`;
  };
  const command = (name: string, body: string) => {
    writeFileSync(join(dir, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(dir, name), 0o755);
  };
  writeFileSync(join(dir, 'cluster.json'), JSON.stringify(cluster));
  const answerer = `exec '${process.execPath}' '${join(import.meta.dirname, 'scripted-command.ts')}' '${dir}'`;
  command('squeue', `${answerer} squeue "$@"`);
  command(
    'scontrol',
    `case "$*" in
*ping) ${said('ping.txt', recorded('controller/24.11/scontrol-ping.txt'))} ;;
-V) echo 'slurm-wlm 24.11.7'; exit 0 ;;
*'show node') ${said('nodes.txt', Array.from({ length: cluster.nodes }, (_, index) => nodeText(index)).join(''))} ;;
*'show config') ${said('config.txt', recorded('controller/24.11/scontrol-show-config.txt'))} ;;
esac
${answerer} scontrol "$@"`,
  );
  command('sdiag', said('sdiag.txt', recorded('controller/24.11/sdiag.txt')));
  // A header, and not one job that ended.
  command(
    'sacct',
    `for word; do case $word in
--helpformat) ${said('helpformat.txt', recorded('accounting/24.11/sacct-helpformat.txt'))} ;;
--delimiter=*) delimiter=\${word#--delimiter=} ;;
--format=*) format=\${word#--format=} ;;
esac; done
printf '%s%s\\n' "$format" "$delimiter" | sed "s/,/$delimiter/g"`,
  );
  return dir;
}

export function nodeName(index: number): string {
  return `n${String(index + 1).padStart(4, '0')}`;
}

function nodeText(index: number): string {
  const name = nodeName(index);
  return `${[
    `NodeName=${name} Arch=x86_64 CoresPerSocket=32  CPUAlloc=80 CPUEfctv=128 CPUTot=128 CPULoad=79.21`,
    'AvailableFeatures=icelake,ib ActiveFeatures=icelake,ib Gres=(null) GresDrain=N/A GresUsed=gpu:0',
    `NodeAddr=${name} NodeHostName=${name} Port=6818 Version=24.11.7 OS=Linux 5.14.0-427.13.1.el9_4.x86_64 #1 SMP PREEMPT_DYNAMIC`,
    ' RealMemory=512000 AllocMem=320000 FreeMem=181234 Sockets=2 Boards=1 State=MIXED ThreadsPerCore=2 TmpDisk=0 Weight=1',
    'Owner=N/A MCS_label=N/A Partitions=cpu,shared  BootTime=2026-11-01T08:40:24 SlurmdStartTime=2026-11-01T09:38:14',
    'LastBusyTime=2026-11-21T09:38:14 ResumeAfterTime=None CfgTRES=cpu=128,mem=500G,billing=128 AllocTRES=cpu=80,mem=312.50G',
    'CurrentWatts=0 AveWatts=0 ',
  ].join(' ')}\n`;
}
