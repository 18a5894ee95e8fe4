# What sweep and sweep.slurm share: the runs of a sweep, a line of options each. To be sourced.

# runs_of FILE or runs_of PATTERN…: a run a line. A file has one on each line, but for blank ones and those that begin
# with #; braces stand for several: "--interval {4,16} --seed {1..3}" is six runs.
runs_of() {
  local line
  if [[ $# -eq 1 && $1 != -* ]]; then
    [[ -r $1 ]] || { echo "sweep: cannot read $1, which is to hold a line of options for each run" >&2; return 74; }
    while IFS= read -r line || [[ -n $line ]]; do
      if [[ $line =~ [^[:space:]] && $line != \#* ]]; then expanded "$line"; fi
    done <"$1"
  else
    for line; do expanded "$line"; done
  fi
}

# expanded LINE: a line for each choice that its braces leave.
expanded() {
  local before list after choice
  if [[ ! $1 =~ ^([^{}]*)\{([^{}]*)\}(.*)$ ]]; then
    echo "$1"
    return
  fi
  before=${BASH_REMATCH[1]} list=${BASH_REMATCH[2]} after=${BASH_REMATCH[3]}
  if [[ $list =~ ^([0-9]+)\.\.([0-9]+)$ ]]; then
    list=$(seq -s , "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
  fi
  while IFS= read -r choice; do expanded "$before$choice$after"; done <<<"${list//,/$'\n'}"
}

# name_of LINE: a folder's name from options: "--algorithm pr-sgd --interval 8" is pr-sgd-interval-8.
name_of() {
  sed -e 's/--algorithm *//' -e 's/[^A-Za-z0-9._=-]\{1,\}/-/g' -e 's/-\{2,\}/-/g' -e 's/^-//' -e 's/-$//' <<<"$1"
}
