export { type ChosenDialect, chooseDialect, dialectsOf } from './dialects.ts';
export { type Call, type JsonCall, jobsJson, nodesJson, partitionsJson, reservationsJson, sacctJson, sinfoJson } from './documents.ts';
export { printJson, printYaml } from './print.ts';
export { memoryText, tresText } from './tres-text.ts';
export type { Fields, Value } from './value.ts';
