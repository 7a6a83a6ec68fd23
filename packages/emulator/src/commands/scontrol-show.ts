import { countHosts, expandHostlist, foldHostlist, sortHosts } from '@sluice/slurm';
import { jobsJson, nodesJson, partitionsJson, reservationsJson, stepsJson } from '../json/index.ts';
import type { EmulatedJob } from '../model/job.ts';
import { inListOrder } from './job-facts.ts';
import { answerJson } from './json-answer.ts';
import { majorRelease, sceneOf } from './scene.ts';
import { associationsText } from './scontrol-assoc-mgr.ts';
import { fail, isWord, nodeScene, type Scontrol } from './scontrol-call.ts';
import { configText } from './scontrol-config.ts';
import { jobText } from './scontrol-job.ts';
import { nodeText } from './scontrol-node.ts';
import { partitionText } from './scontrol-partition.ts';
import { controllersText } from './scontrol-ping.ts';
import { reservationText } from './scontrol-reservation.ts';
import { stepText } from './scontrol-step.ts';
import { TextOut } from './text-lines.ts';

type Show = (scontrol: Scontrol, name: string | undefined, words: readonly string[]) => Promise<void>;

/** What can be shown, with how many letters say so. The first that fits counts. */
const entities: readonly (readonly [word: string, least: number, show: Show])[] = [
  ['aliases', 1, async (scontrol) => scontrol.call.out('')],
  ['assoc_mgr', 2, showAssociations],
  ['assocmgr', 2, showAssociations],
  ['config', 1, showConfig],
  ['daemons', 1, async (scontrol) => scontrol.call.out('slurmctld slurmd \n')],
  ['federation', 1, async (scontrol) => scontrol.call.out('')],
  ['hostnames', 5, showHostNames],
  ['hostlistsorted', 9, (scontrol, name) => showHostList(scontrol, name, true)],
  ['hostlist', 5, (scontrol, name) => showHostList(scontrol, name, false)],
  ['jobs', 1, showJobs],
  ['jobid', 4, showJobs],
  ['licenses', 2, async (scontrol) => scontrol.call.out('No licenses configured in Slurm.\n')],
  ['nodes', 1, showNodes],
  ['partitions', 1, showPartitions],
  ['partitionname', 1, showPartitions],
  ['reservations', 1, showReservations],
  ['reservationname', 1, showReservations],
  ['slurmd', 2, async (scontrol) => fail(scontrol, 'slurm_load_slurmd_status: Connection refused')],
  ['steps', 2, showSteps],
  ['topology', 1, async (scontrol) => fail(scontrol, 'No topology information available')],
];

/** `scontrol show ENTITY [ID]`. */
export async function show(scontrol: Scontrol, words: readonly string[]): Promise<void> {
  const [first, second, ...rest] = words;
  if (first === undefined) {
    fail(scontrol, 'too few arguments for keyword:show');
    return;
  }
  // `show job=5` is `show job 5`.
  const [given = '', attached] = first.split(/=(.*)/s, 2);
  const entity = entities.find(([word, least]) => isWord(given, word, least));
  if (entity === undefined) {
    fail(scontrol, `invalid entity:${first} for keyword:show `);
    return;
  }
  const [word, , act] = entity;
  const more = attached === undefined ? rest : words.slice(1);
  if (more.length > 0 && !word.startsWith('assoc')) {
    fail(scontrol, 'too many arguments for keyword:show');
    return;
  }
  await act(scontrol, attached ?? second, words.slice(1));
}

async function showConfig(scontrol: Scontrol): Promise<void> {
  const controller = await scontrol.call.controller();
  const { text } = controllersText(scontrol.call);
  scontrol.call.out(`${configText(controller, sceneOf(scontrol.call, controller), scontrol.call)}\n${text}`);
}

async function showAssociations(scontrol: Scontrol, _: string | undefined, words: readonly string[]): Promise<void> {
  await scontrol.call.controller();
  scontrol.call.out(associationsText(scontrol.call.slurm, words));
}

