import type { SacctmgrCall } from './sacctmgr-call.ts';

/** One setting, from which release on and up to which (Year × 100 + month, exclusive). */
type Line = readonly [name: string, value: string, since?: number, until?: number];

function text(lines: readonly Line[], major: number): string {
  return lines
    .filter(([, , since = 0, until = Number.POSITIVE_INFINITY]) => since <= major && major < until)
    .map(([name, value]) => `${name.padEnd(22)} = ${value}\n`)
    .join('');
}

/** `show config`: the settings of sacctmgr's side and of slurmdbd's, in the order of the releases (recordings sacctmgr-config). */
export function configText({ call, times, database, major }: SacctmgrCall): string {
  const { spec } = call.slurm;
  const setting = (name: string, usual: string): string => spec.settings[name] ?? usual;
  const yesNo = (value: boolean): string => (major < 2311 ? (value ? 'Yes' : 'No') : value ? 'yes' : 'no');
  const tracksWckeys = /^yes$/i.test(setting('TrackWCKey', 'no'));
  const host = spec.databaseHost;
  const port = String(spec.databasePort);
  const socket = setting('AccountingStoragePass', '(null)');
  const newest = major >= 2505;
  const client: readonly Line[] = [
    ['AccountingStorageBackupHost ', '(null)'],
    ['AccountingStorageHost', host],
    ['AccountingStorageParameters', setting('AccountingStorageParameters', '(null)')],
    ['AccountingStoragePass', socket],
    ['AccountingStoragePort', port],
    ['AccountingStorageType', setting('AccountingStorageType', 'accounting_storage/slurmdbd')],
    ['AccountingStorageUser', 'N/A', 0, 2505],
    ['AuthType', setting('AuthType', 'auth/munge')],
    ['MessageTimeout', `${setting('MessageTimeout', '10')} sec`],
    ['PluginDir', setting('PluginDir', '/usr/lib/x86_64-linux-gnu/slurm-wlm')],
    ['PrivateData', setting('PrivateData', 'none')],
    ['SlurmUserId', 'slurm(64030)'],
    ['SLURM_CONF', '/etc/slurm/slurm.conf'],
    ['SLURM_VERSION', spec.release],
    ['TCPTimeout', `${setting('TCPTimeout', '2')} sec`],
    ['TrackWCKey', tracksWckeys ? 'Yes' : 'No'],
  ];
  const archives: readonly Line[] = ['Events', 'Jobs', 'JobScript', 'JobEnv', 'Resvs', 'Script', 'Steps', 'Suspend', 'TXN', 'Usage'].map(
    (what) => [`Archive${what}`, what === 'Script' ? '(null)' : yesNo(false), /^Job./.test(what) && what !== 'Jobs' ? 2505 : 0],
  );
  const purges: readonly Line[] = ['Event', 'Job', 'Resv', 'Step', 'Suspend', 'TXN', 'Usage', 'JobScript', 'JobEnv'].map((what) => [
    `Purge${what}After`,
    'NONE',
    /^Job./.test(what) ? 2505 : 0,
  ]);
  const server: readonly Line[] = [
    ['AllowNoDefAcct', yesNo(false)],
    ['ArchiveDir', '/tmp'],
    ...archives,
    ['AuthAltTypes', setting('AuthAltTypes', '(null)')],
    ['AuthAltParameters', setting('AuthAltParameters', '(null)')],
    ['AuthInfo', setting('AuthInfo', '(null)')],
    ['AuthType', setting('AuthType', 'auth/munge')],
    ['BOOT_TIME', times.time(database.events().find(({ node }) => node === '')?.start ?? null), 0, 2505],
    ['CommitDelay', newest ? '0' : yesNo(false)],
    ['CommunicationParameters', '(null)'],
    ['DbdAddr', host],
    ['DbdBackupHost', '(null)'],
    ['DbdHost', 'localhost'],
    ['DbdPort', port],
    ['DebugFlags', '(null)'],
    ['DebugLevel', 'info'],
    ['DebugLevelSyslog', '(null)'],
    ['DefaultQOS', '(null)'],
    ['DisableCoordDBD', 'no', 2311],
    ['DisableArchiveCommands', 'no', 2505],
    ['DisableRollups', 'no', 2505],
    ['HashPlugin', 'hash/k12', 2311],
    ['LogFile', setting('SlurmdbdLogFile', '/var/log/slurm/slurmdbd.log')],
    ['MaxPurgeLimit', '50000', 2505],
    ['MaxQueryTimeRange', 'UNLIMITED'],
    ['MessageTimeout', newest ? `${setting('MessageTimeout', '10')} secs` : '10 secs'],
    ['Parameters', '(null)'],
    ['PidFile', setting('SlurmdbdPidFile', '/var/run/slurmdbd.pid')],
    ['PluginDir', setting('PluginDir', '/usr/lib/x86_64-linux-gnu/slurm-wlm')],
    ['PrivateData', 'none'],
    ...purges,
    ['SLURMDBD_CONF', '/etc/slurm/slurmdbd.conf'],
    ['SLURMDBD_VERSION', spec.release],
    ['SlurmUser', 'slurm(64030)'],
    ['StorageBackupHost', '(null)'],
    ['StorageHost', host],
    ['StorageLoc', newest ? '' : 'slurm_acct_db'],
    ['StorageParameters', '(null)'],
    ['StoragePassScript', '', 2505],
    ['StoragePort', newest ? port : '3306'],
    ['StorageType', newest ? 'accounting_storage/slurmdbd' : 'accounting_storage/mysql'],
    ['StorageUser', newest ? '' : 'slurm'],
    ['TCPTimeout', `${setting('TCPTimeout', '2')} secs`],
    ['TLSParameters', '(null)', 2411],
    ['TLSType', 'tls/none', 2411],
    ['TrackWCKey', yesNo(tracksWckeys)],
    ['TrackSlurmctldDown', yesNo(false)],
  ];
  return `Configuration data as of ${times.time(database.now())}\n${text(client, major)}\nSlurmDBD configuration:\n${text(server, major)}`;
}
