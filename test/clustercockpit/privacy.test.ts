import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SlurmReader } from '@sluice/clustercockpit';
import type { Answer, JobDetails } from '@sluice/slurm';
import { Engine, payloadOf, t0 } from './engine-bed.ts';

const texts = {
  sendScript: 'canary-of-the-script',
  sendSlurmInfo: 'canary-of-the-info',
  sendComments: 'canary-of-the-comment',
  sendEnvironment: 'canary-of-the-environment',
} as const;
type Switch = keyof typeof texts;
const switches = Object.keys(texts) as readonly Switch[];
/** Names whose values are secrets, whatever may be sent. */
const masked = 'canary-of-a-password';

/** A Slurm that tells all it has of a job, with what it was asked for. */
function talkative(
  engine: Engine,
  adminComment: string = texts.sendComments,
): { readonly reader: SlurmReader; readonly asked: Set<string> } {
  const asked = new Set<string>();
  const { controller, accounting } = engine.slurm;
  const reader: SlurmReader = {
    controller: {
      ...controller,
      async details(ids, options) {
        if (options?.script) asked.add('sendScript');
        if (options?.description) asked.add('sendSlurmInfo');
        const description = `JobId=1\n   WorkDir=/${texts.sendSlurmInfo}\n   AdminComment=${texts.sendComments}\n   Comment=${texts.sendComments}\n   Key=\n${texts.sendComments}\n`;
        const answers = await controller.details(ids, options);
        return new Map(
          [...answers].map(([id, answer]): [number, Answer<JobDetails>] => {
            if (answer.kind !== 'known') return [id, answer];
            const job = { ...answer.value.job, comment: texts.sendComments, adminComment };
            return [id, { ...answer, value: { ...answer.value, job, script: texts.sendScript, description } }];
          }),
        );
      },
    },
    accounting: {
      ...accounting,
      async environment() {
        asked.add('sendEnvironment');
        return { kind: 'known', value: { A: texts.sendEnvironment, DB_PASSWORD: masked } };
      },
    },
  };
  return { reader, asked };
}

/** What of the texts left for cc-backend, and what stands in the log, with these switches. */
async function told(settings: Partial<Record<Switch, boolean>>) {
  await using engine = await Engine.start();
  const { reader, asked } = talkative(engine);
  await engine.startDaemon({ ...settings, startTag: 'source:sluice' }, { connect: () => reader });
  engine.slurm.begin({ jobId: 1, start: t0 });
  engine.hook('start', 1);
  await engine.until('the job is started', () => engine.row(1, t0) !== undefined);
  engine.slurm.end({ jobId: 1, start: t0, end: t0 + 5 });
  engine.hook('end', 1);
  await engine.until('the job is stopped', () => engine.stateOf(1, t0) === 'completed', 120);
  const sent = engine.exchanges.map(({ path, requestBody }) => `${path} ${requestBody}`).join('\n');
  assert.ok(!sent.includes(masked), 'a secret of the environment left');
  const log = engine.said.join('\n');
  for (const text of [...Object.values(texts), masked]) assert.ok(!log.includes(text), `${text} stands in the log`);
  return { left: switches.filter((one) => sent.includes(texts[one])), asked };
}

describe('§5.5 what the privacy switches keep here stays here', { concurrency: true }, () => {
  it('by default all but the environment is sent', async () => {
    const { left, asked } = await told({});
    assert.deepEqual(left, ['sendScript', 'sendSlurmInfo', 'sendComments']);
    assert.ok(!asked.has('sendEnvironment'), 'it is not even asked for');
  });

  it('all of it where all is wanted, the environment masked', async () => {
    assert.deepEqual((await told({ sendEnvironment: true })).left, [...switches]);
  });

  for (const off of ['sendScript', 'sendSlurmInfo', 'sendComments'] as const) {
    it(`${off}: false`, async () => {
      const { left, asked } = await told({ sendEnvironment: true, [off]: false });
      // The comments stand in Slurm's text alone.
      const gone: readonly Switch[] = off === 'sendSlurmInfo' ? [off, 'sendComments'] : [off];
      assert.deepEqual(
        left,
        switches.filter((one) => !gone.includes(one)),
      );
      assert.ok(!asked.has(off), 'it is not even asked for');
    });
  }

  it('nothing where nothing is wanted', async () => {
    assert.deepEqual((await told({ sendScript: false, sendSlurmInfo: false, sendComments: false })).left, []);
  });

  it('disable_cc_submission in the admin comment: nothing of the job leaves, neither its start nor its end', async () => {
    await using engine = await Engine.start();
    const { reader } = talkative(engine, 'other,disable_cc_submission');
    await engine.startDaemon({}, { connect: () => reader });
    engine.slurm.begin({ jobId: 1, start: t0 });
    engine.hook('start', 1);
    await engine.pass(20);
    engine.slurm.end({ jobId: 1, start: t0, end: t0 + 15 });
    engine.hook('end', 1);
    await engine.pass(60);
    assert.deepEqual(
      engine.exchanges.filter(({ path, requestBody }) => path.includes('_job') && payloadOf(requestBody || '{}').jobId === 1),
      [],
    );
    assert.deepEqual(engine.journal('SELECT todo FROM delivery WHERE todo = 1'), []);
  });
});
