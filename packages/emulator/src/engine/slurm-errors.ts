import { SlurmError } from '../model/slurmctld.ts';

/** Error numbers of slurm_errno.h and slurm_strerror's sentences (as libslurm 22.05.8 gives them) for what the emulated slurmctld refuses. */
const table = {
  ESLURM_INVALID_PARTITION_NAME: [2000, 'Invalid partition name specified'],
  ESLURM_DEFAULT_PARTITION_NOT_SET: [2001, 'No partition specified or system default partition'],
  ESLURM_ACCESS_DENIED: [2002, 'Access/permission denied'],
  ESLURM_JOB_MISSING_REQUIRED_PARTITION_GROUP: [2003, "User's group not permitted to use this partition"],
  ESLURM_REQUESTED_NODES_NOT_IN_PARTITION: [2004, 'Requested nodes not in this partition'],
  ESLURM_INVALID_NODE_COUNT: [2006, 'Node count specification invalid'],
  ESLURM_MAX_JOB_COUNT: [2007, 'Unable to create job record, try again'],
  ESLURM_JOB_SCRIPT_MISSING: [2009, 'Job script not specified'],
  ESLURM_USER_ID_MISSING: [2010, 'Invalid user id'],
  ESLURM_REQUESTED_NODE_CONFIG_UNAVAILABLE: [2014, 'Requested node configuration is not available'],
  ESLURM_REQUESTED_PART_CONFIG_UNAVAILABLE: [2015, 'Requested partition configuration not available now'],
  ESLURM_NODES_BUSY: [2016, 'Requested nodes are busy'],
  ESLURM_INVALID_JOB_ID: [2017, 'Invalid job id specified'],
  ESLURM_INVALID_NODE_NAME: [2018, 'Invalid node name specified'],
  ESLURM_TRANSITION_STATE_NO_UPDATE: [2020, 'Job can not be altered now, try again later'],
  ESLURM_ALREADY_DONE: [2021, 'Job/step already completing or completed'],
  ESLURM_JOB_PENDING: [2024, 'Job is pending execution'],
  ESLURM_BAD_TASK_COUNT: [2025, 'Task count specification invalid'],
  ESLURM_INVALID_NODE_STATE: [2028, 'Invalid node state specified'],
  ESLURM_INVALID_FEATURE: [2029, 'Invalid feature specification'],
  ESLURM_DISABLED: [2037, 'Requested operation is presently disabled'],
  ESLURM_DEPENDENCY: [2038, 'Job dependency problem'],
  ESLURM_INVALID_ACCOUNT: [2045, 'Invalid account or account/partition combination specified'],
  ESLURM_ACCOUNTING_POLICY: [2050, "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"],
  ESLURM_INVALID_TIME_LIMIT: [2051, 'Requested time limit is invalid (missing or exceeds some limit)'],
  ESLURM_RESERVATION_ACCESS: [2052, 'Access denied to requested reservation'],
  ESLURM_RESERVATION_INVALID: [2053, 'Requested reservation is invalid'],
  ESLURM_INVALID_TIME_VALUE: [2054, 'Invalid time specified'],
  ESLURM_RESERVATION_BUSY: [2055, 'Requested reservation is in use'],
  ESLURM_RESERVATION_OVERLAP: [2058, 'Requested reservation overlaps with another reservation'],
  ESLURM_INVALID_QOS: [2066, 'Invalid qos specification'],
  ESLURM_PARTITION_NOT_AVAIL: [2070, 'Required partition not available (inactive or drain)'],
  ESLURM_CIRCULAR_DEPENDENCY: [2071, 'Circular job dependency'],
  ESLURM_INVALID_GRES: [2072, 'Invalid generic resource (gres) specification'],
  ESLURM_JOB_NOT_PENDING: [2073, 'Job is no longer pending execution'],
  ESLURM_RESERVATION_EMPTY: [2080, 'Reservation request lacks users, groups or accounts'],
  ESLURM_INVALID_ARRAY: [2081, 'Invalid job array specification'],
  ESLURM_RESERVATION_NAME_DUP: [2082, 'Duplicate reservation name'],
  ESLURM_JOB_FINISHED: [2084, 'Job has already finished'],
  ESLURM_JOB_NOT_RUNNING: [2085, 'Job is not running'],
  ESLURM_JOB_NOT_PENDING_NOR_RUNNING: [2086, 'Job is not pending nor running'],
  ESLURM_JOB_NOT_SUSPENDED: [2087, 'Job is not suspended'],
  ESLURM_PARTITION_DOWN: [2101, 'Partition in DOWN state'],
  ESLURM_NOT_WHOLE_HET_JOB: [2108, 'Operation not permitted on individual component of heterogeneous job'],
  ESLURM_INVALID_NICE: [2123, 'Invalid --nice value'],
} as const satisfies Record<string, readonly [number, string]>;

export type SlurmErrorName = keyof typeof table;

/** The refusal of that name, to be thrown. */
export function refusal(name: SlurmErrorName): SlurmError {
  const [number, message] = table[name];
  return new SlurmError({ number, name, message });
}
