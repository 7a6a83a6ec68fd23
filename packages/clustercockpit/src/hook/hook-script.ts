import { SluiceError } from '@sluice/io';
import { defaultMaxEvents, endMark, eventBound, eventStep, keptVariables, longestValue, spoolNames } from './spool-layout.ts';

export interface HookScriptOptions {
  /** Absolute path of the spool. It must exist where the script runs; the script makes no spool. */
  readonly spool: string;
  /** Events that may wait before further ones are dropped; rounded up to a multiple of 512, at least 8,192; 262,144 by default. */
  readonly maxEvents?: number;
  /** Directories in which the script finds date, mkdir, mv and rm. */
  readonly path?: string;
}

/** By this line `installHook` knows a file as one of ours. */
export const scriptMark = '# Sluice hook, written by: sluice cc hook --install';

/**
 * The POSIX shell script for PrologSlurmctld and EpilogSlurmctld. It runs in dash, bash and other shells of the kind, starts `date` and `mv`
 * and nothing else (`mkdir` once a day), asks Slurm nothing, and ends with 0 whatever happens: slurmctld waits for it, and requeues a job
 * whose prolog fails (slurm.conf(5)).
 *
 * The bound costs one write, however many events wait: each run appends a byte to `written`, under a file size limit (`ulimit -f`) of as many
 * bytes as events may wait. When the daemon has taken events away it cuts the file back to the number that still waits.
 */
export function hookScript(options: HookScriptOptions): string {
  const { written, bell, full } = spoolNames;
  const blocks = eventBound(options.maxEvents ?? defaultMaxEvents) / eventStep;
  return `#!/bin/sh
${scriptMark}
# Tells the daemon that a job started or ended. Whatever happens, it ends with 0 and delays no job.
trap 'exit 0' EXIT HUP INT QUIT TERM PIPE
command trap '' XFSZ
exec </dev/null >/dev/null 2>&1
set -f
PATH=${quoted(options.path ?? '/usr/bin:/bin:/usr/local/bin')}
LC_ALL=C
export PATH LC_ALL
unset IFS
umask 0007
spool=${quoted(absolute(options.spool))}
[ -d "$spool" ] || exit 0

case \${SLURM_SCRIPT_CONTEXT-} in
prolog_slurmctld) kind=prolog ;;
epilog_slurmctld) kind=epilog ;;
*) exit 0 ;;
esac
case \${SLURM_JOB_ID-} in
'' | *[!0-9]*) exit 0 ;;
esac
[ \${#SLURM_JOB_ID} -le 10 ] || exit 0

# Only printable characters without blanks, and only what fits: a shortened value would be a false one.
newline='
'
event=
keep() {
  case $2 in
  '' | *[!!-~]*) return 0 ;;
  esac
  [ \${#2} -le ${longestValue} ] && event=$event$1=$2$newline
  return 0
}
${keptVariables.map((name) => `keep ${name} "\${${name}-}"`).join('\n')}

# The daemon may write here too: a link would have this user empty another file, and a FIFO would be waited for.
plain() {
  [ ! -L "$1" ] || return 1
  [ -f "$1" ] || [ ! -e "$1" ]
}
mark() {
  plain "$spool/$1" && true >"$spool/$1"
  return 0
}

# No room: as many events wait as may, or the disk is full.
ulimit -S -f ${blocks}
if ! plain "$spool/${written}" || ! printf . >>"$spool/${written}"; then
  mark ${full}
  exit 0
fi

set -- $(date -u '+%Y%m%d %s %N')
day=$spool/\${1-}
seconds=\${2-}
nanoseconds=\${3-}
# Not every date knows %N.
case $nanoseconds in
[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]) ;;
*) nanoseconds=000000000 ;;
esac
[ -n "$seconds" ] || exit 0
[ -d "$day" ] || mkdir -p "$day"
name=$SLURM_JOB_ID.$kind.$$
if printf '%s' "\${event}${endMark}$newline" >"$day/.tmp.$name" && mv -f "$day/.tmp.$name" "$day/$seconds.$nanoseconds.$name.event"; then
  mark ${bell}
else
  mark ${full}
  rm -f "$day/.tmp.$name"
fi
exit 0
`;
}

function absolute(path: string): string {
  if (path.startsWith('/') && !/[\0\n\r]/.test(path)) return path;
  throw new SluiceError('config.invalid', `the spool ${JSON.stringify(path)} is not an absolute path of one line`, {
    hint: 'Name a directory on a local disk, for example /var/spool/sluice/hook.',
  });
}

/** As one word of a shell script. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
