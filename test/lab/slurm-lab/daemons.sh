# shellcheck shell=bash
# What slurm-lab.sh does with the daemons of a lab. Sourced by it.

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
