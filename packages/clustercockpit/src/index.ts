export { type CcBackendClient, ccBackendClient, type ListedJob, type Written } from './cc-backend-client.ts';
export { type Decided, decideStart, decideStop, endStateOf, type Privacy } from './decide.ts';
export { type NoRun, observeActive, observeEnded, surroundings } from './observe.ts';
export type { EndState, ResourcePayload, Shared, StartPayload, StopPayload } from './payloads.ts';
export type { GpuAddresses, NodeTopology, Numbering } from './resources.ts';
export { keyOf, type Run, type RunEnd, type RunKey } from './run.ts';
export {
  deliver,
  type Failure,
  type Observation,
  observe,
  type SlurmReader,
  type SyncOptions,
  type SyncReport,
  syncOnce,
} from './sync-once.ts';
export { type CcCluster, type CcSubCluster, type Topologies, topologiesOf } from './topology.ts';
