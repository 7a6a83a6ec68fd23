/**
 * Records the accounting side of one release: `node --conditions=@sluice/source packages/slurm/test/record-accounting.ts`.
 * Needs root, SLURM_CONF of a laboratory cluster with the users alice and bob, and nothing else on it. Writes the recording
 * and what it was asked about to packages/slurm/recordings/accounting/RELEASE/.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordedCall, recordingProcesses, systemClock, systemProcesses, writeRecording } from '@sluice/io';
import { commandsConnector } from '../src/commands/connector.ts';
import { askAccounting, askAdmin, collect } from './accounting-questions.ts';
import { submitScenario } from './controller-scenario.ts';

const clock = systemClock();
const processes = systemProcesses(process.env);
const directory = join(tmpdir(), 'sluice-record-accounting');
rmSync(directory, { recursive: true, force: true });
const from = Math.floor(clock.now() / 1000);
const roles = await submitScenario(processes, clock, directory);

const connector = commandsConnector({ processes, clock, nonce: () => 'notrecorded00000', user: 'root' });
await connector.jobs.cancel(Object.values(roles).map(String)).run();
for (let tries = 0; tries < 120; tries++) {
  const { jobs } = await collect(connector.accounting.jobsById(Object.values(roles)));
  if (jobs.length >= Object.keys(roles).length && jobs.every(({ end }) => end !== null)) break;
  await clock.sleep(500);
}

const scenario = { from, to: Math.floor(clock.now() / 1000), roles };
const calls: RecordedCall[] = [];
const recording = recordingProcesses(processes, (call) => calls.push(call));
const asked = await askAccounting(recording, clock, scenario);
const { release } = asked.offers;
const major = `${Math.floor(release.major / 100)}.${String(release.major % 100).padStart(2, '0')}`;
const target = join(import.meta.dirname, '..', 'recordings', 'accounting', major);
mkdirSync(target, { recursive: true });
const about = `Slurm ${release.text}: the questions of test/accounting-questions.ts about the jobs of test/controller-scenario.ts, ended`;
writeRecording(join(target, 'questions.json.gz'), { format: 'sluice-processes/1', about, calls });
writeFileSync(join(target, 'scenario.json'), `${JSON.stringify(scenario)}\n`);
const writes: RecordedCall[] = [];
await askAdmin(
  recordingProcesses(processes, (call) => writes.push(call)),
  clock,
);
writeRecording(join(target, 'admin.json.gz'), { format: 'sluice-processes/1', about: `Slurm ${release.text}: askAdmin`, calls: writes });
