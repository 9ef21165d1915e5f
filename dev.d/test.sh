# ./dev test: tiers, each a step; a failure in one does not hide the others. docs/testing.md says what
# each tier may assert. Every tier's log ends with its runner's own summary.

tiers_all=(unit web browser samples schema clients fuzz asan)
fuzz_seconds=${BL_FUZZ_SECONDS:-10}
# Of the units, those that the tier `asan` builds and runs: what reads bytes from outside, and what shares memory
# between threads. Empty: all of them (./dev asan, ./dev long).
asan_tests=(base_test net_test net_grpc_test columns_test objects_test journal_test delta_test store_sqlite_test
  formats_test traces_wire_test traces_reads_test events_model_test bigquery_rows_test bigquery_sql_test)

verb_test() {
  local tier tiers=("$@") started=$EPOCHREALTIME
  [[ $# -gt 0 ]] || tiers=("${tiers_all[@]}")
  for tier in "${tiers[@]}"; do
    [[ " ${tiers_all[*]} " == *" $tier "* ]] || die "unknown tier: $tier (there are: ${tiers_all[*]})" 2
  done
  for tier in "${tiers[@]}"; do "need_$tier"; done
  for tier in "${tiers[@]}"; do "queue_$tier"; done
  run_queue keep-going
  summarize "$started" "${tiers[@]}"
}

# What each tier stands on, queued first so that packages are installed in one step.
need_unit() { need build node postgres s3 delta; }
need_web() { need node; }
need_browser() { need build node browser; }
need_fuzz() { need build fuzz; }
need_asan() { need build fuzz postgres s3 delta; }

queue_unit() {
  need_page
  need_build release
  after=build-release queue test-unit "testing: unit, contract, api, crash, tidy (ctest)" \
    "'ctest --test-dir build/release -R NAME --output-on-failure' runs one test again" tier_ctest release
}
queue_web() {
  need_npm web
  after=npm-web queue test-web "testing: the page's units and types" \
    "'npm test' and 'npm run check' in web/ run them again" tier_web
}
queue_browser() {
  need_page
  need_build release
  need_npm tests/browser
  after="build-release npm-tests-browser" queue test-browser "testing: the page in a browser" \
    "./dev test browser runs them again; screenshots lie in build/screenshots" tier_browser
}
queue_fuzz() {
  need_asan_build
  after=build-asan queue test-fuzz "testing: fuzzers, $fuzz_seconds s each" \
    "the log names the input's file; 'build/asan/fuzz/NAME FILE' runs it again" tier_fuzz "$fuzz_seconds"
}
queue_asan() {
  need_asan_build
  local names
  names=$(IFS='|' && echo "${asan_tests[*]}")
  after=build-asan queue test-asan "testing: unit tests under ASan and UBSan" \
    "the first report in the log shows the place; build/asan/tests/NAME runs one again" \
    tier_ctest asan unit ${names:+"^($names)\$"}
}
need_asan_build() {
  if [[ ${#asan_tests[@]} -eq 0 ]]; then need_build asan unit_tests fuzzers; else need_build asan "${asan_tests[@]}" fuzzers; fi
}

# tier_ctest PRESET [LABEL [NAMES]]: NAMES is a pattern.
tier_ctest() {
  local label=()
  [[ -z ${2-} ]] || label=(-L "^$2\$")
  [[ -z ${3-} ]] || label+=(-R "$3")
  export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1}
  export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
  ctest --test-dir "build/$1" --output-on-failure --no-tests=error -j "$jobs" "${label[@]}"
}

tier_web() {
  cd web
  with_node npm run check
  NO_COLOR=1 with_node npm test
}

# A real server on a fresh data folder, filled by `benchlake demo`; the tests click through its page.
tier_browser() {
  local data url
  data=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name as it is now
  trap "stop_server; rm -rf '$data'" EXIT
  start_server "$data/data" "$data" --set "lake.objects=$data/lake"
  url=$server_url
  "$root/build/release/benchlake" demo --data "$data/data"
  "$root/build/release/benchlake" lake refresh --data "$data/data"
  mkdir -p build/screenshots
  cd tests/browser
  BENCHLAKE_URL=$url BENCHLAKE_TOKEN=$(cat "$data/data/operator.token") \
    BENCHLAKE_PROGRAM="$root/build/release/benchlake" \
    BENCHLAKE_SCREENSHOTS="$root/build/screenshots" NO_COLOR=1 with_node npm test
}

# start_server DATA LOGS [FLAG ...]: sets server_pid and server_url when it is ready (its first line of output).
start_server() {
  local tries=0
  "$root/build/release/benchlake" serve --data "$1" --http 127.0.0.1:0 "${@:3}" >"$2/ready" 2>"$2/server.log" &
  server_pid=$!
  until server_url=$(grep -oE 'http://[0-9.:]+' "$2/ready" | head -n 1) && [[ -n $server_url ]]; do
    if ((tries++ > 150)) || ! kill -0 "$server_pid"; then
      echo "the server did not start; its log:"
      cat "$2/server.log"
      return 1
    fi
    sleep 0.1
  done
}
stop_server() {
  [[ -z ${server_pid-} ]] || { kill "$server_pid" && wait "$server_pid"; } 2>/dev/null || true
}

# Each fuzzer on a copy of its committed corpus (src/*/tests/corpus/NAME), as many at once as there are cores;
# new inputs stay in build/.
tier_fuzz() {
  local seconds=$1 folder="build/fuzz" name passed=0 failed=0 failures=()
  rm -rf "$folder/said"
  mkdir -p "$folder/said" "$folder/crashes"
  export -f fuzz_one
  find build/asan/fuzz -maxdepth 1 -type f -executable -printf '%f\n' | sort |
    xargs -P "$jobs" -I NAME bash -c 'fuzz_one "$@"' fuzz_one NAME "$seconds" "$folder" || true
  for name in "$folder"/said/*.status; do
    [[ -e $name ]] || continue
    cat "${name%.status}"
    if [[ $(<"$name") == 0 ]]; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      failures+=("${name%.status}")
    fi
  done
  # Last, so that a log cut to its end has them: where it broke, and the input (libFuzzer prints small ones).
  for name in "${failures[@]}"; do
    echo "FAILED: $(basename "$name")"
    sed '/Recommended dictionary/,/End of recommended dictionary/d' "$name" | tail -n 30
  done
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0 && passed > 0))
}
# fuzz_one NAME SECONDS FOLDER: what it says goes to FOLDER/said/NAME, how it ended beside it.
fuzz_one() {
  local name=$1 seconds=$2 folder=$3 seeds status=0
  mkdir -p "$folder/corpus/$name"
  seeds=$(find src -type d -path "*/corpus/$name" | head -n 1)
  # shellcheck disable=SC2086 # no seeds, no argument
  {
    printf '\n== %s\n' "$name"
    "build/asan/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="$folder/crashes/$name-" "$folder/corpus/$name" $seeds
  } >"$folder/said/$name" 2>&1 || status=$?
  echo "$status" >"$folder/said/$name.status"
}

# Sets passed_of and failed_of from the runner's summary at the end of a log.
count_log() {
  local log=$1 text
  passed_of=0 failed_of=0
  text=$(sed 's/\x1b\[[0-9;]*m//g' "$log")
  if [[ $text =~ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
    failed_of=${BASH_REMATCH[1]} passed_of=$((BASH_REMATCH[2] - BASH_REMATCH[1]))
  elif [[ $text =~ $'\n'([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed_of=${BASH_REMATCH[1]} failed_of=${BASH_REMATCH[2]}
  elif [[ $text =~ Tests\ +(([0-9]+)\ failed\ \|\ )?([0-9]+)\ passed ]]; then
    failed_of=${BASH_REMATCH[2]:-0} passed_of=${BASH_REMATCH[3]}
  elif [[ $text =~ [#ℹ]\ pass\ ([0-9]+) ]]; then
    passed_of=${BASH_REMATCH[1]}
    [[ ! $text =~ [#ℹ]\ fail\ ([0-9]+) ]] || failed_of=${BASH_REMATCH[1]}
  fi
}

# The runners' closing lines, then one line for all: `N passed, N failed`.
summarize() {
  local started=$1 tier log passed=0 failed=0 word
  shift
  printf '\n'
  for tier in "$@"; do
    log="$logs/test-$tier.log"
    word=passed
    if [[ " ${failed_steps[*]-} " == *" test-$tier "* ]]; then word=FAILED; fi
    count_log "$log"
    [[ $word == passed || $failed_of -gt 0 ]] || failed_of=1
    passed=$((passed + passed_of)) failed=$((failed + failed_of))
    printf '%-8s %s: %d passed, %d failed\n' "$tier" "$word" "$passed_of" "$failed_of"
    [[ $tier != unit && $tier != asan ]] || grep -hE 'tests passed, .* tests failed out of' "$log" || true
  done
  if [[ ${#failed_steps[@]} -gt 0 ]]; then
    printf 'failed steps: %s\n' "${failed_steps[*]}"
    [[ $failed -gt 0 ]] || failed=1
  fi
  printf 'took %s\n%d passed, %d failed\n' "$(seconds_since "$started")" "$passed" "$failed"
  [[ $failed -eq 0 ]]
}
