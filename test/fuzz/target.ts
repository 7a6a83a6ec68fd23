/** One input on which a target did not behave. */
export interface FuzzFailure {
  /** Number of the input within the run: `--seed N --only NAME --at INDEX` makes it again. */
  readonly index: number;
  readonly kind: 'throw' | 'slow' | 'round trip' | 'unstable' | 'forged';
  /** At most 200 characters of the input, as JSON. */
  readonly input: string;
  readonly detail: string;
}

export interface FuzzResult {
  readonly inputs: number;
  /** Inputs taken for the language, by the parser under test. */
  readonly accepted: number;
  readonly rejected: number;
  /** How many inputs failed, and the first of them. */
  readonly failed: number;
  readonly failures: readonly FuzzFailure[];
}

export interface FuzzOptions {
  /** Index of the first input; 0 by default. */
  readonly from?: number;
  /** An input that costs more CPU time of this thread, three times over, is a failure; none is by default. */
  readonly slowMs?: number;
  /** Called with the index before each input, for a watchdog outside. */
  readonly beat?: (index: number) => void;
}

/**
 * Something that is fed with generated inputs. The same runs and seed give the same inputs; input number i depends on
 * the seed and on i alone.
 */
export interface FuzzTarget {
  readonly name: string;
  run(runs: number, seed: number, options?: FuzzOptions): Promise<FuzzResult>;
}

/** What became of one input: taken for the language or not, and what is wrong, if anything. */
export interface FuzzVerdict {
  readonly accepted: boolean;
  readonly failure?: { readonly kind: FuzzFailure['kind']; readonly detail: string };
}

/** How a target makes its inputs and judges them. */
export interface FuzzSteps<Input> {
  /** Input number `index`. */
  readonly make: (seed: number, index: number) => Input;
  /** What the code under test does with it. A throw is a failure of the code under test. */
  readonly judge: (input: Input) => FuzzVerdict | Promise<FuzzVerdict>;
  /** The input for people to read. */
  readonly show: (input: Input) => string;
}

/** A target out of functions. */
export function fuzzTarget<Input>(name: string, { make, judge, show }: FuzzSteps<Input>): FuzzTarget {
  return {
    name,
    async run(runs, seed, { from = 0, slowMs = Number.POSITIVE_INFINITY, beat } = {}) {
      const failures: FuzzFailure[] = [];
      let accepted = 0;
      let failed = 0;
      for (let index = from; index < from + runs; index++) {
        beat?.(index);
        const input = make(seed, index);
        const verdict = await judgeInTime(() => judge(input), slowMs);
        if (verdict.accepted) accepted++;
        if (verdict.failure === undefined) continue;
        failed++;
        if (failures.length < 20)
          failures.push({ index, ...verdict.failure, input: JSON.stringify(show(input).slice(0, 200)).slice(0, 200) });
      }
      return { inputs: runs, accepted, rejected: runs - accepted, failed, failures };
    },
  };
}

async function judgeInTime(judge: () => FuzzVerdict | Promise<FuzzVerdict>, slowMs: number): Promise<FuzzVerdict> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const start = cpuMs();
    let verdict: FuzzVerdict;
    try {
      verdict = await judge();
    } catch (error) {
      return { accepted: false, failure: { kind: 'throw', detail: String(error).slice(0, 200) } };
    }
    fastest = Math.min(fastest, cpuMs() - start);
    // The garbage of inputs before may cost once or twice; what is slow by itself is slow each time.
    if (fastest <= slowMs) return verdict;
  }
  return { accepted: false, failure: { kind: 'slow', detail: `${Math.round(fastest)} ms` } };
}

/** Time of the clock on the wall would tell how busy the machine is. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
