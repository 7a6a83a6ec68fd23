import type { ExitCode } from '@sluice/slurm';
import { endVariable } from '../model/job.ts';
import type { JobRecord } from './job-record.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { type Command, parseScript } from './script-language.ts';

/**
 * How a run goes that is not really run. What the request says counts (`play`); else what its script says, as far as that is simple: sleep, exit, kill, srun, case,
 * commands that take no time. Of a script that is not simple, or that no command of which takes time is understood, the run takes `otherwise` seconds.
 */
export function planOf(job: JobRecord, otherwise: number): Plan {
  const { play, environment } = job.request;
  const asked = environment[endVariable];
  const end =
    (play?.kind === 'simulated' ? play.end : undefined) ?? (asked === 'OUT_OF_MEMORY' || asked === 'BOOT_FAIL' ? asked : undefined);
  if (end === 'BOOT_FAIL') return { seconds: 0, exit: { code: 0, signal: 0 }, steps: [], end };
  const plan = planOfScript(job, otherwise);
  return end === undefined ? plan : { ...plan, end };
}

function planOfScript(job: JobRecord, otherwise: number): Plan {
  const { play, script } = job.request;
  const success: ExitCode = { code: 0, signal: 0 };
  if (play?.kind === 'simulated') return { seconds: Math.max(0, Math.ceil(play.seconds)), exit: play.exit, steps: [] };
  // Nothing can be written where nothing may be: the batch script is not begun (recorded).
  if (job.stdout.startsWith('/nonexistent/')) return { seconds: 0, exit: { code: 0, signal: 53 }, steps: [] };
  const commands = script === null ? undefined : parseScript(script);
  if (commands === undefined) return { seconds: otherwise, exit: success, steps: [] };
  const run = new Interpretation(variablesOf(job));
  run.all(commands);
  if (!run.understood) return { seconds: otherwise, exit: success, steps: [] };
  return { seconds: run.at, exit: run.exit, steps: run.steps };
}

function variablesOf(job: JobRecord): Readonly<Record<string, string>> {
  return {
    ...job.request.environment,
    SLURM_JOB_ID: `${job.jobId}`,
    SLURM_ARRAY_TASK_ID: `${job.array?.taskId ?? ''}`,
    SLURM_ARRAY_JOB_ID: `${job.array?.jobId ?? ''}`,
    SLURM_RESTART_COUNT: `${job.restarts}`,
  };
}

const signals: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
};
const instant: ReadonlySet<string> = new Set([
  'echo',
  'true',
  ':',
  'env',
  'cat',
  'grep',
  'printf',
  'hostname',
  'date',
  'export',
  'cd',
  'module',
  'set',
  'mkdir',
  'touch',
  'ls',
  'pwd',
  'umask',
  'ulimit',
  'unset',
  'source',
  '.',
  'rm',
  'cp',
  'mv',
  'wc',
  'head',
  'tail',
  'sort',
  'tee',
  'nproc',
  'uname',
  'whoami',
  'id',
  'test',
]);

/** srun's options that have a value in the next word. */
const withValue: ReadonlySet<string> = new Set(['-n', '-N', '-c', '-J', '-w', '-p', '-t', '-o', '-e', '-G', '-A', '-m']);

