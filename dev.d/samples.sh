# Sample files by the real tools (tests/samples/README.md). `./dev samples [TOOL ...]` writes the
# committed ones anew; the tier `samples` of ./dev test runs the quick tools and reads what they write.

samples_all=(google_benchmark pytest_benchmark hyperfine go asv criterion jmh)
samples_quick=(google_benchmark pytest_benchmark hyperfine go)
# A tool's program, and the package that has it; a program from elsewhere is as good.
declare -A sample_program=([hyperfine]=hyperfine [go]=go [criterion]=cargo [jmh]=mvn)
declare -A sample_package=([hyperfine]=hyperfine [go]=golang-go [criterion]=cargo [jmh]="maven default-jdk-headless")

verb_samples() {
  local tool tools=("$@")
  [[ $# -gt 0 ]] || tools=("${samples_all[@]}")
  for tool in "${tools[@]}"; do
    [[ " ${samples_all[*]} " == *" $tool "* ]] || die "unknown tool: $tool (there are: ${samples_all[*]})" 2
  done
  need_tools "${tools[@]}"
  need_build release samples_test google_benchmark_sample
  for tool in "${tools[@]}"; do
    queue "sample-$tool" "a sample of $tool" "read the log; the committed file is as it was" \
      make_sample "$tool" tests/samples
  done
  queue samples-golden "what is read from them" "a sample could not be read" write_golden
  run_queue keep-going
  [[ ${#failed_steps[@]} -eq 0 ]] || exit 1
  git --no-pager diff --stat -- tests/samples
}

# What the tools of a list need besides the build.
need_tools() {
  local tool packages=""
  need build
  for tool in "$@"; do
    case "$tool" in
      google_benchmark) ;;
      pytest_benchmark | asv) packages+=" python3 python3-venv ca-certificates" ;;
      *) command -v "${sample_program[$tool]}" >/dev/null || packages+=" ${sample_package[$tool]}" ;;
    esac
  done
  # shellcheck disable=SC2086 # one package a word
  queue_packages $packages
}

need_samples() { need_tools "${samples_quick[@]}"; }
queue_samples() {
  need_page
  need_build release
  after=build-release queue test-samples "testing: files that real tools write now" \
    "./dev test samples runs them again; what they wrote lies in build/samples" tier_samples
}
tier_samples() {
  local tool
  rm -rf build/samples
  for tool in "${samples_quick[@]}"; do
    mkdir -p "build/samples/$tool"
    make_sample "$tool" build/samples
  done
  BENCHLAKE_FRESH_SAMPLES="$root/build/samples" \
    ctest --test-dir build/release -R '^samples_test$' --output-on-failure --no-tests=error
}

# make_sample TOOL FOLDER: runs the tool on the benchmarks of tests/samples/TOOL, writes into FOLDER/TOOL.
make_sample() {
  local source="$root/tests/samples/$1" out work
  mkdir -p "$2/$1"
  out=$(readlink -f "$2/$1")
  work=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name as it is now
  trap "rm -rf '$work'" EXIT
  cp -r "$source/." "$work/"
  rm -rf "$work"/result* "$work"/{saved,named}.json "$work"/messages.ndjson  # of an earlier call
  (cd "$work" && "sample_of_$1" "$out")
  system_python "$root/tests/samples/scrub.py" "$out" "$work" "$(uname -n)" "$(uname -r)"
  rm -rf "$work"
}

sample_of_google_benchmark() {
  "$root/build/release/src/formats/google_benchmark_sample" --benchmark_format=json \
    --benchmark_min_time=0.001 2>/dev/null | sed -n '/^{/,$p' >"$1/result.json"
}

# sample_python NAME: the interpreter with the packages of dev.d/samples-NAME.txt.
sample_python() {
  local venv="$root/.deps/samples-$1" list="$root/dev.d/samples-$1.txt"
  if [[ ! -x $venv/bin/python ]] || ! stamp_is "samples-$1" "$(hash_of "$list")"; then
    rm -rf "$venv"
    system_python -m venv "$venv" >&2
    "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$list" >&2
    stamp "samples-$1" "$(hash_of "$list")"
  fi
  echo "$venv/bin/python"
}
sample_of_pytest_benchmark() {
  local python
  python=$(sample_python pytest)
  git init -q -b main .
  git remote add origin https://github.com/example/samples.git
  commit_all
  "$python" -m pytest -q -p no:cacheprovider test_sort.py --benchmark-json="$1/result.json" \
    --benchmark-storage=file://./saved --benchmark-save=sample
  mv saved/*/0001_*.json "$1/saved.json"
}
commit_all() {
  git add -A
  GIT_AUTHOR_DATE=2024-08-01T12:00:00Z GIT_COMMITTER_DATE=2024-08-01T12:30:00Z \
    git -c user.name=Author -c user.email=author@example.com commit -q -m "a commit"
}

sample_of_hyperfine() {
  hyperfine -N --runs 4 --export-json "$1/result.json" \
    -P seconds 1 2 'sleep 0.00{seconds}' 'sh -c "exit 3"' --ignore-failure
  hyperfine -N --runs 3 --command-name 'a named command' true --export-json "$1/named.json"
}

sample_of_go() {
  export GOTOOLCHAIN=local GOFLAGS=-mod=mod
  # A failing benchmark makes go end with 1.
  go test -bench . -benchtime 20x -count 2 -cpu 2 . >"$1/result.txt" 2>&1 || true
  go test -json -bench . -benchtime 20x -cpu 2 . >"$1/result.ndjson" 2>&1 || true
}

sample_of_asv() {
  local python commit
  python=$(sample_python asv)
  export HOME=$PWD/home
  mkdir home
  git init -q -b main .
  commit_all
  commit=$(git rev-parse HEAD)
  "$python" -m asv machine --machine bench-host --os Linux --arch x86_64 --cpu 'A CPU' --num_cpu 2 --ram 8000000
  # A benchmark that fails makes asv end with 2.
  "$python" -m asv run --quick --environment "existing:$python" --set-commit-hash "$commit" \
    --machine bench-host --record-samples || [[ $? -eq 2 ]]
  # The environment is named after this machine's folders.
  rm -rf "$1/results"
  mkdir -p "$1/results/bench-host"
  cp results/benchmarks.json "$1/results/"
  cp results/bench-host/machine.json "$1/results/bench-host/"
  sed -E 's/existing-py[A-Za-z0-9_.-]*/existing-py/g' results/bench-host/*-existing-*.json \
    >"$1/results/bench-host/${commit:0:8}-existing-py.json"
}

sample_of_criterion() {
  local folder
  cargo bench --quiet
  rm -rf "$1/result"
  while read -r folder; do
    mkdir -p "$1/result/$folder"
    cp "target/criterion/$folder"/{benchmark,sample,estimates}.json "$1/result/$folder/"
  done < <(cd target/criterion && find . -type d -name new -printf '%P\n' | sort)
  if command -v cargo-criterion >/dev/null; then
    cargo criterion --plotting-backend disabled --message-format=json >"$1/messages.ndjson"
  else
    echo "messages.ndjson stays as it is: cargo-criterion is not here (cargo install cargo-criterion)"
  fi
}

sample_of_jmh() {
  mvn -q -B package dependency:build-classpath -Dmdep.outputFile=classpath
  java -cp "target/classes:$(<classpath)" org.openjdk.jmh.Main -f 1 -wi 1 -w 50ms -i 3 -r 50ms \
    -prof gc -rf json -rff "$1/result.json"
}

write_golden() {
  BENCHLAKE_WRITE_GOLDEN=1 ctest --test-dir build/release -R '^samples_test$' --output-on-failure --no-tests=error
}
