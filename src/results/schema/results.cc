#include "results/schema.h"

#include <array>

namespace bl::results {
namespace {

// The unique indexes over whole documents (case_index, context_index, hardware_index) have no
// equivalent on SQLite: bl_dimension_key finds and guards those rows by a hash.
constexpr std::string_view k_conbench_sqlite = R"sql(
create table "case" (
  id text primary key not null,
  name text not null,
  tags text not null
) strict;

create table context (
  id text primary key not null,
  tags text not null
) strict;

create table info (
  id text primary key not null,
  tags text not null
) strict;

create table hardware (
  id text primary key not null,
  name text not null,
  architecture_name text,
  kernel_name text,
  os_name text,
  os_version text,
  cpu_model_name text,
  cpu_l1d_cache_bytes integer,
  cpu_l1i_cache_bytes integer,
  cpu_l2_cache_bytes integer,
  cpu_l3_cache_bytes integer,
  cpu_core_count integer,
  cpu_thread_count integer,
  cpu_frequency_max_hz integer,
  memory_bytes integer,
  gpu_count integer,
  gpu_product_names text,
  type text not null,
  info text,
  optional_info text,
  hash text not null
) strict;

create table "commit" (
  id text primary key not null,
  sha text not null,
  parent text,
  repository text not null,
  message text not null,
  author_name text not null,
  author_login text,
  author_avatar text,
  timestamp integer,
  branch text,
  fork_point_sha text
) strict;
create unique index commit_index on "commit" (sha, repository);
create index bl_commit_default_branch_index on "commit" (repository, timestamp)
  where sha = fork_point_sha;
create index bl_commit_branch_index on "commit" (repository, branch, timestamp)
  where sha <> fork_point_sha;

create table benchmark_result (
  id text primary key not null,
  case_id text not null references "case" (id),
  context_id text not null references context (id),
  run_id text not null,
  unit text,
  time_unit text,
  batch_id text,
  timestamp integer not null,
  iterations integer,
  min real,
  max real,
  mean real,
  median real,
  stdev real,
  q1 real,
  q3 real,
  iqr real,
  info_id text not null references info (id),
  error text,
  data text,
  times text,
  validation text,
  optional_benchmark_info text,
  change_annotations text,
  run_tags text not null,
  run_reason text,
  commit_id text references "commit" (id),
  hardware_id text not null references hardware (id),
  commit_repo_url text not null,
  history_fingerprint text not null
) strict;
create index benchmark_result_run_id_index on benchmark_result (run_id, id);
create index benchmark_result_batch_id_index on benchmark_result (batch_id, id)
  where batch_id is not null;
create index benchmark_result_run_reason_id_idx on benchmark_result (run_reason, id)
  where run_reason is not null;
create index benchmark_result_timestamp_index on benchmark_result (timestamp, id);
create index benchmark_result_commit_id_index on benchmark_result (commit_id, id)
  where commit_id is not null;
create index benchmark_result_history_fingerprint_index
  on benchmark_result (history_fingerprint, commit_id);

create table user (
  id text primary key not null,
  email text not null,
  name text not null,
  password text not null
) strict;
create unique index ix_user_email on user (email);
)sql";

constexpr std::string_view k_conbench_postgres = R"sql(
create schema if not exists benchlake;

create table if not exists "case" (
  id varchar(50) not null constraint case_pkey primary key,
  name text not null,
  tags jsonb not null
);
create unique index if not exists case_index on "case" (name, tags);

create table if not exists context (
  id varchar(50) not null constraint context_pkey primary key,
  tags jsonb not null
);
create unique index if not exists context_index on context (tags);

create table if not exists info (
  id varchar(50) not null constraint info_pkey primary key,
  tags jsonb not null
);

create table if not exists hardware (
  id varchar(50) not null constraint hardware_pkey primary key,
  name text not null,
  architecture_name text,
  kernel_name text,
  os_name text,
  os_version text,
  cpu_model_name text,
  cpu_l1d_cache_bytes integer,
  cpu_l1i_cache_bytes integer,
  cpu_l2_cache_bytes integer,
  cpu_l3_cache_bytes integer,
  cpu_core_count integer,
  cpu_thread_count integer,
  cpu_frequency_max_hz bigint,
  memory_bytes bigint,
  gpu_count integer,
  gpu_product_names text[],
  type varchar(50) not null,
  info jsonb,
  optional_info jsonb,
  hash varchar(1000) not null
);
create unique index if not exists hardware_index on hardware (
  name, architecture_name, kernel_name, os_name, os_version, cpu_model_name,
  cpu_l1d_cache_bytes, cpu_l1i_cache_bytes, cpu_l2_cache_bytes, cpu_l3_cache_bytes,
  cpu_core_count, cpu_thread_count, cpu_frequency_max_hz, memory_bytes, gpu_count,
  gpu_product_names);

create table if not exists "commit" (
  id varchar(50) not null constraint commit_pkey primary key,
  sha varchar(50) not null,
  parent varchar(50),
  repository varchar(300) not null,
  message varchar(250) not null,
  author_name varchar(100) not null,
  author_login varchar(50),
  author_avatar varchar(100),
  timestamp timestamp,
  branch varchar(510),
  fork_point_sha varchar(50)
);
create unique index if not exists commit_index on "commit" (sha, repository);

create table if not exists benchmark_result (
  id varchar(50) not null constraint benchmark_result_pkey primary key,
  case_id varchar(50) not null
    constraint benchmark_result_case_id_fkey references "case" (id),
  context_id varchar(50) not null
    constraint benchmark_result_context_id_fkey references context (id),
  run_id text not null,
  unit text,
  time_unit text,
  batch_id text,
  timestamp timestamp not null,
  iterations integer,
  min numeric,
  max numeric,
  mean numeric,
  median numeric,
  stdev numeric,
  q1 numeric,
  q3 numeric,
  iqr numeric,
  info_id varchar(50) not null
    constraint benchmark_result_info_id_fkey references info (id),
  error jsonb,
  data numeric[],
  times numeric[],
  validation jsonb,
  optional_benchmark_info jsonb,
  change_annotations jsonb,
  run_tags jsonb not null,
  run_reason text,
  commit_id varchar(50)
    constraint benchmark_result_commit_id_fkey references "commit" (id),
  hardware_id varchar(50) not null
    constraint benchmark_result_hardware_id_fkey references hardware (id),
  commit_repo_url text not null,
  history_fingerprint text not null
);
create index if not exists benchmark_result_batch_id_index on benchmark_result (batch_id);
create index if not exists benchmark_result_case_id_index on benchmark_result (case_id);
create index if not exists benchmark_result_commit_id_index on benchmark_result (commit_id);
create index if not exists benchmark_result_context_id_index on benchmark_result (context_id);
create index if not exists benchmark_result_history_fingerprint_index
  on benchmark_result (history_fingerprint);
create index if not exists benchmark_result_info_id_index on benchmark_result (info_id);
create index if not exists benchmark_result_run_id_index on benchmark_result (run_id);
create index if not exists benchmark_result_timestamp_index on benchmark_result (timestamp);
create index if not exists benchmark_result_id_idx on benchmark_result (id)
  where timestamp >= '2023-06-03 00:00:00';
create index if not exists benchmark_result_run_reason_id_idx
  on benchmark_result (run_reason, id) where timestamp >= '2023-06-03 00:00:00';
create index if not exists benchmark_result_run_id_timestamp_idx
  on benchmark_result (run_id, timestamp) where timestamp >= '2023-11-19 00:00:00';

create table if not exists "user" (
  id varchar(50) not null constraint user_pkey primary key,
  email varchar(120) not null,
  name varchar(120) not null,
  password varchar(128) not null
);
create unique index if not exists ix_user_email on "user" (email);
)sql";

