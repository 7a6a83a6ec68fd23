/** Scenarios: what happens on a cluster in what order, and what must come of it. */
export { readScenario, shippedScenario } from './read-scenario.ts';
export { descriptionText, type ScenarioResult, scenarioResult, stepText, summaryText } from './report.ts';
export { runScenario, type ScenarioOptions, type StepReport } from './run-scenario.ts';
export { type Scenario, scenarioSchema } from './schema.ts';
export { shippedNames } from './shipped.ts';
