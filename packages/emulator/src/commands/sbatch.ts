import { readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { JobRequest } from '../model/job.ts';
import { bytesOfText, textOfBytes } from '../server/text-bytes.ts';
import { checkScript, directivesOf, ScriptRefusal } from './batch-script.ts';
import { refusedCluster } from './clusters.ts';
import type { CommandCall } from './command.ts';
import { inform } from './inform.ts';
import { environmentOptions } from './job-environment.ts';
import { jobOptionTables } from './job-option-tables.ts';
import { jobsEnd } from './job-waiting.ts';
import { type GivenOption, type GivenOptions, OptionError, type OptionTable, optionErrorText, readOptions } from './options.ts';
import { majorRelease } from './scene.ts';
import { type Asked, askedOf, requestOf, sayOptionValue, sayRefusal, testText } from './submitting.ts';

const usage = 'Usage: sbatch [OPTIONS(0)...] [ : [OPTIONS(N)...]] script(0) [args(0)...]\n';

/** sbatch(1). */
export async function sbatch(call: CommandCall): Promise<number> {
  const table = jobOptionTables(majorRelease(call)).sbatch;
  try {
    const components = commandLine(call.argv, table);
    const informed = inform(call, 'sbatch', components[0] ?? readOptions([], table), usage, table);
    if (informed !== undefined) return informed;
    const { requests, asked } = await requested(call, components, table);
    return refusedCluster(call, 'sbatch', asked.value('clusters')) ?? (await submitted(call, requests, asked));
  } catch (error) {
    if (error instanceof OptionError) {
      call.err(optionErrorText('sbatch', error));
      return 255;
    }
    if (error instanceof ScriptRefusal) {
      call.err(error.message);
      return error.code;
    }
    return sayOptionValue(call, 'sbatch', error);
  }
}

/** Components of a het job are parted by a colon; the words of the script follow the last one. */
function commandLine(argv: readonly string[], table: OptionTable): readonly GivenOptions[] {
  const given = readOptions(argv, table);
  return given.operands[0] === ':' ? [given, ...commandLine(given.operands.slice(1), table)] : [given];
}

interface Requested {
  readonly requests: readonly JobRequest[];
  /** What concerns sbatch itself is said by the first component. */
  readonly asked: Asked;
}

async function requested(call: CommandCall, components: readonly GivenOptions[], table: OptionTable): Promise<Requested> {
  const operands = components.at(-1)?.operands ?? [];
  const asked = askedOf(components.flatMap(({ options }) => options));
  const { script, path, name } = await scriptOf(call, asked.value('wrap'), operands, asked.value('chdir'));
  checkScript(script);
  const text = textOfBytes(script);
  // What --wrap makes has no directives of its own.
  const directives = asked.has('wrap') ? [[]] : directivesOf(text, name);
  const count = Math.max(components.length, directives.length);
  const written = directives.map((words) => directiveOptions(words, table));
  const options = Array.from({ length: count }, (_, index): readonly GivenOption[] => [
    ...written.slice(0, index).flatMap((before) => before.filter(({ name: option }) => !ofOneComponent.has(option))),
    ...(written[index] ?? []),
    ...environmentOptions('sbatch', call.env),
    // One component on the command line stands for all of the script.
    ...((components.length === 1 ? components[0] : components[index])?.options ?? []),
  ]);
  const scriptArguments = operands.slice(1);
  const requests = options.map((said) => requestOf(call, 'sbatch', said, { name, script: text, command: path, scriptArguments }));
  return { requests, asked: askedOf(options[0] ?? []) };
}

/** What a component of a het job asks for by itself; of all else, what was said of a component holds for those behind it (recorded: name, output, time). */
const ofOneComponent: ReadonlySet<string> = new Set([
  ...['constraint', 'contiguous', 'core-spec', 'cores-per-socket', 'cpus-per-gpu', 'cpus-per-task', 'exclude', 'exclusive', 'gpu-bind'],
  ...['gpus', 'gpus-per-node', 'gpus-per-socket', 'gpus-per-task', 'gres', 'hint', 'licenses', 'mem', 'mem-per-cpu', 'mem-per-gpu'],
  ...['mincpus', 'nodefile', 'nodelist', 'nodes', 'ntasks', 'ntasks-per-core', 'ntasks-per-gpu', 'ntasks-per-node', 'ntasks-per-socket'],
  ...['oversubscribe', 'partition', 'sockets-per-node', 'thread-spec', 'threads-per-core', 'tmp'],
]);

function directiveOptions(words: readonly string[], table: OptionTable): readonly GivenOption[] {
  const { options, operands } = readOptions(words, table);
  if (operands[0] !== undefined) throw new ScriptRefusal(`sbatch: error: Invalid directive found in batch script: ${operands[0]}\n`, 255);
  return options;
}

async function submitted(call: CommandCall, requests: readonly JobRequest[], asked: Asked): Promise<number> {
  const isTest = asked.has('test-only');
  try {
    const controller = await call.controller();
    if (isTest) {
      call.err(testText(call, 'sbatch', controller, requests));
      return 0;
    }
    const { jobId } = controller.submit(requests, call.as);
    const cluster = asked.value('clusters') === undefined ? undefined : call.slurm.spec.name;
    if (asked.has('parsable')) call.out(`${jobId}${cluster === undefined ? '' : `;${cluster}`}\n`);
    else if (!asked.has('quiet')) call.out(`Submitted batch job ${jobId}${cluster === undefined ? '' : ` on cluster ${cluster}`}\n`);
    return asked.has('wait') ? await jobsEnd(call, controller, jobId) : 0;
  } catch (error) {
    const what = isTest ? 'allocation failure' : 'sbatch: error: Batch job submission failed';
    return sayRefusal(call, error, { command: 'sbatch', what, requests });
  }
}

interface Script {
  readonly script: Buffer;
  /** Full path; empty for stdin and `--wrap`. */
  readonly path: string;
  /** What the job is called without a name of its own. */
  readonly name: string;
}

async function scriptOf(
  call: CommandCall,
  wrap: string | undefined,
  operands: readonly string[],
  chdir: string | undefined,
): Promise<Script> {
  const [file] = operands;
  if (wrap !== undefined) {
    if (file !== undefined) throw new ScriptRefusal('sbatch: error: Script arguments not permitted with --wrap option\n');
    return { script: bytesOfText(`#!/bin/sh\n# This script was created by sbatch --wrap.\n\n${wrap}\n`), path: '', name: 'wrap' };
  }
  if (file === undefined) {
    const parts: Uint8Array[] = [];
    for await (const part of call.stdin) parts.push(part);
    return { script: Buffer.concat(parts), path: '', name: 'sbatch' };
  }
  const path = scriptPath(file, call, chdir);
  try {
    return { script: readFileSync(bytesOfText(path)), path, name: basename(file) };
  } catch {
    throw new ScriptRefusal(`sbatch: error: Unable to open file ${file}\n`);
  }
}

/** A name alone is looked for in the directory and then in PATH. */
function scriptPath(file: string, { cwd, env }: CommandCall, chdir: string | undefined): string {
  if (isAbsolute(file)) return file;
  const directory = chdir === undefined ? cwd : isAbsolute(chdir) ? chdir : join(cwd, chdir);
  const candidates = [directory, ...(file.includes('/') ? [] : (env['PATH'] ?? '').split(':'))].map((place) => join(place, file));
  return candidates.find((path) => statSync(bytesOfText(path), { throwIfNoEntry: false })?.isFile()) ?? join(cwd, file);
}
