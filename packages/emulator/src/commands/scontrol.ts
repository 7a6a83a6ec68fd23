import { pingJson } from '../json/index.ts';
import { sayUnknownCluster } from './clusters.ts';
import { type CommandCall, Unreachable } from './command.ts';
import { optionsOrEnd } from './inform.ts';
import { answerJson, jsonWish } from './json-answer.ts';
import { type OptionTable, optionTable } from './options.ts';
import { majorRelease } from './scene.ts';
import { denied, jobCommands, notify, token, waitJob, writeScript } from './scontrol-act.ts';
import { fail, isWord, type Scontrol } from './scontrol-call.ts';
import { controllersText } from './scontrol-ping.ts';
import { show } from './scontrol-show.ts';
import { update } from './scontrol-update.ts';
import { create, remove } from './scontrol-update-reservation.ts';
import { unreachableWords } from './unreachable.ts';

function optionsOf(release: number): OptionTable {
  return optionTable([
    'all,a',
    'clusters|cluster,M:',
    'details,d',
    'federation',
    'future,F',
    'help,h',
    'hide',
    ...(release < 2302 ? [] : ['json::', 'yaml::']),
    'local',
    'oneliner,o',
    'quiet,Q',
    'sibling|sib',
    'uid,u:',
    'usage',
    'verbose,v',
    'version,V',
  ]);
}

const usage = 'scontrol [<OPTION>] [<COMMAND>]\n';

/** scontrol(1): one command from its arguments, or one from each line of stdin. */
export async function scontrol(call: CommandCall): Promise<number> {
  const given = optionsOrEnd(call, 'scontrol', usage, optionsOf(majorRelease(call)));
  if (typeof given === 'number') return given;
  const cluster = given.value('clusters') ?? (given.has('local') ? undefined : call.env['SLURM_CLUSTERS']);
  if (cluster !== undefined && cluster !== call.slurm.spec.name) return sayUnknownCluster(call, 'scontrol', cluster);
  const state: Scontrol = {
    call,
    json: jsonWish(given),
    isOneLine: given.has('oneliner'),
    isDetailed: given.has('details'),
    isQuiet: given.has('quiet'),
    code: 0,
  };
  if (given.operands.length > 0) await obey(state, given.operands);
  else await converse(state);
  return state.code;
}

type Obey = (state: Scontrol, words: readonly string[]) => Promise<void>;

const quietly: Obey = async () => {};

function set(changes: Partial<Pick<Scontrol, 'isDetailed' | 'isOneLine' | 'isQuiet'>>): Obey {
  return async (state) => {
    Object.assign(state, changes);
  };
}

/** Commands, with how many letters say so. The first that fits counts. */
const commands: readonly (readonly [word: string, least: number, obey: Obey])[] = [
  ['all', 2, quietly],
  ['cancel_reboot', 3, quietly],
  ['completing', 2, completing],
  ['create', 2, create],
  ['details', 1, set({ isDetailed: true })],
  ['help', 2, async ({ call }) => call.out(usage)],
  ['hide', 2, quietly],
  ['oneliner', 1, set({ isOneLine: true })],
  ['ping', 3, ping],
  ['quiet', 4, set({ isQuiet: true })],
  ['reboot', 3, quietly],
  ['reconfigure', 3, reach],
  ['requeue', 3, ofJobs('requeue')],
  ['requeuehold', 11, ofJobs('requeuehold')],
  ['hold', 4, ofJobs('hold')],
  ['holdu', 5, ofJobs('uhold')],
  ['uhold', 5, ofJobs('uhold')],
  ['release', 3, ofJobs('release')],
  ['suspend', 2, ofJobs('suspend')],
  ['resume', 3, ofJobs('resume')],
  ['top', 3, ofJobs('top')],
  ['token', 3, token],
  ['wait_job', 2, waitJob],
  ['setdebugflags', 9, reach],
  ['setdebug', 2, reach],
  ['schedloglevel', 3, reach],
  ['show', 3, show],
  ['write', 5, writeScript],
  ['takeover', 8, takeOver],
  ['shutdown', 8, shutDown],
  ['update', 1, update],
  ['delete', 1, remove],
  ['verbose', 4, set({ isQuiet: false })],
  ['version', 4, async ({ call }) => call.out(`slurm ${call.slurm.spec.release}\n`)],
  ['notify', 1, notify],
];

