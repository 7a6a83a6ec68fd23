/** Year × 100 + month of a release: 2411 of `24.11.5`. */
export function majorOf(release: string): number {
  const [, year = '0', month = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(year) * 100 + Number(month);
}

const releases: readonly number[] = [2205, 2302, 2311, 2405, 2411, 2505, 2511, 2605];

/** SLURM_PROTOCOL_VERSION of a release (recordings sacctmgr-cluster). */
export function rpcVersionOf(major: number): number {
  return (
    (38 +
      Math.max(
        0,
        releases.findLastIndex((release) => release <= major),
      )) *
    256
  );
}
