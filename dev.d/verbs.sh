# The verbs besides test.

program="$root/build/release/benchlake"

verb_build() {
  need build node
  need_page
  need_build release
  run_queue
  printf 'built: build/release/benchlake\n'
}

verb_run() {
  need build node
  need_page
  need_build release benchlake
  run_queue
  if [[ " $* " == *" --data"* ]]; then
    exec "$program" serve "$@"
  fi
  local data="$root/data"
  if [[ ! -e $data/benchlake.db && -d $BENCHLAKE_SHARED/data/histories ]]; then
    fill_with_demo_data "$data" &
  fi
  exec "$program" serve --data "$data" "$@"
}
# Waits for the server that this shell becomes, then posts the demo histories to it.
fill_with_demo_data() {
  trap - EXIT
  local data=$1 tries
  for ((tries = 0; tries < 300; tries++)); do
    [[ ! -f $data/server.json ]] || break
    kill -0 $$ 2>/dev/null || return 0  # the server did not start; it has said why
    sleep 0.1
  done
  echo "./dev run: an empty store: the demo histories are being sent, reload the page to see them grow" >&2
  if "$program" demo --data "$data" >"$logs/demo.log" 2>&1; then
    echo "./dev run: the demo histories are in" >&2
  else
    echo "./dev run: the demo histories could not be sent, see build/logs/demo.log" >&2
  fi
}

verb_web() {
  need node
  need_npm web
  run_queue
  cd web
  with_node npm run dev -- "$@"
}

