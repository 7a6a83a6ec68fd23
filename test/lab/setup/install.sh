#!/usr/bin/env bash
#
# install.sh [lab|all]   installs what the tests with real servers need, as root, on Debian
#
#   all   everything `npm test` uses (the default)
#   lab   only what slurm-lab.sh needs; this is what is installed inside a tree of another Debian release
#
# No service is started: a policy-rc.d that says no is there while apt-get works, and is gone afterwards, also after a
# failure or an interrupt. When nothing is missing it does nothing, and takes a few milliseconds.
#
# Exit codes: 0 all is there; 69 not a Debian; 75 apt-get failed; 77 something is missing and we are not root;
# 78 refused, because this host has a Slurm of its own.
#
set -euo pipefail

LAB_PACKAGES=(slurmctld slurmd slurmdbd slurm-client slurmrestd slurm-wlm-basic-plugins slurm-wlm-mysql-plugin
	slurm-wlm-jwt-plugin mariadb-server munge curl procps)
OTHER_PACKAGES=(nats-server debootstrap rpm openssl systemd util-linux)

say() { printf 'install: %s\n' "$*" >&2; }

# The first slurmctld that no lab started: a lab's has its pid recorded below the directory of its SLURM_CONF.
foreign_slurmctld() {
	local pid parent conf recorded
	for pid in $(pgrep -x slurmctld 2>/dev/null || true); do
		parent=$(ps -o ppid= -p "$pid" 2>/dev/null | tr -d ' ') || continue
		[ "$(cat "/proc/$parent/comm" 2>/dev/null)" != slurmctld ] || continue    # a fork of one, not yet another program
		conf=$({ tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^SLURM_CONF=//p'; } 2>/dev/null) || true
		recorded=
		[ -z "$conf" ] || { read -r recorded _ <"/proc/$pid/root${conf%/etc/slurm.conf}/run/slurmctld.lab"; } 2>/dev/null || true
		[ "$recorded" != "$pid" ] || continue
		case $(ps -o stat= -p "$pid" 2>/dev/null) in '' | Z*) ;; *) echo "$pid"; return ;; esac
	done
}

refuse_on_a_cluster() {
	local pid
	if [ -e /etc/slurm/slurm.conf ]; then
		say "refused: this host belongs to a cluster (/etc/slurm/slurm.conf exists); the tests need a machine of their own"
		exit 78
	fi
	# Who is not root cannot see whose it is, and neither installs nor starts anything.
	[ "$(id -u)" = 0 ] || return 0
	pid=$(foreign_slurmctld)
	if [ -n "$pid" ]; then
		say "refused: a slurmctld that is not a lab's runs here (pid $pid); the tests need a machine of their own"
		exit 78
	fi
}

missing() {
	local known package
	known=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
	for package; do grep -qx "$package installed" <<<"$known" || echo "$package"; done
}

case ${1:-all} in
	lab) packages=("${LAB_PACKAGES[@]}") ;;
	all) packages=("${LAB_PACKAGES[@]}" "${OTHER_PACKAGES[@]}") ;;
	*) say "usage: install.sh [lab|all]"; exit 64 ;;
esac

refuse_on_a_cluster
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	say "this is not a Debian; needed are: ${packages[*]}"
	exit 69
fi
# The policy of a run that was killed would keep every package from starting its service from then on.
policy=/usr/sbin/policy-rc.d
left_by=$(sed -n 's/^# sluice //p' "$policy" 2>/dev/null || true)
if [ -n "$left_by" ] && [ "$(id -u)" = 0 ] && ! kill -0 "$left_by" 2>/dev/null; then rm -f "$policy"; fi
mapfile -t want < <(missing "${packages[@]}")
[ ${#want[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
	say "missing, and only root can install it: ${want[*]}"
	say "as root: apt-get install --no-install-recommends ${want[*]}"
	exit 77
fi

log=$(mktemp)
made_policy=
tidy() {
	[ -z "$made_policy" ] || rm -f "$policy"
	rm -f "$log"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
if [ ! -e "$policy" ]; then
	made_policy=1
	printf '#!/bin/sh\n# sluice %s\nexit 101\n' $$ >"$policy"
	chmod 755 "$policy"
fi

say "installing ${want[*]}"
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)
install() { "${apt[@]}" install -y --no-install-recommends "${want[@]}" >>"$log" 2>&1; }
# What was not there before stays off at the next boot, too: policy-rc.d keeps a service from starting, not from being enabled.
leave_off() {
	local unit
	command -v systemctl >/dev/null || return 0
	for unit in $(dpkg -L "${want[@]}" 2>/dev/null | sed -nE 's#^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket|timer))$#\2#p' | sort -u); do
		systemctl --quiet disable "$unit" >>"$log" 2>&1 || true
	done
}
# The lists may be there and fresh enough; they are fetched when they are not.
if ! install && ! { "${apt[@]}" update >>"$log" 2>&1 && install; }; then
	say "apt-get failed; the end of what it said:"
	tail -n 20 "$log" >&2
	exit 75
fi
leave_off
