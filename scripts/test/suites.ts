/** What a suite needs of the machine beyond the node modules. */
export type Need = 'slurm';

export interface Suite {
  readonly name: string;
  readonly globs: readonly string[];
  readonly needs: readonly Need[];
  /** Files run at a time. */
  readonly concurrency: number;
  /** Variables the tests read. */
  readonly env?: Readonly<Record<string, string>>;
  /** In `npm test` always, or only where CI is set (and by `npm run test:slurm`). */
  readonly when: 'always' | 'ci';
}

const lab = (suite: string, when: Suite['when'], title: string): Suite => ({
  name: title,
  globs: ['test/lab/**/*.test.ts'],
  needs: ['slurm'],
  concurrency: 1,
  env: { SLUICE_LAB_SUITE: suite },
  when,
});

/** The real clusters, by the word that `npm run test:slurm -- WORD` takes. */
export const labSuites: Readonly<Record<string, Suite>> = {
  bookworm: lab('bookworm', 'always', "real Slurm of Debian 12 (bookworm's packages)"),
  trixie: lab('trixie', 'ci', "real Slurm of Debian 13 (trixie's packages)"),
  sid: lab('sid', 'ci', "real Slurm of Debian's unstable (sid's packages)"),
};

/** In the order they run: what is quickest to fail comes first. */
export const suites: readonly Suite[] = [
  {
    name: 'unit',
    globs: [
      'packages/*/src/**/*.test.ts',
      'scripts/**/*.test.ts',
      'test/house/**/*.test.ts',
      'test/fuzz/**/*.test.ts',
      'test/releases/**/*.test.ts',
    ],
    needs: [],
    concurrency: 2,
    when: 'always',
  },
  { name: 'packaging', globs: ['test/packaging/**/*.test.ts'], needs: [], concurrency: 1, when: 'always' },
  { name: 'end to end', globs: ['test/end-to-end/**/*.test.ts'], needs: ['slurm'], concurrency: 1, when: 'always' },
  ...Object.values(labSuites).filter(({ env }) => env?.['SLUICE_LAB_SUITE'] !== 'sid'),
];
