import { jsonSchema, showConfig } from '@sluice/service';
import { configuration, configurationMeta } from '../configuration.ts';
import { readConfiguration } from '../read-configuration.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ConfigOptions } from './config-command.ts';

/** `sluice config check`: errors are thrown, all at once. */
export async function checkConfig(named: string | undefined, options: ConfigOptions, around: Surroundings): Promise<void> {
  const { file, warnings } = await readConfiguration(named, options, around);
  const count = warnings === 0 ? '' : warnings === 1 ? ', one warning' : `, ${warnings} warnings`;
  around.stdout.write(file === undefined ? noFile(around) : `${file}: no errors${count}\n`);
}

/** `sluice config show` */
export async function showConfiguration(named: string | undefined, around: Surroundings): Promise<void> {
  const { value, file } = await readConfiguration(named, {}, around);
  if (file === undefined) around.stderr.write(`sluice: ${noFile(around)}`);
  around.stdout.write(`${JSON.stringify(showConfig(configuration, value), undefined, 2)}\n`);
}

/** `sluice config schema` */
export function printSchema(around: Surroundings): void {
  around.stdout.write(`${JSON.stringify(jsonSchema(configuration, configurationMeta), undefined, 2)}\n`);
}

function noFile({ configFile }: Surroundings): string {
  return `${configFile} does not exist: every key has its default\n`;
}
