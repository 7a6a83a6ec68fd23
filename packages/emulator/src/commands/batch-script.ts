/** A script that sbatch refuses: what it says, and its exit code. */
export class ScriptRefusal extends Error {
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}

/** The words of a script's `#SBATCH` lines, one list per component of a het job. */
export type Directives = readonly (readonly string[])[];

/** Refuses what sbatch refuses; the messages as Slurm 22.05 has them. */
export function checkScript(script: Buffer): void {
  if (script.length === 0) throw new ScriptRefusal('sbatch: error: Batch script is empty!\n');
  const text = script.toString('latin1');
  if (/^\s*$/.test(text)) throw new ScriptRefusal('sbatch: error: Batch script contains only whitespace!\n');
  if (!text.startsWith('#!')) {
    throw new ScriptRefusal(
      'sbatch: error: This does not look like a batch script.  The first\n' +
        'sbatch: error: line must start with #! followed by the path to an interpreter.\n' +
        'sbatch: error: For instance: #!/bin/sh\n',
    );
  }
  if (text.includes('\0')) {
    throw new ScriptRefusal(
      "sbatch: error: The Slurm controller does not allow scripts that\nsbatch: error: contain a NULL character '\\0'.\n",
    );
  }
  if (text.includes('\r\n')) {
    throw new ScriptRefusal(
      'sbatch: error: Batch script contains DOS line breaks (\\r\\n)\nsbatch: error: instead of expected UNIX line breaks (\\n).\n',
    );
  }
}

/** Reads the `#SBATCH` lines before the first command; `hetjob` (or `packjob`) begins the next component. */
export function directivesOf(script: string, name: string): Directives {
  const components: string[][] = [[]];
  for (const [index, line] of script.split('\n').entries()) {
    if (!line.startsWith('#')) {
      if (line.trim() === '') continue;
      break;
    }
    if (!line.startsWith('#SBATCH')) continue;
    const words = wordsOf(line.slice('#SBATCH'.length), `${name}: line ${index + 1}`);
    if (words[0] === 'hetjob' || words[0] === 'packjob') components.push([]);
    else components.at(-1)?.push(...words);
  }
  return components;
}

/**
 * Words of one line: blanks part them, quotes of both kinds hold them together, a backslash takes the next letter as it is except in single quotes (but
 * outside of quotes a blank ends the word all the same), and `#` outside of quotes begins a comment, wherever it stands.
 */
function wordsOf(line: string, where: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const letter = line.charAt(at);
    if (letter === '\\' && quote !== "'" && at + 1 < line.length && (quote !== '' || !/\s/.test(line.charAt(at + 1)))) {
      at += 1;
      word = (word ?? '') + line.charAt(at);
    } else if (quote !== '') {
      if (letter === quote) quote = '';
      else word = (word ?? '') + letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (letter === '#') break;
    else if (/\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + letter;
  }
  if (quote !== '') throw new ScriptRefusal(`sbatch: fatal: ${where}: Unmatched \`${quote}\` in [${line.trim()}]\n`);
  if (word !== null) words.push(word);
  return words;
}
