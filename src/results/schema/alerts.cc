#include <array>

#include "results/schema.h"

namespace bl::results {
namespace {

// Who sent a stored result stands beside its number: a row of its own for each result would cost a
// submission up to a tenth. bl_receipt has the rest: what was refused or replayed.
//
// alert_rule, alert_event and alert_delivery are Conbench's newer tables, with its names and types
// [1.5]. What Conbench's rules cannot say stands in alert_rule_setting.
constexpr std::string_view k_alerts_sqlite = R"sql(
create table bl_alert_rule (
  id text primary key not null,
  user_id text not null references user (id) on delete cascade,
  name text not null,
  repository text not null,
  baseline text not null,
  threshold real not null,
  threshold_z real not null,
  run_reason text,
  enabled integer not null default 1,
  state text not null default 'inactive',
  created_at integer not null,
  updated_at integer not null,
  last_evaluated_at integer
) strict;
create index bl_alert_rule_enabled_repository_index on bl_alert_rule (enabled, repository);
create index bl_alert_rule_user_id_index on bl_alert_rule (user_id, id);

create table bl_alert_event (
  id text primary key not null,
  rule_id text not null references bl_alert_rule (id) on delete cascade,
  kind text not null,
  status text not null,
  status_reason text not null,
  run_id text,
  commit_sha text,
  report_url text not null,
  summary text not null,
  created_at integer not null,
  repository text not null
) strict;
create index bl_alert_event_rule_created_index on bl_alert_event (rule_id, created_at, id);

create table bl_alert_delivery (
  id text primary key not null,
  event_id text not null references bl_alert_event (id) on delete cascade,
  channel text not null,
  target text not null,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  attempt_count integer not null default 0,
  last_attempt_at integer,
  next_attempt_at integer,
  delivered_at integer,
  last_error text,
  created_at integer not null,
  updated_at integer not null,
  unique (event_id, channel, target)
) strict;
create index bl_alert_delivery_channel_status_next_attempt_index
  on bl_alert_delivery (channel, status, next_attempt_at, created_at, id);
create index bl_alert_delivery_status_index on bl_alert_delivery (status, id);

create table bl_alert_rule_setting (
  rule_id text primary key not null,
  notify_improvements integer not null default 0,
  muted_until integer,
  muted_benchmarks text not null default '[]',
  evaluated_mark text not null default '',
  improved_run_id text
) strict, without rowid;

alter table bl_result_number add column submitter_no integer;

create table bl_submitter (
  submitter_no integer primary key,
  id text not null,
  name text not null,
  unique (id, name)
) strict;

create table bl_receipt (
  seq integer primary key autoincrement,
  at integer not null,
  submitter_no integer not null,
  outcome integer not null,
  run_id text,
  result_id text,
  submission_key text,
  code text,
  summary text
) strict;
create index bl_receipt_run_index on bl_receipt (run_id, seq) where run_id is not null;
create index bl_receipt_submission_key_index on bl_receipt (submission_key, seq)
  where submission_key is not null;

create table bl_job (
  name text primary key not null,
  owner text not null,
  lease_until integer not null,
  started_at integer,
  ended_at integer,
  outcome text not null,
  detail text not null,
  runs integer not null,
  failures integer not null
) strict, without rowid;
)sql";

// A database that the newer Conbench ran on has the three tables: they are used in place, through
// views that PostgreSQL updates as it does tables.
constexpr std::string_view k_alerts_postgres = R"sql(
do $$
begin
  if to_regclass('public.alert_rule') is not null and to_regclass('public.alert_event') is not null
     and to_regclass('public.alert_delivery') is not null then
    create view benchlake.alert_rule as
      select id, user_id, name, repository, baseline, threshold, threshold_z, run_reason, enabled,
             state, created_at, updated_at, last_evaluated_at from public.alert_rule;
    create view benchlake.alert_event as
      select id, rule_id, kind, status, status_reason, run_id, commit_sha, report_url, summary,
             created_at, repository from public.alert_event;
    create view benchlake.alert_delivery as
      select id, event_id, channel, target, status, attempt_count, last_attempt_at,
             next_attempt_at, delivered_at, last_error, created_at, updated_at
      from public.alert_delivery;
  else
    create table benchlake.alert_rule (
      id varchar(50) not null primary key,
      user_id varchar(50) not null references "user" (id) on delete cascade,
      name text not null,
      repository text not null,
      baseline text not null,
      threshold double precision not null,
      threshold_z double precision not null,
      run_reason text,
      enabled boolean not null default true,
      state text not null default 'inactive',
      created_at timestamp not null,
      updated_at timestamp not null,
      last_evaluated_at timestamp
    );
    create index alert_rule_enabled_repository_index
      on benchlake.alert_rule (enabled, repository);
    create index alert_rule_user_id_index on benchlake.alert_rule (user_id);

    create table benchlake.alert_event (
      id varchar(50) not null primary key,
      rule_id varchar(50) not null references benchlake.alert_rule (id) on delete cascade,
      kind text not null,
      status text not null,
      status_reason text not null,
      run_id text,
      commit_sha text,
      report_url text not null,
      summary jsonb not null,
      created_at timestamp not null,
      repository text not null
    );
    create index alert_event_rule_created_index
      on benchlake.alert_event (rule_id, created_at desc, id desc);

    create table benchlake.alert_delivery (
      id varchar(50) not null primary key,
      event_id varchar(50) not null references benchlake.alert_event (id) on delete cascade,
      channel text not null,
      target text not null,
      status text not null default 'pending'
        check (status in ('pending', 'delivered', 'failed')),
      attempt_count integer not null default 0,
      last_attempt_at timestamp,
      next_attempt_at timestamp,
      delivered_at timestamp,
      last_error text,
      created_at timestamp not null,
      updated_at timestamp not null,
      constraint alert_delivery_event_channel_target_key unique (event_id, channel, target)
    );
    create index alert_delivery_channel_status_next_attempt_index
      on benchlake.alert_delivery (channel, status, next_attempt_at, created_at, id);
    create index alert_delivery_event_id_index on benchlake.alert_delivery (event_id);
  end if;
end $$;

create table benchlake.alert_rule_setting (
  rule_id text not null primary key,
  notify_improvements bigint not null default 0,
  muted_until bigint,
  muted_benchmarks text not null default '[]',
  evaluated_mark text not null default '',
  improved_run_id text
);

alter table benchlake.result_number add column submitter_no bigint;

create table benchlake.submitter (
  submitter_no bigint generated always as identity primary key,
  id text not null,
  name text not null,
  unique (id, name)
);

create table benchlake.receipt (
  seq bigint generated always as identity primary key,
  at bigint not null,
  submitter_no bigint not null,
  outcome bigint not null,
  run_id text,
  result_id text,
  submission_key text,
  code text,
  summary text
);
create index receipt_run_index on benchlake.receipt (run_id, seq) where run_id is not null;
create index receipt_submission_key_index on benchlake.receipt (submission_key, seq)
  where submission_key is not null;

create table benchlake.job (
  name text not null primary key,
  owner text not null,
  lease_until bigint not null,
  started_at bigint,
  ended_at bigint,
  outcome text not null,
  detail text not null,
  runs bigint not null,
  failures bigint not null
);
)sql";

constexpr std::array k_alert_migrations = {
    store::Migration{9, "alerts", k_alerts_sqlite, k_alerts_postgres},
};

}  // namespace

std::span<const store::Migration> alert_migrations() {
  return k_alert_migrations;
}

}  // namespace bl::results
