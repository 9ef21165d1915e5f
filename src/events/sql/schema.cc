#include "events/sql/schema.h"

namespace bl::events {
namespace {

// A rowid stands at the end of every index of SQLite anyway. The columns of a key come first: of a
// table without rowid, SQLite 3.40 checks the others at the wrong place.
constexpr std::string_view k_sqlite = R"sql(
create table build_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null unique,
  timestamp INTEGER not null,
  build_request_id TEXT not null,
  event_type TEXT not null) strict;
create index build_events_by_build on build_events (build_request_id, timestamp);
create index build_events_by_time on build_events (timestamp);
create table build_request_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  status_code INTEGER not null,
  status_name TEXT not null,
  requested_partitions TEXT not null,
  message TEXT not null) strict;
create table build_request_partitions (
  partition_ref TEXT not null,
  timestamp INTEGER not null,
  seq INTEGER not null,
  event_id TEXT not null,
  primary key (partition_ref, timestamp, seq)) strict, without rowid;
create table partition_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  timestamp INTEGER not null,
  partition_ref TEXT not null,
  status_code INTEGER not null,
  status_name TEXT not null,
  message TEXT not null,
  job_run_id TEXT) strict;
create index partition_events_by_ref on partition_events (partition_ref, timestamp);
create index partition_events_by_run
  on partition_events (job_run_id, timestamp) where job_run_id is not null;
create table job_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  timestamp INTEGER not null,
  job_run_id TEXT not null,
  job_label TEXT not null,
  target_partitions TEXT not null,
  status_code INTEGER not null,
  status_name TEXT not null,
  message TEXT not null,
  config TEXT,
  manifests TEXT not null) strict;
create index job_events_by_run on job_events (job_run_id, timestamp);
create index job_events_by_label on job_events (job_label);
create table job_partitions (
  partition_ref TEXT not null,
  timestamp INTEGER not null,
  seq INTEGER not null,
  event_id TEXT not null,
  primary key (partition_ref, timestamp, seq)) strict, without rowid;
create table delegation_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  timestamp INTEGER not null,
  partition_ref TEXT not null,
  delegated_to_build_request_id TEXT not null,
  message TEXT not null) strict;
create index delegation_events_by_ref on delegation_events (partition_ref, timestamp);
create table job_graph_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  job_graph TEXT not null,
  message TEXT not null) strict;
create table partition_invalidation_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  timestamp INTEGER not null,
  partition_ref TEXT not null,
  reason TEXT not null) strict;
create index partition_invalidation_events_by_ref
  on partition_invalidation_events (partition_ref, timestamp);
create table task_cancel_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  timestamp INTEGER not null,
  job_run_id TEXT not null,
  reason TEXT not null) strict;
create index task_cancel_events_by_run on task_cancel_events (job_run_id, timestamp);
create table build_cancel_events (
  seq INTEGER PRIMARY KEY,
  event_id TEXT not null,
  reason TEXT not null) strict;
create table build_states (
  build_request_id TEXT primary key,
  status_code INTEGER not null,
  requested_partitions TEXT not null,
  created_at INTEGER not null,
  created_seq INTEGER not null,
  updated_at INTEGER not null,
  updated_seq INTEGER not null,
  requested_at INTEGER,
  requested_seq INTEGER) strict, without rowid;
create index build_states_by_update on build_states (updated_at desc, build_request_id);
create index build_states_by_status
  on build_states (status_code, updated_at desc, build_request_id);
create table partition_states (
  partition_ref TEXT primary key,
  status_code INTEGER not null,
  build_request_id TEXT not null,
  updated_at INTEGER not null,
  updated_seq INTEGER not null,
  available_build_request_id TEXT,
  available_at INTEGER,
  available_seq INTEGER) strict, without rowid;
create index partition_states_by_update on partition_states (updated_at desc, partition_ref);
create index partition_states_by_status
  on partition_states (status_code, updated_at desc, partition_ref);
create table job_run_states (
  job_run_id TEXT not null,
  job_label TEXT not null,
  status_code INTEGER not null,
  targets INTEGER not null,
  updated_at INTEGER not null,
  updated_seq INTEGER not null,
  running_at INTEGER,
  running_seq INTEGER,
  primary key (job_run_id, job_label)) strict, without rowid;
create table job_label_states (
  job_label TEXT primary key,
  total_runs INTEGER not null,
  successful_runs INTEGER not null,
  failed_runs INTEGER not null,
  cancelled_runs INTEGER not null,
  targets INTEGER not null,
  timed_runs INTEGER not null,
  total_duration INTEGER not null,
  last_at INTEGER not null,
  last_seq INTEGER not null,
  last_status INTEGER not null,
  recent_builds TEXT not null) strict, without rowid;
create table state_counts (
  name TEXT not null,
  status_code INTEGER not null,
  entities INTEGER not null,
  primary key (name, status_code)) strict, without rowid;
