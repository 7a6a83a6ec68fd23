import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import {
  allCommands,
  descriptionText,
  readScenario,
  runScenario,
  type Scenario,
  type StepReport,
  scenarioResult,
  scenarioSchema,
  shippedNames,
  shippedScenario,
  stepText,
  summaryText,
} from '@sluice/emulator';
import { SluiceError } from '@sluice/io';
import { jsonSchema } from '@sluice/service';
import type { Surroundings } from '../surroundings.ts';
import { formatTable } from '../table.ts';

export interface ScenarioOptions {
  readonly list?: boolean;
  readonly describe?: string;
  readonly schema?: boolean;
  readonly json?: boolean;
  readonly stepByStep?: boolean;
}

/** `sluice emulator scenario`: 0 when all went as expected, 1 when something did not; a file that is no scenario is an error (65). */
export async function emulatorScenario(what: string | undefined, options: ScenarioOptions, around: Surroundings): Promise<number> {
  const { list, describe, schema, json, stepByStep } = options;
  if (schema === true) {
    const title = 'A scenario of the emulator';
    around.stdout.write(
      `${JSON.stringify(jsonSchema(scenarioSchema, { title, description: 'See docs/emulator-scenarios.md.' }), undefined, 2)}\n`,
    );
    return 0;
  }
  if (list === true) return listScenarios(what ?? '', json === true, around);
  if (describe !== undefined) {
    around.stdout.write(descriptionText(await scenarioOf(describe)));
    return 0;
  }
  if (what === undefined) throw new SluiceError('usage', 'a scenario must be named: a file, or one that --list shows');
  if (json === true && stepByStep === true) throw new SluiceError('usage', '--json and --step-by-step exclude each other');
  const scenario = await scenarioOf(what);
  const steps: StepReport[] = [];
  const run = runScenario(scenario, { commands: allCommands, clock: around.clock });
  if (json !== true) around.stdout.write(`${scenario.name}: ${scenario.title}\n\n`);
  const paused = stepByStep === true ? keyboard(around) : undefined;
  try {
    for await (const step of run) {
      steps.push(step);
      if (json !== true) around.stdout.write(`${stepText(step)}\n`);
      around.interrupted.throwIfAborted();
      if (paused !== undefined && !(await paused.goesOn())) return 0;
    }
  } finally {
    paused?.close();
  }
  const result = scenarioResult(scenario, steps);
  around.stdout.write(json === true ? `${JSON.stringify(result)}\n` : summaryText(result));
  return result.passed ? 0 : 1;
}

/** A shipped one by its name, a file by its path. */
async function scenarioOf(what: string): Promise<Scenario> {
  if (shippedNames().includes(what)) return shippedScenario(what);
  return what.includes('/') || /\.(ya?ml|json)$/i.test(what) || existsSync(what) ? readScenario({ file: what }) : shippedScenario(what);
}

/** Those whose name, title or concepts have the word. */
async function listScenarios(word: string, json: boolean, around: Surroundings): Promise<number> {
  const all = await Promise.all(shippedNames().map((name) => shippedScenario(name)));
  const scenarios = all.filter(({ name, title, concepts }) =>
    [name, title, ...concepts].join('\n').toLowerCase().includes(word.toLowerCase()),
  );
  if (json) {
    const rows = scenarios.map(({ name, title, concepts, steps }) => ({ name, title, concepts, steps: steps.length }));
    around.stdout.write(`${JSON.stringify(rows)}\n`);
  } else {
    around.stdout.write(
      formatTable(
        [{ title: 'scenario' }, { title: 'steps' }, { title: 'about' }],
        scenarios.map(({ name, title, steps }) => [name, String(steps.length), title]),
      ),
    );
  }
  return 0;
}

/** Waits after each step until Enter; `q` ends. Where nobody types any more it goes on. */
function keyboard(around: Surroundings): { goesOn(): Promise<boolean>; close(): void } {
  const lines = createInterface({ input: process.stdin });
  const reader = lines[Symbol.asyncIterator]();
  return {
    async goesOn() {
      around.stderr.write('Enter goes on, q ends: ');
      const { value } = await reader.next();
      around.stderr.write('\n');
      return !/^q/i.test(value ?? '');
    },
    close: () => lines.close(),
  };
}
