import { isCode, SluiceError } from '@sluice/io';
import { nearest, problemLine, readConfig } from '@sluice/service';
import { type Scenario, scenarioSchema } from './schema.ts';
import { shippedNames, shippedText } from './shipped.ts';

/** Reads a scenario from a file, or from its text. Error: `data.invalid`, with a line for each thing that is wrong and where it stands. */
export async function readScenario(source: { readonly file: string; readonly text?: string }): Promise<Scenario> {
  const { value, problems } = await readConfig(scenarioSchema, { ...source, strict: true }).catch((cause: unknown) => {
    if (!isCode(cause, 'config.unreadable') && !isCode(cause, 'config.invalid')) throw cause;
    throw new SluiceError('data.invalid', (cause as Error).message, { cause });
  });
  const wrong = [...new Set(problems.map(problemLine))];
  if (value === undefined)
    throw new SluiceError('data.invalid', [`${source.file} is no scenario:`, ...wrong.map((line) => `  ${line}`)].join('\n'));
  const variants = Object.keys(value.variants ?? {});
  const strange = value.steps.flatMap(({ do: actions }) => actions).find(({ only }) => only !== undefined && !variants.includes(only));
  if (strange !== undefined) throw new SluiceError('data.invalid', `${source.file}: only: ${strange.only}: there is no such variant`);
  return value;
}

/** One of the scenarios that are shipped. Error: `usage` when there is none of that name. */
export async function shippedScenario(name: string): Promise<Scenario> {
  const text = shippedText(name);
  if (text !== undefined) return readScenario({ file: `${name}.yaml`, text });
  const meant = nearest(name, shippedNames());
  throw new SluiceError('usage', `there is no scenario "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`, {
    hint: 'sluice emulator scenario --list shows them; a file is named with its path or .yaml.',
  });
}
