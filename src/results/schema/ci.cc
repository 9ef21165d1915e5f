#include <array>

#include "results/schema.h"

// Thresholds: one row for a project (its fingerprint is empty), one for each series that has its
// own. Pins: what must be in the runs of a repository; an empty reason is any, and one of name and
// fingerprint is empty. Snapshots: what a report called regressed when it was made; the same
// content of a run is kept once.
namespace bl::results {
namespace {

constexpr std::string_view k_ci_sqlite = R"sql(
create table bl_threshold (
  repository text not null,
  history_fingerprint text not null,
  percent real,
  z real,
  notify_improvements integer not null,
  updated_at integer not null,
  updated_by text not null,
  primary key (repository, history_fingerprint)
) strict, without rowid;

create table bl_inventory_pin (
  repository text not null,
  run_reason text not null,
  name text not null,
  history_fingerprint text not null,
  primary key (repository, run_reason, name, history_fingerprint)
) strict, without rowid;

create table bl_regression_snapshot (
  id text primary key not null,
  run_id text not null,
  repository text not null,
  commit_sha text,
  baseline_run_id text,
  content_md5 text not null,
  made_at integer not null,
  made_by text not null,
  status text not null,
  summary text not null,
  regressions text not null
) strict, without rowid;
create unique index bl_regression_snapshot_run_index
  on bl_regression_snapshot (run_id, content_md5);
create index bl_regression_snapshot_repository_index
  on bl_regression_snapshot (repository, id);
)sql";

constexpr std::string_view k_ci_postgres = R"sql(
create table benchlake.threshold (
  repository text not null,
  history_fingerprint text not null,
  percent float8,
  z float8,
  notify_improvements bigint not null,
  updated_at bigint not null,
  updated_by text not null,
  primary key (repository, history_fingerprint)
);

create table benchlake.inventory_pin (
  repository text not null,
  run_reason text not null,
  name text collate "C" not null,
  history_fingerprint text collate "C" not null,
  primary key (repository, run_reason, name, history_fingerprint)
);

create table benchlake.regression_snapshot (
  id text collate "C" not null primary key,
  run_id text not null,
  repository text not null,
  commit_sha text,
  baseline_run_id text,
  content_md5 text not null,
  made_at bigint not null,
  made_by text not null,
  status text not null,
  summary text not null,
  regressions text not null
);
create unique index regression_snapshot_run_index
  on benchlake.regression_snapshot (run_id, content_md5);
create index regression_snapshot_repository_index
  on benchlake.regression_snapshot (repository, id);
)sql";

constexpr std::array k_ci_migrations = {
    store::Migration{8, "ci", k_ci_sqlite, k_ci_postgres},
};

}  // namespace

std::span<const store::Migration> ci_migrations() {
  return k_ci_migrations;
}

}  // namespace bl::results
