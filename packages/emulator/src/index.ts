export { allCommands } from './commands/all-commands.ts';
export { type EmulatorConfig, emulatorConfigMeta, emulatorConfigSchema } from './config/emulator-config.ts';
export { labSpec } from './config/lab-spec.ts';
export { type LoadClusterOptions, type LoadedCluster, loadCluster } from './config/load-cluster.ts';
export { readSlurmConf } from './config/slurm-conf.ts';
export {
  descriptionText,
  readScenario,
  runScenario,
  type Scenario,
  type ScenarioOptions,
  type ScenarioResult,
  type StepReport,
  scenarioResult,
  scenarioSchema,
  shippedNames,
  shippedScenario,
  stepText,
  summaryText,
} from './control/scenarios/index.ts';
export { type ControlOptions, type ControlPlane, controlAddress, serveControl } from './control/serve-control.ts';
export type * from './model/emulated-slurm.ts';
export type * from './model/job.ts';
export type * from './model/slurmctld.ts';
export { SlurmError } from './model/slurmctld.ts';
export type * from './model/slurmdbd.ts';
export type * from './model/spec.ts';
export { type EmulatorOptions, openEmulator } from './open-emulator.ts';
export { jwtKeyPath, keptJwtKey, mintJwt, type RunningSlurmrestd, type SlurmrestdOptions, serveSlurmrestd } from './rest/index.ts';
export { askHolder } from './server/ask-holder.ts';
export { claimDirectory, type EmulatorPaths, emulatorPaths } from './server/directory.ts';
export { shellQuoted } from './server/executable-bash.ts';
export { runExecutable } from './server/executable-node.ts';
export type { EmulatorStatus, OwnRequest } from './server/own-requests.ts';
export { type RunningEmulator, type StartEmulatorOptions, startEmulator } from './server/start-emulator.ts';
