import type { AssociationChanges, QosChange } from '../model/slurmdbd.ts';
import { tresText } from './amounts.ts';
import { spanText } from './time-text.ts';

type Amounts = Readonly<Record<string, number | null>>;

/** Limits by resource as sacctmgr writes them: by name. */
export function limitText(tres: Amounts): string {
  const present = Object.entries(tres).flatMap(([name, count]) => (count === null ? [] : [[name, count] as const]));
  return tresText(Object.fromEntries(present), 'sorted') ?? '';
}

/** Minutes as `02:00:00`, `1-00:00:00`. */
export function minutesText(minutes: number): string {
  return spanText(minutes * 60);
}

/** What `add` says of limits that were given. Widths are sacctmgr's. */
export function associationSettings(changes: AssociationChanges): readonly string[] {
  const { fairshare, qos, defaultQos } = changes;
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    ['Fairshare', fairshare === undefined ? undefined : String(fairshare)],
    ['GrpJobs', number(changes.grpJobs)],
    ['GrpSubmitJobs', number(changes.grpSubmitJobs)],
    ['GrpTRES', amounts(changes.grpTres)],
    ['GrpTRESMins', amounts(changes.grpTresMins)],
    ['GrpTRESRunMins', amounts(changes.grpTresRunMins)],
    ['GrpWall', wall(changes.grpWall)],
    ['MaxJobs', number(changes.maxJobs)],
    ['MaxSubmitJobs', number(changes.maxSubmitJobs)],
    ['MaxTRES', amounts(changes.maxTresPerJob)],
    ['MaxTRESPerNode', amounts(changes.maxTresPerNode)],
    ['MaxTRESMins', amounts(changes.maxTresMinsPerJob)],
    ['MaxWall', wall(changes.maxWallPerJob)],
    ['Parent', changes.parent],
    ['Priority', number(changes.priority)],
    ['QOS', qos === undefined ? undefined : qos.names.map((name) => (qos.how === '=' ? name : `${qos.how}${name}`)).join()],
    ['DefQOS', defaultQos === undefined ? undefined : (defaultQos ?? 'NONE')],
  ];
  return rows.flatMap(([name, value]) => (value === undefined || value === null ? [] : [`  ${name.padEnd(13)} = ${value}\n`]));
}

/** The same of a QOS. */
export function qosSettings(changes: QosChange): readonly string[] {
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    ['Flags', changes.flags?.names.join()],
    ['GraceTime', number(changes.graceTime)],
    ['GrpJobs', number(changes.grpJobs)],
    ['GrpSubmitJobs', number(changes.grpSubmitJobs)],
    ['GrpTRES', amounts(changes.grpTres)],
    ['GrpTRESMins', amounts(changes.grpTresMins)],
    ['GrpTRESRunMins', amounts(changes.grpTresRunMins)],
    ['GrpWall', wall(changes.grpWall)],
    ['MaxJobsPerAccount', number(changes.maxJobsPerAccount)],
    ['MaxJobsPerUser', number(changes.maxJobsPerUser)],
    ['MaxSubmitJobsPerAccount', number(changes.maxSubmitJobsPerAccount)],
    ['MaxSubmitJobsPerUser', number(changes.maxSubmitJobsPerUser)],
    ['MaxTRESPerAccount', amounts(changes.maxTresPerAccount)],
    ['MaxTRESPerJob', amounts(changes.maxTresPerJob)],
    ['MaxTRESPerNode', amounts(changes.maxTresPerNode)],
    ['MaxTRESPerUser', amounts(changes.maxTresPerUser)],
    ['MinTRESPerJob', amounts(changes.minTresPerJob)],
    ['MaxTRESMins', amounts(changes.maxTresMinsPerJob)],
    ['MaxWall', wall(changes.maxWallPerJob)],
    ['Preempt', changes.preempt?.join()],
    ['Priority', number(changes.priority)],
    ['UsageFactor', changes.usageFactor?.toFixed(4)],
    ['UsageThreshold', changes.usageThreshold?.toFixed(4)],
  ];
  return rows.flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    // Slurm itself writes this one narrower.
    return [name === 'MaxJobsPerUser' ? `  ${name} = ${value}\n` : `  ${name.padEnd(24)} = ${value}\n`];
  });
}

function number(value: number | null | undefined): string | undefined {
  return value === undefined ? undefined : value === null ? 'NONE' : String(value);
}

function amounts(value: Amounts | undefined): string | undefined {
  return value === undefined ? undefined : limitText(value);
}

function wall(value: number | null | undefined): string | undefined {
  return value === undefined ? undefined : value === null ? 'NONE' : minutesText(value);
}