class Interpretation {
  readonly steps: PlannedStep[] = [];
  at = 0;
  exit: ExitCode = { code: 0, signal: 0 };
  understood = true;
  #done = false;
  #background = 0;
  readonly #variables: Readonly<Record<string, string>>;

  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables;
  }

  all(commands: readonly Command[]): void {
    for (const command of commands) {
      if (this.#done) return;
      this.#one(command);
    }
  }

  #one(command: Command): void {
    if (command.kind === 'case') {
      const value = this.#expand(command.word);
      const branch = command.branches.find(({ patterns }) => patterns.some((pattern) => pattern === '*' || pattern === value));
      if (branch !== undefined) this.all(branch.commands);
      return;
    }
    if (command.joint === 'and' && this.exit.code + this.exit.signal > 0) return;
    if (command.joint === 'or' && this.exit.code + this.exit.signal === 0) return;
    const from = this.at;
    // Of a pipe, the longest part counts.
    let end = from;
    for (const words of command.pipeline) {
      this.at = from;
      this.#run(words.map((word) => this.#expand(word)));
      end = Math.max(end, this.at);
      if (this.#done) break;
    }
    this.at = end;
    if (command.background && !this.#done) {
      this.#background = Math.max(this.#background, this.at);
      this.at = from;
    }
  }

  #run(words: readonly string[]): void {
    const [command = 'true', ...args] = words;
    const name = command.slice(command.lastIndexOf('/') + 1);
    switch (name) {
      case 'sleep':
        this.at += seconds(args);
        this.exit = { code: 0, signal: 0 };
        return;
      case 'exit':
        if (args[0] !== undefined) this.exit = { code: Number.parseInt(args[0], 10) & 255, signal: 0 };
        this.#done = true;
        return;
      case 'exec':
      case 'time':
      case 'nice':
        this.#run(args);
        return;
      case 'false':
        this.exit = { code: 1, signal: 0 };
        return;
      case 'wait':
        this.at = Math.max(this.at, this.#background);
        return;
      case 'kill':
        this.#kill(args);
        return;
      case 'srun':
        this.#srun(args);
        return;
      default:
        if (!instant.has(name) && !command.includes('=')) this.understood = false;
        this.exit = { code: 0, signal: 0 };
    }
  }

  #kill(args: readonly string[]): void {
    const own = args.at(-1) === '$$';
    const word = (args.find((arg) => arg.startsWith('-')) ?? '-TERM').slice(1).replace(/^SIG/, '');
    const signal = signals[word] ?? Number.parseInt(word, 10);
    if (!own || !Number.isInteger(signal)) return;
    this.exit = { code: 0, signal };
    this.#done = true;
  }

  #srun(args: readonly string[]): void {
    let name: string | null = null;
    let tasks: number | null = null;
    let nodes: number | null = null;
    let hetGroup: readonly number[] | null = null;
    let at = 0;
    for (; at < args.length; at++) {
      const arg = args[at] ?? '';
      if (!arg.startsWith('-')) break;
      const [, option = arg, value = withValue.has(arg) ? args[++at] : ''] =
        /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? /^(-[a-zA-Z])(.+)$/s.exec(arg) ?? [];
      if (option === '-n' || option === '--ntasks') tasks = Number(value);
      else if (option === '-N' || option === '--nodes') nodes = Number(value);
      else if (option === '-J' || option === '--job-name') name = value ?? null;
      else if (option === '--het-group') hetGroup = hetGroups(value ?? '');
    }
    const command = args.slice(at);
    const from = this.at;
    this.#run(command);
    const ended = this.exit;
    this.#done = false;
    const path = command[0] ?? '';
    this.steps.push({
      from,
      to: this.at,
      name: name ?? path.slice(path.lastIndexOf('/') + 1),
      tasks,
      nodes,
      exit: ended,
      submitLine: ['srun', ...args].join(' '),
      hetGroup,
    });
    // srun gives back its task's code; 128 + signal for a signal.
    this.exit = ended.signal > 0 ? { code: 128 + ended.signal, signal: 0 } : ended;
  }

  #expand(word: string): string {
    return word.replaceAll(/\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?/g, (_, name: string) => this.#variables[name] ?? '');
  }
}

function seconds(args: readonly string[]): number {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
  return args.reduce((sum, arg) => {
    const [, number, unit = 's'] = /^([\d.]+)([smhd])?$/.exec(arg) ?? [];
    return sum + Math.ceil(Number(number ?? 0) * (units[unit] ?? 1));
  }, 0);
}

function hetGroups(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [low = 0, high = low] = part.split('-').map(Number);
    return Array.from({ length: high - low + 1 }, (_, index) => low + index);
  });
}
