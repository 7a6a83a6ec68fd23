import type { AdapterConfig } from '../config/adapter-config.ts';
import type { Saying } from './finding.ts';

/** Settings of slurm.conf, by name, as `scontrol show config` gives them. */
export type SlurmConf = Readonly<Record<string, string>>;

/** Values of a setting that may be numbered, as `PrologSlurmctld[0]` is from 24.11 on. */
export function valuesOf(conf: SlurmConf, name: string): readonly string[] {
  const values = Object.entries(conf).filter(([key]) => key === name || key.replace(/\[\d+\]$/, '') === name);
  return values.flatMap(([, value]) => (value === '' || value === '(null)' ? [] : [value]));
}

/** `slurm(64030)`. */
export function slurmUserOf(conf: SlurmConf): { readonly name: string; readonly uid: number } | undefined {
  const [, name, uid] = /^(.+)\((\d+)\)$/.exec(conf['SlurmUser'] ?? '') ?? [];
  return name === undefined ? undefined : { name, uid: Number(uid) };
}

const leastMinJobAge = 60;

/** What slurm.conf says that the daemon depends on. */
export function checkSlurmConf(conf: SlurmConf, config: AdapterConfig, userName: string, say: Saying): void {
  checkMinJobAge(conf, config, say);
  checkAccounting(conf, config, say);
  const limited = /\brl_enable\b/.test(conf['SlurmctldParameters'] ?? '');
  if (limited && userName !== 'root' && userName !== slurmUserOf(conf)?.name) {
    say.warn(
      'SlurmctldParameters',
      `rl_enable slows down whoever asks often, and ${userName} is not exempt; Sluice asks few, large questions`,
      'if questions time out: run the daemon as SlurmUser, or raise rl_bucket_size and rl_refill_rate in slurm.conf',
    );
  }
}

function checkMinJobAge(conf: SlurmConf, config: AdapterConfig, say: Saying): void {
  const seconds = Number.parseInt(conf['MinJobAge'] ?? '', 10);
  const least = Math.max(leastMinJobAge, 2 * config.slurmPollInterval);
  if (Number.isNaN(seconds) || seconds >= least) {
    say.ok('MinJobAge', conf['MinJobAge'] ?? 'not said');
    return;
  }
  say.warn(
    'MinJobAge',
    `${seconds} s: without the hook, jobs can begin, end and be forgotten between two looks (slurmPollInterval ${config.slurmPollInterval} s); accounting does not know which cores and GPUs they had`,
    `slurm.conf: MinJobAge=${Math.max(300, least)}; or install the hook: sluice cc hook --install`,
  );
}

function checkAccounting(conf: SlurmConf, config: AdapterConfig, say: Saying): void {
  const type = conf['AccountingStorageType'] ?? '';
  if (!type.endsWith('slurmdbd')) {
    say.error('AccountingStorageType', `${type}: there is no history`, 'slurm.conf: AccountingStorageType=accounting_storage/slurmdbd');
    return;
  }
  say.ok('AccountingStorageType', type);
  const flags = (conf['AccountingStoreFlags'] ?? '').split(',');
  const wanted = [
    ...(config.sendScript ? [['job_script', 'their scripts'] as const] : []),
    ...(config.sendEnvironment ? [['job_env', 'their environments'] as const] : []),
    ...(config.sendComments ? [['job_comment', 'the comments of their users'] as const] : []),
  ];
  const missing = wanted.filter(([flag]) => !flags.includes(flag));
  if (missing.length === 0) {
    say.ok('AccountingStoreFlags', conf['AccountingStoreFlags'] ?? '');
    return;
  }
  const all = [...flags.filter((flag) => flag !== '' && flag !== '(null)'), ...missing.map(([flag]) => flag)];
  say.warn(
    'AccountingStoreFlags',
    `slurmdbd does not keep ${missing.map(([, words]) => words).join(' and ')}: jobs known from accounting alone come without`,
    `slurm.conf: AccountingStoreFlags=${all.join(',')}`,
  );
}
