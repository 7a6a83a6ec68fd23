import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Accounting } from '../accounting/accounting.ts';
import { labSpec } from '../config/lab-spec.ts';
import type { Slurmdbd } from '../model/slurmdbd.ts';
import { openStore } from '../store/store.ts';
import { type Answered, recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sshare } from './sshare.ts';

const directory = new URL('../accounting/recordings/sshare/', import.meta.url);
const alice = { uid: 1001, gid: 1001, user: 'alice', group: 'alice' };

function recorded(release: string): string {
  return readFileSync(new URL(`${release}.txt`, directory), 'utf8').replace(/^rc=.*\n?/m, '');
}

/** The lab's associations with the usage that the recording has. */
function cluster(t: { after(done: () => void): void }, release: string): (argv: readonly string[], as?: typeof alice) => Promise<Answered> {
  const store = openStore(':memory:');
  t.after(() => store.close());
  const spec = labSpec(release);
  const accounting = new Accounting({ store, spec, now: () => 1000 });
  for (const line of recorded(release).split('\n').slice(1)) {
    const [account = '', user = '', , , usage = ''] = line.trim().split('|');
    const id = accounting.association({ user, account, partition: '' })?.id;
    if (user !== '' && id !== undefined) accounting.addUsage(id, { billing: Number(usage) }, 1000);
  }
  const database = new Proxy(accounting, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Slurmdbd;
  const slurm = recordedSlurm({ release: spec.release, now: 1000, database, spec });
  return (argv, as) => run(sshare, slurm, argv, as === undefined ? {} : { as });
}

for (const file of readdirSync(directory)) {
  const release = file.replace('.txt', '');
  test(`sshare writes what that of ${release} did of the same usage`, async (t) => {
    const ask = cluster(t, release);
    const { code, stdout } = await ask(['-P', '-a', '-l']);
    assert.equal(code, 0);
    const [ours, theirs] = [stdout, recorded(release)].map((text) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split('|')),
    );
    assert.equal(ours?.length, theirs?.length);
    for (const [row, cells] of (theirs ?? []).entries()) {
      for (const [column, cell] of cells.entries()) {
        const own = ours?.[row]?.[column] ?? '';
        // What was recorded of the usage is without its fraction: the less there is, the less it says.
        const near = 1.1 / Math.max(1, Number(cells[4])) + 0.001;
        if (/^\d+(?:\.\d+)?$/.test(cell))
          assert.ok(Math.abs(Number(own) - Number(cell)) <= near * Math.max(1, Number(cell)), `${own}, not ${cell}`);
        else assert.equal(own, cell, `${cells.join('|')}`);
        if (column <= 3 || column === 7) assert.equal(own, cell, `${cells.join('|')}`);
      }
    }
  });
}

test('accounts are shown with the users that were asked for, at their depth among what is shown', async (t) => {
  const ask = cluster(t, '24.11');
  const accounts = async (argv: readonly string[], as?: typeof alice) =>
    (await ask(['-n', '-P', '-o', 'Account,User', ...argv], as)).stdout.trimEnd().split('\n');
  assert.deepEqual(await accounts([]), ['root|', ' root|root', ' chem|', ' physics|']);
  assert.deepEqual(await accounts([], alice), ['root|', ' chem|', '  chem|alice', ' physics|', '  physics|alice']);
  assert.deepEqual(await accounts(['-U', '-u', 'alice']), ['chem|alice', 'physics|alice']);
  assert.deepEqual(await accounts(['-A', 'chem', '-u', 'bob']), ['chem|', ' chem|bob']);
  assert.deepEqual(await accounts(['-A', 'chem', '-a']), ['chem|', ' chem|alice', ' chem|bob']);
  assert.deepEqual(await accounts(['-u', 'nosuch']), ['root|', ' chem|', ' physics|']);
  assert.deepEqual(await accounts(['-A', 'nosuch']), ['']);
});

test('columns have their widths, and those that are none are refused', async (t) => {
  const ask = cluster(t, '24.11');
  const head = async (argv: readonly string[]) => (await ask(argv)).stdout.split('\n').slice(0, 2);
  assert.deepEqual(await head([]), [
    'Account                    User  RawShares  NormShares    RawUsage  EffectvUsage  FairShare ',
    '-------------------- ---------- ---------- ----------- ----------- ------------- ---------- ',
  ]);
  assert.deepEqual(await head(['-l']), [
    'Account                    User  RawShares  NormShares    RawUsage   NormUsage  EffectvUsage  FairShare    LevelFS                    GrpTRESMins                    TRESRunMins ',
    '-------------------- ---------- ---------- ----------- ----------- ----------- ------------- ---------- ---------- ------------------------------ ------------------------------ ',
  ]);
  assert.deepEqual(await head(['-a', '-m']), [
    'Account                    User    Partition  RawShares  NormShares    RawUsage  EffectvUsage  FairShare ',
    '-------------------- ---------- ------------ ---------- ----------- ----------- ------------- ---------- ',
  ]);
  assert.deepEqual(await head(['-a', '-o', 'account%10,user%-8,rawusage%5']), ['   Account User     RawUs ', '---------- -------- ----- ']);
  assert.deepEqual(await ask(['-o', 'bogus']), { code: 1, stdout: '', stderr: 'sshare: error: Invalid field requested: "bogus"\n' });
  assert.equal((await ask(['-a', '-M', 'labcluster'])).stdout.split('\n')[0], 'CLUSTER: labcluster');
  assert.equal((await ask(['-a', '-M', 'nosuch'])).code, 1);
  assert.equal(
    (await ask(['-e'])).stdout,
    'Account           Cluster           EffectvUsage      FairShare        \nGrpTRESMins       GrpTRESRaw        ID                LevelFS          \nNormShares        NormUsage         Partition         RawShares        \nRawUsage          TRESRunMins       User             \n',
  );
});
