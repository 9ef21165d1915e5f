# The page, then CMake presets with ninja and ccache.

# What one checkout compiled serves the next one, wherever it lies.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$root} CCACHE_NOHASHDIR=${CCACHE_NOHASHDIR:-1}
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
export BENCHLAKE_SHARED=${BENCHLAKE_SHARED:-$(readlink -m "$root/../shared")}
jobs=$(nproc)

# What the page is made of; its hash decides whether it is built again.
page_hash() {
  {
    hash_of web/package-lock.json
    find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
  } | sha256sum | cut -c1-64
}

need_page() {
  need node
  need_npm web
  if [[ ! -f web/dist/index.html ]] || ! stamp_is page "$(page_hash)"; then
    after=npm-web queue page "building the page" \
      "the page's sources do not build: read the log, then 'npm run build' in web/" build_page
  fi
}
build_page() {
  (cd web && with_node npm run build)
  stamp page "$(page_hash)"
}

# Queues configure (when needed) and build of a preset. $2...: ninja targets, all when none.
need_build() {
  local preset=$1 folder="build/$1"
  shift
  need build
  need_lake
  if [[ ! -f "$folder/build.ninja" ]] || ! stamp_is "configure-$preset" "$(configure_hash)"; then
    after=lake queue "configure-$preset" "configuring $preset" \
      "a library is missing or too old: read the log, compare with docs/dependencies.md" configure "$preset"
  fi
  after="configure-$preset" queue "build-$preset" "building $preset" \
    "the sources do not compile: read the first error of the log" compile "$preset" "$@"
}
configure_hash() {
  { hash_of CMakePresets.json; echo "$root $BENCHLAKE_SHARED ${BL_LAKE_PREFIX-} ${BL_COVERAGE-}"; } | sha256sum | cut -c1-64
}
configure() {
  cmake --preset "$1" ${BL_LAKE_PREFIX:+-DBL_LAKE_PREFIX="$BL_LAKE_PREFIX"} ${BL_COVERAGE:+-DBL_COVERAGE="$BL_COVERAGE"}
  stamp "configure-$1" "$(configure_hash)"
}
compile() {
  ninja -C "build/$1" -j "$jobs" "${@:2}"
}
