import { hookClient, hookScript, installHook, loadHookConfig } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import type { Surroundings } from '../surroundings.ts';
import type { CcOptions } from './cc-open.ts';

export interface HookCommandOptions extends CcOptions {
  readonly install?: string | true;
  readonly print?: boolean;
  readonly force?: boolean;
  readonly maxEvents?: string;
}

const defaultPath = '/etc/slurm/sluice-hook.sh';

/** Writes or prints the hook's script; without either it is the hook itself, as slurmctld runs it. */
export async function runHook(options: HookCommandOptions, around: Surroundings): Promise<number> {
  if (options.install === undefined && !options.print) {
    return hookClient({
      args: options.config === undefined ? [] : ['--config', options.config],
      environment: around.env,
      nowMs: around.clock.now(),
      elapsedMs: performance.now(),
      pid: process.pid,
      say: (text) => around.stderr.write(`${text}\n`),
    });
  }
  // What the hook needs stands in two keys; a configuration without a server is enough for it.
  const config = await loadHookConfig(options.config);
  if (typeof config === 'string') throw new SluiceError('config.unreadable', config);
  const script = hookScript({
    spool: config.spoolPath,
    ...(options.maxEvents === undefined ? {} : { maxEvents: eventsOf(options.maxEvents) }),
  });
  if (options.print) {
    around.stdout.write(script);
    return 0;
  }
  const path = typeof options.install === 'string' ? options.install : defaultPath;
  const installed = installHook({ path, script, spool: config.spoolPath, force: options.force ?? false });
  const lines = [
    `${installed.path}: ${installed.change}`,
    '',
    'Enter these lines into slurm.conf:',
    '',
    ...installed.slurmConf.map((line) => `  ${line}`),
    '',
    ...installed.notes,
  ];
  around.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function eventsOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new SluiceError('usage', `--max-events ${text}: it must be a whole number from 1`);
}
