import { dateText } from '../calendar.ts';
import type { StepReport } from './run-scenario.ts';
import type { Scenario } from './schema.ts';

/** How a scenario went. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly title: string;
  /** Something was expected, and all of it was so. */
  readonly passed: boolean;
  readonly expectations: number;
  readonly failed: number;
  readonly steps: readonly StepReport[];
}

export function scenarioResult({ name, title }: Scenario, steps: readonly StepReport[]): ScenarioResult {
  const kinds = steps.flatMap(({ actions }) => actions.map(({ kind }) => kind));
  const failed = kinds.filter((kind) => kind === 'failed').length;
  const expectations = failed + kinds.filter((kind) => kind === 'met').length;
  return { scenario: name, title, passed: failed === 0, expectations, failed, steps };
}

const marks = { did: '·', met: '✓', failed: '✗' } as const;

/** A step as the report has it: its title, the time at its end, and a line for each thing done or looked at. */
export function stepText({ variant, number, of, title, at, actions }: StepReport): string {
  const lines = actions.map(({ kind, text }) => `  ${marks[kind]} ${text.replaceAll('\n', '\n    ')}`);
  return [`${variant === null ? '' : `${variant}: `}step ${number} of ${of}, ${dateText(at)}: ${title}`, ...lines, ''].join('\n');
}

/** The last lines: how much was as expected, and again what was not. */
export function summaryText({ scenario, expectations, failed, steps }: ScenarioResult): string {
  if (failed === 0) return `✓ ${scenario}: all ${expectations} expectations met in ${steps.length} steps\n`;
  const found = steps.flatMap(({ variant, number, actions }) =>
    actions.filter(({ kind }) => kind === 'failed').map(({ text }) => `  ${variant === null ? '' : `${variant}, `}step ${number}: ${text}`),
  );
  return `✗ ${scenario}: ${failed} of ${expectations} expectations failed\n${found.join('\n')}\n`;
}

/** What a scenario is about, and its steps. */
export function descriptionText({ name, title, description, concepts, start, variants, steps }: Scenario): string {
  return [
    `${name}: ${title}`,
    '',
    ...(description === '' ? [] : [description.trimEnd(), '']),
    ...(concepts.length === 0 ? [] : [`About: ${concepts.join(', ')}`]),
    `Begins: ${start}`,
    ...(variants === undefined ? [] : [`Variants: ${Object.keys(variants).join(', ')}`]),
    'Steps:',
    ...steps.map((step, index) => `  ${index + 1}. ${step.title}`),
    '',
  ].join('\n');
}
