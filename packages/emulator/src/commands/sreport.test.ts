import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { jobRow } from '../accounting/accounting.fixture.ts';
import { Accounting } from '../accounting/accounting.ts';
import { labSpec } from '../config/lab-spec.ts';
import type { Slurmdbd } from '../model/slurmdbd.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Answered, recordedSlurm, run } from './recorded-slurm.fixture.ts';
import { sreport } from './sreport.ts';

interface Recording {
  readonly rows: readonly {
    readonly jobId: number;
    readonly user: string;
    readonly account: string;
    readonly submit: number;
    readonly eligible: number;
    readonly start: number;
    readonly end: number;
    readonly suspended: number;
    readonly required: number;
    readonly tres: Readonly<Record<string, number>>;
  }[];
  readonly events: readonly { readonly node: string; readonly start: number; readonly end: number | null }[];
  readonly answers: readonly { readonly name: string; readonly argv: readonly string[]; readonly stdout: string }[];
}

const directory = new URL('recordings/sreport/', import.meta.url);
const root = { uid: 0, gid: 0, user: 'root', group: 'root' };

/** The database after the recorded scenario, an hour later. */
function scenario(release: string): {
  readonly recording: Recording;
  readonly store: Store;
  readonly ask: (argv: readonly string[]) => Promise<Answered>;
} {
  const recording = JSON.parse(readFileSync(new URL(`${release}.json`, directory), 'utf8')) as Recording;
  const store = openStore(':memory:');
  const spec = labSpec(release);
  let now = recording.events.find(({ node }) => node === '')?.start ?? assert.fail();
  const accounting = new Accounting({ store, spec, now: () => now });
  for (const { node, start, end } of recording.events) {
    if (node === '') continue;
    const event = { kind: 'node' as const, node, reason: '', state: 'DOWN', by: root };
    accounting.receive({ ...event, at: start, up: false });
    if (end !== null) accounting.receive({ ...event, at: end, up: true });
  }
  for (const [index, row] of recording.rows.entries()) {
    const { jobId, user, account, submit, tres, required } = row;
    const associationId = accounting.association({ user, account, partition: '' })?.id ?? assert.fail();
    const times = { eligible: row.eligible || null, start: row.start || null, end: row.end, suspendedSeconds: row.suspended };
    accounting.receive({
      kind: 'job',
      row: jobRow({
        dbIndex: String(index),
        jobId,
        user,
        account,
        associationId,
        submit,
        ...times,
        requestedCpus: required,
        allocatedTres: tres,
        requestedTres: tres,
      }),
    });
  }
  now = Math.ceil(now / 3600) * 3600 + 3600;
  const database = new Proxy(accounting, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as Slurmdbd;
  const slurm = recordedSlurm({ release: spec.release, now, database, spec });
  return { recording, store, ask: (argv) => run(sreport, slurm, argv) };
}

for (const file of readdirSync(directory)) {
  const release = file.replace('.json', '');
  test(`sreport says of the scenario's jobs what that of ${release} did`, async (t) => {
    const { recording, store, ask } = scenario(release);
    t.after(() => store.close());
    for (const { name, argv, stdout } of recording.answers) {
      const answered = await ask(argv);
      assert.deepEqual(answered, { code: 0, stdout, stderr: '' }, name);
    }
  });
}
