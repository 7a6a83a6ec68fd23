# shellcheck shell=bash
# What a lab needs before its daemons start: packages, users, configuration, and Slurm's commands as its users.
# Sourced by slurm-lab.sh.

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
