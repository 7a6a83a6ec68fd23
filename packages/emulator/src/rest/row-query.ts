import type { Epoch } from '@sluice/slurm';
import type { JobRowQuery } from '../model/slurmdbd.ts';
import { type Ask, invalidQuery, Refused } from './ask.ts';
import { said, wordsOf } from './body.ts';

/** Fields that the question knows, in the order of its description; `format` was among them up to v0.0.42. */
export function rowFields(dialect: number): readonly string[] {
  const flags = 'scheduler_unset scheduled_on_submit scheduled_by_main scheduled_by_backfill job_started show_duplicates skip_steps';
  const more = 'disable_truncate_usage_time whole_hetjob disable_whole_hetjob disable_wait_for_result usage_time_as_submit_time';
  const shown = 'show_batch_script show_job_environment';
  const filters = 'account association cluster constraints cpus_max cpus_min exit_code groups job_name nodes_max nodes_min partition qos';
  const last = 'reason reservation reservation_id state step timelimit_max timelimit_min end_time start_time node users wckey';
  const all = [flags, more, shown, filters, last].join(' ').split(' ');
  return dialect <= 42 ? [...all, 'format'] : all;
}

/** The filters of `/slurmdb/…/jobs`; what has no filter here is not looked at. */
export function rowQuery(ask: Ask): JobRowQuery {
  const words = (key: string) => wordsOf(ask.query.get(key) ?? undefined);
  const ids = words('association')?.map(Number);
  return said<JobRowQuery>({
    from: moment(ask, 'start_time'),
    to: moment(ask, 'end_time'),
    users: users(ask, words('users') ?? words('user')),
    accounts: words('account'),
    partitions: words('partition'),
    qos: words('qos'),
    names: words('job_name'),
    nodes: words('node'),
    states: words('state'),
    clusters: words('cluster'),
    associationIds: ids,
    jobIds: words('step')?.map((step) => step.replace(/\..*$/, '')),
    duplicates: ['true', '1', 'yes', ''].includes(ask.query.get('show_duplicates') ?? 'no') || undefined,
  });
}

/** Names or numbers of users; one whom nobody knows refuses the whole question. */
function users(ask: Ask, asked: readonly string[] | undefined): readonly string[] | undefined {
  const known = ['root', ...ask.slurm.spec.users.map(({ name }) => name), ...ask.slurm.database.users().map(({ name }) => name)];
  return asked?.map((word, index) => {
    const byNumber = word === '0' ? 'root' : ask.slurm.spec.users.find(({ uid }) => `${uid}` === word)?.name;
    const name = known.includes(word) ? word : byNumber;
    if (name !== undefined) return name;
    if (ask.dialect < 39) throw new Refused([{ ...invalidQuery, description: 'Unknown Query field' }]);
    throw new Refused([
      {
        number: 2166,
        error: 'Unable to resolve user ID to user name',
        description: `Unable to resolve user: ${word}`,
        source: `#/users[${index}]/`,
      },
      { ...invalidQuery, description: 'Rejecting request. Failure parsing query parameters', source: 'op_handler_jobs' },
    ]);
  });
}

/** Dates as sacct takes them, in UTC, and `uts…`; seconds alone since 24.11 (measured: errors before it). */
function moment(ask: Ask, key: string): Epoch | undefined {
  const text = ask.query.get(key);
  if (text === null || text === '') return undefined;
  const uts = /^uts([0-9]{1,12})$/.exec(text)?.[1];
  if (uts !== undefined) return Number(uts);
  if (/^[0-9]{1,12}$/.test(text) && ask.release >= 2411) return Number(text);
  const iso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?$/.test(text) ? Date.parse(dated(text)) : Number.NaN;
  if (!Number.isNaN(iso)) return iso / 1000;
  const ago = /^now(?:([+-])([0-9]+)(seconds?|minutes?|hours?|days?|weeks?)?)?$/.exec(text);
  if (ago !== null) {
    const [, sign = '+', count = '0', unit = 'seconds'] = ago;
    return ask.slurm.time.now() + (sign === '-' ? -1 : 1) * Number(count) * (secondsOf[unit.replace(/s$/, '')] ?? 1);
  }
  if (ask.dialect < 39) throw new Refused([{ ...invalidQuery, description: 'Unable to parse time format', source: key }]);
  throw new Refused([
    { number: 9202, error: 'Unable to convert Data type', description: `Parsing of ${text} for timestamp failed`, source: `#/${key}/` },
    { ...invalidQuery, description: 'Rejecting request. Failure parsing query parameters', source: 'op_handler_jobs' },
  ]);
}

const secondsOf: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };

function dated(text: string): string {
  return `${text.includes('T') ? text : `${text}T00:00`}Z`;
}
