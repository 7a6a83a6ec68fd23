import type { Tres } from '@sluice/slurm';

/** What a job is billed, whole units: its CPUs, or the weighted sum of its resources (TRESBillingWeights). */
export function billingOf(tres: Tres, weights: Tres | null): number {
  if (weights === null) return tres['cpu'] ?? 0;
  return Math.floor(Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * (tres[name] ?? 0), 0));
}
