import { jobsJson } from '../json/index.ts';
import type { EmulatedJob } from '../model/job.ts';
import type { Slurmctld } from '../model/slurmctld.ts';
import { refusedCluster } from './clusters.ts';
import type { CommandCall } from './command.ts';
import { optionsOrEnd } from './inform.ts';
import { inListOrder } from './job-facts.ts';
import { answerJson, jsonWish } from './json-answer.ts';
import { type GivenOptions, type OptionTable, optionTable } from './options.ts';
import { majorRelease, memo, sceneOf } from './scene.ts';
import {
  chooseJobs,
  hostSet,
  invalidStateText,
  type JobChoice,
  joinTasks,
  readJobName,
  readStates,
  shownPartitions,
  spreadTasks,
} from './squeue-choice.ts';
import { columnsOf, type JobColumn, type SqueueScene } from './squeue-columns.ts';
import { type QueueRow, sortRows } from './squeue-sort.ts';
import { runningSteps, stepFields, stepFormat } from './squeue-steps.ts';
import { cellText, type Layout, parseFormat, parseLongFormat } from './text-columns.ts';
import { TextOut } from './text-lines.ts';
import { ctimeText } from './time-text.ts';

const defaultFormat = '%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R';
const longFormat = '%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R';
const startFormat = '%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R';

/** Options by release: later ones have more. */
export function optionsOf(release: number): OptionTable {
  return optionTable([
    'accounts,A:',
    'all,a',
    'array,r',
    release < 2302 ? 'array-unique' : 'expand-patterns',
    'Format,O:',
    'format,o:',
    'federation',
    'help',
    ...(release < 2405 ? [] : ['helpstate', 'helpformat', 'helpFormat']),
    'hide',
    'iterate,i:',
    'jobs,j::',
    'local',
    'long,l',
    'licenses,L:',
    'clusters|cluster,M:',
    'me',
    'name,n:',
    'noconvert',
    'nodelist|nodes|node,w:',
    'noheader,h',
    ...(release < 2405 ? [] : ['notme', 'only-job-state']),
    'partitions,p:',
    'priority,P',
    'qos,q:',
    'reservation,R:',
    'sibling|sib',
    'sort,S:',
    'start',
    'steps,s::',
    'states,t:',
    'usage',
    'users|user,u:',
    'verbose,v',
    'version,V',
    release < 2302 ? 'json' : 'json::',
    release < 2302 ? 'yaml' : 'yaml::',
  ]);
}

const usage =
  'Usage: squeue [-A account] [--clusters names] [-j jobids] [-n names] [-o format] [-O format] [-p partitions] [-t states] [-u users] [-w nodes] [-ahlrsv]\n';

/** What is asked: options, with the environment where there is none. */
interface Question {
  readonly given: GivenOptions;
  readonly isSteps: boolean;
  readonly jobs: string | undefined;
  readonly steps: string | undefined;
}

/** squeue(1). */
export async function squeue(call: CommandCall): Promise<number> {
  const release = majorRelease(call);
  const given = optionsOrEnd(call, 'squeue', usage, optionsOf(release));
  if (typeof given === 'number') return given;
  const [operand, ...rest] = given.operands;
  const isJobs = given.has('jobs');
  const isSteps = given.has('steps');
  const surplus = isJobs || isSteps ? rest[0] : operand;
  if (surplus !== undefined) {
    call.err(`squeue: error: Unrecognized option: ${surplus}\n`);
    call.out(usage);
    return 1;
  }
  const question: Question = {
    given,
    isSteps,
    jobs: given.value('jobs') ?? (isJobs ? operand : undefined),
    steps: given.value('steps') ?? (isSteps && !isJobs ? operand : undefined),
  };
  if (given.has('helpFormat') || given.has('helpformat')) {
    call.out(helpFormat(release, given.has('helpformat')));
    return 0;
  }
  return answer(call, question);
}

function helpFormat(release: number, isShort: boolean): string {
  const hidden = new Set(['gres', 'selectjobinfo', 'tres-per-node']);
  const words = columnsOf(release)
    .filter(({ shown }) => !hidden.has(shown.toLowerCase()))
    .flatMap(({ letter, shown }) =>
      isShort ? (letter === null ? [] : [`%${letter}`]) : shown.split('|').filter((name) => !isOldName(name)),
    );
  return words.map((word, index) => word.padEnd(20) + (index % 4 === 3 || index === words.length - 1 ? '\n' : '')).join('');
}

function isOldName(name: string): boolean {
  return name.startsWith('Pack') || name === 'Shared' || name === 'Tres';
}