async function obey(state: Scontrol, [first = '', ...words]: readonly string[]): Promise<void> {
  const command = commands.find(([word, least]) => isWord(first, word, least));
  if (command === undefined) fail(state, `invalid keyword: ${first}`);
  else await command[2](state, words);
}

function ofJobs(name: keyof typeof jobCommands): Obey {
  return async (state, words) => {
    if (words.length === 0) fail(state, `too few arguments for keyword:${name}`);
    else await jobCommands[name]?.(state, words);
  };
}

/** What the emulator has nothing to do for, once slurmctld was reached. */
async function reach({ call }: Scontrol): Promise<void> {
  await call.controller();
}

async function ping(state: Scontrol): Promise<void> {
  const { call, json } = state;
  const { isUp, text } = controllersText(call);
  if (!isUp) state.code = 1;
  if (json === undefined) {
    call.out(text);
    return;
  }
  const controllers = call.slurm.controller.controllers();
  const shown = controllers.map(({ host, up }, index) => ({
    host,
    up: up && call.slurm.faults.slurmctld === 'up',
    role: index === 0 ? 'primary' : 'backup',
  }));
  await answerJson(call, 'scontrol', json, (one) => pingJson(call.slurm, shown as Parameters<typeof pingJson>[1], one));
}

async function completing({ call }: Scontrol): Promise<void> {
  const controller = await call.controller();
  for (const job of controller.jobs()) {
    if (!job.flags.includes('COMPLETING')) continue;
    call.out(`JobId=${job.jobId} Nodes(COMPLETING)=${(job.completingNodes ?? job.nodes).join(',')}\n`);
  }
}

function isOperator({ as, slurm }: CommandCall): boolean {
  return as.uid === 0 || slurm.spec.users.some(({ admin, name }) => name === as.user && admin !== 'None');
}

/** The controller is down from then on, until the fault is taken back. */
async function shutDown(state: Scontrol): Promise<void> {
  await state.call.controller();
  if (!isOperator(state.call)) fail(state, `slurm_shutdown error: ${denied(state.call)}`);
  else state.call.slurm.setFaults({ slurmctld: 'down' });
}

/** The backup controller answers from then on. */
async function takeOver(state: Scontrol): Promise<void> {
  const { call } = state;
  const controllers = call.slurm.controller.controllers();
  if (controllers.length < 2) fail(state, 'slurm_takeover error: Unable to contact slurm controller (connect failure)');
  else if (!isOperator(call)) fail(state, `slurm_takeover error: ${denied(call)}`);
  else call.slurm.setFaults({ primary: 'down' });
}

const prompt = 'scontrol: ';

/**
 * Without a command it asks for them, one per line, until stdin ends or `quit`. As with readline and no terminal: the prompt, the line once more, the answer.
 * The exit code is 1 when any of them failed.
 */
async function converse(state: Scontrol): Promise<void> {
  const { call } = state;
  call.out(prompt);
  for await (const line of linesOf(call.stdin)) {
    call.out(`${line}\n`);
    const words = wordsOf(line);
    const [first = ''] = words;
    if (isWord(first, 'exit', 2) || isWord(first, 'quit', 4)) return;
    if (first !== '' && !first.startsWith('#')) await obeyed(state, words);
    call.out(prompt);
  }
  call.out('\n');
}

/** A daemon that does not answer fails this command alone. */
async function obeyed(state: Scontrol, words: readonly string[]): Promise<void> {
  try {
    await obey(state, words);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    const said = unreachableWords('scontrol', words, error, state.call.slurm.spec);
    state.call.out(said.stdout);
    state.call.err(said.stderr);
    if (said.code !== 0) state.code = said.code;
  }
}

async function* linesOf(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stdin) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Words between blanks; quotes hold them together and fall away. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g)) words.push(word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  return words;
}
