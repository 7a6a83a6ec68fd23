import type { ClusterSpec } from '../model/spec.ts';
import { labAccounts, labQos, labSlurmConf, labUsers } from './lab-cluster.ts';
import { fullRelease } from './releases.ts';
import { readSlurmConf } from './slurm-conf.ts';

/** The cluster that the emulator has without a configuration, as of a release of Slurm. */
export function labSpec(release = '24.11'): ClusterSpec {
  const { warnings: _, ...conf } = readSlurmConf({ file: 'slurm.conf', text: labSlurmConf, include: () => '' });
  return { ...conf, release: fullRelease(release), users: labUsers, accounts: labAccounts, qos: labQos };
}
