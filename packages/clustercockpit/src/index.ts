export { type BackfillOptions, type BackfillProgress, type BackfillReport, backfill } from './backfill/backfill.ts';
export {
  type CcBackendClient,
  type CcBackendClientOptions,
  ccBackendClient,
  type RunningOptions,
  type StartedOptions,
} from './cc/cc-backend-client.ts';
export type { ListedJob } from './cc/listed-job.ts';
export type {
  EndState,
  NodeStatePayload,
  NodeStatesPayload,
  ResourcePayload,
  Shared,
  StartPayload,
  StopPayload,
  TagPayload,
} from './cc/payloads.ts';
export type { ServerProfile } from './cc/server-profile.ts';
export type { ListSlice, WholeList } from './cc/slices.ts';
export { type TokenFacts, tokenFacts } from './cc/token-facts.ts';
export type { Written } from './cc/written.ts';
export type { SystemUser } from './check/access.ts';
export { type CheckOptions, check } from './check/check.ts';
export { type CheckFinding, type CheckGroup, checkExitCode } from './check/finding.ts';
export { type Collected, type CollectOptions, collect } from './collect/collect.ts';
export type { AdapterConfig, StartTag } from './config/adapter-config.ts';
export { type AdapterSettings, adapterConfigMeta, adapterConfigSchema } from './config/adapter-keys.ts';
export { defaultAdapterConfigFile } from './config/defaults.ts';
export {
  type LoadAdapterConfigOptions,
  type LoadedAdapterConfig,
  loadAdapterConfig,
  showAdapterConfig,
} from './config/load-adapter-config.ts';
export { type HookConfig, loadHookConfig } from './config/load-hook-config.ts';
export { type AdapterArguments, parseAdapterArguments, parseSyncArguments, type SyncArguments } from './config/old-command-line.ts';
export {
  type LoadedSyncConfig,
  type LoadSyncConfigOptions,
  loadSyncConfig,
  type SyncConfig,
  showSyncConfig,
} from './config/sync-config.ts';
export { type SyncSettings, syncConfigMeta, syncConfigSchema } from './config/sync-keys.ts';
export { CcDaemon } from './daemon/cc-daemon.ts';
export type { CcDaemonOptions } from './daemon/cc-daemon-options.ts';
export { sinksOf } from './daemon/sinks-of.ts';
export type { CcAccelerator, CcCluster, CcSubCluster, CcTopology } from './decide/cc-cluster.ts';
export {
  type DecideContext,
  type DecideSettings,
  decideContext,
  defaultSettings,
  type GpuAddresses,
  type HostPattern,
  type Privacy,
} from './decide/context.ts';
export { type Decided, decideStart, decideStop, endStateOf, type Refused } from './decide/decide.ts';
export { formatHookAddress, type HookAddress, parseHookAddress } from './hook/address.ts';
export { type HookClientOptions, type HookSent, sendHook } from './hook/client.ts';
export { eventOf, type HookEvent } from './hook/event.ts';
export { type HookRun, hookClient } from './hook/hook-client.ts';
export { type HookScriptOptions, hookScript } from './hook/hook-script.ts';
export { type HookInstalled, type HookInstallOptions, installHook } from './hook/install.ts';
export { type HookListener, type ListenerLimits, type ListenerOptions, listenForHooks } from './hook/listener.ts';
export {
  openSpool,
  type Spool,
  type SpoolDepth,
  type SpooledEvent,
  type SpoolOptions,
  type SpoolRead,
  type SpoolTrouble,
} from './hook/spool.ts';
export { type SpoolWriteOptions, writeSpoolEvent } from './hook/spool-write.ts';
export type { NatsEvent, NatsState } from './nats/connection.ts';
export type { NatsLogin } from './nats/credentials.ts';
export { type JobEvent, jobLines, nodeStateLine } from './nats/line-protocol.ts';
export { jobMessage, type NatsMessage, NatsRefusal } from './nats/message.ts';
export { type NatsOptions, type NatsPublisher, natsPublisher } from './nats/publisher.ts';
export { type NoRun, observeActive, observeEnded, surroundings } from './observe/seen.ts';
export type { SlurmReader } from './observe/slurm-reader.ts';
export { ask, type Request } from './requests/requests.ts';
export { keyOf, type Run, type RunEnd, type RunKey } from './run.ts';
export type { ShadowOptions } from './shadow/shadow.ts';
export { shadowJournalPath } from './shadow/shadow-config.ts';
export type { ShadowLine, ShadowSummary } from './shadow/shadow-line.ts';
export { type Attention, attentionOf, statusExitCode } from './status/attention.ts';
export type { StatusNote } from './status/note.ts';
export { type ClusterStatus, type DaemonState, readStatus, type SinkStatus, type Status, type StatusOptions } from './status/status.ts';
export { type StatusTextOptions, statusText } from './status/status-text.ts';
export type { AskedJob } from './sync/asked-job.ts';
export { type ClusterSyncOptions, syncCluster } from './sync/cluster-sync.ts';
export { type ClusterSyncReport, outcomesOf, type SyncOutcome, type SyncResult, syncExitCode } from './sync/report.ts';
export type { SyncProgress } from './sync/sync-steps.ts';
