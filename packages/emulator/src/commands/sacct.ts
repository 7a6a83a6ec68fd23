import { foldHostlist } from '@sluice/slurm';
import { sacctJson } from '../json/index.ts';
import type { EmulatedStep } from '../model/job.ts';
import type { JobRow, Slurmdbd } from '../model/slurmdbd.ts';
import type { Conversion, Unit } from './amounts.ts';
import type { CommandCall } from './command.ts';
import { helpText } from './help-text.ts';
import { answerJson, jsonWish } from './json-answer.ts';
import { type GivenOptions, OptionError, type OptionTable, optionErrorText, optionTable, readOptions } from './options.ts';
import { type SacctColumn, sacctColumnsOf } from './sacct-columns.ts';
import { rowIdText, type SacctScene } from './sacct-facts.ts';
import { questionOf, type SacctQuestion, SacctRefusal } from './sacct-query.ts';
import { majorRelease } from './scene.ts';
import { TextOut } from './text-lines.ts';
import { type FieldWish, headerLines, rowLine, type TableStyle } from './text-table.ts';
import { timeTexts } from './time-text.ts';

function optionsOf(release: number): OptionTable {
  return optionTable([
    'array',
    'associations,x:',
    'accounts|account,A:',
    'allclusters,L',
    'allusers,a',
    'batch-script,B',
    'brief,b',
    'completion,c',
    'constraints,C:',
    'delimiter:',
    'duplicates,D',
    'endtime,E:',
    'env-vars',
    'helpformat,e',
    ...(release < 2405 ? [] : ['expand-patterns']),
    'federation',
    'file,f:',
    'flags,F:',
    'format,o:',
    'gid|group,g:',
    'help,h',
    release < 2302 ? 'json' : 'json::',
    'jobs,j:',
    'local',
    'long,l',
    'clusters|cluster,M:',
    'name:',
    'ncpus,I:',
    'nnodes,i:',
    'noconvert',
    'nodelist,N:',
    'noheader,n',
    'partition,r:',
    'parsable,p',
    'parsable2,P',
    'qos,q:',
    'reason,R:',
    'state|states,s:',
    'starttime,S:',
    'timelimit-max,K:',
    'timelimit-min,k:',
    'truncate,T',
    'units:',
    'usage,U',
    'user|uid,u:',
    'use-local-uid',
    'verbose,v',
    'version,V',
    'wckeys,W:',
    'whole-hetjob::',
    'allocations,X',
    release < 2302 ? 'yaml' : 'yaml::',
  ]);
}

const defaultFields = 'jobid,jobname,partition,account,alloccpus,state,exitcode';
const briefFields = 'jobid,state,exitcode';
const longFields = [
  ...[
    'jobid',
    'jobidraw',
    'jobname',
    'partition',
    'maxvmsize',
    'maxvmsizenode',
    'maxvmsizetask',
    'avevmsize',
    'maxrss',
    'maxrssnode',
    'maxrsstask',
  ],
  ...[
    'averss',
    'maxpages',
    'maxpagesnode',
    'maxpagestask',
    'avepages',
    'mincpu',
    'mincpunode',
    'mincputask',
    'avecpu',
    'ntasks',
    'alloccpus',
  ],
  ...[
    'elapsed',
    'state',
    'exitcode',
    'avecpufreq',
    'reqcpufreqmin',
    'reqcpufreqmax',
    'reqcpufreqgov',
    'reqmem',
    'consumedenergy',
    'maxdiskread',
  ],
  ...[
    'maxdiskreadnode',
    'maxdiskreadtask',
    'avediskread',
    'maxdiskwrite',
    'maxdiskwritenode',
    'maxdiskwritetask',
    'avediskwrite',
    'reqtres',
  ],
  ...['alloctres', 'tresusageinave', 'tresusageinmax', 'tresusageinmaxn', 'tresusageinmaxt', 'tresusageinmin', 'tresusageinminn'],
  ...['tresusageinmint', 'tresusageintot', 'tresusageoutmax', 'tresusageoutmaxn', 'tresusageoutmaxt', 'tresusageoutave', 'tresusageouttot'],
].join(',');

