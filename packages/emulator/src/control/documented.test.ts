import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as z from 'zod';
import { allCommands } from '../commands/all-commands.ts';
import { controlRoutes } from './control-routes.ts';
import { readScenario } from './scenarios/read-scenario.ts';
import { scenarioResult, summaryText } from './scenarios/report.ts';
import { runScenario, type StepReport } from './scenarios/run-scenario.ts';
import { scenarioSchema } from './scenarios/schema.ts';
import { shippedNames } from './scenarios/shipped.ts';

const page = readFileSync(new URL('../../../../docs/emulator-scenarios.md', import.meta.url), 'utf8');

test('the page names every key of a scenario, every shipped one and every request of the control API', () => {
  const keys = new Set<string>();
  const collect = (schema: unknown): void => {
    const { properties, items, anyOf, additionalProperties } = schema as Record<string, unknown>;
    for (const [key, inner] of Object.entries(properties ?? {})) {
      keys.add(key);
      collect(inner);
    }
    for (const inner of [items, additionalProperties, ...((anyOf as unknown[] | undefined) ?? [])])
      if (typeof inner === 'object') collect(inner);
  };
  collect(z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' }));
  assert.ok(keys.size > 60, `${keys.size}`);
  const missing = [...keys].filter((key) => !page.includes(`\`${key}\``) && !page.includes(`\`${key}\`s`));
  assert.deepEqual(missing, []);
  for (const name of shippedNames()) assert.ok(page.includes(`| \`${name}\` |`), name);
  for (const route of Object.keys(controlRoutes)) assert.ok(page.includes(`\`${route}`), route);
});

test('the scenario that the page shows passes', async () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  const scenario = await readScenario({ file: 'first.yaml', text });
  const steps: StepReport[] = [];
  for await (const step of runScenario(scenario, { commands: allCommands })) steps.push(step);
  const result = scenarioResult(scenario, steps);
  assert.ok(result.passed && result.expectations === 6, summaryText(result));
});
