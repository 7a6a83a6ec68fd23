/** Flags of a QOS and their bits in the database (slurmdb.h, QOS_FLAG_…), in the order in which sacctmgr lists them. */
const bits: Readonly<Record<string, number>> = {
  DenyOnLimit: 0x40,
  EnforceUsageThreshold: 0x8,
  NoDecay: 0x100,
  NoReserve: 0x10,
  OverPartQOS: 0x80,
  PartitionMaxNodes: 0x2,
  PartitionMinNodes: 0x1,
  PartitionTimeLimit: 0x4,
  Relative: 0x400,
  RequiresReservation: 0x20,
  UsageFactorSafe: 0x200,
};

const qosFlagNames: readonly string[] = Object.keys(bits);

/** A flag's name as Slurm writes it, whatever the case; undefined when there is none such. */
export function qosFlag(word: string): string | undefined {
  return qosFlagNames.find((name) => name.toLowerCase() === word.toLowerCase() || name.toLowerCase() === `${word.toLowerCase()}s`);
}

export function qosFlagBits(flags: readonly string[]): number {
  return flags.reduce((sum, flag) => sum | (bits[flag] ?? 0), 0);
}
