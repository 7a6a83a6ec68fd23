import { openSync, writeSync } from 'node:fs';
import type { ShadowOptions } from '@sluice/clustercockpit';
import { SluiceError } from '@sluice/io';
import type { Surroundings } from '../surroundings.ts';
import type { DaemonOptions } from './cc-command.ts';

const patienceSeconds = 600;

/** A dry run as the options have it: its report goes to a file, which scripts of jobs may be in, or to stdout. */
export function shadowOf({ report, patience }: DaemonOptions, { stdout }: Surroundings): ShadowOptions {
  const seconds = patience === undefined ? patienceSeconds : Number(patience);
  if (!(seconds >= 0 && seconds <= 86_400)) {
    throw new SluiceError('usage', `--patience: ${JSON.stringify(patience)} is no number of seconds up to a day`);
  }
  const file = report === undefined ? undefined : openReport(report);
  return {
    patienceMs: seconds * 1000,
    report(line) {
      const text = `${JSON.stringify(line)}\n`;
      if (file === undefined) stdout.write(text);
      else writeSync(file, text);
    },
  };
}

function openReport(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    throw new SluiceError('usage', `--report: ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