async function answer(call: CommandCall, question: Question): Promise<number> {
  const { given } = question;
  const cluster = given.value('clusters') ?? call.env['SLURM_CLUSTERS'];
  const refused = refusedCluster(call, 'squeue', cluster);
  if (refused !== undefined) return refused;
  const choice = chosen(call, question);
  if (choice === undefined) return 1;
  const controller = await call.controller();
  if (choice.nodes !== null) {
    const unknown = [...choice.nodes].find((node) => controller.node(node) === undefined);
    if (unknown !== undefined) {
      call.err(`squeue: error: Invalid node name ${unknown}\n`);
      return 1;
    }
  }
  const wish = jsonWish(given);
  const out = new TextOut(call.out);
  if (cluster !== undefined && wish === undefined && !given.has('noheader')) out.write(`CLUSTER: ${controller.spec.name}\n`);
  const jobs = candidates(controller, choice);
  if (jobs === undefined) {
    call.err('slurm_load_jobs error: Invalid job id specified\n');
    return 1;
  }
  if (wish !== undefined) {
    // 22.05 prints all jobs, whatever was asked for.
    const shown = majorRelease(call) < 2302 ? jobs : chooseJobs(jobs, choice);
    return answerJson(call, 'squeue', wish, (json) => jobsJson(call.slurm, shown, json));
  }
  const code = question.isSteps
    ? writeSteps(call, question, controller, jobs, out)
    : writeJobs(call, question, controller, chooseJobs(jobs, choice), out);
  out.flush();
  return code;
}

/** The jobs that slurmctld is asked for; undefined when one was named that it does not have. */
function candidates(controller: Slurmctld, { jobs }: JobChoice): readonly EmulatedJob[] | undefined {
  const [only, ...others] = jobs ?? [];
  if (only === undefined || others.length > 0) return inListOrder([...controller.jobs()]);
  const found = controller.select(`${only.jobId}`);
  return found.length === 0 ? undefined : inListOrder(found);
}

/** What the options and the environment choose; undefined, with the reason on stderr, when they cannot be read. */
function chosen(call: CommandCall, { given, jobs }: Question): JobChoice | undefined {
  const { env } = call;
  const words = (name: string, variable?: string): readonly string[] | null => {
    const text = given.value(name) ?? (variable === undefined ? undefined : env[variable]);
    return text === undefined || text === '' ? null : text.split(',').filter((word) => word !== '');
  };
  const refuse = (text: string): undefined => {
    call.err(text);
    return undefined;
  };
  const names = jobs?.split(',').filter((word) => word !== '') ?? null;
  const read = names?.map(readJobName);
  const wrong = names?.[read?.indexOf(undefined) ?? -1];
  if (wrong !== undefined) return refuse(`squeue: error: Invalid job id: ${wrong}\n`);
  const stateText = given.value('states') ?? env['SQUEUE_STATES'];
  const states = stateText === undefined || stateText === '' ? null : readStates(stateText);
  if (states !== null && typeof states === 'object' && 'invalid' in states) return refuse(invalidStateText(states.invalid));
  const nodeText = given.value('nodelist');
  const nodes = nodeText === undefined ? null : hostSet(nodeText);
  if (nodes === undefined) return refuse(`squeue: error: Invalid node list ${nodeText}\n`);
  return {
    jobs: read?.flatMap((name) => (name === undefined ? [] : [name])) ?? null,
    accounts: words('accounts', 'SQUEUE_ACCOUNT'),
    licenses: words('licenses', 'SQUEUE_LICENSES'),
    names: words('name', 'SQUEUE_NAMES'),
    nodes,
    partitions: words('partitions', 'SQUEUE_PARTITION'),
    qos: words('qos', 'SQUEUE_QOS'),
    reservation: given.value('reservation') ?? null,
    states: given.has('start') ? [{ state: 'PENDING', isFlag: false }] : states,
    uids: given.has('me') ? [call.as.uid] : userIds(call, words('users', 'SQUEUE_USERS')),
    notUid: given.has('notme') ? call.as.uid : null,
  };
}

function userIds(call: CommandCall, users: readonly string[] | null): readonly number[] | null {
  const uids = users?.map((user) => (/^\d+$/.test(user) ? Number(user) : uidOf(call, user)));
  users?.forEach((user, index) => {
    if (uids?.[index] === undefined) call.err(`squeue: error: Invalid user: ${user}\n\n`);
  });
  const known = uids?.flatMap((uid) => (uid === undefined ? [] : [uid])) ?? [];
  return users === null || known.length === 0 ? (users === null ? null : [-1]) : known;
}

function uidOf({ slurm, as }: CommandCall, user: string): number | undefined {
  if (user === 'root') return 0;
  return user === as.user ? as.uid : slurm.spec.users.find(({ name }) => name === user)?.uid;
}

interface Field {
  /** Null for a column that is none: its suffix alone is written. */
  readonly column: JobColumn | null;
  readonly layout: Layout;
}