/** sacct(1). */
export async function sacct(call: CommandCall): Promise<number> {
  const release = majorRelease(call);
  try {
    const given = readOptions(call.argv, optionsOf(release));
    return answerWithout(call, given, release) ?? (await answer(call, given, release));
  } catch (error) {
    if (error instanceof OptionError) call.err(optionErrorText('sacct', error));
    else if (error instanceof SacctRefusal) call.err(error.message);
    else throw error;
    return 1;
  }
}

/** What needs no slurmdbd. */
function answerWithout(call: CommandCall, given: GivenOptions, release: number): number | undefined {
  const [surplus] = given.operands;
  if (given.has('version')) call.out(`slurm ${call.slurm.spec.release}\n`);
  else if (given.has('usage')) call.out('Usage: sacct [options]\n\tUse --help for help\n');
  else if (given.has('help')) call.out(helpText('sacct', 'Usage: sacct [options]\n', optionsOf(release)));
  else if (given.has('helpformat')) call.out(helpFormat(release));
  else if (surplus !== undefined) {
    call.err(`sacct: error: Unknown arguments:\n${given.operands.map((word) => `sacct: error:  ${word}\n`).join('')}`);
    return 1;
  } else if (given.has('completion')) {
    call.err('Slurm job completion is disabled\n');
    return 1;
  } else return undefined;
  return 0;
}

/** Names of the columns, four in a line of which the last has no blank behind it. */
function helpFormat(release: number): string {
  const names = sacctColumnsOf(release).map(({ name }) => name);
  const lines: string[] = [];
  for (let at = 0; at < names.length; at += 4) {
    lines.push(
      names
        .slice(at, at + 4)
        .map((name) => name.padEnd(19))
        .join(' '),
    );
  }
  return `${lines.join('\n')}\n`;
}

async function answer(call: CommandCall, given: GivenOptions, release: number): Promise<number> {
  const now = call.slurm.time.now();
  const times = timeTexts(call.env, now, release < 2302 ? 19 : 255);
  const conversion = conversionOf(given);
  const wish = jsonWish(given);
  const fields = wish === undefined ? fieldsOf(call, given, release) : [];
  const question = questionOf(call, given, { times, now });
  const database = await call.database();
  if (wish !== undefined) return answerJson(call, 'sacct', wish, (json) => sacctJson(call.slurm, database.jobRows(question.query), json));
  const out = new TextOut(call.out);
  const wantsScript = given.has('batch-script');
  if (wantsScript || given.has('env-vars')) {
    for (const row of database.jobRows(question.query)) {
      out.write(storedText(row, { wantsScript, withHeader: !given.has('noheader'), release }));
    }
    out.flush();
    return 0;
  }
  const scene: SacctScene = { release, now, times, conversion, qosId: qosIds(database), foldNodes: foldHostlist };
  const style = styleOf(given);
  if (!given.has('noheader')) out.write(headerLines(fields, style));
  writeRows(database.jobRows(question.query), { fields, given, question, scene, style, out });
  out.flush();
  return 0;
}

interface Writing {
  readonly fields: readonly (FieldWish & { readonly column: SacctColumn })[];
  readonly given: GivenOptions;
  readonly question: SacctQuestion;
  readonly scene: SacctScene;
  readonly style: TableStyle;
  readonly out: TextOut;
}

function writeRows(rows: Iterable<JobRow>, { fields, given, out, question, scene, style }: Writing): void {
  const withSteps = !given.has('allocations');
  for (const whole of rows) {
    const row = given.has('truncate') ? truncated(whole, question) : whole;
    if (question.steps === null) {
      const tasks = given.has('array') && row.array?.pending != null ? tasksOf(row) : [row];
      for (const one of tasks) {
        out.write(
          rowLine(
            fields.map(({ column }) => column.job(one, scene)),
            fields,
            style,
          ),
        );
      }
    }
    if (!withSteps) continue;
    for (const step of row.steps) {
      if (!isWanted(step, row, question)) continue;
      out.write(
        rowLine(
          fields.map(({ column }) => column.step(step, row, scene)),
          fields,
          style,
        ),
      );
    }
  }
}

function isWanted(step: EmulatedStep, row: JobRow, { steps }: SacctQuestion): boolean {
  return steps === null || steps.includes(`${row.jobId}.${step.id}`) || steps.includes(`${rowIdText(row)}.${step.id}`);
}

