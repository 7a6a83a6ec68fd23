import type { CommandName } from './command.ts';

/** What each option is for, in a line: `name  meaning`. `command.name` holds for that command alone. */
const text = `
accel-bind  bind tasks to the nearest accelerators
account  account that is charged
scancel.account  of jobs of this account only
accounts  of these accounts only
acctg-freq  how often usage is sampled
admin-comment  comment that the administrator leaves at the jobs
all  also what is hidden, and jobs without access
sdiag.all  all statistics, as without it
sshare.all  of all users
all_clusters  of all clusters
allclusters  of all clusters
allocations  jobs only, without their steps
allusers  of all users
array  submit an array of jobs: 0-15, 1,3,5, 0-100:5%4
squeue.array  one line for each task of an array
sacct.array  one line for each task of an array
array-unique  one line for each task of an array
associations  of these associations only
sacctmgr.associations  with the associations of what is listed
async  return as soon as the step is there
autocomplete  for the completion of the shell
batch  features that the node of the batch script must have
scancel.batch  signal the batch script alone, no steps
batch-script  print the script that was submitted
bb  burst buffer
bbf  file that describes the burst buffer
bcast  copy the program to the nodes first
bcast-exclude  paths that are not copied
begin  start no earlier: 16:00, now+1hour, 2030-01-31T12:00
brief  id, state and exit code only
chdir  directory in which the job runs
cluster  of this cluster
cluster-constraint  features that the cluster must have
clusters  of or at these clusters
comment  a comment that is kept with the job
completion  from the job completion log
compress  compress what is copied
consolidate-segments  segments of nodes may share a block
constraint  features that the nodes must have
constraints  of jobs with these constraints only
container  OCI bundle to run in
container-id  name of the container
container-type  kind of the container
context  SELinux context of the job
contiguous  nodes must lie side by side
core-spec  cores of each node that are kept for the system
cores-per-socket  nodes must have so many cores in a socket
cpu-bind  how tasks are bound to CPUs
cpu-freq  frequency of the CPUs
cpus-per-gpu  CPUs for each GPU
cpus-per-task  CPUs for each task
cron  also jobs of scrontab
ctld  leave the choice to slurmctld
dead  nodes that do not respond only
deadline  remove the job if it cannot end before this moment
debugger-test  for tests of debuggers
delay-boot  how long to wait before nodes are booted with other features
delimiter  what stands between the columns of -p and -P
dependency  start after other jobs: afterok:5:6, afterany:7, singleton
details  print more
disable-status  no status of the tasks at an interrupt
distribution  how tasks are spread over nodes, sockets and cores
duplicates  also earlier runs of requeued jobs
endtime  of jobs that were there before this moment
env-vars  print the environment that was submitted
epilog  program that srun runs after the step
error  file for stderr; %j is the id of the job, %x its name
exact  only as much as the step asked for
sinfo.exact  group only nodes of the same hardware
exclude  nodes that must not be used
exclusive  the nodes for this job alone
expand-patterns  fill in %j, %u and their like in names of files
export  variables that the job gets: ALL, NONE, NAME=value
export-file  file with the variables that the job gets
external  an allocation that another program uses
external-launcher  another program starts the tasks
extra  text for plugins, kept with the job
extra-node-info  sockets, cores and threads that the nodes must have
federation  of the federation, if there is one
file  read the records from this file
flags  of jobs with these flags only
format  columns: %i %u %t with widths
sacct.format  columns by name; --helpformat lists them
sshare.format  columns by name; --helpformat lists them
Format  columns by name, with a width after a colon
full  signal the batch script, too
future  also nodes that do not exist yet
get-user-env  take the environment from a login
gid  group that the job runs as
sacct.gid  of these groups only
gpu-bind  how tasks are bound to GPUs
gpu-freq  frequency of the GPUs
gpus  GPUs of the whole job: 4, a100:2
gpus-per-node  GPUs of each node
gpus-per-socket  GPUs of each socket
gpus-per-task  GPUs of each task
gres  devices of each node: gpu:a100:2
gres-flags  how devices are chosen
help  print this
helpformat  list the columns
helpFormat  list the columns of -O
squeue.helpformat  list the columns of -o
helpstate  list the states of -t
het-group  components of the het job in which the step runs
hide  without what is hidden
hint  compute_bound, memory_bound, nomultithread, multithread
hold  submit it held; scontrol release lets it go
hurry  without staging out
ignore-pbs  #PBS lines of the script say nothing
ignore-signals  signals that srun does not heed
immediate  give up if it cannot start within so many seconds
sacctmgr.immediate  commit at once, ask nothing
sreport.immediate  without waiting
input  file for stdin
interactive  ask before each job
srun.interactive  an interactive step of salloc
iterate  say it again every so many seconds
job-name  name of the job
jobid  run as a step of this job
jobs  of these jobs only: 17,18_3,20+1
json  as JSON
kill-on-bad-exit  end the step when a task fails
kill-on-invalid-dep  cancel it when its dependency cannot come true any more
label  put the number of the task before each line
licenses  licences that it needs: name:count
squeue.licenses  of jobs with these licences only
list-reasons  why nodes are down or drained
local  of this cluster only, not of a federation
long  more columns
mail-type  when to send mail
mail-user  whom to send mail
mcs-label  label of multi-category security
me  my jobs only
mem  memory of each node: 500M, 4G
mem-bind  how tasks are bound to memory
mem-per-cpu  memory for each CPU
mem-per-gpu  memory for each GPU
mem-update  change of the memory while it runs
mincpus  nodes must have so many CPUs
mpi  kind of MPI
msg-timeout  seconds to wait for an answer
multi-prog  a program of its own for each task, by a file
name  of jobs with these names only
ncpus  of jobs with so many CPUs: 4, 4-8
network  settings of the network
nice  lower its priority by so much
nnodes  of jobs on so many nodes: 2, 2-4
Node  one line for each node
no-allocate  run on nodes without an allocation
no-kill  go on when a node fails
no-requeue  end it when a node fails, do not run it again
noconvert  amounts as they are, without K, M and G
nodefile  file with the nodes to be used
nodelist  the job gets these nodes, and others if it needs more
scancel.nodelist  of jobs on these nodes only
squeue.nodelist  of jobs on these nodes only
sacct.nodelist  of jobs on these nodes only
nodes  number of nodes: 2, 2-4
sinfo.nodes  of these nodes only
noheader  without the line of heads
norm  normalized priorities, from 0 to 1
notme  all jobs but mine
ntasks  number of tasks
ntasks-per-core  tasks on each core at most
ntasks-per-gpu  tasks for each GPU
ntasks-per-node  tasks on each node
ntasks-per-socket  tasks on each socket at most
ntasks-per-tres  tasks for each of a resource
oneliner  each record in a line
only-job-state  ids and states only, which costs slurmctld less
oom-kill-step  end the step when one of its tasks runs out of memory
open-mode  append or truncate the files of the output
output  file for stdout; %j is the id of the job, %x its name
overcommit  more tasks than CPUs
overlap  share resources with other steps
oversubscribe  share its CPUs with other jobs where the partition lets it
parsable  columns with | after each
sbatch.parsable  print the id alone
srun.parsable  print the id alone
parsable2  columns with | between them
partition  partition, or several of which the first free one is taken
scancel.partition  of jobs of this partition only
sinfo.partition  of these partitions only
sacct.partition  of these partitions only
sprio.partition  of these partitions only
sshare.partition  also the partition of the associations
partitions  of these partitions only
power  power management
prefer  features that would be good to have
preserve-env  keep the environment as it is
priority  its priority; operators only
squeue.priority  a line for each partition of a job
profile  what is profiled
prolog  program that srun runs before the step
propagate  limits (ulimit) that the job takes over
pty  with a terminal
qos  quality of service
scancel.qos  of jobs of this QOS only
squeue.qos  of jobs of these QOS only
sacct.qos  of jobs of these QOS only
quiet  say less
quit-on-interrupt  end at the first Ctrl-C
readonly  change nothing
reason  of jobs that waited for this reason only
reboot  boot the nodes first
relative  begin at this node of the allocation
requeue  run it again when a node fails
reservation  reservation that it uses
scancel.reservation  of jobs of this reservation only
squeue.reservation  of jobs of this reservation only
sinfo.reservation  list the reservations
reset  begin to count anew
resources  resources by expression
responding  nodes that respond only
resv-ports  ports that are kept for it
segment  nodes that must lie in one block
send-libs  copy shared libraries, too
sibling  jobs of a federation as each of its clusters has them
scancel.sibling  of jobs of this sibling cluster
signal  signal to send: TERM, KILL, 10
sbatch.signal  signal to send before the time limit: [B:]USR1@60
srun.signal  signal to send before the time limit: USR1@60
slurmd-debug  how much slurmd says
sockets-per-node  nodes must have so many sockets
sort  order of the lines, by letters of the columns; - turns it round
sort-by-id  order by number of the message
sort-by-time  order by time in all
sort-by-time2  order by time of each
spread-job  on as many nodes as can be
spread-segments  segments of nodes must not share a block
start  when pending jobs are thought to start
starttime  of jobs that were there after this moment
state  of jobs in these states only: PD,R,CD
states  in these states only
stepmgr  the steps are managed on the nodes
steps  steps instead of jobs
summarize  counts of nodes only
switches  leaf switches at most: 1@10:00
task-epilog  program after each task
task-prolog  program before each task
test-only  say when it would start, submit nothing
thread-spec  threads of each node that are kept for the system
threads  how many nodes are asked at a time
threads-per-core  nodes must have so many threads in a core
time  time limit: minutes, 1:00:00, 2-12
sreport.time  unit of the amounts: Minutes, Hours, Percent, …
time-min  time limit to which it may be lowered to start sooner
timelimit-max  of jobs with this time limit at most
timelimit-min  of jobs with this time limit at least
tmp  temporary disk of each node
treewidth  width of the tree in which nodes are told
tres  resources that are reported: cpu,gres/gpu
tres-bind  how tasks are bound to resources
tres-per-task  resources of each task: cpu=4,gres/gpu=1
truncate  moments cut to what was asked for
uid  user that the job runs as
scontrol.uid  change jobs as this user
unbuffered  every line at once
units  unit of the amounts: K, M, G, T, P
usage  print the usage in a line
use-local-uid  numbers of users as this machine has them
use-min-nodes  the fewest nodes of a range
user  of these users only
users  of these users only
Users  users only, without accounts
verbose  say more
version  print the release
wait  wait for the end, and end as it ended
srun.wait  seconds to wait for the other tasks when one has ended
wait-all-nodes  begin when all nodes are ready
wait-for-children  wait for what the tasks started
wckey  wckey that is charged
scancel.wckey  of jobs of this wckey only
wckeys  of these wckeys only
weights  what the factors weigh
whole  all of each node for the step
whole-hetjob  all components of a het job
wrap  a command in place of a script
x11  forward X11
yaml  as YAML
`;

/** Meanings by option, and by `command.option` where a command means something else by it. */
function meanings(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const line of text.trim().split('\n')) {
    const [, name = '', meaning = ''] = /^(\S+) {2}(.*)$/.exec(line) ?? [];
    found.set(name, meaning);
  }
  return found;
}

/** Says what an option of a command is for; undefined when that is not known. */
export function meaningsOf(command: CommandName): (option: string) => string | undefined {
  const known = meanings();
  return (option) => known.get(`${command}.${option}`) ?? known.get(option);
}
