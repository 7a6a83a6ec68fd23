import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCommands } from '../../commands/all-commands.ts';
import { readScenario, shippedScenario } from './read-scenario.ts';
import { descriptionText, type ScenarioResult, scenarioResult, stepText, summaryText } from './report.ts';
import { shellWords } from './run-command.ts';
import { runScenario, type StepReport } from './run-scenario.ts';
import type { Action, Expectation, Scenario } from './schema.ts';
import { shippedNames } from './shipped.ts';

async function played(scenario: Scenario): Promise<ScenarioResult> {
  const steps: StepReport[] = [];
  for await (const step of runScenario(scenario, { commands: allCommands })) steps.push(step);
  return scenarioResult(scenario, steps);
}

const scenarioOf = (steps: string, more = '') =>
  readScenario({ file: 'mine.yaml', text: `name: mine\ntitle: Mine\n${more}steps:\n${steps}` });

for (const name of shippedNames()) {
  test(`the shipped scenario ${name} passes, and with every expectation changed none is met`, async () => {
    const scenario = await shippedScenario(name);
    assert.equal(scenario.name, name);
    const result = await played(scenario);
    assert.ok(result.passed, summaryText(result));
    assert.ok(result.expectations >= 10, `${result.expectations}`);

    const changed = await played({ ...scenario, steps: scenario.steps.map((step) => ({ ...step, do: step.do.map(otherwise) })) });
    const met = changed.steps.flatMap(({ actions }) => actions.filter(({ kind, text }) => kind === 'met' && !text.startsWith('exit code')));
    assert.deepEqual(met, []);
    assert.equal(changed.expectations, result.expectations);
  });
}

/** The action with everything that it expects changed. */
function otherwise(action: Action): Action {
  if (action.command !== undefined) {
    const { stdout, ...command } = action.command;
    return { ...action, command: stdout === undefined ? command : { ...command, stdout: 'it never says so' } };
  }
  if (action.expect === undefined) return action;
  const { account, jobs, tolerance, time, quarter, qos, level, limits, ...figures } = action.expect;
  const expect: Expectation = {
    ...(changedFigures(figures) as Partial<Expectation>),
    tolerance,
    ...(account === undefined ? {} : { account }),
    ...(jobs === undefined ? {} : { jobs: jobs.map((each) => ({ ...each, count: each.count + 1 })) }),
    ...(time === undefined ? {} : { time: '1999-01-01' }),
    ...(quarter === undefined ? {} : { quarter: '1999-Q1' }),
    ...(qos === undefined ? {} : { qos: 'other' }),
    ...(level === undefined ? {} : { level: level === 'normal' ? ('blocked' as const) : ('normal' as const) }),
    ...(limits === undefined ? {} : { limits: changedFigures(limits) as Expectation['limits'] }),
  };
  return { ...action, expect };
}

/** Every number beneath is a little larger than any tolerance that is used; a null is one too. */
function changedFigures(value: unknown): unknown {
  if (value === null) return 1;
  if (typeof value === 'number') return value + 40;
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, changedFigures(inner)]));
}

test('sequence has the figures of the specification', async () => {
  const { steps } = await played(await shippedScenario('sequence'));
  assert.equal(steps.length, 9);
  const said = steps.flatMap(({ actions }) => actions.map(({ text }) => text)).join('\n');
  for (const figure of ['fair share 333', 'billing=60000', '7.81', '1992.19', 'billing=119531', '26.56', '1973.44']) {
    assert.ok(said.includes(figure), figure);
  }
});

test('a failed expectation is reported with what was found', async () => {
  const scenario = await scenarioOf(`
  - title: one
    do:
      - usage: {account: a, node-hours: 10}
      - expect: {account: a, used: 11, qos: slowdown}
      - submit: {account: a, name: j, run: 60}
      - expect: {jobs: [{name: j, state: PENDING, count: 1}]}
`);
  const result = await played(scenario);
  assert.deepEqual([result.passed, result.expectations, result.failed], [false, 3, 3]);
  assert.equal(
    summaryText(result),
    `✗ mine: 3 of 3 expectations failed
  step 1: a: used this period: expected 11 ± 0.01 node-hours, found 10
  step 1: a: QOS: expected slowdown, found normal
  step 1: jobs j PENDING: expected 1, found 0; 1 RUNNING
`,
  );
  assert.match(
    stepText(result.steps[0] as StepReport),
    /^step 1 of 1, 2024-01-01T00:00:05Z: one\n {2}· ada uses 10 node-hours of a\n {2}✗ a: used/,
  );
});

test('what Slurm refuses fails the scenario, unless it is expected', async () => {
  const result = await played(
    await scenarioOf(`
  - title: one
    do:
      - submit: {account: a, name: wide, nodes: 17, refused: '^Requested node configuration'}
      - submit: {account: a, name: wide, nodes: 17}
      - submit: {account: a, name: good, refused: '.'}
      - policy: {account: nobody, action: thresholds}
      - account: {name: a, limits: {GrpTRES: {cpus: 1}}}
`),
  );
  const kinds = result.steps[0]?.actions.map(({ kind, text }) => `${kind} ${text}`) ?? [];
  assert.equal(kinds[1], 'met refused: Requested node configuration is not available');
  assert.equal(kinds[2], 'failed submit: Requested node configuration is not available');
  assert.match(kinds.at(-3) ?? '', /^failed expected to be refused/);
  assert.deepEqual(kinds.slice(-2), [
    'failed policy: the cluster has no account "nobody"',
    'failed account: the cluster tracks no resource "cpus"; "cpu" is one',
  ]);
});

