/** Releases of which recordings are there; a release that is named without its last number is that of the recordings. */
const recorded = ['22.05.8', '23.11.11', '24.11.7', '25.05.8', '26.05.3'];

/** `24.11` is `24.11.7`; a release in full stays as it is. */
export function fullRelease(release: string): string {
  if (/^\d\d\.\d\d\.\d+/.test(release)) return release;
  return recorded.find((one) => one.startsWith(`${release}.`)) ?? `${release}.0`;
}
