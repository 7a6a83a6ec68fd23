const submitLine = /^ *SubmitLine=/;
const workDir = /^ *WorkDir=/;
/** `--export=ALL,NAME=value`, as a word or two; not `--export=ALL --mem=2G`. */
const exported = /--export(?:=|\s+)[^\s=]+=/;

/**
 * Slurm's text about a job without the command line of its submission (25.11 and newer) where that gives variables of the
 * environment their values. It goes up to the last line `WorkDir=`, before which Slurm writes it: it may have lines of its own.
 */
export function withoutExports(text: string): string {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => submitLine.test(line));
  if (from < 0) return text;
  const last = lines.findLastIndex((line) => workDir.test(line));
  const until = last > from ? last : lines.length;
  if (!exported.test(lines.slice(from, until).join('\n'))) return text;
  return [...lines.slice(0, from), ...lines.slice(until)].join('\n');
}
