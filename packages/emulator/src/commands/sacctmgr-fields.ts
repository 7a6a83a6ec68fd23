/** A column that sacctmgr knows: by which words, of which least length, it is called, its heading and its width. */
interface FieldKind {
  readonly id: string;
  readonly words: readonly (readonly [word: string, least: number])[];
  readonly heading: string;
  readonly width: number;
}

export interface Field extends Omit<FieldKind, 'words'> {
  /** Below 0: to the left. */
  readonly width: number;
}

function kind(id: string, heading: string, width: number, ...words: readonly (readonly [string, number])[]): FieldKind {
  return { id, words, heading, width };
}

/** In the order in which sacctmgr tries them (sacctmgr's common.c); headings and widths as recorded on 22.05, 24.11 and 26.05. */
const kinds: readonly FieldKind[] = [
  kind('account', 'Account', 10, ['Account', 3]),
  kind('actionRaw', 'ActionRaw', 10, ['ActionRaw', 7]),
  kind('action', 'Action', 20, ['Action', 4]),
  kind('actor', 'Actor', 10, ['Actor', 4]),
  kind('admin', 'Admin', 9, ['AdminLevel', 2]),
  kind('allocated', '% Allocated', 11, ['Allocated', 2]),
  kind('clusterNodes', 'Cluster Nodes', 20, ['ClusterNodes', 8]),
  kind('cluster', 'Cluster', 10, ['Cluster', 2]),
  kind('comment', 'Comment', 20, ['Comment', 3]),
  kind('coordinators', 'Coord Accounts', 20, ['Coordinators', 2]),
  kind('controlHost', 'ControlHost', 15, ['ControlHost', 8]),
  kind('controlPort', 'ControlPort', 12, ['ControlPort', 8]),
  kind('count', 'Count', 6, ['Count', 3]),
  kind('defaultAccount', 'Def Acct', 10, ['DefaultAccount', 8]),
  kind('defaultQos', 'Def QOS', 9, ['DefaultQOS', 8]),
  kind('defaultWckey', 'Def WCKey', 10, ['DefaultWCKey', 8]),
  kind('description', 'Descr', 20, ['Description', 3]),
  kind('duration', 'Duration', 13, ['Duration', 2]),
  kind('event', 'Event', 7, ['Event', 2]),
  kind('flags', 'Flags', 40, ['Flags', 2]),
  kind('graceTime', 'GraceTime', 10, ['GraceTime', 3]),
  kind('grpCpus', 'GrpCPUs', 8, ['GrpCPUs', 7]),
  kind('grpCpuMins', 'GrpCPUMins', 11, ['GrpCPUMins', 8]),
  kind('grpCpuRunMins', 'GrpCPURunMins', 13, ['GrpCPURunMins', 8]),
  kind('grpTres', 'GrpTRES', 13, ['GrpTRES', 7]),
  kind('grpTresMins', 'GrpTRESMins', 13, ['GrpTRESMins', 8]),
  kind('grpTresRunMins', 'GrpTRESRunMins', 13, ['GrpTRESRunMins', 8]),
  kind('grpJobs', 'GrpJobs', 7, ['GrpJobs', 4]),
  kind('grpMemory', 'GrpMem', 7, ['GrpMemory', 4]),
  kind('grpNodes', 'GrpNodes', 8, ['GrpNodes', 4]),
  kind('grpSubmitJobs', 'GrpSubmit', 9, ['GrpSubmitJobs', 4]),
  kind('grpWall', 'GrpWall', 11, ['GrpWall', 4]),
  kind('id', 'ID', 6, ['ID', 2]),
  kind('info', 'Info', 20, ['Info', 4]),
  kind('lineage', 'Lineage', -20, ['Lineage', 4]),
  kind('maxCpuMins', 'MaxCPUMins', 11, ['MaxCPUMinsPerJob', 7]),
  kind('maxCpus', 'MaxCPUs', 8, ['MaxCPUsPerJob', 7]),
  kind('maxJobs', 'MaxJobs', 7, ['MaxJobs', 4]),
  kind('maxJobsPerAccount', 'MaxJobsPA', 9, ['MaxJobsPerAccount', 11], ['MaxJobsPA', 9]),
  kind('maxJobsPerUser', 'MaxJobsPU', 9, ['MaxJobsPerUser', 8], ['MaxJobsPU', 9]),
  kind('maxNodes', 'MaxNodes', 8, ['MaxNodesPerJob', 4]),
  kind('maxSubmitJobs', 'MaxSubmit', 9, ['MaxSubmitJobs', 4]),
  kind('maxSubmitJobsPerAccount', 'MaxSubmitPA', 11, ['MaxSubmitJobsPerAccount', 17], ['MaxSubmitJobsPA', 15], ['MaxSubmitPA', 11]),
  kind('maxSubmitJobsPerUser', 'MaxSubmitPU', 11, ['MaxSubmitJobsPerUser', 10], ['MaxSubmitJobsPU', 15], ['MaxSubmitPU', 11]),
  kind('maxTresPerJob', 'MaxTRES', 13, ['MaxTRESPerJob', 7]),
  kind('maxTresPerNode', 'MaxTRESPerNode', 14, ['MaxTRESPerNode', 11], ['MaxTRESPN', 9]),
  kind('maxTresPerAccount', 'MaxTRESPA', 13, ['MaxTRESPerAccount', 11], ['MaxTRESPA', 9]),
  kind('maxTresPerUser', 'MaxTRESPU', 13, ['MaxTRESPerUser', 11], ['MaxTRESPU', 9]),
  kind('maxTresMinsPerJob', 'MaxTRESMins', 13, ['MaxTRESMinsPerJob', 8]),
  kind('maxTresRunMinsPerAccount', 'MaxTRESRunMinsPA', 22, ['MaxTRESRunMinsPerAccount', 18], ['MaxTRESRunMinsPA', 15]),
  kind('maxTresRunMinsPerUser', 'MaxTRESRunMinsPU', 22, ['MaxTRESRunMinsPerUser', 8], ['MaxTRESRunMinsPU', 15]),
  kind('maxWall', 'MaxWall', 11, ['MaxWallDurationPerJob', 4]),
  kind('minTres', 'MinTRES', 13, ['MinTRESPerJob', 7]),
  kind('name', 'Name', 10, ['Name', 2]),
  kind('nodeName', 'NodeName', -15, ['NodeName', 5]),
  kind('organization', 'Org', 20, ['Organization', 1]),
  kind('parentId', 'ParentID', 6, ['ParentID', 7]),
  kind('parentName', 'ParentName', 10, ['ParentName', 7]),
  kind('partition', 'Partition', 10, ['Partition', 4]),
  kind('preempt', 'Preempt', 10, ['Preempt', 7]),
  kind('preemptExemptTime', 'PreemptExemptTime', 19, ['PreemptExemptTime', 8]),
  kind('preemptMode', 'PreemptMode', 11, ['PreemptMode', 8]),
  kind('priority', 'Priority', 10, ['Priority', 3]),
  kind('problem', 'Problem', 40, ['Problem', 1]),
  kind('qos', 'QOS', 20, ['QOSLevel', 3]),
  kind('qosRaw', 'QOS_RAW', 10, ['QOSRAWLevel', 4]),
  kind('reason', 'Reason', 30, ['Reason', 1]),
  kind('rpc', 'RPC', 5, ['RPC', 1]),
  kind('share', 'Share', 9, ['Share', 1], ['FairShare', 1]),
  kind('state', 'State', 6, ['State', 1]),
  kind('timeStart', 'TimeStart', 19, ['TimeStart', 7]),
  kind('timeEnd', 'TimeEnd', 19, ['TimeEnd', 7]),
  kind('time', 'Time', 19, ['TimeStamp', 1]),
  kind('type', 'Type', 8, ['Type', 2]),
  kind('usageFactor', 'UsageFactor', 11, ['UsageFactor', 6]),
  kind('usageThreshold', 'UsageThres', 10, ['UsageThreshold', 6]),
  kind('user', 'User', 10, ['User', 1]),
  kind('wckey', 'WCKey', 10, ['WCKeys', 2]),
  kind('where', 'Where', 20, ['Where', 2]),
];

/** Columns that came later. */
const since: Readonly<Record<string, number>> = { lineage: 2311 };

/** A column by a word of `format=`, such as `Account`, `us`, `grptres%30`, `org%-5`; undefined when there is none such. */
export function fieldOf(word: string, major: number): Field | undefined {
  const [, name = '', width] = /^(.*?)(?:%(-?\d+)?)?$/s.exec(word) ?? [];
  const found = kinds.find(
    ({ id, words }) =>
      (since[id] ?? 0) <= major && words.some(([full, least]) => name.length >= least && full.toLowerCase().startsWith(name.toLowerCase())),
  );
  if (found === undefined) return undefined;
  return { id: found.id, heading: found.heading, width: width === undefined ? found.width : Number(width) };
}
