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
 * Variables by name. A value may hold newlines: a line that does not begin like a variable continues the one before.
 * (What a user puts behind a newline in their own environment may so look like another variable of theirs.)
 */
export function parseEnvironment(text: string): Readonly<Record<string, string>> {
  const variables = new Map<string, string>();
  let name: string | undefined;
  for (const line of text.replace(/\n+$/, '').split('\n')) {
    const match = /^([A-Za-z_][A-Za-z0-9_.%()-]*)=(.*)$/s.exec(line);
    if (match) {
      name = match[1] ?? '';
      variables.set(name, match[2] ?? '');
    } else if (name !== undefined) variables.set(name, `${variables.get(name)}\n${line}`);
  }
  return Object.fromEntries(variables);
}
