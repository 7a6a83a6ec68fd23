import type { SacctmgrCall } from './sacctmgr-call.ts';

/** `show config`: what Sluice and people look for of it, in the form and the order of the releases. */
export function configText({ call, times, database }: SacctmgrCall, major: number): string {
  const { spec } = call.slurm;
  const setting = (name: string, usual: string): string => spec.settings[name] ?? usual;
  const pass = setting('AccountingStoragePass', '(null)');
  const pairs = (rows: readonly (readonly [string, string] | null)[], width = 22): string =>
    rows.map((row) => (row === null ? '' : `${row[0].padEnd(width)} = ${row[1]}\n`)).join('');
  const yes = major >= 2311 ? 'yes' : 'Yes';
  const no = major >= 2311 ? 'no' : 'No';
  const client = [
    pairs([['AccountingStorageBackupHost', setting('AccountingStorageBackupHost', '(null)')]], 27).replace(/ = /, '  = '),
    pairs([['AccountingStorageHost', spec.databaseHost]], 21).replace(/ = /, '  = '),
    `AccountingStorageParameters = ${setting('AccountingStorageParameters', '(null)')}\n`,
    `AccountingStoragePass  = ${pass}\nAccountingStoragePort  = ${spec.databasePort}\nAccountingStorageType  = accounting_storage/slurmdbd\n`,
    major < 2505 ? 'AccountingStorageUser  = N/A\n' : '',
  ];
  const rest: readonly (readonly [string, string])[] = [
    ['AuthType', setting('AuthType', 'auth/munge')],
    ['MessageTimeout', `${setting('MessageTimeout', '10')} sec`],
    ['PluginDir', setting('PluginDir', '/usr/lib/x86_64-linux-gnu/slurm-wlm')],
    ['PrivateData', setting('PrivateData', 'none')],
    ['SlurmUserId', 'slurm(64030)'],
    ['SLURM_CONF', call.env['SLURM_CONF'] ?? '/etc/slurm/slurm.conf'],
    ['SLURM_VERSION', spec.release],
    ['TCPTimeout', `${setting('TCPTimeout', '2')} sec`],
    ['TrackWCKey', setting('TrackWCKey', 'No')],
  ];
  const server: readonly (readonly [string, string])[] = [
    ['AllowNoDefAcct', no],
    ['AuthType', setting('AuthType', 'auth/munge')],
    ['DbdAddr', spec.databaseHost],
    ['DbdHost', 'localhost'],
    ['DbdPort', String(spec.databasePort)],
    ['DebugLevel', 'info'],
    ['MaxQueryTimeRange', setting('MaxQueryTimeRange', 'UNLIMITED')],
    ['PrivateData', setting('DbdPrivateData', 'none')],
    ['PurgeJobAfter', 'NONE'],
    ['SLURMDBD_VERSION', spec.release],
    ['SlurmUser', 'slurm(64030)'],
    ['StorageType', 'accounting_storage/mysql'],
    ['TrackWCKey', setting('TrackWCKey', '').toLowerCase() === 'yes' ? yes : no],
    ['TrackSlurmctldDown', no],
  ];
  return `Configuration data as of ${times.time(database.now())}\n${client.join('').replaceAll('   =', ' =')}${pairs(rest)}\nSlurmDBD configuration:\n${pairs(server)}`;
}
