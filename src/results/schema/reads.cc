#include <array>

#include "results/schema.h"

namespace bl::results {
namespace {

constexpr std::string_view k_sqlite = R"sql(
create table bl_read_proof (
  port text primary key not null,
  passed integer not null,
  requests integer not null,
  at integer not null,
  version text not null
) strict, without rowid;

create table bl_read_tally (
  port text primary key not null,
  equal integer not null,
  different integer not null,
  moved integer not null,
  failed integer not null,
  since integer not null
) strict, without rowid;

create table bl_read_mismatch (
  id text primary key not null,
  port text not null,
  question text not null,
  at integer not null,
  place integer not null,
  store_answer text not null,
  lake_answer text not null,
  explanation text,
  explained_by text,
  replayed_at integer,
  is_equal_now integer
) strict, without rowid;
create index bl_read_mismatch_index on bl_read_mismatch (port, id);
)sql";

constexpr std::string_view k_postgres = R"sql(
create table benchlake.read_proof (
  port text collate "C" not null primary key,
  passed integer not null,
  requests bigint not null,
  at bigint not null,
  version text not null
);

create table benchlake.read_tally (
  port text collate "C" not null primary key,
  equal bigint not null,
  different bigint not null,
  moved bigint not null,
  failed bigint not null,
  since bigint not null
);

create table benchlake.read_mismatch (
  id text collate "C" not null primary key,
  port text collate "C" not null,
  question text not null,
  at bigint not null,
  place bigint not null,
  store_answer text not null,
  lake_answer text not null,
  explanation text,
  explained_by text,
  replayed_at bigint,
  is_equal_now integer
);
create index read_mismatch_index on benchlake.read_mismatch (port, id);
)sql";

constexpr std::array k_migrations = {
    store::Migration{15, "read_evidence", k_sqlite, k_postgres},
};

}  // namespace

std::span<const store::Migration> read_migrations() {
  return k_migrations;
}

}  // namespace bl::results
