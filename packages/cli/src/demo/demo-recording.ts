import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type ProcessRecording, SluiceError } from '@sluice/io';

/** What one pass asked Slurm at one moment, and what it was answered. */
export interface Moment {
  readonly title: string;
  /** When it was, in seconds since the epoch; it is that time again when the recording is replayed. */
  readonly time: number;
  /** From when on ended jobs were asked for. */
  readonly from: number;
  readonly recording: ProcessRecording;
}

/** What must stand in cc-backend at the end, as sacct said apart from what is replayed. */
export interface ExpectedJob {
  readonly jobId: number;
  /** As it was submitted. */
  readonly name: string;
  readonly user: string;
  /** cc-backend's word. */
  readonly state: string;
  readonly start: number;
  /** null for a job that still ran. */
  readonly end: number | null;
  readonly hosts: readonly string[];
  readonly gpus: number;
  readonly cpus: number;
  readonly shared: string;
}

export interface DemoRecording {
  readonly format: 'sluice-demo/1';
  /** Release of Slurm and where it ran. */
  readonly about: string;
  readonly moments: readonly Moment[];
  readonly expected: readonly ExpectedJob[];
}

/** Any one nonce will do where only recorded users wrote the answers; the recorder uses the same. */
export const demoNonce = 'sluicedemo';

/** The recording that is shipped. */
export function shippedRecording(): DemoRecording {
  return parse(readFileSync(new URL('../../recordings/demo.json', import.meta.url), 'utf8'), 'the shipped recording');
}

/** Errors: `config.unreadable` when the file cannot be read, `data.invalid` when it is no such recording. */
export function readDemoRecording(path: string): DemoRecording {
  let raw: Buffer;
  try {
    raw = readFileSync(path);
  } catch (cause) {
    throw new SluiceError('config.unreadable', `the recording ${path} cannot be read`, { cause });
  }
  return parse((path.endsWith('.gz') ? unzip(raw, path) : raw).toString('utf8'), path);
}

function unzip(raw: Buffer, path: string): Buffer {
  try {
    return gunzipSync(raw);
  } catch (cause) {
    throw new SluiceError('data.invalid', `${path} is not whole gzip`, { cause });
  }
}

function parse(text: string, name: string): DemoRecording {
  try {
    const value = JSON.parse(text) as Partial<DemoRecording>;
    if (value.format === 'sluice-demo/1' && Array.isArray(value.moments) && Array.isArray(value.expected)) return value as DemoRecording;
  } catch (cause) {
    throw new SluiceError('data.invalid', `${name} is not whole JSON`, { cause });
  }
  throw new SluiceError('data.invalid', `${name} is not a recording of the format sluice-demo/1`);
}
