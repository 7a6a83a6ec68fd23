/**
 * Records what Slurm answers to our connector's questions, for the tests in test/releases that need no Slurm:
 * `node --conditions=@sluice/source test/lab/record.ts bookworm trixie sid`. To be run again when the questions change.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { join } from 'node:path';
import { type RecordedCall, recordingProcesses, systemProcesses, writeRecording } from '@sluice/io';
import { askEnded, askLive, type Facts, recordedNonce } from '../releases/questions.ts';
import { makeBed } from './cases/bed.ts';
import { type Suite, startLab, suites } from './lab.ts';
import { playScenario } from './scenario.ts';

/** This machine, its kernel and where the project lies are no part of what is recorded. */
const anywhere = (call: RecordedCall): RecordedCall =>
  JSON.parse(
    JSON.stringify(call)
      .replaceAll(hostname().split('.')[0] || 'localhost', 'labhost')
      .replaceAll(release(), '6.1.0'),
  ) as RecordedCall;
process.chdir('/');

async function record(suite: Suite): Promise<void> {
  const say = (line: string): void => console.log(`${suite}: ${line}`);
  const lab = await startLab({ suite, progress: say });
  try {
    const scenario = await playScenario(lab, say);
    const { connector } = makeBed(lab, scenario);
    const folder = join(import.meta.dirname, '../releases/recordings', lab.release.split('.').slice(0, 2).join('.'));
    mkdirSync(folder, { recursive: true });
    const listen = () => {
      const calls: RecordedCall[] = [];
      const processes = recordingProcesses(systemProcesses(lab.env), (call) => calls.push(anywhere(call)));
      const write = (name: string): void => {
        const about = `Slurm ${lab.release} of Debian's ${suite}, recorded by test/lab/record.ts`;
        writeRecording(join(folder, `${name}.json.gz`), { format: 'sluice-processes/1', about, calls });
        say(`${calls.length} answers in ${name}.json.gz`);
      };
      return { connector: connector('root', { processes, nonce: () => recordedNonce }), write };
    };
    const facts = async (to: number): Promise<Facts> => ({
      release: lab.release,
      from: scenario.began,
      to,
      workDir: lab.workDir,
      uids: { root: await lab.uid('root'), alice: await lab.uid('alice'), bob: await lab.uid('bob') },
      jobs: Object.fromEntries(scenario.all().map(({ name, jobId }) => [name, jobId])),
    });
    await scenario.live;
    const live = listen();
    await askLive(live.connector, await facts(0));
    live.write('live');
    await scenario.timedOut();
    await scenario.end();
    const known = await facts(Math.ceil(Date.now() / 1000) + 1);
    const ended = listen();
    await askEnded(ended.connector, known);
    ended.write('ended');
    writeFileSync(join(folder, 'facts.json'), `${JSON.stringify(known, undefined, 2)}\n`);
  } finally {
    await lab.down();
  }
}

for (const suite of suites.filter((one) => process.argv.includes(one))) await record(suite);