async function showHostNames(scontrol: Scontrol, name: string | undefined): Promise<void> {
  const { env, err, out } = scontrol.call;
  const text = name ?? env['SLURM_JOB_NODELIST'] ?? env['SLURM_NODELIST'];
  if (text === undefined) {
    err('scontrol: error: host list is empty\n');
    return;
  }
  const hosts = hostsOf(scontrol, text);
  // Its code stays 0 (recorded).
  if (hosts === undefined) err(`Invalid hostlist: ${text}\n`);
  else out(hosts.map((host) => `${host}\n`).join(''));
}

/** The largest range that slurm takes. */
const mostHosts = 65_536;

function hostsOf({ call }: Scontrol, text: string): readonly string[] | undefined {
  const ranges = [...text.matchAll(/\[([^\]]*)\]/g)].flatMap(([, inside = '']) => inside.split(','));
  for (const range of ranges) {
    const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    const count = Number(high) - Number(low) + 1;
    if (count >= 1 && count <= mostHosts) continue;
    const why = count > mostHosts ? 'Too many hosts in range' : 'Invalid range:';
    call.err(`scontrol: error: _parse_single_range: ${why} \`${range}'\n`);
    return undefined;
  }
  // Until 23.02 no name goes on behind its last bracket (recorded: `x[1,3]y`).
  if (majorRelease(call) < 2302 && /\][^[\],]+(?:,|$)/.test(text)) return undefined;
  return countHosts(text) === undefined ? undefined : expandHostlist(text);
}

async function showHostList(scontrol: Scontrol, name: string | undefined, isSorted: boolean): Promise<void> {
  const hosts = name === undefined ? undefined : hostsOf(scontrol, name);
  if (hosts === undefined) {
    fail(scontrol, name === undefined ? 'invalid encode argument' : `Invalid hostlist: ${name}`);
    return;
  }
  scontrol.call.out(`${foldHostlist(isSorted ? sortHosts([...new Set(hosts)]) : hosts)}\n`);
}

/** Of an array what is left first, then its tasks, the last first: as slurmctld finds them. */
function inFoundOrder(jobs: readonly EmulatedJob[]): readonly EmulatedJob[] {
  const [first] = jobs;
  if (first?.array == null) return [...jobs].sort((a, b) => a.jobId - b.jobId);
  const { jobId } = first.array;
  return [...jobs].sort((a, b) => Number(b.jobId === jobId) - Number(a.jobId === jobId) || b.jobId - a.jobId);
}

async function showJobs(scontrol: Scontrol, name: string | undefined): Promise<void> {
  const { call, json } = scontrol;
  if (name !== undefined && !/^[\d_+]+$/.test(name)) {
    fail(scontrol, 'scontrol_print_job error: Invalid job id specified');
    return;
  }
  const controller = await call.controller();
  const [, id = '', task] = /^(\d+)(?:_(\d+))?/.exec(name ?? '') ?? [];
  const found = name === undefined ? inListOrder([...controller.jobs()]) : inFoundOrder(controller.select(name));
  const isKnown = name === undefined || controller.select(id).length > 0;
  if (json !== undefined) {
    await answerJson(call, 'scontrol', json, (one) => jobsJson(call.slurm, found, one));
    return;
  }
  if (!isKnown) {
    fail(scontrol, 'slurm_load_jobs error: Invalid job id specified');
    return;
  }
  if (found.length === 0) {
    if (name === undefined) call.out('No jobs in the system\n');
    else if (!scontrol.isQuiet) call.out(`Job ${name} not found\n`);
    if (name !== undefined) scontrol.code = 1;
    return;
  }
  const scene = sceneOf(call, controller);
  const out = new TextOut(call.out);
  for (const job of found) out.write(jobText(task === undefined ? job : onlyTask(job, Number(task)), scene, scontrol));
  out.flush();
}

function onlyTask(job: EmulatedJob, taskId: number): EmulatedJob {
  return job.array === null || job.pendingTasks === null ? job : { ...job, pendingTasks: null, array: { ...job.array, taskId } };
}

