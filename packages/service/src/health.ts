import { type Clock, redactText, SluiceError } from '@sluice/io';

/** Answers with a word about the state, or throws with the reason why it is not well. */
export type Check = (signal: AbortSignal) => Promise<string | undefined> | string | undefined;

export interface CheckOptions {
  /**
   * `ready` (the default): the program cannot do its work now, but a restart would not help. `live`: it is stuck; the
   * watchdog lets systemd restart it.
   */
  readonly kind?: 'ready' | 'live';
  /** Milliseconds; a check that takes longer has failed. 2,000 by default. */
  readonly timeoutMs?: number;
}

export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
}

export interface HealthReport {
  readonly status: 'ok' | 'failed';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

export interface Health {
  add(name: string, check: Check, options?: CheckOptions): void;
  remove(name: string): void;
  /** Of the checks of kind `live`. */
  live(): Promise<HealthReport>;
  /** Of all checks. */
  ready(): Promise<HealthReport>;
}

interface Registered {
  readonly check: Check;
  readonly kind: 'ready' | 'live';
  readonly timeoutMs: number;
}

export function createHealth(clock: Clock): Health {
  const checks = new Map<string, Registered>();

  async function report(wanted: (check: Registered) => boolean): Promise<HealthReport> {
    const asked = [...checks].filter(([, check]) => wanted(check));
    const results = await Promise.all(asked.map(async ([name, check]) => [name, await ask(name, check, clock)] as const));
    return { status: results.every(([, result]) => result.ok) ? 'ok' : 'failed', checks: Object.fromEntries(results) };
  }

  return {
    add: (name, check, { kind = 'ready', timeoutMs = 2000 } = {}) => void checks.set(name, { check, kind, timeoutMs }),
    remove: (name) => void checks.delete(name),
    live: () => report((check) => check.kind === 'live'),
    ready: () => report(() => true),
  };
}

async function ask(name: string, { check, timeoutMs }: Registered, clock: Clock): Promise<CheckResult> {
  const ended = new AbortController();
  const late = clock.sleep(timeoutMs, ended.signal).then(() => {
    throw new SluiceError('internal', `no answer within ${timeoutMs / 1000} s`);
  });
  late.catch(() => {});
  try {
    const detail = await Promise.race([Promise.resolve().then(() => check(ended.signal)), late]);
    return detail === undefined ? { ok: true } : { ok: true, detail };
  } catch (error) {
    return { ok: false, detail: redactText(error instanceof Error ? error.message : `${name} failed`) };
  } finally {
    ended.abort();
  }
}
