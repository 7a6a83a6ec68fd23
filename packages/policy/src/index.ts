export {
  billingMinutes,
  type Carryover,
  carryoverByDecay,
  carryoverByShare,
  decayFactor,
  fairshareOf,
  graceLimit,
  usualHalfLifeDays,
} from './allocation.ts';
export { type Amounts, billingUnits } from './billing.ts';
export { daysBetween, type Quarter, quarterOf } from './quarter.ts';
export { type Level, type Standing, standingOf, type Thresholds } from './threshold.ts';
