import { fairshareOfParent } from '../json/index.ts';
import type { AssociationChanges } from '../model/slurmdbd.ts';
import { type Given, numberOf, said, textOf, tresOf, within, wordsOf } from './body.ts';

/** What `POST associations` says of one association: the object that GET gives, as far as it is there. */
export function associationChanges(given: Given): AssociationChanges {
  const jobs = within(given, 'max', 'jobs');
  const tres = within(given, 'max', 'tres');
  const qos = wordsOf(given['qos']);
  return said<AssociationChanges>({
    fairshare: fairshareOf(given['shares_raw']),
    parent: textOf(given['parent_account']) || undefined,
    grpTres: tresOf(tres['total']),
    grpTresMins: tresOf(within(tres, 'group')['minutes']),
    grpTresRunMins: tresOf(within(tres, 'group')['active']),
    maxTresPerJob: tresOf(within(tres, 'per')['job']),
    maxTresPerNode: tresOf(within(tres, 'per')['node']),
    maxTresMinsPerJob: tresOf(within(tres, 'minutes', 'per')['job']),
    grpJobs: numberOf(within(jobs, 'per')['count']),
    grpSubmitJobs: numberOf(within(jobs, 'per')['submitted']),
    grpWall: numberOf(within(given, 'max', 'per', 'account')['wall_clock']),
    maxJobs: numberOf(jobs['active']),
    maxSubmitJobs: numberOf(jobs['total']),
    maxWallPerJob: numberOf(within(jobs, 'per')['wall_clock']),
    qos: qos === undefined ? undefined : { how: '=', names: qos },
    defaultQos: textOf(within(given, 'default')['qos']),
    priority: numberOf(given['priority']),
    comment: textOf(given['comment']),
  });
}

/** The flat words of `users_association` and `accounts_association`: those of sacctmgr, in lower case. */
export function associationTemplate(given: Given): AssociationChanges {
  const qos = wordsOf(given['qoslevel']);
  return said<AssociationChanges>({
    fairshare: fairshareOf(given['fairshare']),
    parent: textOf(given['parent']),
    grpTres: tresOf(given['grptres']),
    grpTresMins: tresOf(given['grptresmins']),
    grpTresRunMins: tresOf(given['grptresrunmins']),
    maxTresPerJob: tresOf(given['maxtresperjob']),
    maxTresPerNode: tresOf(given['maxtrespernode']),
    maxTresMinsPerJob: tresOf(given['maxtresminsperjob']),
    grpJobs: numberOf(given['grpjobs']),
    grpSubmitJobs: numberOf(given['grpsubmitjobs']),
    grpWall: numberOf(given['grpwall']),
    maxJobs: numberOf(given['maxjobs']),
    maxSubmitJobs: numberOf(given['maxsubmitjobs']),
    maxWallPerJob: numberOf(given['maxwalldurationperjob']),
    qos: qos === undefined ? undefined : { how: '=', names: qos },
    defaultQos: textOf(given['defaultqos']),
    priority: numberOf(given['priority']),
    comment: textOf(given['comment']),
  });
}

function fairshareOf(value: unknown): number | 'parent' | undefined {
  const shares = numberOf(value);
  if (shares === null || shares === fairshareOfParent) return 'parent';
  return shares;
}
