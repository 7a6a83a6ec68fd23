/** Amounts of resources by Slurm's names, in any unit that the weights are for. */
export type Amounts = Readonly<Record<string, number>>;

/** Billing units of a usage: the sum of each resource times its weight (slurm.conf(5), TRESBillingWeights); what has no weight is free. */
export function billingUnits(usage: Amounts, weights: Amounts): number {
  let units = 0;
  for (const [name, weight] of Object.entries(weights)) units += (usage[name] ?? 0) * weight;
  return units;
}
