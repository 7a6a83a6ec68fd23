import { type Clock, SluiceError } from '@sluice/io';
import type { Epoch } from '@sluice/slurm';
import { SlurmError } from '../../model/slurmctld.ts';
import { openEmulator } from '../../open-emulator.ts';
import type { Commands } from '../../server/commands.ts';
import { parseDate } from '../calendar.ts';
import { ControlBooks } from '../control-books.ts';
import { act } from './actions.ts';
import { scenarioCluster, type WholeCluster, wholeCluster } from './scenario-cluster.ts';
import type { ActionReport, ScenarioWorld } from './scenario-world.ts';
import type { Action, Scenario, ScenarioCluster } from './schema.ts';

/** What a step came to. */
export interface StepReport {
  /** Null where the scenario has no variants. */
  readonly variant: string | null;
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly title: string;
  /** The cluster's time after it. */
  readonly at: Epoch;
  readonly actions: readonly ActionReport[];
}

export interface ScenarioOptions {
  /** Slurm's commands, for the actions that call them. */
  readonly commands: Commands;
  readonly clock?: Clock;
  /** Milliseconds of the machine's time that a command may take; 10 seconds by default. */
  readonly commandMs?: number;
}

/** Runs a scenario in memory, on a cluster of its own for each variant, and gives its steps one after the other: a step is run when it is asked for. */
export async function* runScenario(scenario: Scenario, options: ScenarioOptions): AsyncGenerator<StepReport, void, void> {
  const variants: readonly (readonly [string | null, ScenarioCluster | undefined])[] =
    scenario.variants === undefined ? [[null, undefined]] : Object.entries(scenario.variants);
  for (const [variant, changes] of variants) yield* runOn(scenario, variant, wholeCluster(scenario.cluster, changes), options);
}

async function* runOn(
  scenario: Scenario,
  variant: string | null,
  cluster: WholeCluster,
  { commands, clock, commandMs }: ScenarioOptions,
): AsyncGenerator<StepReport, void, void> {
  const slurm = openEmulator({
    spec: scenarioCluster(cluster),
    file: ':memory:',
    start: parseDate(scenario.start) ?? 0,
    rate: 0,
    random: () => 0.5,
    ...(clock === undefined ? {} : { clock }),
  });
  const world: ScenarioWorld = {
    slurm,
    books: new ControlBooks(),
    cluster,
    commands,
    jobs: [],
    transitions: new Map(),
    ...(commandMs === undefined ? {} : { commandMs }),
  };
  try {
    for (const [index, { title, do: actions }] of scenario.steps.entries()) {
      const wanted = actions.filter(({ only }) => only === undefined || only === variant);
      if (wanted.length === 0) continue;
      const reports: ActionReport[] = [];
      for (const action of wanted) reports.push(...(await tried(world, action)));
      yield { variant, number: index + 1, of: scenario.steps.length, title, at: slurm.time.now(), actions: reports };
    }
  } finally {
    await slurm.close();
  }
}

/** What Slurm refuses is a failure of the scenario, not of the program. */
async function tried(world: ScenarioWorld, action: Action): Promise<readonly ActionReport[]> {
  try {
    return await act(world, action);
  } catch (error) {
    if (!(error instanceof SlurmError || error instanceof SluiceError)) throw error;
    const kind = Object.keys(action).find((key) => key !== 'only' && action[key as keyof Action] !== undefined);
    return [{ kind: 'failed', text: `${kind}: ${error.message}` }];
  }
}
