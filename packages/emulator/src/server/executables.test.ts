import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { CommandCall } from '../commands/command.ts';
import { openStand, type Stand } from './stand.fixture.ts';

/** What the first word says it is to do. */
async function command(call: CommandCall): Promise<number> {
  const [task = '', ...rest] = call.argv;
  switch (task) {
    case 'words':
      call.out(JSON.stringify({ rest, cwd: call.cwd, as: call.as, variable: call.env['A_VARIABLE'], terminals: call.terminals }));
      return 0;
    case 'back':
      for (const word of rest) call.out(`${word}\n`);
      return 0;
    case 'code':
      call.out('out\n');
      call.err('err\n');
      return Number(rest[0]);
    case 'bytes':
      call.out(large);
      return 3;
    case 'stdin':
      for await (const chunk of call.stdin) call.out(`${chunk.length} `);
      call.out('end\n');
      return 0;
    case 'lines':
      for await (const line of linesOf(call.stdin)) {
        if (line === 'quit') return 7;
        call.out(`<${line}>\n`);
      }
      return 8;
    case 'wait':
      call.out('waiting\n');
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      interrupted.resolve();
      return 9;
    case 'ask':
      await call.controller();
      call.out('an answer of slurmctld\n');
      return 5;
    case 'database':
      await call.database();
      return 0;
    case 'there': {
      const codes = await call.runThere?.({
        tasks: Number(rest[0]),
        label: rest[1] === 'label',
        argv: rest.slice(2),
        env: { SLURM_JOB_ID: '5' },
      });
      call.err(`${codes}\n`);
      return Math.max(...(codes ?? [99]));
    }
    default:
      return 100;
  }
}

