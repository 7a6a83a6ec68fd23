/** Lines with comments of user, administrators and system, and with the command line of the submission, which repeats `--comment`. */
const hidden = /^ *(?:SubmitLine|AdminComment|SystemComment|Comment|Extra)=/;
const workDir = /^ *WorkDir=/;
const stdErr = /^ *StdErr=/;

/**
 * Slurm's text about a job (`scontrol show job`) without its comments. They may hold anything, lines that look like Slurm's own
 * included, so none within them is believed: they go up to the last line `StdErr=`, which Slurm writes behind every comment of a
 * batch job, and to the end of the text of any other job. Of what lies between, `WorkDir=` stays if there is one such line only
 * and Slurm has it behind the first that goes: it stands between submission and comments (order: the recorded texts of 22.05 to 26.05).
 */
export function withoutComments(text: string): string {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => hidden.test(line));
  if (from < 0) return text;
  const isBatch = lines.slice(0, from).some((line) => /^ +Requeue=\d+ Restarts=\d+ BatchFlag=[1-9]/.test(line));
  const last = isBatch ? lines.findLastIndex((line) => stdErr.test(line)) : -1;
  const until = last > from ? last : lines.length;
  const directories = lines[from]?.trimStart().startsWith('SubmitLine=')
    ? lines.slice(from, until).filter((line) => workDir.test(line))
    : [];
  return [...lines.slice(0, from), ...(directories.length === 1 ? directories : []), ...lines.slice(until)].join('\n');
}
