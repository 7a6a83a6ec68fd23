export type * from './facets.ts';
export type * from './records.ts';
