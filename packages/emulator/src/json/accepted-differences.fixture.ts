/** Differences from the recordings that are accepted: which object, which keys, in which releases (all without), and why. */
export interface Accepted {
  readonly object: string;
  readonly path: RegExp;
  readonly releases?: readonly string[];
  readonly why: string;
}

export const accepted: readonly Accepted[] = [
  { object: 'job', path: /^billable_tres.*: (?:2|true) → (?:0|null|false)$/, why: 'a requeued job keeps what its last run was billed' },
  { object: 'job', path: /^job_state: \["PENDING","UPDATE_DB"\]/, releases: ['23.11'], why: 'slurmctld had not yet told slurmdbd' },
  { object: 'job', path: /^node_count: 2 → 1$/, releases: ['22.05'], why: '22.05 guesses the nodes of a pending job from its CPUs' },
  {
    object: 'node',
    path: /^(?:cpu_load|free_mem\.number|free_memory):/,
    why: 'measured by the machine beneath; emulated nodes are as busy as allocated',
  },
  { object: 'node', path: /^operating_system:/, why: 'the machine of the recording' },
  { object: 'sinfo', path: /^(?:cpus\.load|memory\.free)\./, why: 'measured by the machine beneath' },
  { object: 'ping', path: /^latency:/, why: 'measured' },
  {
    object: 'account',
    path: /^associations\[\d\]\.user:/,
    releases: ['22.05'],
    why: '22.05 lists the users of an account in another order',
  },
  { object: 'share', path: /^tres\.usage/, why: 'minutes of the model become seconds with other last digits' },
  {
    object: 'row',
    path: /^steps\[\d\]\.exit_code\.(?:status|return_code)/,
    why: 'a step that was killed with its job has no exit code; the model always has one',
  },
];

/** What of the differences is not accepted, and how many are. */
export function acceptedOf(
  object: string,
  release: string,
  found: readonly string[],
): { readonly unexpected: readonly string[]; readonly accepted: number } {
  const rules = accepted.filter((rule) => rule.object === object && (rule.releases?.includes(release) ?? true));
  const unexpected = found.filter((difference) => !rules.some(({ path }) => path.test(difference)));
  return { unexpected, accepted: found.length - unexpected.length };
}