// bl_history is the facts of default-branch histories once more, clustered so that a series is one
// read of neighbouring pages. PostgreSQL reads them from the facts.
// bl_series, bl_run and bl_counter are kept by every submission, so that browsing never scans the
// facts. A series is stale while change_count <> fresh_count: its status, z-score, change and
// sparkline are then older than its newest result.
constexpr std::string_view k_ours_sqlite = R"sql(
create table bl_submission (
  submission_key text primary key not null,
  payload_sha256 text not null,
  result_id text not null
) strict, without rowid;

create table bl_result_number (
  no integer primary key,
  id text not null unique
) strict;

create table bl_dimension_key (
  kind integer not null,
  sha256 blob not null,
  id text not null,
  primary key (kind, sha256)
) strict, without rowid;

create table bl_change_log (
  seq integer primary key autoincrement,
  op text not null,
  result_id text not null,
  result_timestamp integer not null,
  at integer not null
) strict;

create table bl_series (
  series_no integer primary key,
  history_fingerprint text not null unique,
  context_id text not null,
  hardware_name text not null,
  hardware_hash text not null,
  repository text not null,
  name text not null,
  tags text not null,
  search_text text not null,
  result_count integer not null,
  error_count integer not null,
  point_count integer not null,
  latest_result_no integer not null,
  latest_result_id text not null,
  latest_run_no integer not null,
  latest_result_timestamp integer not null,
  latest_commit_timestamp integer,
  latest_commit_sha text,
  latest_best real,
  latest_mean real,
  unit text,
  change_count integer not null,
  fresh_count integer not null,
  status integer not null,
  z_score real,
  change_percent real,
  change_rank real not null,
  sparkline text not null
) strict;
create index bl_series_recent_index on bl_series
  (latest_result_timestamp, history_fingerprint, search_text, repository, hardware_name, status);