async function showSteps(scontrol: Scontrol, name: string | undefined): Promise<void> {
  const { call, json } = scontrol;
  const [id = '', step] = (name ?? '').split('.');
  const controller = await call.controller();
  // Of all steps, 22.05 leaves out those of arrays (recorded).
  const isListed = ({ array }: EmulatedJob) => array === null || json !== undefined || majorRelease(call) >= 2302;
  const jobs = name === undefined ? inListOrder([...controller.jobs()].filter(isListed)) : controller.select(id);
  const steps = jobs.flatMap((job) =>
    job.steps.filter((one) => one.end === null && (step === undefined || one.id === step)).map((one) => ({ job, step: one })),
  );
  if (json !== undefined) {
    await answerJson(call, 'scontrol', json, (one) => stepsJson(call.slurm, steps, one));
    return;
  }
  if (name !== undefined && jobs.length === 0) {
    fail(scontrol, 'slurm_get_job_steps error: Invalid job id specified');
    return;
  }
  if (steps.length === 0) {
    if (name === undefined) call.out('No job steps in the system\n');
    else {
      call.out(`Job step ${name} not found\n`);
      scontrol.code = 1;
    }
    return;
  }
  const scene = sceneOf(call, controller);
  call.out(steps.map((one) => stepText(one.job, one.step, scene, scontrol.isOneLine)).join(''));
}

async function showNodes(scontrol: Scontrol, name: string | undefined): Promise<void> {
  const { call, json } = scontrol;
  const controller = await call.controller();
  const names = name === undefined ? undefined : (expandHostlist(name) ?? [name]);
  const nodes = names === undefined ? controller.nodes() : names.flatMap((one) => controller.node(one) ?? []);
  if (json !== undefined) {
    await answerJson(call, 'scontrol', json, (one) => nodesJson(call.slurm, nodes, one));
    return;
  }
  const scene = await nodeScene(scontrol);
  const out = new TextOut(call.out);
  if (names === undefined) {
    // slurmctld sorts its nodes by name.
    const byName = new Map(nodes.map((node) => [node.spec.name, node]));
    for (const one of sortHosts([...byName.keys()])) {
      const node = byName.get(one);
      if (node !== undefined) out.write(nodeText(node, scene, scontrol));
    }
    if (nodes.length === 0) out.write('No nodes in the system\n');
  } else {
    for (const one of names) {
      const node = controller.node(one);
      if (node === undefined) scontrol.code = 1;
      out.write(node === undefined ? (scontrol.isQuiet ? '' : `Node ${one} not found\n`) : nodeText(node, scene, scontrol));
    }
  }
  out.flush();
}

async function showPartitions(scontrol: Scontrol, name: string | undefined): Promise<void> {
  const { call, json } = scontrol;
  const controller = await call.controller();
  const partitions = controller.partitions().filter((partition) => name === undefined || partition.name === name);
  if (json !== undefined) {
    await answerJson(call, 'scontrol', json, (one) => partitionsJson(call.slurm, partitions, one));
    return;
  }
  const scene = sceneOf(call, controller);
  if (partitions.length === 0) notFound(scontrol, name === undefined ? 'No partitions in the system' : `Partition ${name} not found`, name);
  call.out(partitions.map((partition) => partitionText(partition, scene, scontrol.isOneLine)).join(''));
}

async function showReservations(scontrol: Scontrol, name: string | undefined): Promise<void> {
  const { call, json } = scontrol;
  const controller = await call.controller();
  const reservations = controller.reservations().filter((reservation) => name === undefined || reservation.name === name);
  if (json !== undefined) {
    await answerJson(call, 'scontrol', json, (one) => reservationsJson(call.slurm, reservations, one));
    return;
  }
  const scene = sceneOf(call, controller);
  if (reservations.length === 0)
    notFound(scontrol, name === undefined ? 'No reservations in the system' : `Reservation ${name} not found`, name);
  call.out(reservations.map((reservation) => reservationText(reservation, scene, scontrol.isOneLine)).join(''));
}

/** Said on stdout; a failure only where something was named. */
function notFound(scontrol: Scontrol, text: string, name: string | undefined): void {
  if (!scontrol.isQuiet) scontrol.call.out(`${text}\n`);
  if (name !== undefined) scontrol.code = 1;
}
