import { conditionsOf } from './sacctmgr-answer.ts';
import { confirmed, fail, type SacctmgrCall } from './sacctmgr-call.ts';
import type { Field } from './sacctmgr-fields.ts';
import { writeTable } from './sacctmgr-table.ts';

const fields: readonly Field[] = [
  { id: 'id', heading: 'ID', width: -12 },
  { id: 'name', heading: 'Name', width: 10 },
  { id: 'partition', heading: 'Partition', width: 10 },
  { id: 'cluster', heading: 'Cluster', width: 10 },
  { id: 'state', heading: 'State', width: 10 },
  { id: 'timeSubmit', heading: 'TimeSubmit', width: 19 },
  { id: 'timeStart', heading: 'TimeStart', width: 19 },
  { id: 'timeEnd', heading: 'TimeEnd', width: 19 },
];

const question = `
Would you like to fix these runaway jobs?
(This will set the end time for each job to the latest out of the start, eligible, or submit times, and set the state to completed.
Once corrected, this will trigger the rollup to reroll usage from before the earliest submit time of all the runaway jobs.)

`;

/** `show runawayjobs`: jobs without an end that slurmctld does not know; whoever asks is asked whether to end them. Texts as 22.05.8 has them. */
export async function showRunaway(scene: SacctmgrCall, words: readonly string[]): Promise<number> {
  const { call, database, cluster, times } = scene;
  const { format } = conditionsOf(scene, words, 'names');
  const rows = database.runawayJobs();
  if (rows.length === 0) {
    call.out(`Runaway Jobs: No runaway jobs found on cluster ${cluster}\n`);
    return 0;
  }
  const chosen = format?.map((word) => {
    const found = fields.find(({ heading }) => heading.toLowerCase().startsWith(word.toLowerCase()));
    return found ?? fail(scene, `Unknown field '${word.toLowerCase()}'\n`);
  });
  call.out("NOTE: Runaway jobs are jobs that don't exist in the controller but have a start time and no end time in the database\n");
  const cells = rows.map(({ jobId, name, partition, state, submit, start }) => ({
    id: String(jobId),
    name,
    partition,
    cluster,
    state,
    timeSubmit: times.time(submit),
    timeStart: times.time(start),
    timeEnd: times.time(null),
  }));
  writeTable((text) => call.out(text), scene.style, chosen ?? fields, cells);
  if (await confirmed(scene, question)) database.fixRunawayJobs(call.as);
  else call.out('Changes Discarded\n');
  return 0;
}
