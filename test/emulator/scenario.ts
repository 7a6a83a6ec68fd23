import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, openStillCluster, type StillCluster } from './emulated-slurm.ts';
import type { Moment, RecordedCommand, Recording } from './recordings.ts';

/** One command that was recorded, and what the emulator answered in its place. */
export interface Played {
  readonly moment: Moment;
  readonly recorded: RecordedCommand;
  readonly answer: Answer;
}

/**
 * Plays the recorded scenario on an emulated cluster: the same command lines in the same order, at the seconds at which they were submitted; and asks at
 * the recorded moments what was asked there.
 */
export async function playRecorded(recording: Recording): Promise<readonly Played[]> {
  const scripts = mkdtempSync(join(tmpdir(), 'sluice-scenario-'));
  const cluster = openStillCluster(recording);
  try {
    return await new Scenario(recording, cluster, scripts).play();
  } finally {
    await cluster.slurm.close();
    rmSync(scripts, { recursive: true });
  }
}

/** The name with everything in it that breaks a line or forges a field. */
export const weirdName = 'we|ird "n\'ame" <&>\nline2\ttab ünï☃ \\ \u0024{x} %j=1';
export const weirdComment = 'a|b "c" \'d\'\nsecond ü☃';

type User = 'root' | 'alice' | 'bob';

class Scenario {
  readonly #recording: Recording;
  readonly #cluster: StillCluster;
  readonly #scripts: string;
  readonly #played: Played[] = [];

  constructor(recording: Recording, cluster: StillCluster, scripts: string) {
    this.#recording = recording;
    this.#cluster = cluster;
    this.#scripts = scripts;
  }

  async play(): Promise<readonly Played[]> {
    await this.#failNode();
    await this.#submitLongRunning();
    await this.#submitPending();
    await this.#submitShort();
    await this.#act();
    this.#until(this.#recording.at.live);
    await this.#record('live', () => true);
    await this.#endAll();
    await this.#record('final', () => true);
    return this.#played;
  }