function writeJobs(
  call: CommandCall,
  { given }: Question,
  controller: Slurmctld,
  chosenJobs: readonly EmulatedJob[],
  out: TextOut,
): number {
  const { env } = call;
  const scene: SqueueScene = {
    ...sceneOf(call, controller),
    isConverted: !given.has('noconvert'),
    expandsPatterns: given.has('expand-patterns'),
  };
  const { prefix, fields, refused } = jobFields(call, given, scene.release);
  for (const word of refused) call.err(`squeue: error: Invalid job format specification: ${word}\n`);
  if (!given.has('noheader')) {
    if (given.has('long') || given.has('verbose') || given.has('iterate')) out.write(`${ctimeText(scene.now, scene.times.zone)}\n`);
    out.write(`${prefix}${fields.map(({ column, layout }) => headerText(column, layout)).join('')}\n`);
  }
  const isSpread = given.has('array') || env['SQUEUE_ARRAY'] !== undefined || given.has('array-unique');
  const shown = isSpread ? chosenJobs : joinTasks(chosenJobs);
  const byPartition = given.has('priority') || env['SQUEUE_PRIORITY'] !== undefined;
  const rows = shown.flatMap((job): QueueRow[] => {
    const partitions = shownPartitions(job);
    return byPartition ? partitions.map((partition) => ({ job, partition })) : [{ job, partition: partitions.join(',') }];
  });
  const sort = given.value('sort') ?? env['SQUEUE_SORT'] ?? (given.has('start') ? '-S' : 'P,t,-p');
  const sorted = sortRows(rows, sort, scene);
  if ('invalid' in sorted) {
    out.flush();
    call.err(`squeue: error: Invalid sort specification: ${sorted.invalid}\n`);
    return 1;
  }
  for (const { job, partition } of sorted) {
    const one = byPartition ? { ...job, partitions: [partition] } : job;
    for (const task of isSpread ? spreadTasks(one) : [one]) {
      let line = prefix;
      for (const { column, layout } of fields) {
        if (column !== null) line += cellText(column.text(task, scene), layout, !column.isKept);
        line += layout.suffix;
      }
      out.write(`${line}\n`);
    }
  }
  return 0;
}

function headerText(column: JobColumn | null, layout: Layout): string {
  return (column === null ? '' : cellText(column.header, layout, !column.isKept || column.header !== 'NODELIST')) + layout.suffix;
}

function jobFields(
  { env }: CommandCall,
  given: GivenOptions,
  release: number,
): { readonly prefix: string; readonly fields: readonly Field[]; readonly refused: readonly string[] } {
  const columns = columnsOf(release);
  const last = given.options.findLast(({ name }) => name === 'format' || name === 'Format');
  const byOption = last ?? (given.has('long') || given.has('start') ? undefined : fromEnvironment(env));
  if (byOption?.name === 'Format') {
    const byName = memo(() => new Map(columns.flatMap((column) => column.names.map((name) => [name, column] as const))));
    const parsed = parseLongFormat(byOption.value ?? '');
    const fields = parsed.map(({ name, layout }) => ({ column: byName().get(name.toLowerCase()) ?? null, layout }));
    return { prefix: '', fields, refused: parsed.filter(({ name }) => !byName().has(name.toLowerCase())).map(({ name }) => name) };
  }
  const format = byOption?.value ?? (given.has('start') ? startFormat : given.has('long') ? longFormat : defaultFormat);
  const byLetter = new Map(columns.flatMap((column) => (column.letter === null ? [] : [[column.letter, column] as const])));
  if (format.toLowerCase() === '%all') return { prefix: '', fields: allFields(byLetter), refused: [] };
  const { prefix, fields, refused } = parseFormat(format, (letter) => byLetter.has(letter));
  return { prefix, fields: fields.map(({ letter, layout }) => ({ column: byLetter.get(letter) ?? null, layout })), refused };
}

function fromEnvironment(env: CommandCall['env']): { readonly name: string; readonly value: string } | undefined {
  if (env['SQUEUE_FORMAT'] !== undefined) return { name: 'format', value: env['SQUEUE_FORMAT'] };
  return env['SQUEUE_FORMAT2'] === undefined ? undefined : { name: 'Format', value: env['SQUEUE_FORMAT2'] };
}

/** `%all`: small letters, then capitals, each in the order of the alphabet. */
function allFields(byLetter: ReadonlyMap<string, JobColumn>): readonly Field[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter((letter) => byLetter.has(letter));
  return letters.map((letter, index) => ({
    column: byLetter.get(letter) ?? null,
    layout: { width: 0, isRight: false, suffix: index === letters.length - 1 ? '' : '|' },
  }));
}

function writeSteps(
  call: CommandCall,
  { given, steps }: Question,
  controller: Slurmctld,
  jobs: readonly EmulatedJob[],
  out: TextOut,
): number {
  const scene = sceneOf(call, controller);
  const last = given.options.findLast(({ name }) => name === 'format' || name === 'Format');
  const { prefix, fields, refused } = stepFields(
    last?.name === 'Format' ? { long: last.value ?? '' } : { short: last?.value ?? stepFormat },
  );
  for (const word of refused) call.err(`squeue: error: Invalid job step format specification: ${word}\n`);
  const line = (cell: (column: NonNullable<(typeof fields)[number]['column']>) => string | null) =>
    `${prefix}${fields.map(({ column, layout }) => (column === null ? '' : cellText(cell(column), layout)) + layout.suffix).join('')}\n`;
  if (!given.has('noheader')) out.write(line(({ header }) => header));
  for (const row of runningSteps(jobs, steps?.split(',') ?? null)) out.write(line(({ text }) => text(row, scene)));
  return 0;
}
