# shellcheck shell=bash
# How the processes of a lab are started, found and ended; what ends them with their owner; the tree they may run in.
# Sourced by slurm-lab.sh.

# The start time of a process (clock ticks since boot): with it a recorded pid is never mistaken for
# a later process of the same number.  Field 22 of stat, counted after the ")" of the name.
start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# The pid recorded under a name, if that very process still runs (a zombie does not count).
pid_of() {
	local pid start
	[ -f "$LAB/run/$1.lab" ] || return 1
	read -r pid start <"$LAB/run/$1.lab" || return 1
	[ -n "$pid" ] && [ "$(start_time "$pid")" = "$start" ] || return 1
	[ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -c1)" != Z ] || return 1
	echo "$pid"
}

# start NAME COMMAND...  runs a daemon in the foreground mode of its own, detached from us.
start() {
	local name=$1 pid; shift
	pid_of "$name" >/dev/null && return 0
	setsid "$@" </dev/null >>"$LAB/log/$name.out" 2>&1 &
	pid=$!
	disown "$pid" 2>/dev/null || true
	echo "$pid $(start_time "$pid")" >"$LAB/run/$name.lab"
}

# stop NAME...  TERM to all, up to 15 s, then KILL.
stop() {
	local name pid n
	for name; do pid=$(pid_of "$name") && kill "$pid" 2>/dev/null || true; done
	for name; do
		for ((n = 0; n < 150; n++)); do pid_of "$name" >/dev/null || break; sleep 0.1; done
		if pid=$(pid_of "$name"); then say "$name: had to be killed"; kill -9 "$pid" 2>/dev/null || true; fi
		rm -f "$LAB/run/$name.lab"
	done
}

# wait_for SECONDS NAME COMMAND...  until COMMAND succeeds; gives up at once when daemon NAME died.
wait_for() {
	local end=$((SECONDS + $1)) name=$2; shift 2
	while [ $SECONDS -lt $end ]; do
		"$@" >/dev/null 2>&1 && return 0
		pid_of "$name" >/dev/null || break
		sleep 0.2
	done
	say "$name did not become ready; the end of its log:"
	tail -n 15 "$LAB/log/$name.out" "$LAB/log/$name.log" >&2 2>/dev/null || true
	return 1
}

# Waits, apart from us, for the end of the owner, then cleans. Runs outside of the tree.
guard_owner() {
	[ -n "${SLURM_LAB_OWNER:-}" ] && [ -z "$INSIDE" ] || return 0
	mkdir -p "$LAB"/{run,log}
	start guard bash -c 'tail --pid="$1" -f /dev/null; cd /; exec bash "$2" clean' guard "$SLURM_LAB_OWNER" "$HERE/slurm-lab.sh"
}

# A guard that cleans is not to stop itself.
dismiss_guard() {
	local pid
	[ -z "$INSIDE" ] && pid=$(pid_of guard) && [ "$pid" != $$ ] || return 0
	kill -- "-$pid" 2>/dev/null || true
	rm -f "$LAB/run/guard.lab"
}

# The tree's mounts live in a mount namespace of their own, kept by a sleeping process and by the lab's daemons: when
# they end, nothing is left mounted.
hold_tree() {
	local pid n
	[ -x "$TREE/usr/sbin/slurmctld" ] || die "$TREE holds no Slurm (make it with setup/tree.sh)"
	mkdir -p "$LAB"/{run,log}
	start holder unshare --mount --propagation private bash -ec '
		for dir in proc sys dev; do mount --rbind "/$dir" "$1/$dir"; done
		cp /etc/hosts /etc/resolv.conf "$1/etc/"
		mount -t tmpfs tmpfs "$1/tmp"
		mkdir -p "$1$2"; mount --bind "$2" "$1$2"
		mount --bind "$3" "$1/mnt"
		exec chroot "$1" sleep infinity' holder "$TREE" "$LAB" "$HERE"
	pid=$(pid_of holder) || die "the tree's mounts failed: $(tail -n 3 "$LAB/log/holder.out")"
	for ((n = 0; n < 100; n++)); do
		[ "$(readlink "/proc/$pid/exe" 2>/dev/null)" != "${TREE}/usr/bin/sleep" ] || break
		pid_of holder >/dev/null || die "the tree's mounts failed: $(tail -n 3 "$LAB/log/holder.out")"
		sleep 0.05
	done
	echo "$pid"
}

# in_tree COMMAND   this script's COMMAND, run within the tree
in_tree() {
	local pid; pid=$(hold_tree)
	nsenter --target "$pid" --mount --root --wdns=/ \
		env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "SLURM_LAB_INSIDE=$pid" /mnt/slurm-lab.sh "$@"
}
