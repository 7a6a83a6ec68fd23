import { formatRanges, parseRanges } from '@sluice/slurm';
import type { EmulatedJob } from '../model/job.ts';
import { type Slurmctld, SlurmError } from '../model/slurmctld.ts';
import { mintJwt } from '../rest/jwt.ts';
import type { CommandCall } from './command.ts';
import { fail, pairOf, type Scontrol, tried } from './scontrol-call.ts';

/** Jobs by their ids, separated by commas or blanks, or by `jobname=`; a list of tasks stays whole. */
function selectorsOf(controller: Slurmctld, words: readonly string[]): readonly string[] {
  return words.flatMap((word) => {
    const { key, value } = pairOf(word);
    if (value !== null && /^(?:job)?name$/i.test(key)) {
      return [...controller.jobs()].filter(({ name }) => name === value).map(({ jobId }) => `${jobId}`);
    }
    const ids = value !== null && /^job(?:id)?$/i.test(key) ? value : word;
    return ids.split(/,(?![^[]*\])/).filter((id) => id !== '');
  });
}

type JobAct = (selector: string) => void;

/**
 * Does something to the jobs of a selector. An array answers for its tasks, those with the same answer together, once one of them failed; a job by itself
 * says what is wrong. Gives the reason of a job that failed by itself.
 */
export function forJobs(scontrol: Scontrol, controller: Slurmctld, selector: string, act: JobAct): string | undefined {
  const records = controller.select(selector);
  const [first] = records;
  if (!selector.includes('_') && first?.array == null) {
    let reason: string | undefined;
    tried(
      scontrol,
      () => act(selector),
      (message) => {
        reason = message;
        return `${message} for job ${selector}`;
      },
    );
    return reason;
  }
  if (first?.array == null) {
    tried(
      scontrol,
      () => act(selector),
      (message) => `${selector}: ${message}`,
    );
    return undefined;
  }
  sayOfTasks(scontrol, first.array.jobId, answersOf(records, selector, act));
  return undefined;
}

/** Answer of each task, by its number; an empty one is none. */
function answersOf(records: readonly EmulatedJob[], selector: string, act: JobAct): ReadonlyMap<number, string> {
  const wanted = tasksOf(selector);
  const answers = new Map<number, string>();
  for (const { array, pendingTasks } of records) {
    if (array === null) continue;
    const tasks = (pendingTasks ?? (array.taskId === null ? [] : [array.taskId])).filter((task) => wanted === null || wanted.has(task));
    if (tasks.length === 0) continue;
    const isWhole = pendingTasks !== null && tasks.length === pendingTasks.length;
    const list = tasks.length === 1 && !isWhole ? `${tasks[0]}` : `[${formatRanges(tasks)}]`;
    const message = messageOf(() => act(`${array.jobId}_${list}`));
    for (const task of tasks) answers.set(task, message);
  }
  return answers;
}

