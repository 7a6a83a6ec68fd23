import { join } from 'node:path';
import { type Finished, type Program, systemProcesses } from '@sluice/io';
import type { Lab, RunOptions } from './lab.ts';

/** Runs the commands of a lab, whatever stands behind them. */
export function labCommands({ binPath, env, workDir }: Pick<Lab, 'binPath' | 'env' | 'workDir'>): Pick<Lab, 'run' | 'ask' | 'submit'> {
  const processes = systemProcesses({ PATH: env['PATH'] });
  const program = (command: string, options: RunOptions): Program => ({
    name: join(binPath(options.user), command),
    timeoutMs: options.timeoutMs ?? 60_000,
    inherit: [],
    env: { ...env, LANG: 'C.UTF-8', ...options.env },
    maxOutputBytes: 256 * 1024 * 1024,
  });
  const run: Lab['run'] = (command, args, options = {}) =>
    processes.run({ program: program(command, options), args, ...(options.stdin === undefined ? {} : { stdin: options.stdin }) });
  const ask: Lab['ask'] = async (command, args, options) => said(command, args, await run(command, args, options));
  const submit: Lab['submit'] = async (user, args, text) =>
    Number.parseInt(await ask('sbatch', ['--parsable', '-D', workDir, ...args], { user, stdin: text }), 10);
  return { run, ask, submit };
}

/** What a program printed, without the last newline; throws when it did not end with 0. */
export function said(command: string, args: readonly string[], { code, stdout, stderr }: Finished): string {
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${lastLines(stderr, 20)}`);
  return stdout.toString('utf8').replace(/\n$/, '');
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
