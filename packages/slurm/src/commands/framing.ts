import { isAscii } from 'node:buffer';
import type { Reject } from '../facets.ts';

/**
 * Framing that nobody who chooses a job name, a comment or a path can forge: every field is followed by a delimiter that
 * holds a random nonce of this one call, and a record is exactly the asked number of fields followed by a newline.
 * `sacct -p --delimiter=…` writes it so, and `squeue -o` with the delimiter as literal text after each field.
 */
export interface Frame {
  /** Starts with the only \x1f it has, so that no end of a field and no neighbour can complete it earlier. */
  readonly delimiter: string;
}

export interface FrameBatch {
  readonly rows: readonly (readonly string[])[];
  readonly rejects: readonly Reject[];
}

export interface FrameEnd {
  /** Whether the bytes ended right after a record's terminator; only then has the answer been seen to its end. */
  readonly whole: boolean;
  readonly rows: number;
  readonly rejected: number;
}

export interface FrameLimits {
  /** Bytes of one record at most, delimiters included; 16 MiB by default. A longer one is rejected and not kept. */
  readonly maxRecordBytes?: number;
}

/** What is read at once has died when V8 next collects what is young: of more, much would grow old and stay a while. */
const bytesAtOnce = 16 * 1024;
const defaultMaxRecordBytes = 16 * 1024 * 1024;
const excerptLength = 200;
const highBytes = /[\x80-\xff]/;

/** A frame for one call. The nonce is at least 8 letters or digits from a source that nobody can foresee; 11 hold 64 bits. */
export function newFrame(nonce: string): Frame {
  if (!/^[A-Za-z0-9]{8,64}$/.test(nonce)) throw new TypeError('the nonce of a frame is 8 to 64 letters and digits');
  return { delimiter: `\x1f${nonce}` };
}

/**
 * Reads framed records, byte-exact and with memory bounded by one record and one chunk. Rows and rejects of a chunk come
 * as one batch. After a record with another number of fields, reading resumes at the next record of which no field
 * begins with a newline: such a field looks like a record's beginning, and guessing would let its author shift columns.
 */
export async function* readFrames(
  bytes: AsyncIterable<Buffer>,
  frame: Frame,
  columns: number,
  source: string,
  limits: FrameLimits = {},
): AsyncGenerator<FrameBatch, FrameEnd> {
  const reader = new FrameReader(frame.delimiter, columns, source, limits.maxRecordBytes ?? defaultMaxRecordBytes);
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; from += bytesAtOnce) {
      reader.add(chunk.subarray(from, from + bytesAtOnce));
      if (reader.hasBatch) yield reader.take();
    }
  }
  const whole = reader.end();
  if (reader.hasBatch) yield reader.take();
  return { whole, rows: reader.rowCount, rejected: reader.rejectCount };
}

/**
 * Works on latin1 strings, one character per byte, and decodes UTF-8 field by field afterwards: the one native call per
 * chunk, and `split`, are what makes it fast.
 */
class FrameReader {
  rowCount = 0;
  rejectCount = 0;
  readonly #delimiter: string;
  readonly #columns: number;
  readonly #source: string;
  readonly #maxRecordBytes: number;
  /** Complete fields after the last record that was dealt with. Each record but the first begins with a newline. */
  #fields: string[] = [];
  #fieldBytes = 0;
  /** The beginning of a field whose delimiter has not arrived. */
  #tail = '';
  /** Whether the next record begins with the newline that ends the one before. */
  #first = true;
  /** Whether a record was broken and its end is being looked for. */
  #lost = false;
  /** Whether the rows of this chunk, and what is carried into the next, are known to be plain ASCII. */
  #rowsAscii = true;
  #carryAscii = true;
  #rows: string[][] = [];
  #rejects: Reject[] = [];

  constructor(delimiter: string, columns: number, source: string, maxRecordBytes: number) {
    this.#delimiter = delimiter;
    this.#columns = columns;
    this.#source = source;
    this.#maxRecordBytes = maxRecordBytes;
  }

  get hasBatch(): boolean {
    return this.#rows.length > 0 || this.#rejects.length > 0;
  }

