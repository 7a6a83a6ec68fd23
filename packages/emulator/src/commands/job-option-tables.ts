import { type OptionTable, optionTable } from './options.ts';

/*
 * The options of sbatch, srun and scancel in the order of their own tables, as Slurm 22.05.8, 24.11.5 and 26.05.5 name them (`sbatch --=x`). A word is an
 * option as options.ts has it; `NAME=` before it says whose further name it is, `2311>` from which release on it is there, `2405<` up to which. Of what came
 * between two of these releases the first one is a guess.
 */

const sbatch = `
  account,A: acctg-freq: array,a: 2311>autocomplete: batch: begin,b: bb: bbf: cluster-constraint: chdir,D: clusters=cluster:
  clusters,M: comment: 2605>consolidate-segments container: 2311>container-id: 2605>container-type: context: contiguous
  constraint,C: core-spec,S: cores-per-socket: cpu-freq: cpus-per-gpu: cpus-per-task,c: deadline: delay-boot: dependency,d:
  distribution,m: error,e: exclude,x: exclusive:: export: export-file: 2605>external 2311>extra: extra-node-info,B:
  2505<get-user-env:: 2605>get-user-env gid: gpu-bind: gpu-freq: gpus,G: gpus-per-node: gpus-per-socket: gpus-per-task: gres:
  gres-flags: help,h hint: hold,H ignore-pbs input,i: job-name,J: kill-on-invalid-dep: licenses,L: mail-type: mail-user: mcs-label:
  mem: mem-bind: mem-per-cpu: mem-per-gpu: 2605>mem-update: mincpus: network: nice:: no-kill,k:: no-requeue nodefile,F: nodelist,w:
  nodes,N: ntasks,n: ntasks-per-core: ntasks-per-gpu: ntasks-per-node: ntasks-per-socket: ntasks-per-tres: 2311>oom-kill-step::
  open-mode: output,o: overcommit,O oversubscribe,s parsable partition,p: 2405<power: prefer: priority: profile: propagate:: qos,q:
  quiet,Q reboot 2505<requeue 2605>requeue:: 2605>resources: reservation: 2311>resv-ports:: 2311>segment: signal: sockets-per-node:
  spread-job 2605>spread-segments 2311>stepmgr switches: ntasks-per-node=tasks-per-node: test-only thread-spec: threads-per-core:
  time,t: time-min: tmp: 2311>tres-bind: 2311>tres-per-task: uid: use-min-nodes verbose,v version,V usage wait,W wait-all-nodes:
  wckey: wrap:
`;

const srun = `
  accel-bind: account,A: acctg-freq: 2605>async 2311>autocomplete: bcast:: bcast-exclude: begin,b: bb: bbf: cluster-constraint:
  chdir,D: clusters=cluster: clusters,M: comment: compress:: 2605>consolidate-segments container: 2311>container-id:
  2605>container-type: context: contiguous constraint,C: core-spec,S: cores-per-socket: cpu-bind: cpu-bind=cpu_bind: cpu-freq:
  cpus-per-gpu: cpus-per-task,c: deadline: debugger-test delay-boot: dependency,d: disable-status,X distribution,m: epilog: error,e:
  exact exclude,x: exclusive:: export: 2311>external-launcher:: 2311>extra: extra-node-info,B: 2405<gid: gpu-bind: gpu-freq: gpus,G:
  gpus-per-node: gpus-per-socket: gpus-per-task: gres: gres-flags: help,h het-group: hint: hold,H 2605>ignore-signals: immediate,I::
  input,i: interactive jobid: job-name,J: kill-on-bad-exit,K:: label,l licenses,L: mail-type: mail-user: threads,T: mcs-label: mem:
  mem-bind: mem-per-cpu: mem-per-gpu: 2605>mem-update: mincpus: mpi: msg-timeout: multi-prog network: nice:: no-allocate,Z
  no-kill,k:: nodefile,F: nodelist,w: nodes,N: ntasks,n: ntasks-per-core: ntasks-per-gpu: ntasks-per-node: ntasks-per-socket:
  ntasks-per-tres: 2311>oom-kill-step:: open-mode: output,o: overcommit,O overlap:: oversubscribe,s het-group=pack-group:
  2605>parsable partition,p: 2405<power: prefer: preserve-env,E priority: profile: prolog: propagate:: 2205<pty 2311>pty:: qos,q:
  quiet,Q quit-on-interrupt reboot relative,r: 2605>resources: reservation: resv-ports:: 2311>segment: send-libs:: signal:
  slurmd-debug: sockets-per-node: spread-job 2605>spread-segments 2311>stepmgr switches: task-epilog: task-prolog:
  ntasks-per-node=tasks-per-node: test-only thread-spec: threads-per-core: time,t: time-min: tmp: 2405<uid: 2311>treewidth:
  2311>tres-bind: 2311>tres-per-task: unbuffered,u use-min-nodes verbose,v version,V usage wait,W: 2605>wait-for-children wckey:
  whole x11::
`;

const scancel = `
  2311>autocomplete: account,A: 2605>admin-comment: batch,b ctld 2311>cron,c full,f help hurry,H interactive,i clusters=cluster:
  clusters,M: name=jobname: me name,n: nodelist,w: partition,p: qos,q: quiet,Q reservation,R: sibling: signal,s: state,t: usage
  user,u: verbose,v version,V wckey:
`;

export interface JobOptionTables {
  readonly sbatch: OptionTable;
  readonly srun: OptionTable;
  readonly scancel: OptionTable;
}

/** The tables of a release, given as year × 100 + month. */
export function jobOptionTables(release: number): JobOptionTables {
  return {
    sbatch: optionTable(linesOf(sbatch, release), { stopsAtOperand: true }),
    srun: optionTable(linesOf(srun, release), { stopsAtOperand: true }),
    scancel: optionTable(linesOf(scancel, release)),
  };
}

function linesOf(words: string, release: number): readonly string[] {
  return words
    .trim()
    .split(/\s+/)
    .flatMap((word) => {
      const [, bound, how, name, line = ''] = /^(?:(\d{4})([<>]))?(?:([\w-]+)=)?(.*)$/.exec(word) ?? [];
      if (how === '>' && release < Number(bound)) return [];
      if (how === '<' && release > Number(bound)) return [];
      return [name === undefined ? line : `=${name} ${line}`];
    });
}
