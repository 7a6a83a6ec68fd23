import type { ControllerStatistics } from '../model/slurmctld.ts';
import type { JsonContext } from './context.ts';
import { columnsOf, type Table, writeObject } from './table.ts';
import type { Fields } from './value.ts';

const { constant, integer, since, time, until } = columnsOf<ControllerStatistics>();

/** Statistics as sdiag and `/slurm/…/diag` print them. What costs time in a real slurmctld costs none here. */
export function writeStatistics(statistics: ControllerStatistics, context: JsonContext): Fields {
  return writeObject(statisticsTable, statistics, context);
}

const zero = (...keys: readonly string[]) => keys.map((key) => constant(key, 0));
const rpcs = [constant('rpcs_by_message_type', []), constant('rpcs_by_user', [])];

const statisticsTable: Table<ControllerStatistics> = [
  ...until(38, ...rpcs),
  ...until(44, constant('parts_packed', 1)),
  time('req_time', (_, context) => context.now),
  time('req_time_start', ({ startedAt }) => startedAt),
  constant('server_thread_count', 1),
  ...zero('agent_queue_size', 'agent_count', 'agent_thread_count'),
  integer('dbd_agent_queue_size', ({ dbdAgentQueue }) => dbdAgentQueue),
  constant('gettimeofday_latency', 22),
  ...zero('schedule_cycle_max', 'schedule_cycle_last'),
  ...since(41, ...zero('schedule_cycle_sum')),
  integer('schedule_cycle_total', ({ scheduleCycles }) => scheduleCycles),
  ...zero('schedule_cycle_mean', 'schedule_cycle_mean_depth'),
  integer('schedule_cycle_per_minute', (statistics, context) =>
    Math.floor((statistics.scheduleCycles * 60) / Math.max(60, context.now - statistics.startedAt)),
  ),
  ...since(41, ...zero('schedule_cycle_depth')),
  ...since(
    40,
    constant('schedule_exit', {
      end_job_queue: 0,
      default_queue_depth: 0,
      max_job_start: 0,
      max_rpc_cnt: 0,
      max_sched_time: 0,
      licenses: 0,
    }),
  ),
  integer('schedule_queue_length', ({ pending }) => pending),
  integer('jobs_submitted', ({ submitted }) => submitted),
  integer('jobs_started', ({ started }) => started),
  integer('jobs_completed', ({ completed }) => completed),
  integer('jobs_canceled', ({ cancelled }) => cancelled),
  integer('jobs_failed', ({ failed }) => failed),
  integer('jobs_pending', ({ pending }) => pending),
  integer('jobs_running', ({ running }) => running),
  time('job_states_ts', (_, context) => context.now),
  integer('bf_backfilled_jobs', ({ backfilled }) => backfilled),
  integer('bf_last_backfilled_jobs', ({ backfilled }) => backfilled),
  ...zero('bf_backfilled_het_jobs'),
  integer('bf_cycle_counter', ({ backfillCycles }) => backfillCycles),
  ...zero('bf_cycle_mean', 'bf_depth_mean', 'bf_depth_mean_try'),
  ...since(39, ...zero('bf_cycle_sum')),
  ...zero('bf_cycle_last'),
  ...until(38, ...zero('bf_cycle_max')),
  ...since(41, ...zero('bf_cycle_max')),
  ...since(
    40,
    constant('bf_exit', {
      end_job_queue: 0,
      bf_max_job_start: 0,
      bf_max_job_test: 0,
      bf_max_time: 0,
      bf_node_space_size: 0,
      state_changed: 0,
    }),
  ),
  ...since(39, ...zero('bf_last_depth', 'bf_last_depth_try', 'bf_depth_sum', 'bf_depth_try_sum')),
  ...zero('bf_queue_len', 'bf_queue_len_mean'),
  ...since(39, ...zero('bf_queue_len_sum')),
  ...zero('bf_table_size'),
  ...since(41, ...zero('bf_table_size_sum')),
  ...zero('bf_table_size_mean'),
  time('bf_when_last_cycle', (_, context) => context.now),
  constant('bf_active', false),
  ...since(39, ...rpcs),
  ...since(41, constant('pending_rpcs', []), constant('pending_rpcs_by_hostlist', [])),
];

export interface Ping {
  readonly host: string;
  readonly up: boolean;
}

/** Controllers as `scontrol ping` and `/slurm/…/ping` print them. Latency is microseconds. */
export function writePing({ host, up }: Ping, index: number, context: JsonContext): Fields {
  const mode = index === 0 ? 'primary' : `backup${index > 1 ? index : ''}`;
  const latency = 100;
  if (context.dialect < 39) return { hostname: host, ping: up ? 'UP' : 'DOWN', status: up ? 0 : -1, mode };
  if (context.dialect < 42) return { hostname: host, pinged: up ? 'UP' : 'DOWN', latency, mode };
  const primary = index === 0;
  if (context.dialect < 45) return { hostname: host, pinged: up ? 'UP' : 'DOWN', responding: up, latency, mode, primary };
  return {
    hostname: host,
    responding: up,
    latency,
    primary,
    status: up ? 'No error' : 'Unable to contact slurm controller (connect failure)',
  };
}
