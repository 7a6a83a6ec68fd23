#!/usr/bin/env bash
#
# slurm-lab.sh - a complete Slurm cluster on one Debian machine, for tests.
#
#   slurm-lab.sh up        install what is missing, write the configuration, start all daemons
#   slurm-lab.sh down      stop every process that `up` started (and what the lab's jobs left behind)
#   slurm-lab.sh status    one line per daemon, then `sinfo`; exit status 0 only when all is up
#   slurm-lab.sh env       print `export ...` lines; use it as: eval "$(slurm-lab.sh env)"
#   slurm-lab.sh token [U] print a JWT for slurmrestd for user U (default root), valid for 1 day
#   slurm-lab.sh start N   start daemon N again (e.g. slurmctld after it was killed) and wait until it answers
#   slurm-lab.sh stop N    stop daemon N (TERM, and KILL after 15 s)
#   slurm-lab.sh pid N     print the pid of daemon N
#   slurm-lab.sh clean     `down`, then delete the lab's directory
#
# `up` also writes cmd/USER/ for root, alice and bob: Slurm's commands, each run as that user in the lab's environment,
# whoever (as root) calls it and wherever the lab's Slurm is installed.
#
# The cluster "labcluster": munged, mariadbd, slurmdbd, slurmctld, slurmrestd and six slurmd, all on
# this host.  Nodes node[01-04] (2 sockets x 4 cores x 2 threads) and gpu[01-02] (the same, plus 4
# pretended A100s each); partitions cpu (default), gpu and shared; users alice and bob with accounts.
# Nothing is measured or confined (no cgroups), so the declared hardware need not exist.
#
# Everything lives below one directory, nothing of the host's own Slurm, munge or MariaDB
# configuration is read or changed.  Must be run as root: slurmd starts jobs as their users.
#
# Why each slurmd has a munged of its own: Debian's packages are not built with
# --enable-multiple-slurmd.  Without it slurmd refuses a credential that its munged has already
# decoded once ("replayed"), and the credential of a job on two nodes is decoded by both slurmds.
# One munged per slurmd, all with the same key, gives each its own replay cache, exactly as on
# separate machines.  The only difference between the nodes' slurm.conf is AuthInfo=socket=.
#
# Settings (environment):
#   SLURM_LAB_DIR         the lab's directory                       (/tmp/slurm-lab)
#   SLURM_LAB_TREE        a Debian tree (setup/tree.sh) whose Slurm is run; the lab's directory has the same path there
#   SLURM_PREFIX          a Slurm installed elsewhere, e.g. /opt/slurm-24.11 (default: Debian's packages)
#   SLURM_LAB_PORT        first of the 20 TCP ports on 127.0.0.1    (17000)
#   SLURM_LAB_MIN_JOB_AGE MinJobAge, seconds until a finished job leaves slurmctld (300)
#   SLURM_LAB_MESSAGE_TIMEOUT  MessageTimeout, seconds that a command waits for a daemon (30)
#   SLURM_LAB_ENFORCE     AccountingStorageEnforce                  (associations,limits,qos; empty: none)
#   SLURM_LAB_PROLOG_CTLD, SLURM_LAB_EPILOG_CTLD   PrologSlurmctld / EpilogSlurmctld (none)
#   SLURM_LAB_PROLOG, SLURM_LAB_EPILOG             Prolog / Epilog on the nodes      (none)
#   SLURM_LAB_DB_CHARSET  character set of the accounting database  (utf8mb4, as Debian's MariaDB)
#   SLURM_LAB_EXTRA_CONF  lines appended to slurm.conf              (none)
#   SLURM_LAB_NO_INSTALL  non-empty: never call apt-get
#   SLURM_LAB_OWNER       pid of the process that wants the lab: when it ends, however it ends, the lab is cleaned away
#   SLURM_LAB_NO_REST     non-empty: do not start slurmrestd
#
set -euo pipefail
umask 022

HERE=$(cd "$(dirname "$0")" && pwd)
LAB=${SLURM_LAB_DIR:-/tmp/slurm-lab}
TREE=${SLURM_LAB_TREE:-}
PREFIX=${SLURM_PREFIX:-}
PORT=${SLURM_LAB_PORT:-17000}
MIN_JOB_AGE=${SLURM_LAB_MIN_JOB_AGE:-300}
ENFORCE=${SLURM_LAB_ENFORCE-associations,limits,qos}