  take(): FrameBatch {
    const batch = { rows: this.#rows, rejects: this.#rejects };
    this.#rows = [];
    this.#rejects = [];
    return batch;
  }

  add(chunk: Buffer): void {
    const ascii = isAscii(chunk);
    this.#rowsAscii = ascii && this.#carryAscii;
    const before = this.rowCount;
    const pieces = this.#split(chunk.toString('latin1'));
    this.#tail = pieces.pop() ?? '';
    if (this.#fields.length > 0) {
      for (const piece of pieces) this.#push(piece);
      this.#consume(this.#fields);
    } else {
      this.#consume(pieces);
    }
    this.#carryAscii = ascii && (this.#carryAscii || this.rowCount > before);
    if (this.#lost) this.#forget();
    else this.#bound();
  }

  /**
   * Whether everything was seen to its end. A newline behind too few fields is not the end: a field may begin with one,
   * and the answer be cut there.
   */
  end(): boolean {
    if (this.#lost) this.#consume(this.#fields, true);
    const empty = this.#first && this.#tail === '' && this.#fields.length === 0;
    const whole = empty || (this.#tail === '\n' && (this.#lost || this.#fields.length === 0));
    if (!this.#lost && !whole) this.#reject('the answer ends in the middle of this record', [...this.#fields, this.#tail]);
    return whole;
  }

  /** What `(tail + text).split(delimiter)` gives, without a copy of the chunk: only what lies across its beginning is joined. */
  #split(text: string): string[] {
    const delimiter = this.#delimiter;
    const tail = this.#tail;
    if (tail === '') return text.split(delimiter);
    const held = tail.slice(1 - delimiter.length);
    const across = (held + text.slice(0, delimiter.length - 1)).indexOf(delimiter);
    if (across < 0) {
      const pieces = text.split(delimiter);
      pieces[0] = tail + (pieces[0] ?? '');
      return pieces;
    }
    const begun = held.length - across;
    const pieces = text.slice(delimiter.length - begun).split(delimiter);
    pieces.unshift(tail.slice(0, tail.length - begun));
    return pieces;
  }

  #push(piece: string): void {
    this.#fields.push(piece);
    this.#fieldBytes += piece.length;
  }

  /** Cuts records off the front of `pieces` and keeps the rest as `#fields`. */
  #consume(pieces: string[], atEnd = false): void {
    const columns = this.#columns;
    let from = 0;
    if (this.#lost) from = this.#resume(pieces, atEnd);
    while (!this.#lost && pieces.length - from >= columns) {
      // The newline behind the last field must be seen before the record counts: it is the next field's first byte.
      const follows = pieces[from + columns] ?? this.#tail;
      if (follows === '' && pieces.length === from + columns) break;
      if (follows.charCodeAt(0) !== 10 || !this.#begins(pieces[from])) {
        this.#reject(`other than ${columns} fields`, pieces.slice(from, from + columns));
        this.#lost = true;
        from = this.#resume(pieces, atEnd, from + 1);
        continue;
      }
      this.#accept(pieces, from);
      from += columns;
    }
    this.#fields = from === 0 ? pieces : pieces.slice(from);
    this.#fieldBytes = 0;
    for (const field of this.#fields) this.#fieldBytes += field.length;
  }

  #begins(field: string | undefined): boolean {
    return this.#first || field?.charCodeAt(0) === 10;
  }

  #accept(pieces: string[], from: number): void {
    const row = pieces.slice(from, from + this.#columns);
    if (!this.#first) row[0] = (row[0] ?? '').slice(1);
    this.#first = false;
    if (!this.#rowsAscii) decodeUtf8(row);
    this.#rows.push(row);
    this.rowCount += 1;
  }

  /** Index of the first record from `from` on that can be told for certain; all of `pieces` when there is none yet. */
  #resume(pieces: readonly string[], atEnd: boolean, from = 0): number {
    this.#first = false;
    for (let start = from; start + this.#columns <= pieces.length; start++) {
      if (pieces[start]?.charCodeAt(0) !== 10) continue;
      const follows = pieces[start + this.#columns] ?? this.#tail;
      if (follows === '' && pieces.length === start + this.#columns && !atEnd) return start;
      if (follows.charCodeAt(0) !== 10) continue;
      let clean = true;
      for (let at = start + 1; at < start + this.#columns; at++) if (pieces[at]?.charCodeAt(0) === 10) clean = false;
      if (!clean) continue;
      this.#lost = false;
      return start;
    }
    return Math.max(from, pieces.length - this.#columns);
  }

  /** While lost, only the first byte of a field matters. */
  #forget(): void {
    this.#fields = this.#fields.map((field) => (field.length > this.#maxRecordBytes / this.#columns ? field.slice(0, 1) : field));
    const keep = this.#delimiter.length;
    if (this.#tail.length > this.#maxRecordBytes) this.#tail = this.#tail.slice(0, 1) + this.#tail.slice(-keep);
  }

  #bound(): void {
    if (this.#fieldBytes + this.#tail.length + this.#fields.length * this.#delimiter.length <= this.#maxRecordBytes) return;
    this.#reject(`longer than ${this.#maxRecordBytes} bytes`, [...this.#fields, this.#tail]);
    this.#lost = true;
    this.#fields = [];
    this.#fieldBytes = 0;
    this.#tail = this.#tail.slice(-this.#delimiter.length);
  }

  #reject(reason: string, fields: readonly string[]): void {
    this.rejectCount += 1;
    this.#rejects.push({ source: this.#source, reason, excerpt: excerptOf(fields) });
  }
}

/** Decodes in place what has bytes ≥ 0x80; invalid sequences become U+FFFD. */
function decodeUtf8(row: string[]): void {
  for (let index = 0; index < row.length; index++) {
    const field = row[index] ?? '';
    if (highBytes.test(field)) row[index] = Buffer.from(field, 'latin1').toString('utf8');
  }
}

function excerptOf(fields: readonly string[]): string {
  let text = '';
  for (const field of fields) {
    text += `${field.slice(0, excerptLength)}|`;
    if (text.length > excerptLength) break;
  }
  return excerpt(text.slice(0, -1));
}

/** At most 200 characters for people to read, control characters escaped. */
export function excerpt(text: string): string {
  return text
    .slice(0, excerptLength)
    .replace(/[\x00-\x1f\x7f-\x9f]/g, escapeControl)
    .slice(0, excerptLength);
}

function escapeControl(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