create index bl_series_name_index on bl_series
  (name, history_fingerprint, search_text, repository, hardware_name, status);
create index bl_series_change_index on bl_series
  (change_rank, history_fingerprint, search_text, repository, hardware_name, status);
create index bl_series_run_index on bl_series (latest_run_no, status);
create index bl_series_stale_index on bl_series (series_no) where change_count <> fresh_count;

create table bl_history (
  series_no integer not null,
  commit_timestamp integer not null,
  result_timestamp integer not null,
  result_no integer not null,
  best real not null,
  summary_mean real not null,
  begins_change integer not null,
  mean real,
  unit text not null,
  result_id text not null,
  run_id text not null,
  commit_sha text not null,
  commit_message text not null,
  data text not null,
  run_tags text not null,
  change_annotations text not null,
  info_id text not null,
  primary key (series_no, commit_timestamp, result_timestamp, result_no)
) strict, without rowid;

create table bl_run (
  run_no integer primary key,
  run_id text not null,
  repository text not null,
  run_reason text,
  run_tags text not null,
  commit_id text,
  latest_batch_id text,
  latest_result_id text not null,
  latest_result_no integer not null,
  first_result_at integer not null,
  last_result_at integer not null,
  result_count integer not null,
  error_count integer not null,
  series_count integer not null,
  batch_count integer not null
) strict;
create unique index bl_run_run_id_index on bl_run (run_id, repository);
create index bl_run_recent_index on bl_run (last_result_at, run_no);
create index bl_run_repository_index on bl_run (repository, last_result_at, run_no);

create table bl_run_series (
  run_no integer not null,
  series_no integer not null,
  primary key (run_no, series_no)
) strict, without rowid;

create table bl_run_batch (
  run_no integer not null,
  batch_id text not null,
  primary key (run_no, batch_id)
) strict, without rowid;

create table bl_counter (
  name text primary key not null,
  value integer not null
) strict, without rowid;
insert into bl_counter (name, value)
  values ('results', 0), ('series', 0), ('runs', 0), ('commits', 0);

create table bl_results_setting (
  name text primary key not null,
  value text not null
) strict, without rowid;
)sql";

// Every result of a run updates its row. No index of benchlake.run holds a column that changes with
// each (hence the hour beside last_result_at), so that PostgreSQL updates it within its page and
// cleans up there; else a busy run would leave thousands of dead rows to walk over.
constexpr std::string_view k_ours_postgres = R"sql(
create table benchlake.submission (
  submission_key text not null primary key,
  payload_sha256 text not null,
  result_id text not null
);

create table benchlake.result_number (
  no bigint generated by default as identity primary key,
  id text not null unique
);

