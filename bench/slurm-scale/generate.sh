#!/usr/bin/env bash
#
# generate.sh - fills a running lab (test/lab/slurm-lab.sh up) with jobs for the benchmark slurm-scale.
#
#   generate.sh ended N [DAYS]   N ended jobs with their steps over the last DAYS days (30), by INSERT ... SELECT from
#                                real jobs of this lab; all columns of the release are copied, ids and times are new.
#                                Does nothing when exactly these N are there already.
#   generate.sh active N         N pending jobs in slurmctld, each a record of its own; counts those that are there.
#   generate.sh clean            takes the generated ended jobs out again.
#
# Needs the lab's environment: eval "$(slurm-lab.sh env)".  Run as root.
set -euo pipefail

CLUSTER=labcluster
BASE=1000000000                 # job_db_inx of generated rows begin here
FIRST_ID=10000000               # their job ids here; no real job of a lab has one so high
OURS="id_job >= $FIRST_ID"
: "${SLURM_LAB_DB_SOCKET:?run: eval \"\$(slurm-lab.sh env)\"}"

sql() { mariadb --no-defaults --socket="$SLURM_LAB_DB_SOCKET" -N -B slurm_acct_db -e "$1"; }

# Real jobs of several kinds, whose rows are the templates: long lines and comments as users write them.
templates() {
	[ "$(sql "SELECT count(*) FROM ${CLUSTER}_job_table WHERE job_name LIKE 'template-%' AND state IN (3,4,5) AND time_end > 0 AND NOT $OURS")" -ge 8 ] && return
	local n user comment
	for n in 1 2 3 4 5 6 7 8; do
		user=alice; [ $((n % 2)) = 1 ] || user=bob
		comment="project=${n}0${n}; purpose=parameter sweep of the ${n}th kind; contact=someone@example.org"
		local kind=(); [ $((n % 4)) != 0 ] || kind=(-p gpu --gpus=1)
		local code=0; [ $((n % 5)) != 0 ] || code=3
		(cd /tmp && runuser -u "$user" -- sbatch -Q -J "template-$n-simulation" -t $((n * 60)) -o /dev/null --comment="$comment" "${kind[@]}" --wrap="srun -n1 true; exit $code")
	done
	for n in $(seq 120); do
		[ -n "$(squeue -h -o %i -n "$(printf 'template-%d-simulation,' $(seq 8))")" ] || break
		sleep 0.5
	done
	sleep 2
}

# columns TABLE 'column=expression' ...   the list of all columns of the table, those named replaced.
columns() {
	local table=$1 cases='' pair; shift
	for pair; do cases+=" WHEN '${pair%%=*}' THEN '${pair#*=}'"; done
	sql "SELECT group_concat(CASE column_name $cases ELSE concat('t.\`', column_name, '\`') END ORDER BY ordinal_position)
		FROM information_schema.columns WHERE table_schema = 'slurm_acct_db' AND table_name = '$table'"
}

ended() {
	local count=$1 days=${2:-30} jobs=${CLUSTER}_job_table steps=${CLUSTER}_step_table have now list
	have=$(sql "SELECT count(*) FROM $jobs WHERE $OURS")
	[ "$have" != "$count" ] || { echo "$count ended jobs are there"; return; }
	templates
	clean
	now=$(date +%s)
	# The n-th job ended n/N of the window ago; it ran for one minute to five hours.
	local end="($now - 3600 - floor(s.seq * ($days * 86400 - 7200) / $count))" length='(60 + (s.seq * 7919) % 18000)'
	sql "SET @row := -1; CREATE OR REPLACE TABLE bench_template AS
		SELECT (@row := @row + 1) AS k, job_db_inx FROM $jobs WHERE job_name LIKE 'template-%' AND state IN (3,4,5) AND time_end > 0 AND NOT $OURS"
	list=$(columns "$jobs" "job_db_inx=$BASE + s.seq" "id_job=$FIRST_ID + s.seq" "time_end=$end" "time_start=$end - $length" \
		"time_eligible=$end - $length - s.seq % 600" "time_submit=$end - $length - s.seq % 600" "mod_time=$end")
	sql "SET @n := (SELECT count(*) FROM bench_template);
		INSERT INTO $jobs SELECT $list FROM seq_1_to_$count s JOIN bench_template b ON b.k = s.seq % @n JOIN $jobs t ON t.job_db_inx = b.job_db_inx"
	list=$(columns "$steps" "job_db_inx=$BASE + s.seq" "time_start=$end - $length" "time_end=$end")
	sql "SET @n := (SELECT count(*) FROM bench_template);
		INSERT INTO $steps SELECT $list FROM seq_1_to_$count s JOIN bench_template b ON b.k = s.seq % @n JOIN $steps t ON t.job_db_inx = b.job_db_inx;
		DROP TABLE bench_template"
	echo "$count ended jobs of $days days generated"
}

clean() {
	sql "DELETE s FROM ${CLUSTER}_step_table s JOIN ${CLUSTER}_job_table j USING (job_db_inx) WHERE j.$OURS;
		DELETE FROM ${CLUSTER}_job_table WHERE $OURS"
}

active() {
	local count=$1 have
	have=$(squeue -h -a -t PD -o %i -n active-simulation | wc -l)
	[ "$have" -lt "$count" ] || { echo "$have active jobs are there"; return; }
	cd /tmp
	seq $((count - have)) | xargs -P4 -n250 runuser -u alice -- bash -c 'for n; do
		sbatch -Q -H -J active-simulation -t $((n % 1440 + 1)) -o /dev/null --comment="project=$n; purpose=waiting in the queue" --wrap=true || exit 255
	done' bash
	echo "$((count - have)) active jobs submitted"
}

case ${1:-} in
	ended | active) "$@" ;;
	clean) clean ;;
	*) sed -n '3,13p' "$0"; exit 64 ;;
esac
