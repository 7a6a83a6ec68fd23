/** What a suite needs of the machine beyond the node modules. */
export type Need = 'slurm';

export interface Suite {
  /** What `npm test -- --only` and, for a cluster, `npm run test:slurm --` call it. */
  readonly word: string;
  readonly title: string;
  readonly globs: readonly string[];
  readonly needs: readonly Need[];
  /** Files run at a time. */
  readonly concurrency: number;
  /** What a file may take at most; it bounds one that hangs, on the slowest machine. */
  readonly fileLimitMinutes: number;
  /** Variables the tests read. */
  readonly env?: Readonly<Record<string, string>>;
  /** In `npm test` always, only where CI is set, or only when asked for by its word. */
  readonly when: 'always' | 'ci' | 'asked';
}

const lab = (word: string, when: Suite['when'], title: string): Suite => ({
  word,
  title,
  globs: ['test/lab/**/*.test.ts'],
  needs: ['slurm'],
  concurrency: 1,
  fileLimitMinutes: 40,
  env: { SLUICE_LAB_SUITE: word },
  when,
});

/** Real clusters from the packages of Debian's releases. */
export const labSuites: readonly Suite[] = [
  lab('bookworm', 'always', "real Slurm of Debian 12 (bookworm's packages)"),
  lab('trixie', 'ci', "real Slurm of Debian 13 (trixie's packages)"),
  lab('sid', 'asked', "real Slurm of Debian's unstable (sid's packages)"),
];

/** In the order they run: what is quickest to fail comes first. */
export const suites: readonly Suite[] = [
  {
    word: 'unit',
    title: 'unit',
    globs: [
      'packages/*/src/**/*.test.ts',
      'scripts/**/*.test.ts',
      'test/house/**/*.test.ts',
      'test/fuzz/**/*.test.ts',
      'test/releases/**/*.test.ts',
    ],
    needs: [],
    concurrency: 2,
    fileLimitMinutes: 10,
    when: 'always',
  },
  {
    word: 'clustercockpit',
    title: 'ClusterCockpit against its stand-in and a real NATS server',
    globs: ['test/clustercockpit/**/*.test.ts'],
    needs: ['slurm'],
    concurrency: 2,
    fileLimitMinutes: 20,
    when: 'always',
  },
  {
    word: 'emulator',
    title: 'the emulator against recordings of real Slurm, and in its place',
    globs: ['test/emulator/**/*.test.ts', 'test/lab/**/*.test.ts'],
    needs: [],
    concurrency: 2,
    fileLimitMinutes: 10,
    env: { SLUICE_LAB_SUITE: 'emulator' },
    when: 'always',
  },
  {
    word: 'packaging',
    title: 'packaging',
    globs: ['test/packaging/**/*.test.ts'],
    needs: [],
    concurrency: 1,
    fileLimitMinutes: 20,
    when: 'always',
  },
  {
    word: 'end-to-end',
    title: 'end to end',
    globs: ['test/end-to-end/**/*.test.ts'],
    needs: ['slurm'],
    concurrency: 1,
    fileLimitMinutes: 20,
    when: 'always',
  },
  ...labSuites,
];
