import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isCode, manualClock, systemProcesses } from '@sluice/io';
import { scriptedProcesses } from '../../test/scripted-processes.ts';
import { type CommandObservation, type CommandsOptions, slurmCommands } from './slurm-command.ts';

function commandsOn(options: Partial<CommandsOptions> & Pick<CommandsOptions, 'processes'>) {
  const observed: CommandObservation[] = [];
  const clock = manualClock();
  const commands = slurmCommands({ clock, nonce: () => 'unused', observe: (observation) => observed.push(observation), ...options });
  return { commands, observed };
}

describe('a command of Slurm', () => {
  test('is observed with its result', async () => {
    const processes = scriptedProcesses(({ args }) =>
      args[0] === 'bad' ? { code: 1, stderr: 'Access/permission denied' } : { stdout: '123' },
    );
    const { commands, observed } = commandsOn({ processes });
    await commands.run('sinfo', ['good']);
    await assert.rejects(commands.run('sinfo', ['bad']), (error) => isCode(error, 'slurm.denied'));
    for await (const _chunk of commands.stream('squeue', ['good']).stdout);
    await assert.rejects(commands.stream('squeue', ['bad']).ended, (error) => isCode(error, 'slurm.denied'));
    assert.deepEqual(
      observed.map(({ command, bytes, result }) => [command, bytes, result]),
      [
        ['sinfo', 3, 'ok'],
        ['sinfo', 0, 'slurm.denied'],
        ['squeue', 3, 'ok'],
        ['squeue', 0, 'slurm.denied'],
      ],
    );
  });

  test('that is not installed is process.missing', async () => {
    const { commands, observed } = commandsOn({ processes: systemProcesses({ PATH: '/nonexistent' }) });
    await assert.rejects(commands.run('squeue', []), (error) => isCode(error, 'process.missing'));
    await assert.rejects(commands.stream('squeue', []).ended, (error) => isCode(error, 'process.missing'));
    assert.deepEqual(
      observed.map(({ result }) => result),
      ['process.missing', 'process.missing'],
    );
  });

  test('waits longer than Slurm does, once that is known, or as long as it was told', async () => {
    const processes = scriptedProcesses(() => ({}));
    const timeouts = () => processes.calls.map(({ program }) => program.timeoutMs);
    const { commands } = commandsOn({ processes });
    await commands.run('squeue', []);
    commands.learnWaits(100, 2);
    await commands.run('squeue', []);
    await commands.run('squeue', [], { timeoutMs: 7 });
    await commandsOn({ processes, timeoutMs: 5 }).commands.run('squeue', []);
    assert.deepEqual(timeouts(), [150_000, 415_000, 7, 5]);
  });

  test('that ended well is an answer though its caller gave up; otherwise giving up is what is told', async () => {
    const gaveUp = AbortSignal.abort(new Error('gave up'));
    const answering = (code: number) => commandsOn({ processes: scriptedProcesses(() => ({ stdout: '1', code })) }).commands;
    assert.equal((await answering(0).run('sbatch', [], { signal: gaveUp })).stdout.toString(), '1');
    await assert.rejects(answering(1).run('sbatch', [], { signal: gaveUp }), /gave up/);
  });
});
