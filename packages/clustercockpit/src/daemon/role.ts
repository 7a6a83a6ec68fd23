import { SluiceError } from '@sluice/io';
import type { Controller } from '@sluice/slurm';

export interface RoleOptions {
  readonly controller: Pick<Controller, 'ping'>;
  /** Our name among the controllers. */
  readonly host: string;
}

/**
 * Whether we are to deliver: beside the controller that acts, or beside none of several, as on a node of its own. Two
 * controllers act in the order of slurm.conf: the first that is up. Null when nobody could be asked, or all are down: then
 * everything stays as it was.
 */
export async function actsHere({ controller, host }: RoleOptions): Promise<boolean | null> {
  try {
    const controllers = await controller.ping();
    if (controllers.length < 2 || !controllers.some((one) => sameHost(one.host, host))) return true;
    const acting = controllers.find(({ up }) => up);
    return acting ? sameHost(acting.host, host) : null;
  } catch (error) {
    if (error instanceof SluiceError) return null;
    throw error;
  }
}

/** slurm.conf may name hosts with or without their domain. */
export function sameHost(one: string, other: string): boolean {
  if (one === other) return true;
  const [short, otherShort] = [one.split('.')[0], other.split('.')[0]];
  return short === otherShort && (!one.includes('.') || !other.includes('.'));
}
