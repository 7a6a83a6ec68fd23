import type { Epoch, Tres } from '@sluice/slurm';
import type { DbdMessage, EmulatedAssociation, EmulatedQos } from './slurmdbd.ts';

/**
 * What slurmctld holds of slurmdbd in its own memory (Slurm: assoc_mgr) and asks for every job: associations, QOS and the usage that decays.
 * The emulated slurmdbd answers it directly: also while it is down for others, as slurmctld goes on with its copy. All questions are cheap (constant time
 * or nearly so), for the scheduler asks them for every pending job.
 */
export interface AssociationManager {
  /** Rises with every change of associations, QOS and limits: what the scheduler derived from them before is void. */
  readonly version: number;
  /** The association that a job of this user in this account and partition falls under: with the partition if there is one, else without. */
  association(key: { readonly user: string; readonly account: string; readonly partition: string }): EmulatedAssociation | undefined;
  associationById(id: number): EmulatedAssociation | undefined;
  /** Default account of a user; undefined when slurmdbd does not know the user. */
  defaultAccount(user: string): string | undefined;
  adminLevel(user: string): 'None' | 'Operator' | 'Administrator';
  /** QOS names that an association may use, inherited ones included, and its default. */
  allowedQos(associationId: number): readonly string[];
  /** Null: none of its own and none inherited. */
  defaultQos(associationId: number): string | null;
  qosByName(name: string): EmulatedQos | undefined;
  /** The largest priority that any QOS has: that of a job's QOS is held against it. */
  highestQosPriority(): number;
  /** 0 to 1: the fairshare factor of the priority plugin as of its last calculation (PriorityCalcPeriod); 1 where fairshare is not used. */
  fairshareFactor(associationId: number): number;
  /** Decayed usage in TRES-minutes of all that counts against the association, its children included, without what runs and is not counted yet. */
  associationUsageMins(associationId: number): Tres;
  /** The same for a QOS. */
  qosUsageMins(qos: string): Tres;
  /** Wall-clock minutes, decayed, that count against GrpWall. */
  associationWallMins(associationId: number): number;
  qosWallMins(qos: string): number;
  /**
   * From now on these resources count against the association (and all above it) and the QOS, until {@link stopCharge} with the same key. Called at the
   * start of a job, at its resume, and again with less after a shrink (the new charge takes the place of the old one of the same key).
   */
  startCharge(charge: UsageCharge): void;
  /** At a suspension: nothing is counted any more, but the minutes that the job may still run are. Ended by {@link startCharge} or {@link stopCharge}. */
  pauseCharge(key: string, at: Epoch): void;
  stopCharge(key: string, at: Epoch): void;
  /** A message that has reached slurmdbd. */
  receive(message: DbdMessage): void;
}

export interface UsageCharge {
  /** The run: `dbIndex` of the job. */
  readonly key: string;
  readonly associationId: number;
  readonly qos: string;
  /** Resources by name, `billing` among them; per second each counts so much. */
  readonly tres: Tres;
  readonly at: Epoch;
  /** Minutes that it may still run, for TRESRunMins; null: no limit. */
  readonly limitMins: number | null;
}
