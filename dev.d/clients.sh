# The tier `clients` of ./dev test: Conbench's own Python clients against a real server on each store, BigQuery's
# Python and Node clients (tests/clients), and our Python package: types, tests, wheel and sdist (clients/python).

need_clients() {
  need build node postgres
  queue_packages python3 python3-venv ca-certificates
}
queue_clients() {
  need_page
  need_build release
  need_npm tests/clients/node
  after="build-release npm-tests-clients-node" queue test-clients \
    "testing: clients of Conbench and of BigQuery, and our own" \
    "./dev test clients runs them again; tests/clients/README.md says how to run one" tier_clients
}

tier_clients() {
  local reports="$root/build/clients"
  rm -rf "$reports"
  mkdir -p "$reports"
  (test_own_client "$reports") || true
  (test_judges "$reports") || true
  (test_bigquery_judges "$reports") || true
  (test_node_judges "$reports") || true
  system_python "$root/dev.d/count_junit.py" "$reports"/own.xml "$reports"/types.xml "$reports"/judges.xml \
    "$reports"/bigquery.xml "$reports"/node.xml
}

# The package as its users get it: built, installed, then tested. The reports say how it went; a step that fails
# leaves them out.
test_own_client() {
  local python
  python=$(pinned_python clients-own) &&
    "$python" -m build --no-isolation --outdir "$1" clients/python &&
    "$python" -m pip install -q --disable-pip-version-check --no-index --no-deps --force-reinstall "$1"/*.whl &&
    cd clients/python && {
    "$python" -m mypy --cache-dir "$1/mypy" --junit-xml "$1/types.xml"
    "$python" -m pytest -q -p no:cacheprovider --junit-xml="$1/own.xml"
  }
}

test_judges() {
  local python older issuer mcp grpc otlp own
  python=$(pinned_python clients) || return 1
  older=$(pinned_python clients-2023) || return 1
  issuer=$(pinned_python clients-issuer) || return 1
  mcp=$(pinned_python clients-mcp) || return 1
  grpc=$(pinned_python clients-grpc) || return 1
  otlp=$(pinned_python clients-otlp) || return 1
  own=$(pinned_python clients-own) || return 1
  "$python" -m pip install -q --disable-pip-version-check --no-index --no-deps --force-reinstall "$1"/*.whl || return 1
  cd tests/clients || return 1
  BENCHLAKE_CLIENTS_2023="$(dirname "$older")" BENCHLAKE_CLIENTS_ISSUER="$issuer" BENCHLAKE_CLIENTS_MCP="$mcp" \
    BENCHLAKE_CLIENTS_GRPC="$grpc" BENCHLAKE_CLIENTS_OTLP="$otlp" BENCHLAKE_CLIENTS_OWN="$own" \
    PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q -p no:cacheprovider --ignore-glob='test_bigquery_*' \
    --junit-xml="$1/judges.xml"
}

# BigQuery's own clients bring newer packages than the others may have.
test_bigquery_judges() {
  local python
  python=$(pinned_python clients-bigquery) || return 1
  cd tests/clients || return 1
  PYTHONDONTWRITEBYTECODE=1 "$python" -m pytest -q -p no:cacheprovider --junit-xml="$1/bigquery.xml" test_bigquery_*.py
}

# BigQuery's clients for Node.js, from the lock file of tests/clients/node.
test_node_judges() {
  cd tests/clients/node || return 1
  NO_COLOR=1 with_node npm test -- --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=junit --test-reporter-destination="$1/node.xml"
}

# pinned_python NAME: the interpreter of an environment with the packages of dev.d/NAME.txt.
pinned_python() {
  local venv="$root/.deps/$1" list="$root/dev.d/$1.txt"
  if [[ ! -x $venv/bin/python ]] || ! stamp_is "$1" "$(hash_of "$list")"; then
    rm -rf "$venv"
    system_python -m venv "$venv" >&2 &&
      "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$list" >&2 &&
      stamp "$1" "$(hash_of "$list")" || return 1
  fi
  echo "$venv/bin/python"
}
