/** What is known of a value beside the value itself. */
export interface About {
  readonly command: string;
  readonly column: string;
  /** When the scenario began, in seconds since the epoch. */
  readonly beganAt: number;
}

/** Seconds by which a moment or a span of the emulator may differ from the recorded one: the recorded daemons were just starting. */
const tolerance = 75;

/** What differs from one run of the same Slurm to the next: by its column, with the reason. */
const neverSame: readonly { readonly column: RegExp; readonly why: string }[] = [
  { column: /^(DBIndex|SLUID)$|(db_index|sluid)(\.|$)/i, why: 'ids that slurmdbd and slurmctld choose' },
  { column: /AllocNode:Sid|alloc_sid|ALLOC_?NODE|allocating_node|submit_host|\bpid\b/i, why: 'the process that called' },
  { column: /CPULoad|CPU_LOAD|cpu_load|cpus?\.load|FreeMem|FREE_MEM|free_mem|memory\.free/i, why: 'measured by the machine beneath' },
  { column: /BootTime|boot_time/, why: 'when the machine beneath was started' },
  { column: /latency|^Latency|srun\.pid/, why: 'measured, or a process of the machine' },
  { column: /^Server thread count$|server_thread_count/, why: 'how busy the daemon is just then' },
  { column: /^(OS|OSVERSION|operating_system|.*\.operating_system)$/i, why: 'the kernel of the machine beneath' },
];

const timePattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d{4})?|\b[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d \d{4}|\b1[78]\d{8}\b/g;
const durationPattern = /(?<![\d:])(?:(\d+)-)?(?:(\d+):)?(\d+):(\d\d)(?![\d:])/g;
/** Columns whose spans grow while time passes; a limit is no such span. */
const spanColumn =
  /RunTime|Planned|planned|running|RunMins|Elapsed|CPUTime|TimeLeft|TIME_LEFT|^TIME(#2)?$|time_left|elapsed|SystemCPU|UserCPU|TotalCPU|run_time|SecsPreSuspend|Suspended|pre_sus/i;

/** Whether two values say the same, but for moments, spans and ids, which no two runs have in common. */
export function sameValue(recorded: string, emulated: string, about: About): boolean {
  if (recorded === emulated) return true;
  if (neverSame.some(({ column }) => column.test(about.column))) return true;
  const [one, other] = [momentsOf(recorded), momentsOf(emulated)];
  if (one.moments.length > 0 && one.rest === other.rest) return within(one.moments, other.moments, tolerance);
  if (!spanColumn.test(about.column)) return false;
  const [left, right] = [spansOf(recorded), spansOf(emulated)];
  // CPU time grows as often as there are CPUs.
  const seconds = /CPU/.test(about.column) ? tolerance * 32 : tolerance;
  return left.moments.length > 0 && left.rest === right.rest && within(left.moments, right.moments, seconds);
}

interface Taken {
  readonly rest: string;
  readonly moments: readonly number[];
}

function momentsOf(text: string): Taken {
  const moments: number[] = [];
  const rest = text.replace(timePattern, (match) => {
    moments.push(
      /^1[78]\d{8}$/.test(match)
        ? Number(match)
        : Date.parse(/[+-]\d{4}$/.test(match) ? match : `${match} UTC`.replace(/(T[\d:]+) UTC$/, '$1Z')) / 1000,
    );
    return '<time>';
  });
  return { rest, moments };
}

function spansOf(text: string): Taken {
  const moments: number[] = [];
  const rest = text
    .replace(durationPattern, (_match, days = '0', hours = '0', minutes, seconds) => {
      moments.push(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds));
      return '<span>';
    })
    .replace(/^\d+$/, (match) => {
      moments.push(Number(match));
      return '<span>';
    });
  return { rest, moments };
}

function within(one: readonly number[], other: readonly number[], seconds: number): boolean {
  return one.length === other.length && one.every((value, index) => Math.abs(value - (other[index] ?? Number.NaN)) <= seconds);
}
