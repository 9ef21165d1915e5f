#include <array>

#include "results/schema.h"

// The verdict of a series beside it, and what it is found by: the newest run (counts of a run), the
// commit of a change (what all series say of a commit). verdict_due holds the series that wait for
// one: kind 0 because of results or annotations, 1 because of a detector or a switch, which may
// take hours. A project without a row in verdict_project has what `verdicts_default` says.
namespace bl::results {
namespace {

constexpr std::string_view k_verdicts_sqlite = R"sql(
create table bl_series_verdict (
  series_no integer primary key references bl_series (series_no) on delete cascade,
  detector text not null,
  version integer not null,
  change_count integer not null,
  judged_at integer not null,
  run_no integer not null,
  decision integer not null,
  badness real not null,
  verdict text not null,
  segments text not null
) strict;
create index bl_series_verdict_run_index on bl_series_verdict (run_no, decision, badness);

create table bl_series_change (
  series_no integer not null references bl_series (series_no) on delete cascade,
  result_id text not null,
  repository text not null,
  commit_sha text not null,
  confidence real not null,
  relative_change real not null,
  is_worse integer not null,
  change text not null,
  primary key (series_no, result_id)
) strict, without rowid;
create index bl_series_change_commit_index on bl_series_change (commit_sha, repository);

create table bl_verdict_due (
  series_no integer primary key references bl_series (series_no) on delete cascade,
  kind integer not null,
  change_count integer not null
) strict;
create index bl_verdict_due_index on bl_verdict_due (kind, series_no);

create table bl_verdict_project (
  repository text primary key not null,
  enabled integer not null,
  updated_at integer not null,
  updated_by text not null
) strict;

insert into bl_results_setting (name, value) values ('verdicts_default', 'on');
)sql";

// Off where there are results already, whoever wrote them: the operator decides.
constexpr std::string_view k_verdicts_postgres = R"sql(
create table benchlake.series_verdict (
  series_no bigint not null primary key
    references benchlake.series (series_no) on delete cascade,
  detector text not null,
  version bigint not null,
  change_count bigint not null,
  judged_at bigint not null,
  run_no bigint not null,
  decision integer not null,
  badness float8 not null,
  verdict text not null,
  segments text not null
);
create index series_verdict_run_index on benchlake.series_verdict (run_no, decision, badness);

create table benchlake.series_change (
  series_no bigint not null references benchlake.series (series_no) on delete cascade,
  result_id text not null,
  repository text not null,
  commit_sha text not null,
  confidence float8 not null,
  relative_change float8 not null,
  is_worse integer not null,
  change text not null,
  primary key (series_no, result_id)
);
create index series_change_commit_index on benchlake.series_change (commit_sha, repository);

create table benchlake.verdict_due (
  series_no bigint not null primary key
    references benchlake.series (series_no) on delete cascade,
  kind integer not null,
  change_count bigint not null
);
create index verdict_due_index on benchlake.verdict_due (kind, series_no);

create table benchlake.verdict_project (
  repository text collate "C" not null primary key,
  enabled integer not null,
  updated_at bigint not null,
  updated_by text not null
);

insert into benchlake.results_setting (name, value)
  select 'verdicts_default', case when to_regclass('public.alembic_version') is null
    and to_regclass('public.schema_migrations') is null
    and to_regclass('public.conbench_schema_migration') is null
    and not exists (select 1 from public.benchmark_result) then 'on' else 'off' end;
)sql";

// What alert rules look at, and how sure a change must be to be told.
constexpr std::string_view k_rules_sqlite = R"sql(
alter table bl_alert_rule_setting add column kind text not null default 'report';
alter table bl_alert_rule_setting add column confidence real not null default 0.85;
)sql";

constexpr std::string_view k_rules_postgres = R"sql(
alter table benchlake.alert_rule_setting add column kind text not null default 'report';
alter table benchlake.alert_rule_setting add column confidence float8 not null default 0.85;
)sql";

constexpr std::array k_migrations = {
    store::Migration{13, "series_verdict", k_verdicts_sqlite, k_verdicts_postgres},
    store::Migration{14, "verdict_rules", k_rules_sqlite, k_rules_postgres},
};

}  // namespace

std::span<const store::Migration> verdict_migrations() {
  return k_migrations;
}

}  // namespace bl::results
