import { readFileSync } from 'node:fs';

/** Each as the bundle wants it: a file that belongs to the source is named where it is read. */
const texts: Readonly<Record<string, () => string>> = {
  sequence: () => readFileSync(new URL('../../../scenarios/sequence.yaml', import.meta.url), 'utf8'),
  qos_thresholds: () => readFileSync(new URL('../../../scenarios/qos_thresholds.yaml', import.meta.url), 'utf8'),
  decay_comparison: () => readFileSync(new URL('../../../scenarios/decay_comparison.yaml', import.meta.url), 'utf8'),
  carryover_test: () => readFileSync(new URL('../../../scenarios/carryover_test.yaml', import.meta.url), 'utf8'),
  config_comparison: () => readFileSync(new URL('../../../scenarios/config_comparison.yaml', import.meta.url), 'utf8'),
  traditional_max_tres_mins: () => readFileSync(new URL('../../../scenarios/traditional_max_tres_mins.yaml', import.meta.url), 'utf8'),
  modern_billing_units: () => readFileSync(new URL('../../../scenarios/modern_billing_units.yaml', import.meta.url), 'utf8'),
  concurrent_grp_tres: () => readFileSync(new URL('../../../scenarios/concurrent_grp_tres.yaml', import.meta.url), 'utf8'),
  mixed_limits_comprehensive: () => readFileSync(new URL('../../../scenarios/mixed_limits_comprehensive.yaml', import.meta.url), 'utf8'),
};

/** Names of the scenarios that are shipped. */
export function shippedNames(): readonly string[] {
  return Object.keys(texts);
}

/** One of them; undefined when there is none of that name. */
export function shippedText(name: string): string | undefined {
  return Object.hasOwn(texts, name) ? texts[name]?.() : undefined;
}
