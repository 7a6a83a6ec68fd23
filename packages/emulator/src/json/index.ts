export {
  accountsJson,
  associationsJson,
  clustersJson,
  databaseConfigJson,
  qosJson,
  sharesJson,
  tresJson,
  usersJson,
  type WithAssociations,
} from './accounting-documents.ts';
export { type ClusterRecord, qosFlag, qosFlagOf } from './accounting-objects.ts';
export { fairshareOfParent } from './association.ts';
export { jobStatesJson, licensesJson, pingJson, sdiagJson, stepsJson } from './controller-documents.ts';
export type { StepOfJob } from './controller-step.ts';
export { type ChosenDialect, chooseDialect, dialectName, dialectsOf, parseDialect, releaseOf } from './dialects.ts';
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
export type { Said, SlurmrestdError, SlurmrestdWarning, Speaker } from './envelope.ts';
export { printJson, printYaml } from './print.ts';
export { memoryText, tresText } from './tres-text.ts';
export type { Fields, Value } from './value.ts';
