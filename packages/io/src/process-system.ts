import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { SluiceError } from './errors.ts';
import type { Call, Finished, Processes, ProcessStream, Program } from './process.ts';
import { type Graces, RunningProgram } from './process-running.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The real door: starts programs of this machine, without a shell, each in a process group of its own. `environment`
 * is what programs may inherit from, and the PATH in which they are found.
 */
export function systemProcesses(environment: Environment, graces: Partial<Graces> = {}): Processes {
  const bounds = { killMs: 2000, drainMs: 250, ...graces };

  function stream(call: Call): ProcessStream {
    const { program } = call;
    try {
      const child = spawn(locate(program, environment), [...call.args], {
        env: childEnvironment(program, environment),
        stdio: [call.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        detached: true,
      });
      return new RunningProgram(child, call, bounds, (error) => startError(program, error));
    } catch (error) {
      return notStarted(startError(program, error));
    }
  }

  async function run(call: Call): Promise<Finished> {
    const running = stream(call);
    const chunks: Buffer[] = [];
    for await (const chunk of running.stdout) chunks.push(chunk);
    return { ...(await running.ended), stdout: Buffer.concat(chunks) };
  }

  return { run, stream };
}

function notStarted(error: SluiceError): ProcessStream {
  const ended = Promise.reject(error);
  ended.catch(() => {});
  async function* stdout(): AsyncGenerator<Buffer> {
    yield await ended;
  }
  return { stdout: stdout(), ended };
}

function childEnvironment(program: Program, environment: Environment): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const name of program.inherit) {
    const value = environment[name];
    if (value !== undefined) chosen[name] = value;
  }
  return { ...chosen, ...program.env };
}

function locate(program: Program, environment: Environment): string {
  if (isAbsolute(program.name)) return program.name;
  if (program.dir !== undefined) return join(program.dir, program.name);
  const searched = environment['PATH'] ?? '/usr/bin:/bin';
  const present = searched
    .split(delimiter)
    .filter((dir) => isAbsolute(dir))
    .map((dir) => join(dir, program.name))
    .filter(isFile);
  const found = present.find(isExecutable) ?? present[0];
  if (found !== undefined) return found;
  throw new SluiceError('process.missing', `${program.name} is in none of the directories of PATH (${shortened(searched)})`, {
    hint: 'Install it, or name the directory that holds it in the configuration.',
  });
}

/** A PATH as a message can hold it: its first directories. */
function shortened(path: string): string {
  const dirs = path.split(delimiter);
  return dirs.length <= 4 ? path : `${dirs.slice(0, 3).join(delimiter)} and ${dirs.length - 3} more`;
}

/** A directory of PATH that may not be searched holds nothing for us, as for a shell. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The typed error for a program that the system would not start; errno names of execve(2), fork(2) and pipe(2). */
export function startError(program: Program, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const errno = (error as Partial<NodeJS.ErrnoException> | null)?.code;
  const where = program.dir === undefined ? program.name : join(program.dir, program.name);
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      return new SluiceError('process.missing', `${where} does not exist, or the interpreter that its first line names does not`, {
        cause: error,
        hint: 'Install it, or name the directory that holds it in the configuration.',
      });
    case 'EACCES':
    case 'EPERM':
      return new SluiceError('process.denied', `${where} may not be executed by this user`, { cause: error });
    case 'E2BIG':
      return new SluiceError('process.start', `the arguments for ${where} are longer than the system allows`, {
        cause: error,
        hint: 'Ask for less at a time. Linux allows 128 KiB for one argument and a quarter of the stack limit for all.',
      });
    case 'EAGAIN':
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
      return new SluiceError('process.start', `${where} cannot be started now: the system is out of ${scarce[errno]}`, { cause: error });
    case 'ERR_INVALID_ARG_VALUE':
      return new SluiceError('data.invalid', `an argument or variable for ${where} holds a NUL character`, { cause: error });
    default:
      return new SluiceError('process.start', `${where} cannot be started: ${errno ?? 'unknown error'}`, { cause: error });
  }
}

const scarce = { EAGAIN: 'processes', ENOMEM: 'memory', EMFILE: 'file descriptors', ENFILE: 'file descriptors' } as const;
