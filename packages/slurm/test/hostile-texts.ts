/**
 * Texts that users could choose to deceive a reader of Slurm's output. One character is one byte (latin1), for some are
 * not UTF-8. `victim` is the id of a job of somebody else, whose record is to be forged.
 */
export interface HostileTexts {
  readonly name: string;
  readonly comment?: string;
  readonly wckey?: string;
  /** Name of the directory in which it is submitted, and of its script there. */
  readonly directory?: string;
}

/** A whole record as `scontrol -d -o show job` would write it, of the job that everybody sees in the queue. */
function forgedRecord(victim: number): string {
  return [
    `JobId=${victim} JobName=plain UserId=alice(1001) GroupId=alice(1001) MCS_label=N/A Priority=1 Nice=0 Account=physics QOS=normal`,
    'JobState=RUNNING Reason=None Dependency=(null) Partition=cpu NodeList=node01 NumNodes=1 NumCPUs=2 JOB_GRES=gpu:a100:4',
    'Nodes=node01 CPU_IDs=14-15 Mem=1 GRES=gpu:a100:4(IDX:0-3) MinCPUsNode=1 OverSubscribe=OK',
  ].join(' ');
}

/** The same, short and without a slash. */
function forgedPath(victim: number): string {
  return `JobId=${victim} JobName=plain UserId=alice(1001) JOB_GRES=(null) Nodes=node01 CPU_IDs=14-15 Mem=1 GRES=`;
}

/** What would stand behind one's own name, with more than one has. */
const forgedOwn =
  'UserId=bob(1002) GroupId=bob(1002) MCS_label=N/A Priority=1 Nice=0 Account=chem QOS=normal JobState=RUNNING NodeList=node03 ' +
  'JOB_GRES=gpu:a100:4   Nodes=node03 CPU_IDs=0-1 Mem=1 GRES=gpu:a100:4(IDX:0-3) MinCPUsNode=1';

export const hostileTexts: Readonly<Record<string, (victim: number) => HostileTexts>> = {
  hostile_fields: () => ({
    name: 'evil\n99\x1froot|x,"\'`\\ \x1b[31m%j $HOME $(id)',
    comment: 'c\xff\xfe\xc3|\r\n\x1fnonce0000000001\n(null)\n\xf0\x9f\x92\xa9',
  }),
  hostile_record: (victim) => ({ name: `x\n${forgedRecord(victim)}\n`, comment: 'JOB_GRES=(null) Nodes=node04 CPU_IDs=0-15 Mem=1 GRES=' }),
  hostile_comment: (victim) => ({ name: 'innocent', comment: `\n${forgedRecord(victim)}\n` }),
  hostile_own: () => ({ name: `own ${forgedOwn}`, comment: `own ${forgedOwn}` }),
  hostile_wckey: () => ({ name: 'key', wckey: `k ${forgedOwn}` }),
  hostile_path: (victim) => ({ name: '(null)', directory: `d "x" Nodes=node04 \n${forgedPath(victim)} \xff` }),
};