create table bel_meta (
  key TEXT primary key,
  value TEXT not null) strict, without rowid;
)sql";

constexpr std::string_view k_postgres = R"sql(
create table build_events (
  seq bigint primary key,
  event_id text collate "C" not null unique,
  timestamp bigint not null,
  build_request_id text collate "C" not null,
  event_type text collate "C" not null);
create index build_events_by_build on build_events (build_request_id, timestamp, seq);
create index build_events_by_time on build_events (timestamp, seq);
create table build_request_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  status_code integer not null,
  status_name text collate "C" not null,
  requested_partitions text collate "C" not null,
  message text collate "C" not null);
create table build_request_partitions (
  partition_ref text collate "C" not null,
  timestamp bigint not null,
  seq bigint not null,
  event_id text collate "C" not null,
  primary key (partition_ref, timestamp, seq));
create table partition_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  timestamp bigint not null,
  partition_ref text collate "C" not null,
  status_code integer not null,
  status_name text collate "C" not null,
  message text collate "C" not null,
  job_run_id text collate "C");
create index partition_events_by_ref on partition_events (partition_ref, timestamp, seq);
create index partition_events_by_run
  on partition_events (job_run_id, timestamp, seq) where job_run_id is not null;
create table job_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  timestamp bigint not null,
  job_run_id text collate "C" not null,
  job_label text collate "C" not null,
  target_partitions text collate "C" not null,
  status_code integer not null,
  status_name text collate "C" not null,
  message text collate "C" not null,
  config text collate "C",
  manifests text collate "C" not null);
create index job_events_by_run on job_events (job_run_id, timestamp, seq);
create index job_events_by_label on job_events (job_label, seq);
create table job_partitions (
  partition_ref text collate "C" not null,
  timestamp bigint not null,
  seq bigint not null,
  event_id text collate "C" not null,
  primary key (partition_ref, timestamp, seq));
create table delegation_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  timestamp bigint not null,
  partition_ref text collate "C" not null,
  delegated_to_build_request_id text collate "C" not null,
  message text collate "C" not null);
create index delegation_events_by_ref on delegation_events (partition_ref, timestamp, seq);
create table job_graph_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  job_graph text collate "C" not null,
  message text collate "C" not null);
create table partition_invalidation_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  timestamp bigint not null,
  partition_ref text collate "C" not null,
  reason text collate "C" not null);
create index partition_invalidation_events_by_ref
  on partition_invalidation_events (partition_ref, timestamp, seq);
create table task_cancel_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  timestamp bigint not null,
  job_run_id text collate "C" not null,
  reason text collate "C" not null);
create index task_cancel_events_by_run on task_cancel_events (job_run_id, timestamp, seq);
create table build_cancel_events (
  seq bigint primary key,
  event_id text collate "C" not null,
  reason text collate "C" not null);
create table build_states (
  build_request_id text collate "C" primary key,
  status_code integer not null,
  requested_partitions text collate "C" not null,
  created_at bigint not null,
  created_seq bigint not null,
  updated_at bigint not null,
  updated_seq bigint not null,
  requested_at bigint,
  requested_seq bigint);
create index build_states_by_update on build_states (updated_at desc, build_request_id);
create index build_states_by_status
  on build_states (status_code, updated_at desc, build_request_id);
create table partition_states (
  partition_ref text collate "C" primary key,
  status_code integer not null,
  build_request_id text collate "C" not null,
  updated_at bigint not null,
  updated_seq bigint not null,
  available_build_request_id text collate "C",
  available_at bigint,
  available_seq bigint);
create index partition_states_by_update on partition_states (updated_at desc, partition_ref);
create index partition_states_by_status
  on partition_states (status_code, updated_at desc, partition_ref);
create table job_run_states (
  job_run_id text collate "C" not null,
  job_label text collate "C" not null,
  status_code integer not null,
  targets bigint not null,
  updated_at bigint not null,
  updated_seq bigint not null,
  running_at bigint,
  running_seq bigint,
  primary key (job_run_id, job_label));
create table job_label_states (
  job_label text collate "C" primary key,
  total_runs bigint not null,
  successful_runs bigint not null,
  failed_runs bigint not null,
  cancelled_runs bigint not null,
  targets bigint not null,
  timed_runs bigint not null,
  total_duration bigint not null,
  last_at bigint not null,
  last_seq bigint not null,
  last_status integer not null,
  recent_builds text collate "C" not null);
create table state_counts (
  name text collate "C" not null,
  status_code integer not null,
  entities bigint not null,
  primary key (name, status_code));
create table bel_meta (
  key text collate "C" primary key,
  value text collate "C" not null);
)sql";

constexpr store::Migration k_migrations[] = {
    {.number = 1, .name = "event_log", .sqlite = k_sqlite, .postgres = k_postgres},
};

}  // namespace

std::span<const store::Migration> log_migrations() {
  return k_migrations;
}

}  // namespace bl::events
