import type { AccountSpec, QosSpec, UserSpec } from '../model/spec.ts';

/** The cluster without a configuration: six nodes, two of them with GPUs, as the test lab's real one has them. */
export const labSlurmConf = `ClusterName=labcluster
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=6817
SlurmUser=slurm
AuthType=auth/munge
AuthAltTypes=auth/jwt
ProctrackType=proctrack/linuxproc
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,bf_continue
PriorityType=priority/multifactor
PriorityWeightAge=1000
PriorityWeightFairshare=10000
PriorityWeightJobSize=1000
PriorityWeightPartition=1000
PriorityWeightQOS=2000
GresTypes=gpu
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=6819
AccountingStorageTRES=gres/gpu,gres/gpu:a100
AccountingStorageEnforce=associations,limits,qos
AccountingStoreFlags=job_script,job_env,job_comment
MinJobAge=300
MaxJobCount=100000
MaxArraySize=20001
JobRequeue=1
ReturnToService=1
InactiveLimit=0
KillWait=3
MessageTimeout=30
SlurmdTimeout=300
DefMemPerCPU=1000
NodeName=node[01-04] NodeAddr=127.0.0.1 Port=[6821-6824] Sockets=2 CoresPerSocket=4 ThreadsPerCore=2 RealMemory=64000
NodeName=gpu[01-02] NodeAddr=127.0.0.1 Port=[6825-6826] Sockets=2 CoresPerSocket=4 ThreadsPerCore=2 RealMemory=64000 Gres=gpu:a100:4
PartitionName=cpu Nodes=node[01-04] Default=YES State=UP
PartitionName=gpu Nodes=gpu[01-02] State=UP
PartitionName=shared Nodes=node[01-04],gpu[01-02] OverSubscribe=YES:4 State=UP
`;

export const labAccounts: readonly AccountSpec[] = [
  { name: 'physics', description: 'physics', organization: 'lab', parent: 'root', fairshare: 10 },
  { name: 'chem', description: 'chem', organization: 'lab', parent: 'root', fairshare: 10 },
];

export const labQos: readonly QosSpec[] = [
  { name: 'normal', priority: 0 },
  { name: 'high', priority: 100 },
];

export const labUsers: readonly UserSpec[] = [
  {
    name: 'alice',
    uid: 1001,
    group: 'alice',
    gid: 1001,
    home: '/home/alice',
    admin: 'None',
    accounts: ['physics', 'chem'],
    limits: { qos: { how: '+', names: ['high'] } },
  },
  { name: 'bob', uid: 1002, group: 'bob', gid: 1002, home: '/home/bob', admin: 'None', accounts: ['chem'] },
  { name: 'root', uid: 0, group: 'root', gid: 0, home: '/root', admin: 'Administrator', accounts: ['root'] },
];