  async #failNode(): Promise<void> {
    await this.#job('node_fail', 'alice', ['-w', 'node04', '-n2', '--no-requeue', '--wrap', 'sleep 900']);
    await this.#job('node_fail_rq', 'bob', ['-w', 'node04', '-n2', '--requeue', '--wrap', 'sleep 20']);
    await this.#wait('node_fail', 'RUNNING', 20);
    await this.#wait('node_fail_rq', 'RUNNING', 20);
    // The recorded clusters had just come up: their nodes took jobs after some seconds only.
    this.#until((this.#recording.submitted('requeued') ?? 0) - 7);
    this.#pass(4);
    await this.#do(['scontrol', 'update', 'nodename=node04', 'state=down', 'reason=lab: node|fail "test"']);
    this.#pass(3);
    await this.#record('live', ({ name }) => /^(scontrol-show-node-down|sinfo-down|scontrol-show-job-d-o-node_fail)\./.test(name));
    await this.#do(['scontrol', 'update', 'nodename=node04', 'state=resume']);
    await this.#job('requeued', 'alice', [
      ...['-w', 'node04', '-n1', '--requeue', '-J', 'requeued', '--wrap'],
      'echo run $SLURM_RESTART_COUNT; sleep 25',
    ]);
    await this.#wait('requeued', 'RUNNING', 40);
    await this.#do(['scontrol', 'requeue', this.#id('requeued')]);
  }

  async #submitLongRunning(): Promise<void> {
    const gpu = ['-p', 'gpu', '-w', 'gpu02', '-n1'];
    const sleep = ['--wrap', 'sleep 900'];
    await this.#job('exclusive', 'alice', [
      ...['-p', 'cpu', '-w', 'node[01-02]', '-N2', '--exclusive', '--mem=0', '-t', '2:00:00', '--wrap', 'srun sleep 900'],
    ]);
    await this.#job('part_of_node', 'alice', [
      ...['-p', 'cpu', '-w', 'node03', '-n3', '--mem=2G', '-t', '1-00:00:00', '-J', 'part', '--wrap'],
      'srun -n1 sleep 2; srun -n3 sleep 900',
    ]);
    await this.#job('nomultithread', 'bob', ['-p', 'cpu', '-w', 'node03', '-n1', '-c2', '--hint=nomultithread', '-t', '30', ...sleep]);
    await this.#job('gpu_idx', 'alice', [
      ...['-p', 'gpu', '-w', 'gpu01', '--gres=gpu:a100:2', '-c4', '-J', 'gpu_idx', '-t', '4:00:00', '--wrap'],
      'env | grep -E "CUDA|GPU"; sleep 900',
    ]);
    await this.#job('gpu_2nodes', 'bob', [
      ...['-p', 'gpu', '-N2', '--gpus-per-node=1', '--ntasks-per-node=1', '-J', 'gpu2n', '-t', '4:00:00', '--wrap', 'srun sleep 900'],
    ]);
    await this.#job('gpu_total', 'alice', [
      ...['-p', 'gpu', '-w', 'gpu02', '--gpus=a100:1', '--mem-per-gpu=3G', '-n1', '-J', 'gput', '-t', '4:00:00', ...sleep],
    ]);
    await this.#job('unlimited', 'alice', [...gpu, '-t', 'UNLIMITED', '-J', 'unlimited', ...sleep]);
    await this.#job('weird', 'alice', [
      ...['-w', 'node04', '-n1', '-J', weirdName, `--comment=${weirdComment}`, '--wrap'],
      'echo "q" \'x\' | cat # ü\nsleep 900',
    ]);
    await this.#job('comments', 'bob', ['-w', 'node04', '-n1', '-J', 'comments', '--comment=user comment; k=v', ...sleep]);
    await this.#job('qos_high', 'alice', [...gpu, '-A', 'chem', '--qos=high', '-J', 'qos', '--nice=100', ...sleep]);
    await this.#job('suspended', 'root', [...gpu, '-A', 'root', '-J', 'suspended', '-t', '60', ...sleep]);
    await this.#job('het', 'bob', [this.#script('het.sh', hetScript)], []);
    await this.#job('array', 'alice', [this.#script('arr.sh', arrayScript)], []);
  }

  async #submitPending(): Promise<void> {
    const brief = ['--wrap', 'sleep 1'];
    await this.#job('pend_held', 'bob', ['-H', '-n1', '-J', 'held', ...brief]);
    await this.#job('pend_dep', 'bob', ['-n1', '-J', 'dep', `--dependency=afterok:${this.#id('part_of_node')}`, ...brief]);
    await this.#job('pend_begin', 'bob', ['-n1', '-J', 'begin', '--begin=now+2hours', ...brief]);
    await this.#job('pend_array', 'bob', ['-H', '-n1', '-J', 'parr', '--array=1-5,9,20-30:2%2', ...brief]);
    await this.#job('pend_badcons', 'bob', [
      ...['-H', '-p', 'cpu,shared', '-N1-3', '-n4', '-c2', '--mem-per-cpu=500', '-J', 'multi_part', ...brief],
    ]);
    await this.#job('deadline', 'bob', ['-w', 'node01', '-n1', '-t', '1', '--deadline=now+100seconds', '-J', 'deadline', ...brief]);
    await this.#job('cancel_pend', 'bob', ['-H', '-n1', '-J', 'cancelled_pending', ...brief]);
    await this.#do(['scancel', this.#id('cancel_pend')]);
  }

  async #submitShort(): Promise<void> {
    const on = (name: string, script: string): readonly string[] => ['-w', 'node04', '-n1', '-J', name, '--wrap', script];
    await this.#job('completed', 'alice', on('completed', 'srun -J stepname true; srun true; exit 0'));
    await this.#job('failed', 'alice', on('failed', 'exit 3'));
    await this.#job('failed_sig', 'alice', on('failed_sig', 'kill -SEGV $$'));
    const badOutput = ['-w', 'node04', '-n1', '-J', 'bad_output', '-o', '/nonexistent/dir/x', '--wrap', 'exit 0'];
    await this.#job('bad_output', 'alice', badOutput, []);
    await this.#job('timeout', 'bob', ['-w', 'node04', '-n1', '-t', '1', '-J', 'timeout', '--wrap', 'sleep 900']);
    await this.#job('cancel_run', 'bob', on('cancelled_running', 'sleep 900'));
    await this.#job('cancel_admin', 'alice', on('cancelled_by_root', 'sleep 900'));
  }

  async #act(): Promise<void> {
    await this.#do(['scontrol', 'update', `jobid=${this.#id('comments')}`, 'admincomment=admin|comment "x" ü']);
    await this.#wait('cancel_run', 'RUNNING', 40);
    // What follows had to wait for the main scheduler, which had run for the jobs above within a second.
    this.#until((this.#recording.submitted('pend_res') ?? 0) - 1);
    await this.#do(['scancel', this.#id('cancel_run')], 'bob');
    await this.#wait('cancel_admin', 'RUNNING', 40);
    await this.#do(['scancel', this.#id('cancel_admin')]);
    await this.#wait('suspended', 'RUNNING', 40);
    await this.#do(['scontrol', 'suspend', this.#id('suspended')]);
    for (const role of ['het', 'gpu_2nodes', 'exclusive']) await this.#wait(role, 'RUNNING', 30);
    await this.#job('pend_res', 'bob', [
      ...['-p', 'cpu', '-N4', '--exclusive', '--nice=100000', '-t', '10', '-J', 'pend_res', '--wrap', 'sleep 1'],
    ]);
    await this.#do(['scancel', `${this.#id('array')}_11`]);
    const reservation = ['reservationname=maint', 'starttime=now+5days', 'duration=60', 'nodes=gpu02', 'users=root'];
    await this.#do(['scontrol', 'create', 'reservation', ...reservation, 'flags=maint,ignore_jobs']);
  }

  /** Waits for the time limit and the second runs, and ends everything; two jobs that share CPUs come last. */
  async #endAll(): Promise<void> {
    await this.#wait('timeout', 'TIMEOUT', 150);
    await this.#wait('requeued', 'COMPLETED', 200);
    await this.#wait('node_fail_rq', 'COMPLETED', 200);
    this.#until(this.#recording.cancelledAt);
    const recordOnly = (pattern: RegExp): Promise<void> => this.#record('final', ({ name }) => pattern.test(name));
    await recordOnly(/^sinfo-before-cancel\./);
    await this.#do(['scontrol', 'update', 'nodename=gpu02', 'state=drain', 'reason=drain me: "ü"']);
    await recordOnly(/^(scontrol-show-node-draining|sinfo-draining)\./);
    // What scancel says of a job that its leader has taken along is of no account, as when it was recorded.
    for (const user of ['alice', 'bob', 'root'] as const) {
      await this.#ask(['scancel', '--state=PENDING', '-u', user, this.#id('array')]);
      await this.#ask(['scancel', '-u', user, '--state=RUNNING']);
      await this.#ask(['scancel', '-u', user, '--state=SUSPENDED']);
    }
    // Released before, but the scheduler came to it only after what ran was cancelled.
    await this.#do(['scontrol', 'release', this.#id('pend_array')]);
    this.#pass(15);
    for (const user of ['alice', 'bob', 'root'] as const) await this.#ask(['scancel', '-u', user]);
    this.#pass(8);
    await this.#do(['scontrol', 'update', 'nodename=gpu02', 'state=resume']);
    // It had answered when it was looked at.
    this.#pass(2);
    const shared = ['-p', 'shared', '-w', 'node04', '-n16', '--oversubscribe', '-t', '45', '--mem=1G', '-J'];
    await this.#job('oversub', 'bob', [...shared, 'oversub1', '--wrap', 'sleep 900']);
    await this.#job('oversub2', 'alice', [...shared, 'oversub2', '--wrap', 'sleep 900']);
    await this.#wait('oversub', 'RUNNING', 20);
    await this.#wait('oversub2', 'RUNNING', 20);
    await recordOnly(/^(job-oversub2?|oversub)-/);
    await this.#ask(['scancel', this.#id('oversub'), this.#id('oversub2')]);
    this.#until(this.#recording.at.final);
  }

  /** Asks what was recorded and has not been asked yet. */
  async #record(moment: Moment, which: (command: RecordedCommand) => boolean): Promise<void> {
    const asked = new Set(this.#played.filter((one) => one.moment === moment).map(({ recorded }) => recorded));
    for (const recorded of this.#recording.commands[moment].filter((one) => !asked.has(one) && which(one))) {
      const answer = await this.#cluster.ask(recorded.argv, { env: recorded.env ?? {} });
      this.#played.push({ moment, recorded, answer: this.#inPlace(answer) });
    }
  }

  /** Scripts lie where this process may write, and are named in answers as if they lay where they did. */
  #inPlace({ code, stdout, stderr }: Answer): Answer {
    const place = (text: string): string => text.replaceAll(this.#scripts, `${this.#recording.dir}/work`);
    const escaped = (text: string): string =>
      text.replaceAll(this.#scripts.replaceAll('/', '\\/'), `${this.#recording.dir}/work`.replaceAll('/', '\\/'));
    return { code, stdout: escaped(place(stdout)), stderr: place(stderr) };
  }

  #script(name: string, text: string): string {
    const path = join(this.#scripts, name);
    writeFileSync(path, text.replaceAll('{work}', `${this.#recording.dir}/work`));
    return path;
  }

  async #job(role: string, user: User, args: readonly string[], output = ['-o', `${this.#recording.dir}/work/%j.%N.out`]): Promise<void> {
    this.#until(this.#recording.submitted(role) ?? 0);
    const said = await this.#do(['sbatch', '--parsable', ...output, ...args], user);
    if (said.trim() !== this.#id(role)) throw new Error(`job ${role} is ${said.trim()} instead of ${this.#id(role)}`);
  }

  #id(role: string): string {
    const id = this.#recording.jobs[role];
    if (id === undefined) throw new Error(`the recording has no job ${role}`);
    return String(id);
  }

  #until(time: number): void {
    const { slurm } = this.#cluster;
    this.#pass(Math.max(0, time - slurm.time.now()));
  }

  #pass(seconds: number): void {
    this.#cluster.slurm.time.advance(seconds);
  }

  async #wait(role: string, state: string, seconds: number): Promise<void> {
    for (let second = 0; second <= seconds; second++) {
      const { stdout } = await this.#ask(['squeue', '-h', '-t', 'all', '-j', this.#id(role), '-o', '%T']);
      if (stdout.split('\n')[0] === state) return;
      this.#pass(1);
    }
    throw new Error(`job ${role} is not ${state} after ${seconds} s`);
  }

  #ask(argv: readonly string[], user: User = 'root'): Promise<Answer> {
    return this.#cluster.ask(argv, { user });
  }

  async #do(argv: readonly string[], user: User = 'root'): Promise<string> {
    const { code, stdout, stderr } = await this.#ask(argv, user);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  }
}

const hetScript = `#!/bin/bash
#SBATCH --job-name=hetjob
#SBATCH --output={work}/het.%j.out
#SBATCH --partition=cpu
#SBATCH --nodelist=node04
#SBATCH --ntasks=1
#SBATCH --mem=1G
#SBATCH --time=60
#SBATCH hetjob
#SBATCH --partition=gpu
#SBATCH --gpus=1
#SBATCH --ntasks=2
#SBATCH --mem=2G
srun --het-group=0,1 sleep 900
`;

const arrayScript = `#!/bin/bash
#SBATCH -J array -p cpu -w node03 -n1 -t 90 -o {work}/arr.%A_%a.out
#SBATCH --array=0-11%4
case $SLURM_ARRAY_TASK_ID in 0) exit 0;; 1) exit 4;; 2) kill -9 $$;; *) sleep 900;; esac
`;
