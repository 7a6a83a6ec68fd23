import { billingMinutes, type Carryover, carryoverByDecay, carryoverByShare, decayFactor, fairshareOf, graceLimit } from '@sluice/policy';
import type { EmulatedSlurm } from '../model/emulated-slurm.ts';
import { applySettings, setQos } from './administer.ts';
import type { ControlBooks } from './control-books.ts';
import { wholeNode } from './resources.ts';

export interface TransitionRules {
  readonly carryover: 'decay' | 'share' | 'none';
  /** Of `share`: per cent of the allocation that may be carried over. */
  readonly percent: number;
  /** How long the earlier period's usage counts as decayed, and by which half-life, in days. */
  readonly days: number;
  readonly halfLifeDays: number;
  /** What GrpTRESMins is set to: the allocation with what is carried over, or that with its grace. */
  readonly limit: 'allocation' | 'grace';
  readonly resetRawUsage: boolean;
}

/** What a transition came to. Node-hours, but for what says minutes. */
export interface Transition extends Carryover {
  readonly base: number;
  readonly previous: number;
  readonly decayFactor: number;
  readonly fairshare: number;
  /** Billing minutes of the total, and with its grace. */
  readonly minutes: number;
  readonly minutesWithGrace: number;
}

/**
 * What a policy of periodic limits does as a period begins: by what was used in the one before it works out what is carried over, sets fair share and
 * GrpTRESMins, and puts the account back to the QOS `normal`. Formulas: packages/policy.
 */
export function transition(slurm: EmulatedSlurm, books: ControlBooks, account: string, rules: TransitionRules): Transition {
  const base = books.allocation(account);
  const previous = books.used(slurm, account, -1);
  const carryover = carryoverOf(base, previous, rules);
  const perNode = wholeNode(slurm)['billing'] ?? 1;
  const fairshare = fairshareOf(carryover.total);
  const minutes = billingMinutes(carryover.total * perNode);
  const minutesWithGrace = billingMinutes(graceLimit(carryover.total, books.graceRatio(account)) * perNode);
  applySettings(slurm, account, {
    fairshare,
    grpTresMins: { billing: rules.limit === 'grace' ? minutesWithGrace : minutes },
    resetRawUsage: rules.resetRawUsage,
  });
  setQos(slurm, account, 'normal');
  return {
    ...carryover,
    base,
    previous,
    decayFactor: decayFactor(rules.days, rules.halfLifeDays),
    fairshare,
    minutes,
    minutesWithGrace,
  };
}

function carryoverOf(base: number, previous: number, { carryover, percent, days, halfLifeDays }: TransitionRules): Carryover {
  if (carryover === 'decay') return carryoverByDecay(base, previous, days, halfLifeDays);
  if (carryover === 'share') return carryoverByShare(base, previous, percent);
  return { effectiveUsage: previous, unused: 0, total: base };
}

/** Sets the QOS that the usage of this period asks for: `normal`, `slowdown` from the allocation on, `blocked` from its grace on; gives it. */
export function applyThresholds(slurm: EmulatedSlurm, books: ControlBooks, account: string): 'normal' | 'slowdown' | 'blocked' {
  const { level } = books.standing(slurm, account);
  setQos(slurm, account, level);
  return level;
}
