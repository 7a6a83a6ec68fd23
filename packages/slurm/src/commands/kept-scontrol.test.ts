import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type ManualClock, manualClock, systemProcesses } from '@sluice/io';
import { type KeptScontrol, keptScontrol } from './kept-scontrol.ts';
import { askSession } from './scontrol-session.ts';
import { type CommandObservation, type SlurmCommands, slurmCommands } from './slurm-command.ts';

const prompts = { readline: ['scontrol: ', 'yes'], plain: ['scontrol: ', ''], none: ['', ''] } as const;

/** A program that takes its lines as scontrol does; what a line says it answers with is written as it is. */
const script = ([prompt, echo]: readonly string[]) => `#!/bin/sh
echo $$ >>"$0.pids"
printf '%s' '${prompt}'
while IFS= read -r line; do
  [ -z '${echo}' ] || printf '%s\\n' "$line"
  case "$line" in
    'show hostnames '*) printf '%s\\n' "\${line#show hostnames }" ;;
    *'silent'*) ;;
    *'times') printf '%s %s\\n' "\${SLURM_TIME_FORMAT-as people read them}" "\${TZ-here}" ;;
    *'die') exit 1 ;;
    *'hang') sleep 1000 ;;
    *'no newline') printf 'no newline' ;;
    *'unasked') printf 'x\\n'; { sleep 0.05; printf 'and more, which is too long'; } & ;;
    *) printf 'to %s: ${prompt}show hostnames x\\n' "$line" ;;
  esac
  printf '%s' '${prompt}'
done
`;

describe('a scontrol that is kept', () => {
  let dir: string;
  let clock: ManualClock;
  let ending: AbortController;
  let commands: SlurmCommands;
  let kept: KeptScontrol;
  let observed: CommandObservation[];
  let marks = 0;
  const nonce = () => `UnforeseeableMark${String(++marks).padStart(4, '0')}`;
  const ask = (...questions: string[]) => askSession({ commands, nonce, kept }, [], questions);
  const pids = () => readFileSync(join(dir, 'scontrol.pids'), 'utf8').trim().split('\n').map(Number);
  const started = () => (existsSync(join(dir, 'scontrol.pids')) ? pids().length : 0);
  const told = (question: string, prompt = 'scontrol: ') => `to ${question}: ${prompt}show hostnames x\n`;

  function install(prompt: keyof typeof prompts): void {
    writeFileSync(join(dir, 'scontrol'), script(prompts[prompt]), { mode: 0o755 });
  }

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-kept-'));
    install('readline');
    clock = manualClock();
    ending = new AbortController();
    observed = [];
    const processes = systemProcesses(process.env);
    commands = slurmCommands({ processes, clock, nonce, binPath: dir, observe: (one) => observed.push(one) });
    kept = keptScontrol({ commands, clock, nonce, args: [], until: ending.signal });
  });
  afterEach(async () => {
    ending.abort();
    await clock.advance(5000);
    for (const pid of started() === 0 ? [] : pids()) await gone(pid);
    rmSync(dir, { recursive: true });
  });

  for (const prompt of ['readline', 'plain', 'none'] as const) {
    test(`answers many times, byte for byte, whether it prompts and repeats or not (${prompt})`, async () => {
      install(prompt);
      for (let round = 0; round < 20; round++) {
        const answers = await ask(`show job ${round}`, 'show no newline', 'show job 7');
        assert.deepEqual(answers, [told(`show job ${round}`, prompts[prompt][0]), 'no newline', told('show job 7', prompts[prompt][0])]);
      }
      assert.equal(started(), 1);
      assert.equal(observed.length, 20, 'each answer is told, and not the whole');
    });
  }

  test('has times as people read them, and so has one of its own', async () => {
    assert.deepEqual(await ask('times'), ['as people read them here\n']);
    assert.deepEqual(await askSession({ commands, nonce }, [], ['times']), ['as people read them here\n']);
  });

  test('where it says nothing one of its own is asked, about that alone', async () => {
    assert.deepEqual(await ask('show job 1', 'show silent'), [told('show job 1'), '']);
    assert.equal(started(), 2);
    assert.deepEqual(await ask('show job 2'), [told('show job 2')]);
    assert.equal(started(), 2);
  });

  test('that dies, hangs or says what it was not asked is ended; one of its own is asked, and it comes back later', async () => {
    assert.equal(await kept.ask(['show die', 'show hostnames x'], String), undefined);
    assert.deepEqual(await ask('show job 1'), [told('show job 1')]);
    assert.equal(await kept.ask(['show hostnames x'], String), undefined, 'not at once');
    await clock.advance(60_000);
    const hanging = kept.ask(['show hang', 'show hostnames x'], String);
    while (started() < 3) await pause(5);
    await clock.advance(10_000);
    assert.equal(await hanging, undefined);
    await clock.advance(10_000);
    await gone(pids().at(-1) ?? 0);
    await clock.advance(120_000);
    assert.match((await kept.ask(['show unasked', 'show hostnames x'], String)) ?? '', /x\n/);
    await gone(pids().at(-1) ?? 0);
  });

  test('whose words cannot be read is ended, and what was no error of Slurm is thrown', async () => {
    const fault = new TypeError('a fault');
    const faulty = () => {
      throw fault;
    };
    await assert.rejects(kept.ask(['show hostnames x'], faulty), fault);
    await gone(pids()[0] ?? 0);
  });

  test('takes one question at a time', async () => {
    const [first, second] = await Promise.all([kept.ask(['show hostnames x'], String), kept.ask(['show hostnames y'], String)]);
    assert.match(first ?? '', /x\n/);
    assert.equal(second, undefined);
  });

  test('is ended when nobody asks, when it is old, and at our own end; then none is started any more', async () => {
    await ask('show job 1');
    await clock.advance(10_000);
    await gone(pids()[0] ?? 0);
    for (let second = 0; second <= 64; second += 8) {
      await ask('show job 1');
      await clock.advance(8000);
    }
    assert.equal(started(), 3);
    await gone(pids()[1] ?? 0);
    ending.abort();
    await gone(pids()[2] ?? 0);
    assert.equal(await kept.ask(['show hostnames x'], String), undefined);
    assert.equal(started(), 3);
  });
});

/** Until a process is no more. */
async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await pause(5);
}
