import { sdiagJson } from '../json/index.ts';
import type { ControllerStatistics } from '../model/slurmctld.ts';
import type { CommandCall } from './command.ts';
import { optionsOrEnd } from './inform.ts';
import { answerJson, jsonWish } from './json-answer.ts';
import { optionTable } from './options.ts';
import { majorRelease, type Scene, sceneOf } from './scene.ts';
import { ctimeText } from './time-text.ts';

/** sdiag(1). What the emulator does not count is zero. */
export async function sdiag(call: CommandCall): Promise<number> {
  const release = majorRelease(call);
  const json = release < 2302 ? [] : ['json::', 'yaml::'];
  const table = optionTable([
    'all,a',
    'cluster|clusters,M:',
    'help,h',
    'reset,r',
    'sort-by-id,i',
    'sort-by-time,t',
    'sort-by-time2,T',
    'usage',
    'version,V',
    ...json,
  ]);
  const given = optionsOrEnd(call, 'sdiag', 'Usage: sdiag [-M cluster] [-aritT]\n', table);
  if (typeof given === 'number') return given;
  const controller = await call.controller();
  const wish = jsonWish(given);
  if (wish !== undefined) return await answerJson(call, 'sdiag', wish, (one) => sdiagJson(call.slurm, controller.statistics(), one));
  if (given.has('reset')) return 0;
  call.out(statisticsText(controller.statistics(), sceneOf(call, controller)));
  return 0;
}

const stars = '*'.repeat(55);

function statisticsText(statistics: ControllerStatistics, { now, release, times }: Scene): string {
  const moment = (epoch: number) => `${ctimeText(epoch, times.zone)} (${epoch})`;
  const cycles = statistics.scheduleCycles;
  const minutes = Math.max(1, (now - statistics.startedAt) / 60);
  return [
    stars,
    `sdiag output at ${moment(now)}`,
    `Data since      ${moment(statistics.startedAt)}`,
    stars,
    'Server thread count:  1',
    ...(release < 2405 ? [] : ['RPC queue enabled:    0']),
    'Agent queue size:     0',
    'Agent count:          0',
    'Agent thread count:   0',
    `DBD Agent queue size: ${statistics.dbdAgentQueue}`,
    '',
    `Jobs submitted: ${statistics.submitted}`,
    `Jobs started:   ${statistics.started}`,
    `Jobs completed: ${statistics.completed}`,
    `Jobs canceled:  ${statistics.cancelled}`,
    `Jobs failed:    ${statistics.failed}`,
    '',
    `Job states ts:  ${moment(now)}`,
    `Jobs pending:   ${statistics.pending}`,
    `Jobs running:   ${statistics.running}`,
    '',
    'Main schedule statistics (microseconds):',
    '\tLast cycle:   0',
    '\tMax cycle:    0',
    `\tTotal cycles: ${cycles}`,
    '\tMean cycle:   0',
    '\tMean depth cycle:  0',
    `\tCycles per minute: ${Math.floor(cycles / minutes)}`,
    `\tLast queue length: ${statistics.pending}`,
    '',
    ...(release < 2311
      ? []
      : [
          'Main scheduler exit:',
          `\tEnd of job queue:${cycles}`,
          '\tHit default_queue_depth: 0',
          '\tHit sched_max_job_start: 0',
          '\tBlocked on licenses: 0',
          '\tHit max_rpc_cnt: 0',
          '\tTimeout (max_sched_time): 0',
          '',
        ]),
    'Backfilling stats',
    `\tTotal backfilled jobs (since last slurm start): ${statistics.backfilled}`,
    `\tTotal backfilled jobs (since last stats cycle start): ${statistics.backfilled}`,
    '\tTotal backfilled heterogeneous job components: 0',
    `\tTotal cycles: ${statistics.backfillCycles}`,
    `\tLast cycle when: ${moment(now)}`,
    '\tLast cycle: 0',
    '\tMax cycle:  0',
    ...(statistics.backfillCycles > 0 ? ['\tMean cycle: 0'] : []),
    '\tLast depth cycle: 0',
    '\tLast depth cycle (try sched): 0',
    ...(statistics.backfillCycles > 0 ? ['\tDepth Mean: 0', '\tDepth Mean (try depth): 0'] : []),
    `\tLast queue length: ${statistics.pending}`,
    ...(statistics.backfillCycles > 0 ? ['\tQueue length mean: 0'] : []),
    '\tLast table size: 0',
    ...(statistics.backfillCycles > 0 ? ['\tMean table size: 0'] : []),
    '',
    ...(release < 2311
      ? []
      : [
          'Backfill exit',
          `\tEnd of job queue:${statistics.backfillCycles}`,
          '\tHit bf_max_job_start: 0',
          '\tHit bf_max_job_test: 0',
          '\tSystem state changed: 0',
          '\tHit table size limit (bf_node_space_size): 0',
          '\tTimeout (bf_max_time): 0',
          '',
        ]),
    'Latency for 1000 calls to gettimeofday(): 22 microseconds',
    '',
    'Remote Procedure Call statistics by message type',
    `\t${'REQUEST_JOB_INFO'.padEnd(40)}( 2003) count:1      ave_time:100    total_time:100`,
    '',
    'Remote Procedure Call statistics by user',
    `\t${'root'.padEnd(16)}(${'0'.padStart(8)}) count:1      ave_time:100    total_time:100`,
    '',
    'Pending RPC statistics',
    '\tNo pending RPCs',
    '',
  ].join('\n');
}
