import { SluiceError } from '@sluice/io';
import type { Answer } from '../facets.ts';

const ruler = '-'.repeat(80);

/**
 * The text behind the headline and ruler of `sacct --batch-script` and `--env-vars` for one job. Nothing stored is
 * `gone`: a script that slurmdbd does not have is answered with nothing at all, or with an empty text.
 */
export function storedText(output: string, headline: string, jobId: number): Answer<string> {
  if (output === '') return { kind: 'gone' };
  const [first = '', second = '', ...rest] = output.split('\n');
  if (!first.startsWith(headline) || second !== ruler) {
    return {
      kind: 'unasked',
      error: new SluiceError('slurm.unparsable', `sacct's answer for job ${jobId} does not begin with "${headline}"`),
    };
  }
  const text = rest.join('\n');
  return /^(?:NONE)?\s*$/.test(text) ? { kind: 'gone' } : { kind: 'known', value: text };
}

/** sacct before 24.11 ends the text with a newline of its own. */
export function withoutExtraNewline(text: string): string {
  return text.endsWith('\n\n') ? text.slice(0, -1) : text;
}

/**
 * Variables by name, in their order. A value may hold newlines, and nothing ends it: a line that does not begin like a variable, or
 * begins like one that was there before, continues the one before. What a user puts behind a newline in their own environment may
 * so look like another variable of theirs; `NAME=value` of all, joined by newlines, is what Slurm wrote.
 */
export function parseEnvironment(text: string): Readonly<Record<string, string>> {
  const variables = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.replace(/\n+$/, '').split('\n')) {
    const [, name = '', value = ''] = /^([A-Za-z_][A-Za-z0-9_.%()-]*)=(.*)$/s.exec(line) ?? [];
    if (name !== '' && !variables.has(name)) {
      last = name;
      variables.set(name, value);
    } else if (last !== undefined) variables.set(last, `${variables.get(last)}\n${line}`);
  }
  return Object.fromEntries(variables);
}
