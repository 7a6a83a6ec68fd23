import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { labSpec } from '../config/lab-spec.ts';
import { openEmulator } from '../open-emulator.ts';
import { allCommands } from './all-commands.ts';
import { type CommandName, commandNames } from './command.ts';

const opened = ['22.05', '26.05'].map((release) => openEmulator({ spec: labSpec(release), file: ':memory:', rate: 0 }));
after(() => Promise.all(opened.map((slurm) => slurm.close())));

async function help(slurm: (typeof opened)[number], name: CommandName): Promise<{ readonly code: number; readonly out: string }> {
  let out = '';
  const code = await allCommands[name]({
    slurm,
    argv: ['--help'],
    env: {},
    cwd: '/',
    as: { uid: 0, gid: 0, user: 'root', group: 'root' },
    stdin: (async function* () {})(),
    signal: new AbortController().signal,
    out: (text) => (out += text),
    err: () => {},
    controller: async () => slurm.controller,
    database: async () => slurm.database,
  });
  return { code, out };
}

for (const name of commandNames) {
  test(`${name} --help says of every option what it is for`, async () => {
    for (const slurm of opened) {
      const { code, out } = await help(slurm, name);
      const options = out
        .slice(out.indexOf('\nOptions:\n') + 10)
        .split('\n')
        .slice(0, -1);
      assert.deepEqual([code, options.length > 3], [0, true]);
      assert.deepEqual(
        options.filter((line) => !/^ {2}(-\w, | {4})--[\w-]+(\[?=value\]?)? +[^\s-]/.test(line)),
        [],
      );
    }
  });
}
