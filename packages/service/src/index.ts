export { type ConfigMeta, jsonSchema } from './config/json-schema.ts';
export { described, type KeyMeta } from './config/meta.ts';
export { nearest } from './config/nearest.ts';
export { ConfigError, type Problem, problemLine } from './config/problem.ts';
export { type ConfigReading, loadConfig, type ReadConfigOptions, readConfig } from './config/read-config.ts';
export { referencePage } from './config/reference-page.ts';
export { showConfig } from './config/show-config.ts';
export { parseDuration, type SecretText, secondsSchema, secretSchema } from './config/values.ts';
export { type Check, type CheckOptions, type CheckResult, createHealth, type Health, type HealthReport } from './health.ts';
export { type OperationsOptions, type OperationsServer, serveOperations } from './http-server.ts';
export { type FileSystemJudgement, judgeFileSystem, refuseNetworkFileSystem } from './journal/file-system.ts';
export { instanceHolder } from './journal/instance-holder.ts';
export { type InstanceLock, lockInstance } from './journal/instance-lock.ts';
export type { Journal, Parameters, Row, Statements } from './journal/journal.ts';
export type { Migration, Schema } from './journal/migrate.ts';
export { type JournalOptions, openJournal } from './journal/open-journal.ts';
export { isConstraint } from './journal/sqlite-errors.ts';
export { type Part, type PartContext, type ProgramHost, type ProgramOptions, runProgram } from './lifecycle.ts';
export { createLog, type Log, type LogLevel, type LogOptions, levelOfName, levelOfNumber, logLevels } from './log.ts';
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type LabelBounds,
  type MetricOptions,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
export { type LastingProblem, type SaidOnce, type SaidOnceOptions, saidOnce } from './said-once.ts';
export { type Notifier, type NotifierOptions, systemdNotifier } from './systemd.ts';
