# A verb queues its steps, then runs them: `[2/5] building release ... 41 s`. What a step prints goes
# to build/logs/NAME.log; when it fails, its last lines, the log's name and an advice are shown.

logs="$root/build/logs"
step_names=() step_titles=() step_advices=() step_commands=() step_needs=()
failed_steps=()  # names; those that could not run because of them too

# [after="NAME ..."] queue NAME TITLE ADVICE COMMAND [ARGUMENT ...]
# The arguments are words without blanks. The step is not run when one of `after` failed.
queue() {
  local name=$1
  [[ " ${step_names[*]-} " != *" $name "* ]] || return 0
  step_names+=("$name") step_titles+=("$2") step_advices+=("$3") step_commands+=("${*:4}")
  step_needs+=("${after-} packages node")
}

# Runs what is queued. The first failure ends the program; with `keep-going`, failures are collected in
# failed_steps and the caller decides.
run_queue() {
  local policy=${1:-stop} total=${#step_names[@]} i culprit
  mkdir -p "$logs"
  for ((i = 0; i < total; i++)); do
    if culprit=$(failed_among "${step_needs[i]}"); then
      printf '[%s] %s: not run, because %s failed\n' "$((i + 1))/$total" "${step_titles[i]}" "$culprit"
      printf 'not run, because %s failed\n' "$culprit" >"$logs/${step_names[i]}.log"
      failed_steps+=("${step_names[i]}")
      continue
    fi
    run_step "$((i + 1))/$total" "$i"
    if [[ $step_status -ne 0 ]]; then
      failed_steps+=("${step_names[i]}")
      [[ $policy == keep-going ]] || exit 1
    fi
  done
  step_names=() step_titles=() step_advices=() step_commands=() step_needs=()
}
failed_among() {
  local name
  for name in $1; do
    if [[ " ${failed_steps[*]-} " == *" $name "* ]]; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

# Not to be called in a condition: `set -e` must hold inside the step.
run_step() {
  local position=$1 i=$2 started=$EPOCHREALTIME pid ticker=
  local name=${step_names[i]} title=${step_titles[i]}
  local log="$logs/$name.log" head="[$position] $title"
  printf '%s ...' "$head"
  # shellcheck disable=SC2086 # the command's words are its arguments
  (set -e; trap - EXIT; ${step_commands[i]}) >"$log" 2>&1 </dev/null &
  pid=$!
  running_step=$pid
  if [[ -t 1 ]]; then
    show_progress "$pid" "$head" "$log" &
    ticker=$!
  fi
  step_status=0
  wait "$pid" || step_status=$?
  running_step=
  if [[ -n $ticker ]]; then
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    printf '\r\033[K%s ...' "$head"
  fi
  if [[ $step_status -eq 0 ]]; then
    printf ' %s\n' "$(seconds_since "$started")"
  else
    printf ' FAILED after %s\n' "$(seconds_since "$started")"
    explain_failure "$name" "$title" "${step_advices[i]}" "$log"
  fi
}

# On a terminal: elapsed seconds and the counter of ninja or ctest, once a second.
show_progress() {
  local pid=$1 head=$2 log=$3 begin=$SECONDS counter
  while sleep 1 && kill -0 "$pid" 2>/dev/null; do
    counter=$(tail -c 4000 "$log" | grep -oE '\[ *[0-9]+/[0-9]+\]|^ *[0-9]+/[0-9]+ Test' | tail -n 1 || true)
    printf '\r\033[K%s ... %d s %s' "$head" $((SECONDS - begin)) "$counter"
  done
}

explain_failure() {
  local name=$1 title=$2 advice=$3 log=$4
  {
    printf '\n--- step failed: %s (%s)\n--- why: the end of %s\n' "$name" "$title" "${log#"$root"/}"
    grep -nE '\b(error|fatal|fatal error)(\[[^]]*\])?:|^FAILED|Error:|ERROR' "$log" | tail -n 12 | cut -c1-300 || true
    # A failed test of TAP with what it says of itself: its name does not stand at the end of the log.
    grep -nE -A 14 '^not ok' "$log" | head -n 60 | cut -c1-300 || true
    printf '%s\n' '...'
    tail -n 40 "$log" | cut -c1-400
    printf -- '--- what to do: %s\n\n' "$advice"
  } >&2
}

seconds_since() {
  local now=$EPOCHREALTIME
  local tenths=$(((${now/./} - ${1/./}) / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

die() {
  printf './dev: %s\n' "$1" >&2
  exit "${2:-1}"
}

# An interrupt or a kill of ./dev ends the step that runs (and its children, by their parent's id).
end_running_step() {
  [[ -z ${running_step-} ]] || end_tree "$running_step"
}
end_tree() {
  local child
  for child in $(ps -o pid= --ppid "$1" 2>/dev/null); do end_tree "$child"; done
  kill "$1" 2>/dev/null || true
}
trap end_running_step EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# stamp_is NAME VALUE: was `stamp NAME VALUE` said before? Stamps lie in the ignored folder .deps.
stamp_is() { [[ -f "$root/.deps/stamps/$1" && $(<"$root/.deps/stamps/$1") == "$2" ]]; }
stamp() {
  mkdir -p "$root/.deps/stamps"
  printf '%s' "$2" >"$root/.deps/stamps/$1"
}
hash_of() { cat "$@" | sha256sum | cut -c1-64; }
