/** The releases of Slurm that the tests cover. */
export const testedReleases = '22.05 to 26.05';

/** Whether the tests cover a release, by its text as in `24.11.5`. */
export function isTestedRelease(text: string): boolean {
  const [year = '', month = ''] = /^(\d{2})\.(\d{2})/.exec(text)?.slice(1) ?? [];
  const major = Number(`${year}${month}` || Number.NaN);
  return major >= 2205 && major <= 2605;
}