function tasksOf(selector: string): ReadonlySet<number> | null {
  const [, list] = /_\[?([\d,-]+)/.exec(selector) ?? [];
  return list === undefined ? null : new Set(parseRanges(list) ?? []);
}

function messageOf(act: () => void): string {
  try {
    act();
    return '';
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    return error.message;
  }
}

function sayOfTasks(scontrol: Scontrol, arrayId: number, answers: ReadonlyMap<number, string>): void {
  if (![...answers.values()].some((answer) => answer !== '')) return;
  const groups = new Map<string, number[]>();
  for (const [task, answer] of [...answers].sort(([a], [b]) => a - b)) groups.set(answer, [...(groups.get(answer) ?? []), task]);
  for (const [answer, tasks] of groups) fail(scontrol, `${arrayId}_${formatRanges(tasks)}: ${answer === '' ? 'No error' : answer}`);
}

/** `hold`, `requeue`, `suspend`, …; `perror` is said once more of a job that failed by itself. */
async function ofJobs(
  scontrol: Scontrol,
  words: readonly string[],
  act: (controller: Slurmctld, selector: string, as: CommandCall['as']) => void,
  perror?: string,
): Promise<void> {
  const { call } = scontrol;
  const controller = await call.controller();
  for (const selector of selectorsOf(controller, words)) {
    const reason = forJobs(scontrol, controller, selector, (one) => act(controller, one, call.as));
    if (reason !== undefined && perror !== undefined) fail(scontrol, `${perror}: ${reason}`);
  }
}

const holdError = 'slurm_suspend error';

/** Commands that do something to jobs, by name. */
export const jobCommands: Readonly<Record<string, (scontrol: Scontrol, words: readonly string[]) => Promise<void>>> = {
  hold: (scontrol, words) =>
    ofJobs(scontrol, words, (controller, job, as) => controller.hold(job, as.uid === 0 ? 'admin' : 'user', as), holdError),
  uhold: (scontrol, words) => ofJobs(scontrol, words, (controller, job, as) => controller.hold(job, 'user', as), holdError),
  release: (scontrol, words) => ofJobs(scontrol, words, (controller, job, as) => controller.release(job, as), holdError),
  requeue: (scontrol, words) =>
    ofJobs(scontrol, withoutState(words), (controller, job, as) => controller.requeue(job, { hold: false, specialExit: false }, as)),
  requeuehold: (scontrol, words) => {
    const specialExit = words.some((word) => /^state=specialexit$/i.test(word));
    return ofJobs(scontrol, withoutState(words), (controller, job, as) => controller.requeue(job, { hold: true, specialExit }, as));
  },
  suspend: (scontrol, words) => ofJobs(scontrol, words, (controller, job, as) => controller.suspend(job, as)),
  resume: (scontrol, words) => ofJobs(scontrol, words, (controller, job, as) => controller.resume(job, as)),
  top: (scontrol, words) => ofJobs(scontrol, words, toTheTop),
};

function withoutState(words: readonly string[]): readonly string[] {
  return words.filter((word) => !/^(?:state=|incomplete$)/i.test(word));
}

/** Above all other pending jobs of its user, which pay for it. */
function toTheTop(controller: Slurmctld, selector: string, as: CommandCall['as']): void {
  const uids = new Set(controller.select(selector).map(({ uid }) => uid));
  const best = [...controller.jobs()].filter(({ state, uid }) => state === 'PENDING' && uids.has(uid)).map(({ priority }) => priority);
  controller.updateJob(selector, { priority: Math.max(1, ...best) + 1 }, as);
}

/** `scontrol notify ID TEXT`: only a job that runs can hear it. */
export async function notify(scontrol: Scontrol, [id = '']: readonly string[]): Promise<void> {
  const jobs = (await scontrol.call.controller()).select(id);
  if (jobs.length === 0) fail(scontrol, 'job notify failure: Invalid job id specified');
  else if (!jobs.some(({ state }) => state === 'RUNNING')) fail(scontrol, 'job notify failure: Requested operation is presently disabled');
}

/** `scontrol wait_job ID`: whether the nodes of a job are ready. */
export async function waitJob(scontrol: Scontrol, [id = '']: readonly string[]): Promise<void> {
  const [job] = (await scontrol.call.controller()).select(id);
  if (job?.state === 'RUNNING') scontrol.call.err(`scontrol: Nodes are ready for job ${id}\n`);
  else fail(scontrol, `scontrol: Problem running job ${id}`);
}

/** `scontrol write batch_script ID [FILE|-]`. */
export async function writeScript(scontrol: Scontrol, [what = '', id = '', file = `slurm-${id}.sh`]: readonly string[]): Promise<void> {
  const { call } = scontrol;
  if (!/^batch_?script$/i.test(what)) {
    fail(scontrol, what === '' ? 'too few arguments for keyword:write' : `invalid write argument:${what}`);
    return;
  }
  if (id === '') {
    fail(scontrol, 'too few arguments for keyword:write');
    return;
  }
  const controller = await call.controller();
  const [job] = controller.select(id);
  const owns =
    call.as.uid === 0 ||
    job?.uid === call.as.uid ||
    call.slurm.spec.users.some(({ admin, name }) => name === call.as.user && admin !== 'None');
  const why =
    job === undefined
      ? 'Invalid job id specified'
      : !owns
        ? denied(call)
        : job.request.script === null
          ? 'Job script not specified'
          : undefined;
  if (why !== undefined || job === undefined) {
    fail(scontrol, `job script retrieval failed: ${why}`);
    return;
  }
  const script = job.request.script ?? '';
  if (file === '-') {
    call.out(script);
    return;
  }
  const argv = ['sh', '-c', 'printf %s "$1" >"$0"', file, script];
  const [code = 1] = (await call.runThere?.({ tasks: 1, label: false, argv, env: {} })) ?? [];
  if (code === 0) call.out(`batch script for job ${id} written to ${file}\n`);
  else fail(scontrol, `failed to open file \`${file}\`: No such file or directory`);
}

/** 22.05 has other words for who may not do something. */
export function denied({ slurm }: CommandCall): string {
  return slurm.spec.release.startsWith('22.') ? 'Invalid user id' : 'Access/permission denied';
}

/** `scontrol token [username=…] [lifespan=…]`. */
export async function token(scontrol: Scontrol, words: readonly string[]): Promise<void> {
  const { call } = scontrol;
  const given = new Map(words.map(pairOf).map(({ key, value }) => [key.toLowerCase(), value ?? '']));
  const user = given.get('username') ?? call.as.user;
  const asked = given.get('lifespan') ?? '1800';
  const controller = await call.controller();
  const lifespan = asked.toLowerCase() === 'infinite' ? 2 ** 31 : Number(asked);
  if (!Number.isInteger(lifespan) || lifespan <= 0) {
    fail(scontrol, `Invalid lifespan: ${asked}`);
    return;
  }
  if (user !== call.as.user && call.as.uid !== 0) {
    fail(scontrol, `scontrol: error: slurm_fetch_token: error with request: ${denied(call)}\nError fetching token`);
    return;
  }
  if (call.jwtKey === undefined) {
    fail(scontrol, 'scontrol: error: slurm_fetch_token: error receiving response: Requested operation is presently disabled');
    return;
  }
  const iat = controller.now();
  call.out(`SLURM_JWT=${mintJwt(call.jwtKey, { exp: iat + lifespan, iat, sun: user })}\n`);
}
