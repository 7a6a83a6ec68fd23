/**
 * Records the controller's side of one release: `node --conditions=@sluice/source packages/slurm/test/record-controller.ts`.
 * Needs root, SLURM_CONF of a laboratory cluster with the users alice and bob, and nothing else on it. Writes the recording
 * and the ids of the scenario's jobs to packages/slurm/recordings/controller/RELEASE/.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordedCall, recordingProcesses, systemClock, systemProcesses, writeRecording } from '@sluice/io';
import { askController, askJobs } from './controller-questions.ts';
import { submitScenario } from './controller-scenario.ts';

const clock = systemClock();
const processes = systemProcesses(process.env);
const directory = join(tmpdir(), 'sluice-record-controller');
rmSync(directory, { recursive: true, force: true });
const roles = await submitScenario(processes, clock, directory);
const calls: RecordedCall[] = [];
const recording = recordingProcesses(processes, (call) => calls.push(call));
const asked = await askController(recording, clock, roles);
await askJobs(recording, clock, '/tmp');
const { release } = asked.offers;
const major = `${Math.floor(release.major / 100)}.${String(release.major % 100).padStart(2, '0')}`;
const target = join(import.meta.dirname, '..', 'recordings', 'controller', major);
mkdirSync(target, { recursive: true });
const about = `Slurm ${release.text}: the questions of test/controller-questions.ts about the jobs of test/controller-scenario.ts`;
writeRecording(join(target, 'scenario.json.gz'), { format: 'sluice-processes/1', about, calls });
writeFileSync(join(target, 'roles.json'), `${JSON.stringify(roles)}\n`);