# ./dev bench [NAME [ARGUMENT ...]]: the programs of bench/, one after the other on a quiet machine.
verb_bench() {
  if [[ ${1-} == accuracy ]]; then
    bench_accuracy
    return
  fi
  local source name names=()
  for source in bench/*_bench.cc; do names+=("$(basename "$source" .cc)"); done
  if [[ $# -gt 0 ]]; then
    [[ " ${names[*]} " == *" $1 "* ]] || die "unknown benchmark: $1 (there are: ${names[*]})" 2
    names=("$1")
    shift
  fi
  need build node postgres
  need_page
  need_build release
  run_queue
  mkdir -p build/bench
  for name in "${names[@]}"; do
    printf '\n== %s\n' "$name"
    (cd build/bench && "../release/bench/$name" --json "$name.json" "$@")
    [[ $name == results_bench && $# -eq 0 ]] || continue
    printf '\n== %s over PostgreSQL\n' "$name"
    (cd build/bench && "../release/bench/$name" --json results_bench_postgres.json \
      --store postgres --results 200000 --series 10000 --threads 16 --rounds 500)
  done
  printf '\nfigures as JSON: build/bench\n'
}

# Our row of the accuracy benchmark beside the peers' table of its README.
bench_accuracy() {
  local folder=${BENCHLAKE_SHARED:-../shared}/accuracy
  [[ -f $folder/score.py ]] || die "the accuracy benchmark is missing; say where its parent is: BENCHLAKE_SHARED" 2
  need build node
  need_page
  need_build release benchlake
  run_queue
  mkdir -p build/bench
  build/release/benchlake verdict "$folder/series.jsonl" >build/bench/verdicts.jsonl
  system_python "$folder/score.py" --data "$folder" build/bench/verdicts.jsonl --json build/bench/accuracy.json
  sed -n '/^| program /,$p' "$folder/README.md" | tail -n +3
}

# ./dev perf [OPTION ...]: the performance tier (dev.d/perf.sh). With a NAME, or `all`: that program of bench/, or all of
# them, and beside it the figures that are committed in bench/baseline.
verb_perf() {
  case "${1-}" in
    "" | -*) perf_tier "$@" ;;
    all) perf_programs ;;
    *) perf_programs "$@" ;;
  esac
}
perf_programs() {
  verb_bench "$@"
  local baseline figures
  for baseline in bench/baseline/*.json; do
    figures="build/bench/$(basename "$baseline")"
    [[ -f $baseline && -f $figures ]] || continue
    printf '\n== %s\n' "$(basename "$baseline" .json)"
    system_python bench/compare.py "$baseline" "$figures"
  done
}

# ./dev coverage [FOLDER ...]: all of src/, or only these folders of it (`events lake/delta`): then the rest is
# not instrumented, and only the tests of those folders are built and run.
verb_coverage() {
  local folder preset=coverage labels=tests_of_ targets=(source_tests)
  if [[ $# -gt 0 ]]; then
    preset=coverage-folders targets=() labels="tests_of_("
    for folder in "$@"; do
      [[ -d src/$folder && $folder != */ ]] || die "no folder of src: $folder" 2
      [[ " ${targets[*]} " == *" tests_of_${folder%%/*} "* ]] || targets+=("tests_of_${folder%%/*}")
      labels+="${folder%%/*}|"
    done
    labels="${labels%|})\$"
    BL_COVERAGE=$(IFS=';' && echo "$*")
    export BL_COVERAGE
  fi
  need build coverage postgres s3 delta
  need_build "$preset" "${targets[@]}"
  after="build-$preset" queue coverage-tests "running the tests" "./dev test unit shows what fails" \
    coverage_tests "$preset" "$labels"
  after=coverage-tests queue coverage-report "writing build/$preset/report" "read the log" coverage_report "$preset" "$@"
  run_queue
  cat "$logs/coverage-report.log"
}
# Counts of an earlier run would be added.
coverage_tests() {
  find "build/$1" -name '*.gcda' -delete
  ctest --test-dir "build/$1" --output-on-failure --no-tests=error -j "$jobs" -L "^$2"
}
coverage_report() {
  local folder report="build/$1/report" filters=()
  for folder in "${@:2}"; do filters+=(--filter "src/$folder/"); done
  [[ ${#filters[@]} -gt 0 ]] || filters=(--filter src/)
  mkdir -p "$report"
  gcovr --root . "${filters[@]}" --exclude '.*/tests/.*' --exclude '.*/testing/.*' --exclude-throw-branches --gcov-ignore-parse-errors \
    --html-details "$report/index.html" --txt "$report/summary.txt" --json-summary "$report/summary.json" "build/$1" \
    >"$report/gcovr.log" 2>&1
  system_python dev.d/coverage_by_folder.py "$report/summary.json"
}

cpp_sources() { git ls-files --cached --others --exclude-standard 'src/*.h' 'src/*.cc' 'bench/*.h' 'bench/*.cc' 'tests/*.h' 'tests/*.cc'; }

verb_lint() {
  need build node lint
  need_npm web
  queue lint-format "formatting of the C++ sources" "./dev format mends it" lint_format
  queue lint-shell "the shell scripts" "each line of the log names a place" lint_shell
  queue lint-tidy "the tidy rules" "each line of the log names a place and its rule" lint_tidy
  after=npm-web queue lint-web "types of the page" "'npm run check' in web/" lint_web
  run_queue keep-going
  [[ ${#failed_steps[@]} -eq 0 ]]
}
lint_shell() { shellcheck -x dev .ci/run; }
lint_format() { cpp_sources | xargs clang-format-19 --dry-run -Werror; }
lint_tidy() { system_python tests/tidy/tidy.py "$root"; }
lint_web() {
  cd web
  with_node npm run check
}

verb_format() {
  need lint
  queue format "formatting the C++ sources" "read the log" format_sources
  run_queue
}
format_sources() { cpp_sources | xargs clang-format-19 -i; }

verb_asan() {
  asan_tests=()
  verb_test asan
}
verb_fuzz() {
  fuzz_seconds=${1:-$fuzz_seconds}
  [[ $fuzz_seconds =~ ^[1-9][0-9]*$ ]] || die "seconds must be a whole number above 0: $fuzz_seconds" 2
  verb_test fuzz
}
verb_tsan() {
  need build postgres s3 delta
  need_build tsan unit_tests
  after=build-tsan queue test-tsan "testing: unit tests under ThreadSanitizer" \
    "the first report in the log shows the two places" tier_ctest tsan unit
  run_queue keep-going
  summarize "$EPOCHREALTIME" tsan
}

verb_long() {
  export BENCHLAKE_KILL_ROUNDS=${BENCHLAKE_KILL_ROUNDS:-500}
  export BENCHLAKE_KILL_SECONDS=${BENCHLAKE_KILL_SECONDS:-60}
  export BENCHLAKE_STORM_ROUNDS=${BENCHLAKE_STORM_ROUNDS:-300}
  export BENCHLAKE_FAULTS_ALL=${BENCHLAKE_FAULTS_ALL:-1}
  export BENCHLAKE_SIMULATION_COUNT=${BENCHLAKE_SIMULATION_COUNT:-10000}
  export RC_PARAMS=${RC_PARAMS:-max_success=1000}
  fuzz_seconds=${BL_FUZZ_SECONDS:-600}
  schema_examples=${BL_SCHEMA_EXAMPLES:-500}
  asan_tests=()
  [[ $# -gt 0 && " $* " != *" unit "* ]] || need chdb
  verb_test "$@"
}

verb_release() {
  [[ -z $(git status --porcelain) ]] || die "the working tree has changes; commit or remove them first"
  verb_test
  failed_steps=()
  perf_tier  # ends the program when it is not green
  queue package "packaging" "read the log" package_release
  run_queue
  ls -l build/release-package
}
package_release() {
  local version name folder="$root/build/release-package"
  version=$("$program" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
  name="benchlake-$version-linux-$(uname -m)"
  rm -rf "$folder"
  mkdir -p "$folder/$name"
  DESTDIR= cmake --install build/release --prefix "$folder/$name" --strip
  cp -r LICENSE README.md docs "$folder/$name/"
  tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$(git log -1 --format=%ct)" -czf "$folder/$name.tar.gz" "$name"
  rm -rf "${folder:?}/$name"
  cp build/clients/benchlake-*.whl build/clients/benchlake-*.tar.gz "$folder/"  # the tier clients built and tested them
  (cd "$folder" && for name in *.whl *.tar.gz; do sha256sum "$name" >"$name.sha256"; done)
}

verb_clean() {
  rm -rf "$root/build"
}
