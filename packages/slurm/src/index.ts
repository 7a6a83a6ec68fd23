export { type CommandsConnectorOptions, commandsConnector } from './commands/connector.ts';
export { parseRelease } from './commands/release.ts';
export type { QuestionObservation } from './commands/sacct.ts';
export {
  type CommandObservation,
  type CommandsOptions,
  type RunOptions,
  type SlurmCommands,
  slurmCommands,
} from './commands/slurm-command.ts';
export type * from './facets.ts';
export * from './languages/index.ts';
export type * from './records.ts';
