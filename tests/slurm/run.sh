#!/usr/bin/env bash
# The example pipeline on a real Slurm of two nodes, both this machine: the results have to be,
# byte for byte, those of the local profile and of `riskscore batch`, a bad file among them left out
# and told. Needs root, and Debian's
# slurm-wlm and munge, and no Slurm that is configured already: all is taken down again.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
snakemake=$root/.cache/pipeline/bin/snakemake
export PATH="$root/.venv/bin:$PATH"

place=$(mktemp -d /tmp/riskscore-slurm.XXXXXX)
chmod 755 "$place"
# where srun looks inside a job, from whose environment Snakemake takes SLURM_CONF
conf=/etc/slurm/slurm.conf
[ ! -e $conf ] || { echo "Slurm is configured here already ($conf): the test leaves it alone" >&2; exit 1; }

take_down() {
  status=$?
  [ "$status" = 0 ] || find "$place" -name "*.log" -not -path "*/.snakemake/log/*" -exec tail -n 40 {} + >&2
  for pid in "$place"/*.pid; do
    [ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null || true
  done
  for _ in $(seq 50); do
    running=$(cat "$place"/*.pid 2>/dev/null | xargs -r ps -o pid= -p 2>/dev/null || true)
    [ -n "$running" ] || break
    sleep 0.1
  done
  [ "$(readlink $conf)" != "$place/slurm.conf" ] || rm $conf
  rm -rf "$place"
  exit "$status"
}
trap take_down EXIT

# munge, with a key and a socket of its own, under its own user as it demands
mkdir "$place/munge"
dd if=/dev/urandom of="$place/munge/key" bs=1 count=1024 status=none
chmod 400 "$place/munge/key"
chown -R munge:munge "$place/munge"
setpriv --reuid munge --regid munge --clear-groups munged --socket "$place/munge/socket" \
  --key-file "$place/munge/key" --pid-file "$place/munge/munged.pid" \
  --log-file "$place/munge/munged.log" --seed-file "$place/munge/seed"
ln -s munge/munged.pid "$place/munged.pid"

host=$(hostname -s)
memory=$(awk '/MemTotal/ {print int($2 / 1024 / 2)}' /proc/meminfo)
# the high half of the ports, so that a Slurm that is there already is not disturbed
port=$((20000 + $$ % 20000))
mkdir -p /etc/slurm
ln -s "$place/slurm.conf" $conf
cat >"$place/slurm.conf" <<CONF
ClusterName=riskscore
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmctldPort=$port
SlurmctldPidFile=$place/slurmctld.pid
SlurmctldLogFile=$place/slurmctld.log
StateSaveLocation=$place/state
SlurmdPidFile=$place/%n.pid
SlurmdLogFile=$place/%n.log
SlurmdSpoolDir=$place/%n
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$place/jobs.txt
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))] CPUs=2 RealMemory=$memory
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
CONF
mkdir "$place/state"
slurmctld -c
slurmd -N n1 -c
slurmd -N n2 -c
for _ in $(seq 60); do
  [ "$(sinfo -h -o '%D %t' 2>/dev/null)" = "2 idle" ] && break
  sleep 0.25
done
sinfo

# the example, and a file that is cut short: all three end with exit code 3 and name it
example=$root/reference/examples
head -c 100000 "$example/1000G_MHC_HLA.GRCh38.vcf.gz" >"$place/cut.vcf.gz"
printf 'sample_set\tvcf\texposures\n1000G\t%s\t%s\ncut\t%s\t\n' \
  "$example/1000G_MHC_HLA.GRCh38.vcf.gz" "$example/1000G_samples.tsv" "$place/cut.vcf.gz" \
  >"$place/manifest.tsv"

ends_with() { # exit code, command
  local expected=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$expected" ] || { echo "$1 $2 ended with $code, not $expected" >&2; return 1; }
}

run() { # name, profile, further arguments
  local name=$1 profile=$2
  shift 2
  "$snakemake" -s pipelines/Snakefile --profile "pipelines/profiles/$profile" \
    --directory "$place/$name" --quiet rules progress "$@" \
    --config source="$place/manifest.tsv" >"$place/$name.log" 2>&1
}

mkdir "$place/local" "$place/slurm"
ends_with 3 run local local
ends_with 3 run slurm slurm --slurm-no-account --slurm-status-command squeue \
  --slurm-init-seconds-before-status-checks 2 --seconds-between-status-checks 2 \
  --latency-wait 10 --group-components score=2
ends_with 3 riskscore batch "$place/manifest.tsv" -m t1d -m ra -m ms \
  --shards 4 --tsv --out "$place/batch" 2>"$place/batch.log"

jobs=$(grep -c 'JobState=COMPLETED' "$place/jobs.txt")
[ "$jobs" -ge 4 ] || { echo "only $jobs jobs went through sbatch" >&2; exit 1; }
diff -r "$place/local/results" "$place/slurm/results"
diff -r --exclude work "$place/batch" "$place/slurm/results"
grep -q '^cut.*VCFFormatError' "$place/slurm/results/failed.tsv"
rows=$(wc -l <"$place/slurm/results/scores.tsv")
echo "slurm: $jobs jobs on 2 nodes, $rows lines of scores, the same bytes as the local run and as batch"
