#include <array>

#include "results/schema.h"

// Traces that results name. sample_no is -1 where the whole result is meant; times of traces are in
// nanoseconds, `at` in microseconds: the trace's start, else the result's time. No foreign key: on
// PostgreSQL the results are Conbench's own table, which others may empty.
namespace bl::results {
namespace {

constexpr std::string_view k_exemplars_sqlite = R"sql(
create table bl_exemplar (
  result_id text not null,
  trace_id text not null,
  role text not null,
  sample_no integer not null,
  span_id text,
  start_ns integer,
  end_ns integer,
  at integer not null,
  created_at integer not null,
  primary key (result_id, trace_id, role, sample_no)
) strict, without rowid;
create index bl_exemplar_trace_index on bl_exemplar (trace_id, result_id);
create index bl_exemplar_at_index on bl_exemplar (at);
)sql";

constexpr std::string_view k_exemplars_postgres = R"sql(
create table benchlake.exemplar (
  result_id text not null,
  trace_id text collate "C" not null,
  role text not null,
  sample_no bigint not null,
  span_id text,
  start_ns bigint,
  end_ns bigint,
  at bigint not null,
  created_at bigint not null,
  primary key (result_id, trace_id, role, sample_no)
);
create index exemplar_trace_index on benchlake.exemplar (trace_id, result_id collate "C");
create index exemplar_at_index on benchlake.exemplar (at);
)sql";

constexpr std::array k_migrations = {
    store::Migration{18, "exemplars", k_exemplars_sqlite, k_exemplars_postgres},
};

}  // namespace

std::span<const store::Migration> exemplar_migrations() {
  return k_migrations;
}

}  // namespace bl::results
