# The tier `schema` of ./dev test: schemathesis asks a real server, on each store, what the description says
# that it answers. All phases (examples, coverage, fuzzing, stateful) with a fixed seed, as the operator.

schema_examples=${BL_SCHEMA_EXAMPLES:-15}  # cases of each operation and phase
schema_seed=20240801
# What the answers must keep to. Left out: negative_data_rejection and positive_data_acceptance; an empty
# parameter counts as absent, the legacy dialect ignores what it does not know, and a description cannot say
# every rule (a cursor is one that the server gave).
schema_checks=not_a_server_error,status_code_conformance,content_type_conformance
schema_checks+=,response_headers_conformance,response_schema_conformance,unsupported_method
schema_checks+=,allow_header_conformance,missing_required_header,ignored_auth,use_after_free
schema_checks+=,ensure_resource_availability

need_schema() {
  need build node postgres
  queue_packages python3 python3-venv ca-certificates
}
queue_schema() {
  need_page
  need_build release
  after=build-release queue test-schema "testing: answers against the API's description, both stores" \
    "the log has a curl line for each failure; ./dev test schema runs it again" tier_schema
}

tier_schema() {
  local python store passed=0 failed=0
  python=$(schema_python)
  for store in sqlite postgres; do
    printf '\n== %s\n' "$store"
    if (schema_on "$store" "$python"); then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "FAILED: $store"
    fi
  done
  printf '\n%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}

# The interpreter with the packages of dev.d/schemathesis.txt.
schema_python() {
  local venv="$root/.deps/schemathesis" list="$root/dev.d/schemathesis.txt"
  if [[ ! -x $venv/bin/python ]] || ! stamp_is schemathesis "$(hash_of "$list")"; then
    rm -rf "$venv"
    system_python -m venv "$venv" >&2
    "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r "$list" >&2
    stamp schemathesis "$(hash_of "$list")"
  fi
  echo "$venv/bin/python"
}

# schema_on STORE PYTHON, in a shell of its own. The stateful phase follows the links from a submission to what
# reads it; among all operations it would hardly ever get there.
schema_on() {
  local folder uri="" ids='submit_(legacy_)?result$|(get|compare)_.*(result|history)'
  folder=$(mktemp -d)
  # shellcheck disable=SC2064 # the folder's name as it is now
  trap "stop_server; stop_postgres; rm -rf '$folder'" EXIT
  if [[ $1 == postgres ]]; then
    start_postgres "$folder" || return 1
    uri=$postgres_uri
  fi
  BENCHLAKE_SERVER_STORE=$uri BENCHLAKE_LAKE_OBJECTS="$folder/objects" BENCHLAKE_TRACES_ANONYMOUS=none \
    BENCHLAKE_LAKE_CATALOG="sqlite://$folder/catalog.sqlite" start_server "$folder/data" "$folder" || return 1
  cd "$folder" || return 1
  schema_ask "$2" "$folder" examples,coverage,fuzzing || return 1
  schema_ask "$2" "$folder" stateful --include-operation-id-regex "$ids" || return 1
  schema_ask "$2" "$folder" stateful --include-tag access
}

# schema_ask PYTHON FOLDER PHASES [filter ...]. Left out: backups (with the operator's token a fuzzer would write
# files all over the machine), a stream that ends with the server, and what is refused by name (501).
schema_ask() {
  "$1" -m schemathesis.cli run "$server_url/openapi.yaml" --url "$server_url" \
    --header "Authorization: Bearer $(<"$2/data/operator.token")" --phases "$3" "${@:4}" \
    --exclude-operation-id-regex '^(start_backup|stream_events|(analyze|execute)_builds|jaeger_(metrics|archive)|tempo_query(_range)?)$' \
    --checks "$schema_checks" --continue-on-failure \
    --max-examples "$schema_examples" --seed "$schema_seed" --generation-database none --warnings off --no-color
}

# start_postgres FOLDER: a cluster of its own below it, reached by its socket; sets postgres_uri. The server
# refuses root, who becomes the user postgres.
start_postgres() {
  local bin as=()
  bin=${BENCHLAKE_POSTGRES_BIN:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
  postgres_control=("$bin/pg_ctl" -D "$1/postgres/data" -w)
  mkdir "$1/postgres"
  if [[ $EUID -eq 0 ]]; then
    as=(runuser -u postgres --)
    chmod 711 "$1"
    chown postgres "$1/postgres"
  fi
  postgres_control=("${as[@]}" "${postgres_control[@]}")
  (
    cd "$1/postgres"
    "${as[@]}" "$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >initdb.log
  )
  "${postgres_control[@]}" -l "$1/postgres/log" -o "-k $1/postgres -h '' -c fsync=off" start >/dev/null
  postgres_uri="postgres://postgres@${1//\//%2F}%2Fpostgres:5432/postgres"
}
stop_postgres() {
  [[ -z ${postgres_control-} ]] || "${postgres_control[@]}" -m immediate stop >/dev/null 2>&1 || true
}
