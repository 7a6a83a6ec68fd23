/**
 * What is not the same in two runs of one real Slurm, because it hangs on which of its threads came first: whether the main or the backfill scheduler
 * started a job, for example. The test holds each to be true: among the recorded releases there are two that differ from each other in it.
 */
export interface Race {
  readonly commands: RegExp;
  readonly columns: RegExp;
  /** The jobs that it happened to. */
  readonly rows: RegExp;
  readonly why: string;
}

const jobs = /^(sacct|squeue|scontrol show job)( --json| --yaml)?$/;

export const races: readonly Race[] = [
  {
    commands: jobs,
    columns:
      /^(Scheduler|Flags|(jobs\[\]\.)?flags(\[\])?|Time[lL]imit(Raw)?|TIME_LIMIT|TIME_LEFT|(jobs\[\]\.)?(time\.limit|time_limit)(\..*)?|EndTime|END_TIME|jobs\[\]\.end_time.*)$/,
    rows: /^\/?(3|4|5|6|7|8|9|1[0-4]|2[5-9]|30|31|17_\d+|21_\d+|3[2-9]|4\d|50|21|51|52)(#2)?(\/|$)/,
    why: 'either scheduler may come first; a job without a limit that the backfill scheduler starts gets a year',
  },
  {
    commands: /^sshare( --json)?$/,
    columns: /^(TRESRunMins|RawUsage|shares\.shares\[\]\.(tres\.run_seconds|tres\.usage|usage).*|line)$/,
    rows: /./,
    why: 'minutes that jobs may still run depend on these limits, and usage on the seconds since they began',
  },
  {
    commands: jobs,
    columns:
      /^(NodeList|NODELIST|Nodes|BatchHost|EXEC_HOST|CPU_IDs|batch_host|jobs\[\]\.(nodes|batch_host|stdout_expanded|stderr_expanded)|jobs\[\]\.job_resources.*|jobs\[\]\.steps\[\]\.nodes.*|record)$/,
    rows: /^\/?(21_\d+(\.batch)?|4\d|50|21)(\/|$)/,
    why: 'two tasks of a second each: the node of the two before is free again, or still completes',
  },
  {
    commands: /^(sacct|squeue|scontrol show (job|step))( --json| --yaml)?$/,
    columns:
      /^(NodeList|NODELIST|NODELIST\(REASON\)|Nodes|BatchHost|EXEC_HOST|GRES|CPU_IDs|jobs\[\]\.(nodes|batch_host|gres_detail\[\])|jobs\[\]\.job_resources.*|jobs\[\]\.steps\[\]\.nodes.*|record)$/,
    rows: /^\/?(15\+1(\.0)?|16(\.0)?)(\/|$)/,
    why: 'the second component of the het job finds room on either of two nodes, and on either socket',
  },
  {
    commands: /^(scontrol show node|sinfo)( --json)?$/,
    columns: /Alloc|ALLOC|alloc|Used|USED|used|CPUS\(A|idle|tres_weighted/,
    rows: /^\/?gpu0[12]/,
    why: 'the same, as the nodes have it',
  },
  {
    commands: jobs,
    columns: /./,
    rows: /^\/?(21_[12](\.batch)?|40|41)(\/|$)/,
    why: 'the first tasks that were released are cancelled with the rest, or begin too late for that',
  },
  {
    commands: jobs,
    columns: /^(CPU_IDs|jobs\[\]\.job_resources\..*)$/,
    rows: /^\/?(30|31|36|37)(\/|$)/,
    why: 'which of the jobs of a moment before have given back their cores',
  },
  {
    commands: jobs,
    columns: /^(ExitCode|EXIT_CODE|jobs\[\]\.exit_code.*)$/,
    rows: /^\/?(1|4|5|6|7|8|9|1\d|29|30|31|3[5-9]|52|17_\d)(\/|$)/,
    why: 'a script that is cancelled is told to slurmctld with the signal, with 143, or with nothing, by who is first',
  },
  {
    commands: jobs,
    columns: /^(Priority|PRIORITY(#2)?|jobs\[\]\.priority\.number)$/,
    rows: /^\/?12(\/|$)/,
    why: 'one usage more or less in the fair share',
  },
];
