# What the experiments share; to be sourced. PROGRAM and MPIRUN may be set, and OUT, the folder for runs and tables.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROGRAM=${PROGRAM:-$here/../../.build/release/prsgd-mpi}
MPIRUN=${MPIRUN:-$(command -v mpirun.openmpi || echo mpirun)}
OUT=${OUT:-runs}
FIGURES=${FIGURES:-$here/..}
own_session=$here/../../jobs/own-session

# More ranks than cores are welcome, and ranks that wait yield.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1
if [[ $(id -u) -eq 0 ]]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

# train RANKS FOLDER OPTION…: one quiet run.
train() {
  local ranks=$1 folder=$2
  shift 2
  "$own_session" "$MPIRUN" -np "$ranks" "$PROGRAM" train --quiet --overwrite --output "$folder" "$@" 2>"$folder.log" </dev/null ||
    { cat "$folder.log" >&2; return 1; }
}

isFinished() { grep -qs '"ended" *: *"finished"' "$1/run.json"; }

# trainOnce RANKS FOLDER OPTION…: one quiet run, unless it is finished; one that was stopped is resumed.
trainOnce() {
  local ranks=$1 folder=$2
  shift 2
  isFinished "$folder" || "$own_session" "$MPIRUN" -np "$ranks" "$PROGRAM" train --quiet --resume --output "$folder" "$@" \
    2>"$folder.log" </dev/null || { cat "$folder.log" >&2; return 1; }
}

# column NAME FILE: the column of that name, a number a line.
column() {
  awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' "$2"
}

# mean NAME FILE…: step and the mean over files of a column, a line per row.
mean() {
  local name=$1
  shift
  awk -F, -v name="$name" '
    FNR == 1 { for (i = 1; i <= NF; i++) { if ($i == name) c = i; if ($i == "step") s = i } next }
    { step[FNR] = $s; sum[FNR] += $c; count[FNR]++; if (FNR > last) last = FNR }
    END { for (r = 2; r <= last; r++) print step[r], sum[r] / count[r] }' "$@"
}