const large = Buffer.from(Array.from({ length: 300_001 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
const interrupted = Promise.withResolvers<void>();

async function* linesOf(stdin: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let text = '';
  for await (const chunk of stdin) {
    const lines = (text + Buffer.from(chunk).toString('utf8')).split('\n');
    text = lines.pop() ?? '';
    yield* lines;
  }
}

for (const shell of ['bash', 'node'] as const) {
  describe(`the executables, run by ${shell}`, () => {
    let stand: Stand;
    before(async () => {
      stand = await openStand(command, shell === 'node' ? { shell } : {});
    });
    after(() => stand.close());

    it('hand over every word as it is', async () => {
      const hostile = [
        '',
        '--',
        '*',
        "a'b",
        'a"b',
        'a\nb',
        '\\n',
        '$HOME',
        '`x`',
        '%s%n',
        ' ',
        '-n',
        'ä€😀',
        '\u0001\u007f',
        'x'.repeat(20_000),
      ];
      const { stdout, code } = await stand.run('squeue', ['words', ...hostile], { env: { A_VARIABLE: 'a\nb=c', LC_ALL: 'de_DE.UTF-8' } });
      const said = JSON.parse(stdout.toString('utf8'));
      assert.deepEqual([said.rest, said.variable, code], [hostile, 'a\nb=c', 0]);
      assert.deepEqual(said.terminals, { stdin: false, stdout: false });
    });

    // Node itself takes words as text.
    if (shell === 'bash')
      it('give back every byte that is no text', async () => {
        const words = [Buffer.from([0xff, 0xfe, 0x41]), Buffer.from([0xc3, 0x28]), Buffer.from([0xe2, 0x82]), Buffer.from('é€😀')];
        const { stdout } = await stand.run('sacct', ['back', ...words]);
        assert.deepEqual(stdout, Buffer.concat(words.flatMap((word) => [word, Buffer.from('\n')])));
      });

    it('write what the command wrote, byte for byte, and end with its code', async () => {
      const { stdout, code } = await stand.run('sinfo', ['bytes']);
      assert.equal(Buffer.compare(stdout, large), 0);
      assert.equal(code, 3);
      for (const wanted of shell === 'bash' ? [0, 1, 141, 255] : [141]) {
        const ended = await stand.run('scontrol', ['code', `${wanted}`]);
        assert.deepEqual([ended.code, ended.stdout.toString(), ended.stderr], [wanted, 'out\n', 'err\n']);
      }
    });

    // The daemon finds out, whoever asks; and so with its faults.
    if (shell === 'bash')
      it('say who calls: root, another by the variable, or one whom nobody knows', async () => {
        const as = async (env: Record<string, string>) =>
          JSON.parse((await stand.run('srun', ['words'], { env })).stdout.toString()).as.user;
        assert.equal(await as({ SLUICE_EMULATOR_USER: 'alice' }), 'alice');
        assert.equal(await as({ SLUICE_EMULATOR_USER: '1002' }), 'bob');
        assert.equal(await as({ SLUICE_EMULATOR_USER: 'mallory' }), 'mallory');
        if (process.getuid?.() === 0) assert.equal(await as({}), 'root');
      });

    it('bring stdin to its end', async () => {
      const { stdout, code } = await stand.run('sbatch', ['stdin'], { stdin: 'x'.repeat(200_000) });
      const lengths = stdout.toString().split(' ').slice(0, -1).map(Number);
      assert.deepEqual([lengths.reduce((a, b) => a + b, 0), stdout.toString().endsWith('end\n'), code], [200_000, true, 0]);
      assert.equal((await stand.run('sbatch', ['stdin'])).stdout.toString(), 'end\n');
    });

    it('hold a conversation line by line, and end when the command does', async () => {
      const child = spawn(stand.path('scontrol'), ['lines'], { stdio: ['pipe', 'pipe', 'inherit'] });
      const closed = once(child, 'close');
      const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      for (const word of ['one', 'two']) {
        child.stdin.write(`${word}\n`);
        assert.equal((await said.next()).value, `<${word}>`);
      }
      child.stdin.write('quit\n');
      assert.deepEqual(await closed, [7, null]);
      const { code } = await stand.run('scontrol', ['lines'], { stdin: 'one\n' });
      assert.equal(code, 8);
    });

    it('are many at once', async () => {
      const runs = Array.from({ length: shell === 'bash' ? 50 : 2 }, (_, index) => stand.run('squeue', ['back', `${index}`]));
      assert.deepEqual(
        (await Promise.all(runs)).map(({ stdout, code }) => [stdout.toString(), code]),
        runs.map((_, index) => [`${index}\n`, 0]),
      );
    });

    if (shell === 'bash')
      it('have the daemons’ faults', async () => {
        const asked = async (task: string) => {
          const { code, stdout, stderr } = await stand.run('squeue', [task]);
          return [code, stdout.toString(), stderr];
        };
        assert.deepEqual(await asked('ask'), [5, 'an answer of slurmctld\n', '']);
        stand.setFaults({ slurmctld: 'down' });
        assert.deepEqual(await asked('ask'), [1, '', 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n']);
        stand.setFaults({ slurmctld: 'silent' });
        assert.deepEqual(await asked('ask'), [1, '', 'slurm_load_jobs error: Socket timed out on send/recv operation\n']);
        stand.setFaults({ slurmctld: 'up', truncateAfter: 9 });
        assert.deepEqual(await asked('ask'), [0, 'an answer', '']);
        stand.setFaults({ truncateAfter: null, emptyShare: 1 });
        assert.deepEqual(await asked('ask'), [0, '', '']);
        stand.setFaults({ emptyShare: 0, slurmdbd: 'down' });
        const { stderr, code } = await stand.run('sacct', ['database']);
        assert.match(
          stderr,
          /^sacct: error: _open_persist_conn: failed to open persistent connection to host:127\.0\.0\.1:6819: Connection refused\n/,
        );
        assert.equal(code, 1);
        stand.setFaults({ slurmdbd: 'up' });
      });
  });
}

describe('the executables', () => {
  it('end by SIGINT as the command would, and the command learns of it', async (test) => {
    const stand = await openStand(command);
    test.after(() => stand.close());
    const child = spawn(stand.path('squeue'), ['wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    assert.deepEqual(await closed, [null, 'SIGINT']);
    await interrupted.promise;
  });

  it('say that slurmctld or slurmdbd cannot be reached when nobody holds the cluster', async () => {
    const stand = await openStand(command);
    const waiting = spawn(stand.path('sdiag'), ['wait'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(waiting, 'close');
    const said = text(waiting.stderr);
    await once(waiting.stdout, 'data');
    await stand.emulator.stop();
    assert.equal(await said, 'slurm_get_statistics: Unable to contact slurm controller (connect failure)\n');
    assert.deepEqual(await closed, [255, null]);
    const words: Record<string, [number, string]> = {};
    for (const [name, ...argv] of [
      ['squeue'],
      ['scontrol', 'show', 'node'],
      ['sbatch', '--test-only', 'x'],
      ['sacctmgr', 'show', 'user'],
    ] as const) {
      const { code, stderr } = await stand.run(name, argv);
      words[name] = [code ?? -1, stderr.split('\n')[0] ?? ''];
    }
    assert.deepEqual(words, {
      squeue: [1, 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)'],
      scontrol: [1, 'slurm_load_node error: Unable to contact slurm controller (connect failure)'],
      sbatch: [1, 'allocation failure: Unable to contact slurm controller (connect failure)'],
      sacctmgr: [1, 'sacctmgr: error: _open_persist_conn: failed to open persistent connection to host:127.0.0.1:6819: Connection refused'],
    });
    const ping = await stand.run('scontrol', ['ping']);
    assert.match(ping.stdout.toString(), /^Slurmctld\(primary\) at localhost is DOWN\n\*{41}\n/);
    rmSync(stand.emulator.paths.root, { recursive: true });
  });

  it('run programs where srun was called', async (test) => {
    const stand = await openStand(command);
    test.after(() => stand.close());
    const there = async (...argv: string[]) => {
      const { code, stdout, stderr } = await stand.run('srun', ['there', ...argv], {
        stdin: 'typed\n',
        env: { LC_ALL: 'C.UTF-8' },
        cwd: '/',
      });
      return [code, stdout.toString().split('\n').sort().join(' ').trim(), stderr];
    };
    assert.deepEqual(await there('1', '', 'sh', '-c', 'cat; echo "$SLURM_JOB_ID $SLURM_PROCID $LC_ALL $PWD"; exit 4'), [
      4,
      '5 0 C.UTF-8 / typed',
      '4\n',
    ]);
    assert.deepEqual(await there('3', 'label', 'sh', '-c', 'echo $SLURM_PROCID; exit $SLURM_PROCID'), [2, '0: 0 1: 1 2: 2', '0,1,2\n']);
    assert.deepEqual(await there('1', '', '/no/such'), [2, '', 'slurmstepd: error: execve(): /no/such: No such file or directory\n2\n']);
  });
});
