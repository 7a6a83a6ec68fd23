/** Where a limit stands: on the QOS or on an association. */
export type LimitHolder = 'QOS' | 'Assoc';

export type TresLimit = 'grp' | 'grpMins' | 'grpRunMins' | 'perJob' | 'perNode' | 'minsPerJob' | 'perUser' | 'perAccount' | 'min';

/** Slurm's word for a pending reason about a limit of a resource; the irregular ones are Slurm's (job_state_reason_string, 22.05 to 26.05 alike). */
export function limitWord(holder: LimitHolder, limit: TresLimit, tres: string): string {
  const kind = kindOf(tres);
  const memory = holder === 'QOS' ? 'Memory' : 'Mem';
  const name = kind === 'Mem' ? memory : kind;
  switch (limit) {
    case 'grp':
      if (kind === 'Cpu' || kind === 'Node' || kind === 'Mem') return `${holder}Grp${kind}Limit`;
      return `${holder}Grp${kind}`;
    case 'grpMins':
      return kind === 'Cpu' ? `${holder}GrpCPUMinutesLimit` : `${holder}Grp${name}Minutes`;
    case 'grpRunMins':
      return kind === 'Cpu' ? `${holder}GrpCPURunMinutesLimit` : `${holder}Grp${name}RunMinutes`;
    case 'perJob':
      return kind === 'Cpu' || kind === 'Node' ? `${holder}Max${kind}PerJobLimit` : `${holder}Max${name}PerJob`;
    case 'perNode':
      return `${holder}Max${name}PerNode`;
    case 'minsPerJob':
      return kind === 'Cpu' ? `${holder}MaxCpuMinutesPerJobLimit` : `${holder}Max${name}MinutesPerJob`;
    case 'perUser':
      return kind === 'Cpu' || kind === 'Node' ? `QOSMax${kind}PerUserLimit` : `QOSMax${name}PerUser`;
    case 'perAccount':
      return `Max${kind === 'Mem' ? 'Memory' : kind}PerAccount`;
    case 'min':
      return kind === 'Cpu' ? 'QOSMinCpuNotSatisfied' : `QOSMin${name}`;
  }
}

function kindOf(tres: string): string {
  if (tres === 'cpu') return 'Cpu';
  if (tres === 'mem') return 'Mem';
  if (tres === 'node') return 'Node';
  if (tres === 'billing') return 'Billing';
  if (tres === 'energy') return 'Energy';
  if (tres.startsWith('gres/')) return 'GRES';
  if (tres.startsWith('license/')) return 'License';
  return tres.startsWith('bb/') ? 'BB' : 'Unknown';
}
