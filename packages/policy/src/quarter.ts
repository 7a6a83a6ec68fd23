/** A quarter of a year in UTC. */
export interface Quarter {
  /** `2024-Q1`. */
  readonly name: string;
  /** Its first second, and the first second of the next one (epoch). */
  readonly start: number;
  readonly end: number;
}

/** The quarter that a moment lies in, or one that many quarters later. */
export function quarterOf(epoch: number, later = 0): Quarter {
  const date = new Date(epoch * 1000);
  const index = date.getUTCFullYear() * 4 + Math.floor(date.getUTCMonth() / 3) + later;
  return { name: `${Math.floor(index / 4)}-Q${(index % 4) + 1}`, start: startOf(index), end: startOf(index + 1) };
}

/** Days between the starts of two quarters. */
export function daysBetween(from: Quarter, to: Quarter): number {
  return (to.start - from.start) / 86_400;
}

function startOf(index: number): number {
  return Date.UTC(Math.floor(index / 4), (index % 4) * 3, 1) / 1000;
}
