import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type FairTreeInput, fairTree } from './fair-tree.ts';

const directory = new URL('recordings/sshare/', import.meta.url);

interface RecordedShare {
  readonly input: FairTreeInput;
  readonly row: Readonly<Record<string, string>>;
}

function recorded(file: string): readonly RecordedShare[] {
  const [head = '', ...lines] = readFileSync(new URL(file, directory), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line.includes('|'));
  const columns = head.split('|');
  const path: number[] = [];
  return lines.map((line, index) => {
    const row = Object.fromEntries(line.split('|').map((text, at) => [columns[at] ?? '', text]));
    const depth = (/^ */.exec(line) ?? [''])[0].length;
    path[depth] = index + 1;
    const shares = row['RawShares'] === 'parent' ? 'parent' : Number(row['RawShares']) || 1;
    const input = {
      id: index + 1,
      parentId: path[depth - 1] ?? 0,
      isUser: row['User'] !== '',
      shares,
      usage: Number(row['RawUsage']),
    } as const;
    return { input, row };
  });
}

for (const file of readdirSync(directory)) {
  test(`fairshare is what ${file.replace('.txt', '')} made of the same usage`, () => {
    const shares = recorded(file);
    assert.equal(shares.length, 7);
    const figures = fairTree(shares.map(({ input }) => input));
    for (const { input, row } of shares.slice(1)) {
      const { normShares, normUsage, effectiveUsage, levelFs, fairshare } = figures.get(input.id) ?? assert.fail();
      // RawUsage is printed without its fraction: the others come near, and the less the usage the less near.
      const near = 1 / Math.max(1, input.usage) + 0.0002;
      const close = (value: number, column: string) =>
        assert.ok(
          Math.abs(value - Number(row[column])) <= near * Math.max(1, Number(row[column])),
          `${column} ${value}, not ${row[column]}`,
        );
      close(normShares, 'NormShares');
      close(normUsage, 'NormUsage');
      close(effectiveUsage, 'EffectvUsage');
      if (levelFs !== null) close(levelFs, 'LevelFS');
      assert.equal(fairshare === null ? '' : fairshare.toFixed(6), row['FairShare']);
    }
  });
}

const tree = (users: readonly (readonly [shares: number | 'parent', usage: number])[]): readonly (number | null | undefined)[] => {
  const usage = users.reduce((sum, [, used]) => sum + used, 0);
  const inputs = users.map(([shares, used], at) => ({ id: at + 2, parentId: 1, isUser: true, shares, usage: used }));
  const figures = fairTree([{ id: 1, parentId: 0, isUser: false, shares: 1, usage }, ...inputs]);
  return inputs.map(({ id }) => figures.get(id)?.fairshare);
};

test('users that are level have the same rank, and whoever used nothing comes first', () => {
  assert.deepEqual(
    tree([
      [1, 0],
      [1, 0],
      [1, 0],
    ]),
    [1, 1, 1],
  );
  assert.deepEqual(
    tree([
      [1, 10],
      [1, 0],
      [1, 10],
      [1, 30],
    ]),
    [0.75, 1, 0.75, 0.25],
  );
});

test('more shares weigh as less usage, none come last, those of the parent first', () => {
  assert.deepEqual(
    tree([
      [1, 10],
      [3, 20],
      [0, 0],
    ]),
    [2 / 3, 1, 1 / 3],
  );
  assert.deepEqual(
    tree([
      [1, 10],
      ['parent', 50],
    ]),
    [0.5, 1],
  );
});

test('accounts that are level are ranked as one', () => {
  const inputs: readonly FairTreeInput[] = [
    { id: 1, parentId: 0, isUser: false, shares: 1, usage: 40 },
    { id: 2, parentId: 1, isUser: false, shares: 1, usage: 20 },
    { id: 3, parentId: 1, isUser: false, shares: 1, usage: 20 },
    { id: 4, parentId: 2, isUser: true, shares: 1, usage: 15 },
    { id: 5, parentId: 2, isUser: true, shares: 1, usage: 5 },
    { id: 6, parentId: 3, isUser: true, shares: 1, usage: 18 },
    { id: 7, parentId: 3, isUser: true, shares: 1, usage: 2 },
  ];
  const figures = fairTree(inputs);
  assert.deepEqual(
    [7, 5, 4, 6].map((id) => figures.get(id)?.fairshare),
    [1, 0.75, 0.5, 0.25],
  );
});
