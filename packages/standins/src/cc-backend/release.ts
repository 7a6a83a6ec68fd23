const [line3, line4, line5] = [
  ['1.3', '1.3.0', '1.3.1'],
  ['1.4', '1.4.0', '1.4.1', '1.4.2', '1.4.3', '1.4.4'],
  ['1.5', '1.5.0', '1.5.1', '1.5.2', '1.5.3', '1.5.4'],
] as const;

/** The releases that can be stood in for (contract §10); a short name stands for the last of its line. */
export const versions = [...line3, ...line4, ...line5] as const;

export type Version = (typeof versions)[number];

export function isVersion(text: string): text is Version {
  return versions.some((version) => version === text);
}

/** How one release answers. */
export interface Release {
  /** In full, as the footer of the login page has it. */
  readonly version: string;
  /** Router: chi answers unknown paths in JSON, gorilla redirects to the form with or without the last slash. */
  readonly router: 'chi' | 'gorilla';
  /** Started jobs stand in `job_cache` first. */
  readonly cached: boolean;
  /** Which of the two says how nodes are shared; the other one is an unknown field. */
  readonly sharing: 'shared' | 'exclusive';
  readonly states: readonly string[];
  /** What a start answers: the row's id, that something was triggered (and nothing of errors), or success. */
  readonly started: 'id' | 'triggered' | 'success';
  /** A start may bring its own `jobState`. */
  readonly keepsState: boolean;
  readonly stopById: boolean;
  /** Status when the job to stop is not there. */
  readonly stopMissing: 404 | 422;
  /** One sentence with 400 for "not running" and "stop before start", equal times included. */
  readonly stopCoarse: boolean;
  /** Several runs match a stop: the newest is taken, or whichever comes first. */
  readonly newest: boolean;
  /** Status when the role is missing. */
  readonly roleMissing: 401 | 403;
  /** `api-allowed-ips` absent or empty denies everybody. */
  readonly ipsRequired: boolean;
  /** Tags have scopes. */
  readonly scopes: boolean;
  /** Jobs answered by stop, edit_meta and tag_job have their start as RFC 3339 text. */
  readonly isoStart: boolean;
  /** Pages below 1 are refused; before, -1 items meant all. */
  readonly pagesChecked: boolean;
  /** Which routes there are, by the release that brought them. */
  has(since: string): boolean;
}

const last: Readonly<Record<string, string>> = { '1.3': '1.3.1', '1.4': '1.4.4', '1.5': '1.5.4' };

/** The twelve states of cc-backend 1.5 (contract §5.1). */
const jobStates: readonly string[] = [
  'boot_fail',
  'cancelled',
  'completed',
  'deadline',
  'failed',
  'node_fail',
  'out_of_memory',
  'pending',
  'preempted',
  'running',
  'suspended',
  'timeout',
];

const formerStates: readonly string[] = ['running', 'completed', 'failed', 'cancelled', 'stopped', 'timeout', 'preempted', 'out_of_memory'];

/** What is known of a release. */
export function releaseOf(version: Version): Release {
  const full = last[version] ?? version;
  const has = (since: string): boolean => full.localeCompare(since, 'en', { numeric: true }) >= 0;
  const modern = has('1.5.0');
  return {
    version: full,
    router: modern ? 'chi' : 'gorilla',
    cached: modern,
    sharing: modern ? 'shared' : 'exclusive',
    states: modern ? jobStates : formerStates,
    started: started(has),
    keepsState: !has('1.4.3'),
    stopById: !has('1.4.0'),
    stopMissing: modern ? 404 : 422,
    stopCoarse: !has('1.4.3'),
    newest: has('1.4.0'),
    roleMissing: has('1.4.0') ? 401 : 403,
    ipsRequired: has('1.4.4') && !modern,
    scopes: has('1.4.0'),
    isoStart: !modern,
    pagesChecked: has('1.5.4'),
    has,
  };
}

function started(has: Release['has']): Release['started'] {
  if (!has('1.4.0')) return 'id';
  return has('1.4.2') ? 'success' : 'triggered';
}
