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
  run(runs: number, seed: number, options?: FuzzOptions): FuzzResult;
}

/** What became of one input: taken for the language or not, and what is wrong, if anything. */
export interface FuzzVerdict {
  readonly accepted: boolean;
  readonly failure?: { readonly kind: FuzzFailure['kind']; readonly detail: string };
}

/**
 * A target out of two functions: one that makes input number i, and one that judges what the code under test does with
 * it. A throw of the judge is a failure of the code under test.
 */
export function fuzzTarget(
  name: string,
  makeInput: (seed: number, index: number) => string,
  judge: (input: string, index: number, seed: number) => FuzzVerdict,
): FuzzTarget {
  return {
    name,
    run(runs, seed, { from = 0, slowMs = Number.POSITIVE_INFINITY, beat } = {}) {
      const failures: FuzzFailure[] = [];
      let accepted = 0;
      let failed = 0;
      for (let index = from; index < from + runs; index++) {
        beat?.(index);
        const input = makeInput(seed, index);
        const verdict = judgeInTime(() => judge(input, index, seed), slowMs);
        if (verdict.accepted) accepted++;
        if (verdict.failure === undefined) continue;
        failed++;
        if (failures.length < 20) failures.push({ index, ...verdict.failure, input: JSON.stringify(input.slice(0, 200)).slice(0, 200) });
      }
      return { inputs: runs, accepted, rejected: runs - accepted, failed, failures };
    },
  };
}

function judgeInTime(judge: () => FuzzVerdict, slowMs: number): FuzzVerdict {
  let fastest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const start = cpuMs();
    let verdict: FuzzVerdict;
    try {
      verdict = judge();
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
