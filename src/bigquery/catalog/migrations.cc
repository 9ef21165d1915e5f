#include <array>

#include "bigquery/tables.h"

// Times in microseconds since 1970. Texts in the order of their bytes, in either store.
namespace bl::bigquery {
namespace {

constexpr std::string_view k_sqlite = R"sql(
create table bl_bq_ids (
  next_id integer not null
) strict;
insert into bl_bq_ids (next_id) values (1);
create table bl_bq_datasets (
  project text not null,
  dataset text not null,
  properties text not null,
  version integer not null,
  created integer not null,
  modified integer not null,
  primary key (project, dataset)
) strict, without rowid;
create table bl_bq_tables (
  id integer primary key,
  project text not null,
  dataset text not null,
  name text not null,
  kind text not null,
  schema text not null,
  view_query text not null,
  properties text not null,
  expires integer,
  version integer not null,
  created integer not null,
  modified integer not null,
  unique (project, dataset, name),
  foreign key (project, dataset) references bl_bq_datasets (project, dataset)
) strict;
)sql";

constexpr std::string_view k_postgres = R"sql(
create table benchlake.bq_ids (
  next_id bigint not null
);
insert into benchlake.bq_ids (next_id) values (1);
create table benchlake.bq_datasets (
  project text collate "C" not null,
  dataset text collate "C" not null,
  properties text not null,
  version bigint not null,
  created bigint not null,
  modified bigint not null,
  primary key (project, dataset)
);
create table benchlake.bq_tables (
  id bigint primary key,
  project text collate "C" not null,
  dataset text collate "C" not null,
  name text collate "C" not null,
  kind text not null,
  schema text not null,
  view_query text not null,
  properties text not null,
  expires bigint,
  version bigint not null,
  created bigint not null,
  modified bigint not null,
  unique (project, dataset, name),
  foreign key (project, dataset) references benchlake.bq_datasets (project, dataset)
);
)sql";

constexpr std::array k_migrations = {
    store::Migration{19, "bigquery_tables", k_sqlite, k_postgres},
};

}  // namespace

std::span<const store::Migration> table_migrations() {
  return k_migrations;
}

}  // namespace bl::bigquery