create table benchlake.dimension_key (
  kind integer not null,
  sha256 bytea not null,
  id text not null,
  primary key (kind, sha256)
);

create table benchlake.change_log (
  seq bigint generated always as identity primary key,
  op text not null,
  result_id text not null,
  result_timestamp bigint not null,
  at bigint not null
);

create table benchlake.series (
  series_no bigint generated always as identity primary key,
  history_fingerprint text not null unique,
  context_id text not null,
  hardware_name text not null,
  hardware_hash text not null,
  repository text not null,
  name text collate "C" not null,
  tags text not null,
  search_text text not null,
  result_count bigint not null,
  error_count bigint not null,
  point_count bigint not null,
  latest_result_no bigint not null,
  latest_result_id text not null,
  latest_run_no bigint not null,
  latest_result_timestamp bigint not null,
  latest_commit_timestamp bigint,
  latest_commit_sha text,
  latest_best float8,
  latest_mean float8,
  unit text,
  change_count bigint not null,
  fresh_count bigint not null,
  status integer not null,
  z_score float8,
  change_percent float8,
  change_rank float8 not null,
  sparkline text not null
);
create index series_recent_index on benchlake.series
  (latest_result_timestamp, history_fingerprint);
create index series_name_index on benchlake.series (name, history_fingerprint);
create index series_change_index on benchlake.series (change_rank, history_fingerprint);
create index series_run_index on benchlake.series (latest_run_no, status);
create index series_stale_index on benchlake.series (series_no)
  where change_count <> fresh_count;

create table benchlake.run (
  run_no bigint generated always as identity primary key,
  run_id text collate "C" not null,
  repository text collate "C" not null,
  run_reason text,
  run_tags text not null,
  commit_id text,
  latest_batch_id text,
  latest_result_id text not null,
  latest_result_no bigint not null,
  first_result_at bigint not null,
  last_result_at bigint not null,
  last_result_hour bigint not null default 0,
  result_count bigint not null,
  error_count bigint not null,
  series_count bigint not null,
  batch_count bigint not null
) with (fillfactor = 50);
create unique index run_run_id_index on benchlake.run (run_id, repository);
create index run_recent_index on benchlake.run (last_result_hour);
create index run_repository_index on benchlake.run (repository, last_result_hour);

create table benchlake.run_series (
  run_no bigint not null,
  series_no bigint not null,
  primary key (run_no, series_no)
);

create table benchlake.run_batch (
  run_no bigint not null,
  batch_id text not null,
  primary key (run_no, batch_id)
);

create table benchlake.results_setting (
  name text not null primary key,
  value text not null
);
)sql";

// What SQLite writes for a result is counted in pages. An index of the facts by series touched a
// page of its own for every result, a fifth of all. Who wants a series has bl_history; who wants
// the results of a commit, or a series' results at some commits, finds them here: a run's results
// come in commit by commit and series by series, so that this table grows in one place. PostgreSQL
// keeps Conbench's indexes.
constexpr std::string_view k_by_commit_sqlite = R"sql(
drop index benchmark_result_history_fingerprint_index;
drop index benchmark_result_commit_id_index;
create table bl_commit_series (
  commit_id text not null,
  series_no integer not null,
  result_no integer not null,
  primary key (commit_id, series_no, result_no)
) strict, without rowid;
insert into bl_commit_series
  select r.commit_id, s.series_no, n.no from benchmark_result r
  join bl_series s on s.history_fingerprint = r.history_fingerprint
  join bl_result_number n on n.id = r.id where r.commit_id is not null order by 1, 2, 3;
)sql";

constexpr std::array k_later_migrations = {
    store::Migration{5, "results_by_commit", k_by_commit_sqlite, "select 1"},
};

constexpr std::array k_migrations = {
    store::Migration{1, "conbench_tables", k_conbench_sqlite, k_conbench_postgres},
    store::Migration{2, "results_tables", k_ours_sqlite, k_ours_postgres},
};

}  // namespace

std::span<const store::Migration> migrations() {
  return k_migrations;
}

std::span<const store::Migration> later_migrations() {
  return k_later_migrations;
}

}  // namespace bl::results
