import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Call, isCode, manualClock, SluiceError } from '@sluice/io';
import fc from 'fast-check';
import { type Scripted, scriptedProcesses } from '../../test/scripted-processes.ts';
import { askSession, askSessions } from './scontrol-session.ts';
import { slurmCommands } from './slurm-command.ts';

const mark = 'UnforeseeableMark0000';
const prompts = ['echo', 'prompt', 'none'] as const;

/** scontrol as it is built with readline, without, and without a prompt. */
function scontrol(say: (question: string) => string, prompt: (typeof prompts)[number]) {
  return ({ stdin }: Call): Scripted => {
    const said = String(stdin)
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const before = { echo: `scontrol: ${line}\n`, prompt: 'scontrol: ', none: '' }[prompt];
        return before + (line.startsWith('show hostnames ') ? `${line.slice('show hostnames '.length)}\n` : say(line));
      });
    return { stdout: `${said.join('')}${prompt === 'none' ? '' : 'scontrol: '}` };
  };
}

function ask(answer: (call: Call) => Scripted, questions: readonly string[]) {
  const processes = scriptedProcesses(answer);
  const commands = slurmCommands({ processes, clock: manualClock(), nonce: () => mark });
  return askSession({ commands, nonce: () => mark }, ['--local'], questions);
}

describe('a session', () => {
  test('gives each answer byte for byte, whatever stands in it', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', 'scontrol: ', 'show hostnames ', 'show job 1\n', mark.slice(0, -1), ' ') });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...prompts), fc.array(text, { minLength: 1, maxLength: 4 }), async (prompt, texts) => {
        const questions = texts.map((_, index) => `show job ${index}`);
        const say = (question: string) => texts[questions.indexOf(question)] ?? '';
        assert.deepEqual(await ask(scontrol(say, prompt), questions), texts);
      }),
    );
  });

  test('that breaks off, or does not repeat what it should, is an error', async () => {
    const whole = scontrol(() => 'said\n', 'echo');
    const cut = (call: Call) => ({ stdout: whole(call).stdout?.slice(0, -80) ?? '' });
    await assert.rejects(ask(cut, ['show job 1', 'show job 2']), (error) => isCode(error, 'slurm.incomplete'));
    const other = (call: Call) => ({ stdout: whole(call).stdout?.replace('show job 1', 'show job 9') ?? '' });
    await assert.rejects(ask(other, ['show job 1']), (error) => isCode(error, 'slurm.unparsable'));
  });

  test('with an unknown job, without a script or without the right to it has an empty answer', async () => {
    const empty = (call: Call) => scontrol(() => '', 'echo')(call);
    for (const stderr of [
      'slurm_load_jobs error: Invalid job id specified\n',
      'job script retrieval failed: Job script not specified\n',
      'job script retrieval failed: Invalid user id\n',
      'scontrol: error: job script retrieval failed: Access/permission denied\n',
    ]) {
      for (const code of [0, 1])
        assert.deepEqual(await ask((call) => ({ ...empty(call), stderr, code }), ['write batch_script 1 -']), ['']);
    }
  });

  test('beside which Slurm warns of something is as good', async () => {
    const stderr = 'scontrol: warning: this option of slurm.conf is obsolete\njob script retrieval failed: Job script not specified\n';
    const answer = (call: Call) => ({ ...scontrol(() => '', 'echo')(call), stderr });
    assert.deepEqual(await ask(answer, ['write batch_script 1 -']), ['']);
  });

  test('whose controller was away is an error, though scontrol ends with 0', async () => {
    const stderr = 'job script retrieval failed: Unable to contact slurm controller (connect failure)\n';
    const answer = (call: Call) => ({ ...scontrol(() => '', 'echo')(call), stderr });
    for (const code of [0, 1]) {
      const ended = (call: Call) => ({ ...answer(call), code });
      await assert.rejects(ask(ended, ['write batch_script 1 -']), (error) => isCode(error, 'slurm.unreachable'));
    }
  });

  test('that would be too large is held in halves', async () => {
    const seen: number[] = [];
    const processes = scriptedProcesses((call) => {
      const questions = String(call.stdin).split('write batch_script').length - 1;
      seen.push(questions);
      if (questions > 2) throw new SluiceError('process.output', 'too much');
      return scontrol((question) => question, 'echo')(call);
    });
    const commands = slurmCommands({ processes, clock: manualClock(), nonce: () => mark });
    const questions = [1, 2, 3, 4, 5].map((id) => `write batch_script ${id} -`);
    assert.deepEqual(await askSessions({ commands, nonce: () => mark }, [], questions), questions);
    assert.deepEqual(seen, [5, 3, 2, 1, 2]);
  });
});
