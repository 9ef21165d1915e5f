# What the open tables stand on (Arrow, DuckDB, its extensions), unpacked into .deps/lake as CMake
# (BL_LAKE_PREFIX) takes it: include/, lib/, lib/duckdb-extensions/. Pins: dev.d/lake/.

lake_pins() { hash_of dev.d/lake.sh dev.d/lake/wheels.txt dev.d/lake/header.txt dev.d/lake/package-lock.json; }

need_lake() {
  [[ -z ${BL_LAKE_PREFIX-} ]] || return 0  # the caller has them
  stamp_is lake "$(lake_pins)" && [[ -f .deps/lake/lib/libduckdb.so ]] && return 0
  need node
  need_npm dev.d/lake
  after=npm-dev.d-lake queue lake "fetching Arrow and DuckDB" \
    "read the log; are the package registries reachable? Or say where the files lie: BL_LAKE_PREFIX" install_lake
}

install_lake() {
  local work="$root/.deps/lake.new" lib="$root/.deps/lake.new/lib"
  [[ $(uname -m) == x86_64 ]] || die "prebuilt Arrow and DuckDB are pinned for x86_64 only; this is: $(uname -m)"
  rm -rf "$work"
  mkdir -p "$work/wheels" "$work/include" "$lib/duckdb-extensions"
  system_python -m venv "$work/venv"
  # Whichever Python runs pip: the files are C and C++.
  "$work/venv/bin/pip" download -q --disable-pip-version-check --require-hashes --no-deps \
    --only-binary :all: --implementation cp --python-version 3.11 --abi cp311 --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux2014_x86_64 \
    -d "$work/wheels" -r dev.d/lake/wheels.txt
  # pip asks a source distribution for its metadata, with the build tools that this names as wheels.
  "$work/venv/bin/pip" download -q --disable-pip-version-check --require-hashes --no-deps \
    --no-binary duckdb -d "$work/wheels" -r dev.d/lake/header.txt
  system_python dev.d/lake/unpack.py "$work/wheels" "$work"
  cp dev.d/lake/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so "$lib/"
  rm -rf "$work/wheels" "$work/venv" "$root/.deps/lake"
  mv "$work" "$root/.deps/lake"
  stamp lake "$(lake_pins)"
}
