# ./dev perf: the gate on the performance tier (bench/bigquery): five scenarios with BigQuery's own clients, compared with the
# committed baseline of this architecture.

tier_folder="$root/bench/bigquery"

need_perf_tier() {
  need build node
  queue_packages python3 python3-venv ca-certificates
  need_page
  need_build release benchlake
  queue perf-clients "BigQuery's Python clients, and TPC-H's data" \
    "read the log; are the package registries reachable?" perf_environments
}

perf_environments() {
  local tpch
  pinned_python clients-bigquery
  tpch=$(pinned_python bench-tpch)
  [[ -f .deps/bench-tpch/sf0.01/tpch.json ]] || "$tpch" bench/bigquery/tpch_data.py .deps/bench-tpch/sf0.01
}

# The peer looks for DuckDB's extensions in its user's folder.
perf_peer() {
  local venv="$root/.deps/bench-bigquery-peer" folder
  pinned_python bench-bigquery-peer
  folder="$venv/home/.duckdb/extensions/v1.5.5/linux_amd64"
  mkdir -p "$folder"
  find "$venv/lib" -name '*.duckdb_extension' -exec ln -sf {} "$folder/" \;
}

# with_perf_environment COMMAND [ARGUMENT ...]: `python3` is the one with the clients.
with_perf_environment() {
  PATH="$root/.deps/clients-bigquery/bin:$PATH" BENCHLAKE_PERF_TPCH="$root/.deps/bench-tpch/sf0.01" \
    BL_LAKE_PREFIX=${BL_LAKE_PREFIX:-$root/.deps/lake} PYTHONDONTWRITEBYTECODE=1 "$@"
}

# ./dev perf [--ci | --record | --peer] [ARGUMENT ...]: further arguments go to `benchlake gate check` (or record), or to
# side_by_side.py.
perf_tier() {
  local how=${1-}
  case "$how" in
    --ci | --record | --peer) shift ;;
  esac
  need_perf_tier
  [[ $how != --peer ]] || after=perf-clients queue perf-peer "fetching the peer, bqemulator" "read the log" perf_peer
  run_queue
  mkdir -p build/perf
  case "$how" in
    --peer) with_perf_environment python3 "$tier_folder/side_by_side.py" --json build/perf/side_by_side.json "$@" ;;
    --record) with_perf_environment "$program" gate record --config "$tier_folder/gate.toml" "$@" ;;
    --ci) perf_gate --arch linux-x86_64 --counters-only-on-foreign-machine "$@" ;;
    *) perf_gate "$@" ;;
  esac
}

# Its reports lie in build/perf; the last line counts the benchmarks as the tests are counted.
perf_gate() {
  local status=0 failed all
  perf_image
  rm -f build/perf/gate.xml build/perf/gate.md
  BENCHLAKE_PERF_IMAGE=$perf_image_name with_perf_environment "$program" gate check --config "$tier_folder/gate.toml" --all \
    --junit build/perf/gate.xml --markdown build/perf/gate.md "$@" || status=$?
  [[ -z $perf_image_missing ]] || printf 'skipped: cold_start[container]: %s\n' "$perf_image_missing"
  if [[ -f build/perf/gate.xml ]]; then
    all=$(grep -c '<testcase ' build/perf/gate.xml || true)
    failed=$(grep -cE '<(failure|error) ' build/perf/gate.xml || true)
    printf 'performance: %d passed, %d failed\n' $((all - failed)) "$failed"
  fi
  return "$status"
}

# The image of deploy/Dockerfile with the built program, where Docker answers. Never recorded: a baseline must hold where it
# does not.
perf_image() {
  perf_image_name="" perf_image_missing=""
  if ! command -v docker >/dev/null; then
    perf_image_missing="there is no docker"
  elif ! timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; then
    perf_image_missing="docker does not answer"
  elif ! { DESTDIR='' cmake --install build/release --prefix build/image --strip && docker build -q -f deploy/Dockerfile -t benchlake:perf .; } \
    >"$logs/perf-image.log" 2>&1; then
    perf_image_missing="the image could not be built (build/logs/perf-image.log)"
  else
    perf_image_name=benchlake:perf
  fi
}
