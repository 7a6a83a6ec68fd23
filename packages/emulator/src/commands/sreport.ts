import type { CommandCall } from './command.ts';
import { inform } from './inform.ts';
import { OptionError, optionErrorText, optionTable, readOptions } from './options.ts';
import { means } from './sacctmgr-words.ts';
import { majorRelease } from './scene.ts';
import { readSreportCall, type SreportCall, SreportEnd } from './sreport-call.ts';
import { accountUtilization, userTop, userUtilization } from './sreport-people.ts';
import { clusterUtilization, emptyReport, jobSizes } from './sreport-reports.ts';

type Report = (scene: SreportCall, words: readonly string[]) => number;
type Reports = readonly (readonly [name: string, least: number, report: Report])[];

const byWckey = emptyReport('Cluster/WCKey/User Utilization', ['Cluster', 'WCKey', 'Login', 'Proper Name', 'Used']);

const groups: readonly {
  readonly name: string;
  readonly least: number;
  readonly reports: Reports;
  readonly valid: (major: number) => string;
}[] = [
  {
    name: 'cluster',
    least: 1,
    reports: [
      ['AccountUtilizationByUser', 1, accountUtilization],
      ['UserUtilizationByAccount', 18, userUtilization],
      ['UserUtilizationByWckey', 18, byWckey],
      ['Utilization', 2, clusterUtilization],
      ['WCKeyUtilizationByUser', 1, byWckey],
    ],
    valid: (major) =>
      `cluster reports are, "AccountUtilizationByUser", ${major < 2311 ? '' : '"AccountUtilizationByQOS", '}"UserUtilizationByAccount", "UserUtilizationByWckey", "Utilization", and "WCKeyUtilizationByUser"`,
  },
  {
    name: 'job',
    least: 1,
    reports: [
      ['SizesByAccount', 7, jobSizes],
      ['SizesByAccountAndWcKey', 15, jobSizes],
      ['SizesByWckey', 7, emptyReport('Job Sizes by Wckey', ['Cluster', 'Wckey'])],
    ],
    valid: () => 'job reports are, "SizesByAccount, SizesByAccountAndWckey, and SizesByWckey"',
  },
  {
    name: 'reservation',
    least: 1,
    reports: [
      ['Utilization', 1, emptyReport('Reservation Utilization', ['Cluster', 'Name', 'Start', 'End', 'TRES Name', 'Allocated', 'Idle'])],
    ],
    valid: () => 'reservation report is, "Utilization"',
  },
  { name: 'user', least: 1, reports: [['TopUsage', 1, userTop]], valid: () => 'user report is, "TopUsage"' },
];

const table = optionTable([
  'all_clusters,a',
  'cluster|clusters,M:',
  'federation',
  'help,h',
  'immediate,i',
  'local',
  'noheader,n',
  'parsable,p',
  'parsable2,P',
  'quiet,Q',
  'time,t:',
  'tres,T:',
  'usage',
  'verbose,v',
  'version,V',
]);

const usage = 'sreport [<OPTION>] [<COMMAND>]\n    Valid <COMMAND> values are: cluster, job, reservation, user\n';

/**
 * sreport: usage from slurmdbd's hourly roll-ups, of whole hours that are over. Headings, texts and figures are those of the recordings
 * (recordings/sreport). WCKeys and reservations have no usage here.
 */
export async function sreport(call: CommandCall): Promise<number> {
  const major = majorRelease(call);
  try {
    const given = readOptions(call.argv, table);
    const informed = inform(call, 'sreport', given, usage, table);
    if (informed !== undefined) return informed;
    const scene = await readSreportCall(call, given, major);
    const [word = '', report = '', ...rest] = given.operands;
    if (word === '') {
      call.out('sreport: \n');
      return 0;
    }
    const group = groups.find(({ name, least }) => means(word, name, least));
    if (group === undefined) {
      call.err(`invalid keyword: ${word}\n`);
      return 1;
    }
    const found = group.reports.find(([name, least]) => report !== '' && means(report, name, least));
    if (found !== undefined) return found[2](scene, rest);
    call.err(`Not valid report ${report}\nValid ${group.valid(major)}\n`);
    return 1;
  } catch (error) {
    if (error instanceof SreportEnd) return error.code;
    if (!(error instanceof OptionError)) throw error;
    call.err(optionErrorText('sreport', error));
    return 1;
  }
}
