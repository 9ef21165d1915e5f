#include <array>

#include "results/schema.h"

// What a database needs that others write too: a PostgreSQL one. A SQLite file has one owner.
namespace bl::results {
namespace {

// conbench_submission shows the submission keys of the new Conbench where its columns are, and
// nothing elsewhere. foreign_change holds what the triggers saw that an operator may install
// (`migrate --triggers`): changes of results that are not ours. Our connections say who they are.
constexpr std::string_view k_shared_postgres = R"sql(
do $$ begin
  if (select count(*) from pg_catalog.pg_attribute
      where attrelid = to_regclass('public.benchmark_result') and not attisdropped
      and attname in ('submission_key', 'submission_payload_sha256')) = 2 then
    create view benchlake.conbench_submission as
      select submission_key, submission_payload_sha256 as payload_sha256, id as result_id
      from public.benchmark_result where submission_key is not null;
  else
    create view benchlake.conbench_submission as
      select null::text as submission_key, null::text as payload_sha256, null::text as result_id
      where false;
  end if;
end $$;

create table benchlake.foreign_change (
  seq bigint generated always as identity primary key,
  op text not null,
  result_id text not null,
  run_id text not null,
  repository text not null,
  history_fingerprint text not null
);

create function benchlake.note_foreign_insert() returns trigger language plpgsql
  security definer set search_path = pg_catalog as $$ begin
  insert into benchlake.foreign_change (op, result_id, run_id, repository, history_fingerprint)
    select 'insert', id, run_id, commit_repo_url, history_fingerprint from changed;
  return null;
end $$;
create function benchlake.note_foreign_update() returns trigger language plpgsql
  security definer set search_path = pg_catalog as $$ begin
  insert into benchlake.foreign_change (op, result_id, run_id, repository, history_fingerprint)
    select 'update', id, run_id, commit_repo_url, history_fingerprint from changed
    union all
    select 'update', id, run_id, commit_repo_url, history_fingerprint from old_rows;
  return null;
end $$;
create function benchlake.note_foreign_delete() returns trigger language plpgsql
  security definer set search_path = pg_catalog as $$ begin
  insert into benchlake.foreign_change (op, result_id, run_id, repository, history_fingerprint)
    select 'delete', id, run_id, commit_repo_url, history_fingerprint from changed;
  return null;
end $$
)sql";

// Conbench finds the ancestors of a commit by a pass over all commits of the repository; a
// comparison asks for them each time, and so does every line of a page of results.
constexpr std::string_view k_indexes_postgres = R"sql(
create index concurrently if not exists bl_commit_default_branch_index on public."commit"
  (repository, timestamp) where sha = fork_point_sha;
create index concurrently if not exists bl_commit_branch_index on public."commit"
  (repository, branch, timestamp) where sha <> fork_point_sha
)sql";

constexpr std::array k_migrations = {
    store::Migration{10, "shared_tables", "select 1", k_shared_postgres},
    store::Migration{11, "shared_indexes", "select 1", k_indexes_postgres,
                     store::Migration::Kind::concurrent_indexes},
};

}  // namespace

std::span<const store::Migration> shared_table_migrations() {
  return k_migrations;
}

}  // namespace bl::results