test('variants are clusters of their own, and `only` is for one of them', async () => {
  const result = await played(
    await scenarioOf(
      `
  - title: one
    do:
      - usage: {account: a, node-hours: 10}
      - time: {days: 10}
      - expect: {account: a, decayed: 5}
        only: ten
      - expect: {account: a, decayed: 10}
        only: none
`,
      'cluster: {nodes: 4}\nvariants: {ten: {half-life: 10}, none: {half-life: 0, nodes: 2}}\n',
    ),
  );
  assert.deepEqual([result.passed, result.expectations, result.steps.map(({ variant }) => variant)], [true, 2, ['ten', 'none']]);
});

test('usage that is spread over days lets them pass', async () => {
  const result = await played(
    await scenarioOf(`
  - title: one
    do:
      - usage: {account: a, node-hours: 100, days: 10, pattern: end_of_period}
      - expect: {account: a, used: 100, decayed: 89.54, time: 2024-01-11, tolerance: 0.05}
      - command: {run: "sacct -X -nP -A a -S 2024-01-01 -E 2024-02-01 -o jobid,start,alloctres", stdout: '^60000009\\|2024-01-09T23:00:00\\|.*node=40$'}
`),
  );
  assert.ok(result.passed, summaryText(result));
});

test('a step is run when it is asked for', async () => {
  const scenario = await scenarioOf('  - {title: one, do: [{time: {days: 1}}]}\n  - {title: two, do: [{time: {days: 1}}]}\n');
  const run = runScenario(scenario, { commands: allCommands });
  assert.equal((await run.next()).value?.title, 'one');
  await run.return();
  assert.equal((await run.next()).done, true);
});

test('Slurm’s commands run within a scenario, with what they say and how they end', async () => {
  const result = await played(
    await scenarioOf(`
  - title: one
    do:
      - submit: {account: a, name: 'j1', run: 1h}
      - command: {run: "squeue -h -o '%j %T %a'", as: ada, stdout: '^j1 RUNNING a$'}
      - command: {run: squeue --nonsense, exit: 1, stderr: nonsense}
      - command: {run: squeue, stdout: j2}
      - command: {run: rm -rf x}
`),
  );
  const kinds = result.steps[0]?.actions.map(({ kind }) => kind);
  assert.deepEqual(
    kinds,
    ['did', 'did', 'met', 'met', 'did', 'met', 'met', 'did', 'met', 'failed', 'failed'],
    JSON.stringify(result, null, 1),
  );
});

test('a command that does not end fails the scenario', async () => {
  const scenario = await scenarioOf('  - {title: one, do: [{command: {run: squeue}}]}\n');
  const commands = { ...allCommands, squeue: () => new Promise<number>(() => {}) };
  const run = runScenario(scenario, { commands, commandMs: 10 });
  const { value } = await run.next();
  await run.return();
  assert.match(value?.actions[0]?.text ?? '', /^squeue: it has not ended/);
});

test('words are parted as a shell does', () => {
  assert.deepEqual(shellWords(`sacctmgr -i add x 'a b' "c \\"d\\"" e\\ f g'h'"i" ''`), [
    'sacctmgr',
    '-i',
    'add',
    'x',
    'a b',
    'c "d"',
    'e f',
    'ghi',
    '',
  ]);
});

test('what is wrong in a file is said with its place', async () => {
  const refused = (steps: string, message: RegExp) => assert.rejects(scenarioOf(steps), { code: 'data.invalid', message });
  await refused(
    '  - {title: a, do: [{usage: {acount: x}}]}\n',
    /mine\.yaml:4:\d+: steps\[0\]\.do\[0\]\.usage\.acount: unknown key; did you mean "account"\?/,
  );
  await refused('  - {title: a, do: [{time: {days: 1}, qos: {account: a, set: b}}]}\n', /one action of .*, not time and qos/);
  await refused('  - {title: a, do: [{expect: {used: 5}}]}\n', /account is missing: of which one is used expected/);
  await refused('  - {title: a, do: [{expect: {}}]}\n', /something that is expected/);
  await refused('  - {title: a, do: [{time: {set: tomorrow}}]}\n', /a moment such as 2024-04-01/);
  await refused('  - {title: a, do: [{command: {run: x, stdout: "("}}]}\n', /a regular expression/);
  await refused('  - {title: a, do: [{time: {days: 1}, only: there}]}\n', /there is no such variant/);
  await refused('  - title: a\n   do: x\n', /not YAML/);
  await assert.rejects(readScenario({ file: '/nowhere/at-all.yaml' }), { code: 'data.invalid' });
  await assert.rejects(shippedScenario('seqence'), { code: 'usage', message: /did you mean "sequence"/ });
});

test('a scenario is described with its steps', async () => {
  const text = descriptionText(await shippedScenario('decay_comparison'));
  assert.match(text, /Variants: seven-days, fifteen-days\nSteps:\n {2}1\. 800 of 1000 node-hours/);
});
