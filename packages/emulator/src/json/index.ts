export {
  accountsJson,
  associationsJson,
  clustersJson,
  databaseConfigJson,
  qosJson,
  sharesJson,
  tresJson,
  usersJson,
} from './accounting-documents.ts';
export { qosFlagOf } from './accounting-objects.ts';
export { fairshareOfParent } from './association.ts';
export { jobStatesJson, licensesJson, pingJson, sdiagJson, stepsJson } from './controller-documents.ts';
export { chooseDialect, dialectName, dialectsOf, releaseOf } from './dialects.ts';
export {
  type Call,
  document,
  type JsonCall,
  jobsJson,
  nodesJson,
  partitionsJson,
  type RestCall,
  reservationsJson,
  sacctJson,
  sinfoJson,
} from './documents.ts';
export type { Said, SlurmrestdError, SlurmrestdWarning } from './envelope.ts';
export { printJson, printYaml } from './print.ts';
export type { Fields } from './value.ts';
