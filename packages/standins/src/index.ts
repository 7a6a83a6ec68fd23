export { generateKeys, type JwtKeys, mintToken, type User } from './cc-backend/auth.ts';
export type { Cluster, SubCluster, Topology } from './cc-backend/clusters.ts';
export { labCluster, labGpus } from './cc-backend/lab-cluster.ts';
export { type CcBackend, type CcBackendOptions, type Exchange, type Fault, startCcBackend } from './cc-backend/server.ts';
export type { JobRow, JobTable } from './cc-backend/store.ts';
