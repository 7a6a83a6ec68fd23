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

. "$HERE/slurm-lab/processes.sh"
. "$HERE/slurm-lab/configuration.sh"
. "$HERE/slurm-lab/daemons.sh"

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
