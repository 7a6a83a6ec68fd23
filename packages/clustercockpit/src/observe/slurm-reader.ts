import type { Connector } from '@sluice/slurm';

/** The facets that are asked; this door changes nothing in Slurm. */
export type SlurmReader = Pick<Connector, 'accounting' | 'controller'>;
