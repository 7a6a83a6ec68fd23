export type * from './model/emulated-slurm.ts';
export type * from './model/job.ts';
export type * from './model/slurmctld.ts';
export { SlurmError } from './model/slurmctld.ts';
export type * from './model/slurmdbd.ts';
export type * from './model/spec.ts';
