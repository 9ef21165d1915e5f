#include <array>

#include "results/schema.h"

namespace bl::results {
namespace {

// Conbench's commit table has no index over its unknown rows, and gets none: the rows that wait for
// enrichment stand here, found by a look at the newest ids and, now and then, at all.
constexpr std::string_view k_commits_sqlite = R"sql(
create table bl_commit_enrichment (
  commit_id text primary key not null,
  state text not null,
  attempts integer not null,
  next_try_at integer not null,
  lease_owner text not null,
  lease_until integer not null,
  reason text not null,
  range_newest_sha text,
  range_until integer,
  range_oldest_sha text,
  range_oldest_time integer,
  range_from text not null,
  range_left integer not null
) strict;
create index bl_commit_enrichment_due_index on bl_commit_enrichment (state, next_try_at);

create table bl_commit_hint (
  sha text not null,
  repository text not null,
  pull_request integer not null,
  primary key (sha, repository)
) strict, without rowid;
)sql";

constexpr std::string_view k_commits_postgres = R"sql(
create table benchlake.commit_enrichment (
  commit_id text not null primary key,
  state text not null,
  attempts bigint not null,
  next_try_at bigint not null,
  lease_owner text not null,
  lease_until bigint not null,
  reason text not null,
  range_newest_sha text,
  range_until bigint,
  range_oldest_sha text,
  range_oldest_time bigint,
  range_from text not null,
  range_left bigint not null
);
create index commit_enrichment_due_index on benchlake.commit_enrichment (state, next_try_at);

create table benchlake.commit_hint (
  sha text not null,
  repository text not null,
  pull_request bigint not null,
  primary key (sha, repository)
);
)sql";

constexpr std::array k_migrations = {
    store::Migration{4, "commit_enrichment", k_commits_sqlite, k_commits_postgres},
};

}  // namespace

std::span<const store::Migration> commit_migrations() {
  return k_migrations;
}

}  // namespace bl::results
