import type { CommandName } from '../commands/command.ts';
import { unreachableSigns, unreachableWords } from '../commands/unreachable.ts';
import type { ClusterSpec } from '../model/spec.ts';

export interface ExecutableOptions {
  readonly command: CommandName;
  /** File with the daemon's port and token, in a line. */
  readonly door: string;
  /** bash 4.4 or newer. */
  readonly bash: string;
  readonly spec: ClusterSpec;
}

/** Text in single quotes, as every shell reads it. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * One of Slurm's commands as a bash script that asks the daemon and starts no program on its way (see wire.ts): what a command costs is the start of
 * the shell. `-p` keeps BASH_ENV, functions and options of the environment out.
 */
export function bashExecutable({ command, door, bash, spec }: ExecutableOptions): string {
  // scontrol writes batch scripts as its caller.
  const runs = command === 'srun' || command === 'scontrol';
  return `#!${bash} -p
# ${command} of an emulated cluster; written by "sluice emulator up", which writes it anew each time.
set +o posix
LC_ALL=C IFS=' ' said=" $* "
lost() {
${lostText(command, spec)}
}
{ read -r port token <${shellQuoted(door)} && exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || lost
mapfile -t -d '' environment </proc/self/environ
PATH=$PATH:/usr/bin:/bin
cd -P . 2>/dev/null
terminals=
[[ -t 0 ]] && terminals=0
[[ -t 1 ]] && terminals+=1
trap '' PIPE
printf '%s\\0' ask "$token" ${command} "$EUID" "\${GROUPS[0]}" "$terminals" "$PWD" $# "$@" \${#environment[@]} "\${environment[@]}" >&3 2>/dev/null || lost
trap - PIPE
${feed}${runs ? run : ''}while read -r kind size more <&3; do
  case $kind in
    o) IFS= read -r -N "$size" text <&3 && printf %s "$text" || break ;;
    e) IFS= read -r -N "$size" text <&3 && printf %s "$text" >&2 || break ;;
    b) head -c "$size" <&3 || break ;;
    i) feed "$size" ;;
    ${runs ? 'r) run $more ;;\n    ' : ''}x) exit "$size" ;;
  esac
done
lost
`;
}

/** What the command says when there is no daemon: slurmctld's absence, or slurmdbd's. */
function lostText(command: CommandName, spec: ClusterSpec): string {
  const daemon = command === 'sacct' || command === 'sacctmgr' || command === 'sreport' ? 'slurmdbd' : 'slurmctld';
  const say = (argv: readonly string[]) => {
    const { stdout, stderr, code } = unreachableWords(command, argv, { daemon, how: 'refused' }, spec);
    const words = stdout === '' ? `${shellQuoted(stderr)} >&2` : shellQuoted(stdout);
    return `printf %s ${words}; exit ${code}`;
  };
  const signs = [...(command === 'scontrol' ? ['ping'] : []), ...unreachableSigns(command)];
  return `  case $said in\n${signs.map((sign) => `    *${shellQuoted(sign)}*) ${say(sign.split(' '))} ;;`).join('\n')}\n  esac`;
}

/** stdin has a connection of its own, so that its end is seen; who copies it ends with us. */
const feed = `feed() {
  { : <&0; } 2>/dev/null || exec </dev/null
  { exec 4>"/dev/tcp/127.0.0.1/$port" && printf '%s\\0' stdin "$token" "$1" >&4 && exec cat >&4 3>&-; } <&0 2>/dev/null &
  trap 'kill %1 2>/dev/null' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}
`;

/** What srun runs in a job that runs for real, and scontrol to write a file: children of this shell, with its terminal, files and directory. */
const run = `label() {
  while IFS= read -r line || [[ -n $line ]]; do printf '%*d: %s\\n' "\${#last}" "$1" "$line"; done
}
run() {
  local tasks=$1 labelled=$2 task codes=() pids=()
  local last=$((tasks - 1))
  mapfile -t -d '' -n "$3" variables <&3
  mapfile -t -d '' -n "$4" words <&3
  task() {
    exec env -i "\${environment[@]}" "\${variables[@]}" "SLURM_PROCID=$1" "SLURM_LOCALID=$1" "SLURM_TASK_PID=$BASHPID" "\${words[@]}" 3>&-
  }
  local path=$PATH variable
  for variable in "\${environment[@]}" "\${variables[@]}"; do [[ $variable == PATH=* ]] && path=\${variable#PATH=}; done
  if ! PATH=$path type -P -- "\${words[0]}" >/dev/null; then
    printf 'slurmstepd: error: execve(): %s: No such file or directory\\n' "\${words[0]}" >&2
    for ((task = 0; task < tasks; task++)); do codes+=(2); done
  else
    for ((task = 0; task < tasks; task++)); do
      if ((labelled)); then
        { { task "$task" 2>&1 >&5 5>&- | label "$task" >&2 5>&-; exit "\${PIPESTATUS[0]}"; } 5>&1 | label "$task"; exit "\${PIPESTATUS[0]}"; } <&0 &
      elif ((task == 0)); then (task 0) <&0 &
      else (task "$task") </dev/null &
      fi
      pids+=($!)
    done
    for task in "\${pids[@]}"; do
      wait "$task"
      codes+=($?)
    done
  fi
  printf '%s\\0' ended "\${codes[@]}" >&3
}
`;