CLUSTER=labcluster
NODES=(node01 node02 node03 node04 gpu01 gpu02)
CTLD_PORT=$PORT DBD_PORT=$((PORT + 1)) DB_PORT=$((PORT + 2)) REST_PORT=$((PORT + 3))
NODE_PORT=$((PORT + 11))                # node01; the others count up from here
REST_SOCKET=$LAB/rest/slurmrestd.sock
DB_SOCKET=$LAB/db/mariadb.sock
REST_USER=slurmrest                     # slurmrestd refuses to run as root or SlurmUser

INSIDE=${SLURM_LAB_INSIDE:-}            # pid of the tree's holder, when we run in the tree

export SLURM_CONF=$LAB/etc/slurm.conf
[ -z "$PREFIX" ] || export PATH="$PREFIX/sbin:$PREFIX/bin:$PATH"
export PATH="$PATH:/usr/sbin:/sbin"

say() { printf 'slurm-lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# ---------------------------------------------------------------------------- processes

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

# ---------------------------------------------------------------------------- the owner

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

# ---------------------------------------------------------------------------- a tree of another release

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

# The commands as files that run them as one of the lab's users; within the tree, if there is one.
write_commands() {
	local u c dir as
	for u in root alice bob; do
		dir=$LAB/cmd/$u
		mkdir -p "$dir"
		as="/usr/bin/env HOME=$(getent passwd $u | cut -d: -f6) USER=$u LOGNAME=$u"
		if [ -n "$INSIDE" ]; then
			as="nsenter --target $INSIDE --mount --root --wdns=/ --setuid $(id -u $u) --setgid $(id -g $u) $as PATH=/usr/sbin:/usr/bin:/sbin:/bin"
		elif [ "$u" != root ]; then
			as="setpriv --reuid=$u --regid=$u --init-groups $as"
		fi
		for c in sbatch squeue scancel scontrol srun salloc sinfo sacct sacctmgr sdiag sshare sprio sreport; do
			printf '#!/bin/sh\nexec %s %s "$@"\n' "$as" "$(command -v $c)" >"$dir/$c"
		done
		printf '#!/bin/sh\nexec %s "$@"\n' "$as" >"$dir/run"
		chmod 755 "$dir"/*
	done
}

# ---------------------------------------------------------------------------- installation

install_packages() {
	if [ -n "${SLURM_LAB_NO_INSTALL:-}" ]; then
		[ -n "$PREFIX" ] || command -v slurmrestd slurmdbd mariadbd munged >/dev/null ||
			die "packages are missing, and not allowed to install them (setup/install.sh lab)"
		return 0
	fi
	"$HERE/setup/install.sh" lab            # also when nothing is missing: it refuses on a host of a real cluster
}

make_users() {
	getent passwd slurm >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin slurm
	getent passwd $REST_USER >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin $REST_USER
	local u
	for u in alice bob; do getent passwd $u >/dev/null || useradd --create-home --shell /bin/bash $u; done
}

# ---------------------------------------------------------------------------- configuration

# 22.05.8 -> 2205
slurm_version() { slurmctld -V | sed -E 's/^[^0-9]*([0-9]+)\.([0-9]+).*/\1\2/'; }

opt() { [ -z "$2" ] || printf '%s=%s\n' "$1" "$2"; }      # a line of configuration, unless empty

write_config() {
	local host n i
	host=$(hostname -s)
	mkdir -p "$LAB"/{etc,log,run,db,dev,rest,spool,state}
	chmod 755 "$LAB" "$LAB"/{etc,log,run,dev}
	chown slurm "$LAB/state" "$LAB/log"; chmod 700 "$LAB/state"
	chown $REST_USER "$LAB/rest"; chmod 755 "$LAB/rest"

	# Keys are made once and kept.
	[ -f "$LAB/etc/munge.key" ] || (umask 077; head -c 1024 /dev/urandom >"$LAB/etc/munge.key")
	[ -f "$LAB/etc/jwt.key" ] || (umask 077; head -c 32 /dev/urandom >"$LAB/etc/jwt.key")
	chown slurm "$LAB/etc/jwt.key"; chmod 600 "$LAB/etc/jwt.key"

	# The pretended GPUs: slurmd only stats them.
	for i in 0 1 2 3; do
		[ -e "$LAB/dev/nvidia$i" ] || mknod "$LAB/dev/nvidia$i" c 1 3 2>/dev/null || : >"$LAB/dev/nvidia$i"
	done

	cat >"$LAB/etc/slurmdbd.conf" <<-CONF
		AuthType=auth/munge
		AuthInfo=socket=$LAB/run/munge.sock
		AuthAltTypes=auth/jwt
		AuthAltParameters=jwt_key=$LAB/etc/jwt.key
		DbdHost=localhost
		DbdAddr=127.0.0.1
		DbdPort=$DBD_PORT
		SlurmUser=slurm
		LogFile=$LAB/log/slurmdbd.log
		PidFile=$LAB/run/slurmdbd.pid
		DebugLevel=info
		StorageType=accounting_storage/mysql
		StorageHost=127.0.0.1
		StoragePort=$DB_PORT
		StorageUser=slurm
		StoragePass=slurm
		StorageLoc=slurm_acct_db
	CONF
	chown slurm "$LAB/etc/slurmdbd.conf"; chmod 600 "$LAB/etc/slurmdbd.conf"

	# cgroup.conf: slurmd starts a cgroup plugin although nothing here needs one.  24.05 and later can be
	# told not to; earlier the v1 plugin is the harmless choice, it does nothing until it is used.
	local cgroup=disabled
	[ "$(slurm_version)" -ge 2405 ] || cgroup=cgroup/v1
	echo "CgroupPlugin=$cgroup" >"$LAB/etc/cgroup.conf"
	cat >"$LAB/etc/gres.conf" <<-CONF
		AutoDetect=off
		NodeName=gpu[01-02] Name=gpu Type=a100 File=$LAB/dev/nvidia[0-3]
	CONF

	{
		cat <<-CONF
			ClusterName=$CLUSTER
			SlurmctldHost=$host(127.0.0.1)
			SlurmctldPort=$CTLD_PORT
			SlurmUser=slurm
			SlurmdUser=root
			AuthType=auth/munge
			AuthInfo=socket=$LAB/run/munge.sock
			AuthAltTypes=auth/jwt
			AuthAltParameters=jwt_key=$LAB/etc/jwt.key
			StateSaveLocation=$LAB/state
			SlurmctldPidFile=$LAB/run/slurmctld.pid
			SlurmctldLogFile=$LAB/log/slurmctld.log
			SlurmctldDebug=verbose
			SlurmdSpoolDir=$LAB/spool/%n
			SlurmdPidFile=$LAB/run/slurmd-%n.pid
			SlurmdLogFile=$LAB/log/slurmd-%n.log
			SlurmdDebug=info
			SlurmdParameters=config_overrides
			DebugFlags=NO_CONF_HASH
			ProctrackType=proctrack/linuxproc
			JobAcctGatherType=jobacct_gather/none
			MpiDefault=none
			PrEpPlugins=prep/script
			SelectType=select/cons_tres
			SelectTypeParameters=CR_Core_Memory
			SchedulerType=sched/backfill
			SchedulerParameters=bf_interval=5,bf_continue,sched_min_interval=100000
			PriorityType=priority/multifactor
			PriorityWeightAge=1000
			PriorityWeightFairshare=10000
			PriorityWeightJobSize=1000
			PriorityWeightPartition=1000
			PriorityWeightQOS=2000
			GresTypes=gpu
			AccountingStorageType=accounting_storage/slurmdbd
			AccountingStorageHost=127.0.0.1
			AccountingStoragePort=$DBD_PORT
			AccountingStoragePass=$LAB/run/munge.sock
			AccountingStorageTRES=gres/gpu,gres/gpu:a100
			AccountingStoreFlags=job_script,job_env,job_comment
			MinJobAge=$MIN_JOB_AGE
			MaxJobCount=100000
			MaxArraySize=20001
			JobRequeue=1
			ReturnToService=1
			InactiveLimit=0
			KillWait=3
			MessageTimeout=${SLURM_LAB_MESSAGE_TIMEOUT:-30}
			SlurmdTimeout=300
			DefMemPerCPU=1000
		CONF
		opt AccountingStorageEnforce "$ENFORCE"
		opt PrologSlurmctld "${SLURM_LAB_PROLOG_CTLD:-}"
		opt EpilogSlurmctld "${SLURM_LAB_EPILOG_CTLD:-}"
		opt Prolog "${SLURM_LAB_PROLOG:-}"
		opt Epilog "${SLURM_LAB_EPILOG:-}"
		n=$NODE_PORT
		local gres
		for i in "${NODES[@]}"; do
			gres=; case $i in gpu*) gres=' Gres=gpu:a100:4';; esac
			echo "NodeName=$i NodeHostname=$i NodeAddr=127.0.0.1 Port=$n" \
				"Sockets=2 CoresPerSocket=4 ThreadsPerCore=2 RealMemory=64000 State=UNKNOWN$gres"
			n=$((n + 1))
		done
		cat <<-CONF
			PartitionName=cpu Nodes=node[01-04] Default=YES State=UP
			PartitionName=gpu Nodes=gpu[01-02] State=UP
			PartitionName=shared Nodes=node[01-04],gpu[01-02] OverSubscribe=YES:4 State=UP
		CONF
		[ -z "${SLURM_LAB_EXTRA_CONF:-}" ] || printf '%s\n' "$SLURM_LAB_EXTRA_CONF"
	} >"$LAB/etc/slurm.conf.new"
	CONFIG_CHANGED=
	cmp -s "$LAB/etc/slurm.conf.new" "$LAB/etc/slurm.conf" || CONFIG_CHANGED=1
	mv "$LAB/etc/slurm.conf.new" "$LAB/etc/slurm.conf"

	# The nodes' copies, each with its own munge socket.
	for i in "${NODES[@]}"; do
		mkdir -p "$LAB/etc/$i" "$LAB/spool/$i"
		sed "s#^AuthInfo=.*#AuthInfo=socket=$LAB/run/munge-$i.sock#" "$LAB/etc/slurm.conf" >"$LAB/etc/$i/slurm.conf"
		ln -sf ../gres.conf ../cgroup.conf "$LAB/etc/$i/"
	done
}

# ---------------------------------------------------------------------------- daemons

start_munged() {            # start_munged NAME   (socket run/NAME.sock)
	start "$1" munged --foreground --num-threads=4 --key-file="$LAB/etc/munge.key" \
		--socket="$LAB/run/$1.sock" --pid-file="$LAB/run/$1.pid" --seed-file="$LAB/run/$1.seed"
}
munge_works() { munge --no-input --socket="$LAB/run/$1.sock" | unmunge --socket="$LAB/run/$1.sock"; }

start_database() {
	if [ ! -d "$LAB/db/mysql" ]; then
		chown mysql "$LAB/db"; chmod 700 "$LAB/db"
		mariadb-install-db --no-defaults --user=mysql --datadir="$LAB/db" --skip-test-db \
			--auth-root-authentication-method=normal >"$LAB/log/mariadb-install.out" 2>&1 ||
			die "mariadb-install-db failed, see $LAB/log/mariadb-install.out"
	fi
	# Durability is not wanted here; the sizes are those Slurm's documentation asks for.
	start mariadb mariadbd --no-defaults --user=mysql --datadir="$LAB/db" --socket="$DB_SOCKET" \
		--pid-file="$LAB/db/mariadb.pid" --bind-address=127.0.0.1 --port=$DB_PORT --skip-name-resolve \
		--innodb-buffer-pool-size=1G --innodb-lock-wait-timeout=900 --max-allowed-packet=64M \
		--innodb-flush-log-at-trx-commit=0 --loose-innodb-snapshot-isolation=OFF --log-warnings=1 \
		--character-set-server="${SLURM_LAB_DB_CHARSET:-utf8mb4}"
	wait_for 30 mariadb mariadb-admin --no-defaults --socket="$DB_SOCKET" ping
	mariadb --no-defaults --socket="$DB_SOCKET" -e "
		CREATE DATABASE IF NOT EXISTS slurm_acct_db;
		CREATE USER IF NOT EXISTS slurm@127.0.0.1 IDENTIFIED BY 'slurm';
		GRANT ALL ON slurm_acct_db.* TO slurm@127.0.0.1;"
}

# Accounts and users.  sacctmgr ends with status 1 when there is nothing to add, hence the tests.
fill_accounting() {
	has() { [ -n "$(sacctmgr -nP show "$@")" ]; }
	local a
	for a in physics chem; do
		has account $a || sacctmgr -Qi add account $a Description="$a" Organization=lab Cluster=$CLUSTER Fairshare=10
	done
	has user alice || sacctmgr -Qi add user alice Account=physics,chem DefaultAccount=physics
	has user bob || sacctmgr -Qi add user bob Account=chem DefaultAccount=chem
	has qos high || sacctmgr -Qi add qos high Priority=100
	sacctmgr -nP show assoc user=alice account=physics format=qos | grep -q high ||
		sacctmgr -Qi modify user alice set QOS+=high || true
} >>"$LAB/log/accounting.out" 2>&1

# All nodes have answered: none is unknown or marked "*" (a node that someone drained is none of our business).
nodes_up() {
	local s; s=$(sinfo -h -N -o '%N %T' | sort -u) || return 1
	[ "$(wc -l <<<"$s")" = ${#NODES[@]} ] && ! grep -qE '\*|unk' <<<"$s"
}

# Any HTTP answer will do: even /openapi/v3 wants a token.
rest_answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$REST_SOCKET" http://localhost/openapi/v3)" != 000 ]; }

slurmd_names() { printf 'slurmd-%s\n' "${NODES[@]}"; }

do_up() {
	[ "$(id -u)" = 0 ] || die "must be run as root"
	local i began=$SECONDS
	install_packages
	make_users
	write_config
	start_munged munge
	for i in "${NODES[@]}"; do start_munged "munge-$i"; done
	for i in munge "${NODES[@]/#/munge-}"; do wait_for 10 "$i" munge_works "$i"; done
	start_database

	start slurmdbd slurmdbd -D
	wait_for 60 slurmdbd timeout 10 sacctmgr -n show cluster
	[ -n "$(sacctmgr -nP show cluster $CLUSTER)" ] || sacctmgr -Qi add cluster $CLUSTER >>"$LAB/log/accounting.out" 2>&1
	fill_accounting

	# `up` with other settings on a running lab: let the daemons read the new configuration.
	if [ -n "$CONFIG_CHANGED" ] && pid_of slurmctld >/dev/null; then scontrol reconfigure; fi
	start slurmctld slurmctld -D
	wait_for 30 slurmctld sh -c 'scontrol ping | grep -q UP'
	for i in "${NODES[@]}"; do
		SLURM_CONF=$LAB/etc/$i/slurm.conf start "slurmd-$i" slurmd -D -N "$i"
	done
	wait_for 30 slurmctld nodes_up

	if [ -z "${SLURM_LAB_NO_REST:-}" ] && command -v slurmrestd >/dev/null; then
		pid_of slurmrestd >/dev/null || rm -f "$REST_SOCKET"
		# Only rest_auth/jwt, on the socket too: rest_auth/local would answer as slurmrestd's own user.
		# SLURM_JWT=daemon: it has no credential of its own, each request brings its token.
		start slurmrestd setpriv --reuid=$REST_USER --regid="$(id -g $REST_USER)" --clear-groups \
			env SLURM_JWT=daemon slurmrestd -a rest_auth/jwt "unix:$REST_SOCKET" "127.0.0.1:$REST_PORT"
		wait_for 20 slurmrestd rest_answers
	fi
	write_commands
	say "$(slurmctld -V): cluster $CLUSTER is up in $LAB after $((SECONDS - began)) s"
}

# The slurmstepds of this lab.  They overwrite their environment and stand in no useful directory, but
# keep their slurmd's log file open.
stepds() {
	local p f
	for p in $(pgrep -x slurmstepd || true); do
		for f in $(readlink "/proc/$p"/fd/* 2>/dev/null || true); do
			case $f in "$LAB"/log/slurmd-*) echo "$p"; break ;; esac
		done
	done
}

# A process and everything below it.
tree() { local c; echo "$1"; for c in $(pgrep -P "$1" || true); do tree "$c"; done; }

# A daemon that has just been ended may still write a last file.
remove_lab() {
	local try
	for try in 1 2 3 4 5; do
		rm -rf -- "$LAB" 2>/dev/null && return
		sleep 1
	done
	rm -rf -- "$LAB"
}

do_down() {
	local n p
	[ -d "$LAB/run" ] || return 0
	# Let slurmd end the jobs while it can; this way their processes go too, and no job is left that
	# the next `up` would find lost.
	if pid_of slurmctld >/dev/null && [ -n "$(stepds)" ]; then
		for p in PENDING RUNNING SUSPENDED; do timeout 10 scancel --state=$p >/dev/null 2>&1 || true; done
		for ((n = 0; n < 50; n++)); do [ -n "$(stepds)" ] || break; sleep 0.2; done
	fi
	stop slurmrestd
	# shellcheck disable=SC2046
	stop $(slurmd_names)
	for p in $(stepds); do                  # what is still there: the steps and their tasks
		# shellcheck disable=SC2046
		kill -KILL $(tree "$p") 2>/dev/null || true
	done
	stop slurmctld
	stop slurmdbd
	stop mariadb
	# shellcheck disable=SC2046
	stop munge $(printf 'munge-%s\n' "${NODES[@]}")
}

# do_start NAME   one daemon of a lab that is otherwise up
do_start() {
	case $1 in
		slurmctld) start slurmctld slurmctld -D; wait_for 30 slurmctld sh -c 'scontrol ping | grep -q UP' ;;
		slurmdbd) start slurmdbd slurmdbd -D; wait_for 60 slurmdbd timeout 10 sacctmgr -n show cluster ;;
		slurmd-*) SLURM_CONF=$LAB/etc/${1#slurmd-}/slurm.conf start "$1" slurmd -D -N "${1#slurmd-}" ;;
		*) die "start: slurmctld, slurmdbd or slurmd-NODE, not '$1'" ;;
	esac
}

do_status() {
	local name pid rc=0
	# shellcheck disable=SC2046
	for name in munge mariadb slurmdbd slurmctld $(slurmd_names) slurmrestd; do
		if pid=$(pid_of "$name"); then echo "$name: running, pid $pid"
		elif [ "$name" = slurmrestd ] && [ -n "${SLURM_LAB_NO_REST:-}" ]; then :
		else echo "$name: not running"; rc=1; fi
	done
	if [ $rc = 0 ]; then sinfo; nodes_up || rc=1; fi
	return $rc
}

do_env() {
	echo "export SLURM_CONF='$SLURM_CONF'"
	echo "export SLURM_LAB_DIR='$LAB'"
	[ -z "$PREFIX" ] || echo "export PATH='$PREFIX/bin:$PREFIX/sbin':\"\$PATH\""
	echo "export SLURM_LAB_REST_SOCKET='$REST_SOCKET'"
	echo "export SLURM_LAB_REST_URL='http://127.0.0.1:$REST_PORT'"
	echo "export SLURM_LAB_DB_SOCKET='$DB_SOCKET'"
}

case ${1:-} in
	up) guard_owner ;;
	down | clean) dismiss_guard ;;
esac
if [ -n "$TREE" ] && [ -z "$INSIDE" ]; then
	case ${1:-} in
		up | status | token | start) in_tree "$@"; exit ;;
		down | clean)
			if [ -d "$LAB/run" ]; then in_tree down; stop holder; fi
			[ "$1" = down ] || remove_lab
			exit
			;;
	esac
fi

case ${1:-} in
	up) do_up ;;
	down) do_down ;;
	status) do_status ;;
	env) do_env ;;
	start) do_start "${2:?daemon}" ;;
	stop) stop "${2:?daemon}" ;;
	pid) pid_of "${2:?daemon}" ;;
	token) scontrol token "username=${2:-root}" lifespan=86400 | sed 's/^SLURM_JWT=//' ;;
	clean) do_down; remove_lab ;;
	*) sed -n '2,/^set -euo/p' "$0" | sed '$d; s/^# \{0,1\}//'; exit 2 ;;
esac
