import { SluiceError } from '@sluice/io';
import { type CommandCall, commandNames } from '../../commands/command.ts';
import { identityOf } from '../administer.ts';
import type { ActionReport, ScenarioWorld } from './scenario-world.ts';
import type { CommandAction } from './schema.ts';

/** Milliseconds that a command may take: one that waits for a job would wait for ever, as the clock stands still. */
const usualLimitMs = 10_000;

/** Runs one of Slurm's commands and compares what it says. */
export async function runCommand(
  { slurm, commands, commandMs = usualLimitMs }: ScenarioWorld,
  action: CommandAction,
): Promise<readonly ActionReport[]> {
  const { run, as, exit, stdout: wantedOut, stderr: wantedErr } = action;
  const [word = '', ...argv] = shellWords(run);
  const name = commandNames.find((one) => one === word);
  if (name === undefined) throw new SluiceError('data.invalid', `"${word}" is none of ${commandNames.join(', ')}`);
  const abort = new AbortController();
  let stdout = '';
  let stderr = '';
  const identity = identityOf(slurm, as);
  const call: CommandCall = {
    slurm,
    argv,
    env: { TZ: 'UTC', USER: as, HOME: `/home/${as}`, PATH: '/usr/bin' },
    cwd: '/tmp',
    as: identity,
    stdin: nothing(),
    signal: abort.signal,
    out: (text) => {
      stdout += typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
    },
    err: (text) => {
      stderr += text;
    },
    controller: async () => slurm.controller,
    database: async () => slurm.database,
  };
  const code = await withinLimit(commands[name](call), abort, commandMs);
  if (code === null) return [{ kind: 'failed', text: `${run}: it has not ended; the clock stands still while a command runs` }];
  const report: ActionReport[] = [{ kind: 'did', text: `${as === 'root' ? '#' : `${as} $`} ${run}${shown(stdout)}` }];
  report.push(
    code === exit
      ? { kind: 'met', text: `exit code ${code}` }
      : { kind: 'failed', text: `exit code: expected ${exit}, found ${code}${shown(stderr || stdout)}` },
  );
  for (const [what, wanted, text] of [
    ['stdout', wantedOut, stdout],
    ['stderr', wantedErr, stderr],
  ] as const) {
    if (wanted === undefined) continue;
    const fits = new RegExp(wanted, 'm').test(text);
    report.push(
      fits
        ? { kind: 'met', text: `${what} matches ${wanted}` }
        : { kind: 'failed', text: `${what}: expected ${wanted}, found${shown(text) || ' nothing'}` },
    );
  }
  return report;
}

/** Its exit code; null when it takes too long. */
async function withinLimit(running: Promise<number>, abort: AbortController, limitMs: number): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      // What it does once nobody waits for it any more is of no interest.
      running.catch(() => {});
      abort.abort();
      resolve(null);
    }, limitMs);
  });
  return Promise.race([running, over]).finally(() => clearTimeout(timer));
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** At most a screenful. */
function shown(text: string): string {
  const lines = text.trimEnd().split('\n');
  if (lines.join('') === '') return '';
  return `\n${lines
    .slice(0, 20)
    .map((line) => `  ${line}`)
    .join('\n')}${lines.length > 20 ? '\n  …' : ''}`;
}

/** Words as a shell parts them: blanks, `'…'`, `"…"`, `\`. */
export function shellWords(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/gs)) {
    words.push(
      word.replaceAll(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
        (_, single, double, escaped) => single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped,
      ),
    );
  }
  return words;
}