/** Start and end within the time that was asked for. */
function truncated(row: JobRow, { from, to }: SacctQuestion): JobRow {
  const start = row.start !== null && from !== null ? Math.max(row.start, from) : row.start;
  const end = row.end !== null && to !== null ? Math.min(row.end, to) : row.end;
  return { ...row, start, end };
}

/** One row per task that pends (`--array`). */
function tasksOf(row: JobRow): readonly JobRow[] {
  const { array } = row;
  if (array?.pending == null) return [row];
  const ranges = (array.pending.split('%')[0] ?? '').split(',');
  return ranges.flatMap((range) => {
    const [, low = '0', high = low, step = '1'] = /^(\d+)(?:-(\d+))?(?::(\d+))?$/.exec(range) ?? [];
    const count = Math.floor((Number(high) - Number(low)) / Number(step)) + 1;
    return Array.from({ length: count }, (_, index) => ({
      ...row,
      array: { ...array, pending: null, taskId: Number(low) + index * Number(step) },
    }));
  });
}

const ruler = '-'.repeat(80);

function storedText(
  row: JobRow,
  { release, wantsScript, withHeader }: { release: number; wantsScript: boolean; withHeader: boolean },
): string {
  const title = wantsScript ? `Batch Script for ${rowIdText(row)}` : `Environment used for ${rowIdText(row)} (must be batch to display)`;
  const stored = wantsScript ? row.script : row.environment;
  const text = stored === null ? (release < 2405 ? 'NONE' : 'NONE\n') : stored;
  // Until 24.05 a line ends what may have ended already.
  return `${withHeader ? `${title}\n${ruler}\n` : ''}${text}${release < 2405 ? '\n' : ''}`;
}

function qosIds(database: Slurmdbd): (name: string) => number | null {
  let ids: ReadonlyMap<string, number> | undefined;
  return (name) => {
    ids ??= new Map(database.qos().map((qos) => [qos.name, qos.id]));
    return ids.get(name) ?? null;
  };
}

function conversionOf(given: GivenOptions): Conversion {
  const unit = given.value('units');
  if (unit !== undefined) {
    const upper = unit.toUpperCase().charAt(0);
    if (!'KMGTP'.includes(upper) || upper === '') {
      throw new SacctRefusal(`sacct: error: Invalid unit type '${unit}'. Possible options are 'KMGTP'\nsacct: fatal: Invalid unit type\n`);
    }
    return { unit: upper as Unit };
  }
  return given.has('noconvert') ? 'none' : 'exact';
}

function styleOf(given: GivenOptions): TableStyle {
  const parsable = given.options.findLast(({ name }) => name === 'parsable' || name === 'parsable2')?.name;
  if (parsable === undefined) return { kind: 'table' };
  return { kind: 'parsable', delimiter: given.value('delimiter') ?? '|', endsWithDelimiter: parsable === 'parsable' };
}

/** Columns by `--format`: names or their beginnings, with a width behind `%`. */
function fieldsOf(call: CommandCall, given: GivenOptions, release: number): readonly (FieldWish & { readonly column: SacctColumn })[] {
  const columns = sacctColumnsOf(release);
  const last = given.options.findLast(({ name }) => name === 'format' || name === 'brief' || name === 'long');
  const chosen = last?.name === 'brief' ? briefFields : last?.name === 'long' ? longFields : last?.value;
  const text = chosen ?? call.env['SACCT_FORMAT'] ?? defaultFields;
  return text
    .split(',')
    .filter((word) => word !== '')
    .flatMap((word) => {
      const [name = '', width] = word.split('%');
      if (name.toLowerCase() === 'all')
        return columns.map((column) => ({ name: column.name, width: column.width, isNumber: column.isNumber, column }));
      const column = columns.find((one) => one.name.toLowerCase().startsWith(name.toLowerCase()));
      if (column === undefined || name === '') throw new SacctRefusal(`sacct: error: Invalid field requested: "${name}"\n`);
      const wished = width === undefined || !/^-?\d+$/.test(width) ? column.width : Number(width);
      return [{ name: column.name, width: wished, isNumber: column.isNumber, column }];
    });
}
