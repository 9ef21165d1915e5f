#include "multiplied_store.h"

#include "store/open.h"

namespace bl::bench {
namespace {

// `k` is the number of a copy. Ids keep their first half, which is a time: lists are in their
// order.
#define BL_COPIED_ID(id) "left(" id ", 16) || left(md5(" id " || k), 16)"

// Indexes are dropped and built again: eleven of them cost ten times what a row does.
constexpr const char* k_copy = R"sql(
do $$
declare
  facts bigint;
  copies bigint;
  columns text;
  indexes text[];
  statement text;
begin
  select count(*) into facts from benchmark_result;
  copies := %RESULTS% / facts - 1;
  if copies < 1 then return; end if;
  set local session_replication_role = replica;
  set local maintenance_work_mem = '1GB';
  select array_agg(indexdef), string_agg('drop index public.' || quote_ident(indexname), ';')
    into indexes, statement from pg_indexes
    where schemaname = 'public' and tablename = 'benchmark_result' and indexname !~ '_pkey$';
  execute statement;

  insert into "commit" select %ID(id)%, sha, parent, repository || '/' || k, message, author_name,
    author_login, author_avatar, timestamp, branch, fork_point_sha
    from "commit", generate_series(1, copies) k;

  select string_agg(case column_name
      when 'id' then '%ID(id)%'
      when 'commit_id' then '%ID(commit_id)%'
      when 'run_id' then 'run_id || ''/'' || k'
      when 'batch_id' then 'batch_id || ''/'' || k'
      when 'commit_repo_url' then 'commit_repo_url || ''/'' || k'
      when 'history_fingerprint' then 'md5(history_fingerprint || k)'
      when 'timestamp' then 'timestamp + k * interval ''1 second'''
      else quote_ident(column_name) end, ', ' order by ordinal_position)
    into columns from information_schema.columns
    where table_schema = 'public' and table_name = 'benchmark_result';
  execute 'insert into benchmark_result select ' || columns
    || ' from generate_series(1, ' || copies || '::bigint) k, benchmark_result';
  foreach statement in array indexes loop execute statement; end loop;

  insert into benchlake.result_number (no, id)
    select no + k * 1000000000, %ID(id)% from benchlake.result_number, generate_series(1, copies) k;
  select string_agg(case column_name
      when 'series_no' then 'series_no + k * 10000000'
      when 'run_no' then 'run_no + k * 10000000'
      when 'latest_run_no' then 'latest_run_no + k * 10000000'
      when 'latest_result_no' then 'latest_result_no + k * 1000000000'
      when 'history_fingerprint' then 'md5(history_fingerprint || k)'
      when 'latest_result_id' then '%ID(latest_result_id)%'
      when 'repository' then 'repository || ''/'' || k'
      else quote_ident(column_name) end, ', ' order by ordinal_position)
    into columns from information_schema.columns
    where table_schema = 'benchlake' and table_name = 'series';
  execute 'insert into benchlake.series overriding system value select ' || columns
    || ' from benchlake.series, generate_series(1, ' || copies || '::bigint) k';
  insert into benchlake.series_sparkline
    select s.series_no + k * 10000000, s.sparkline
    from benchlake.series_sparkline s, generate_series(1, copies) k;
  select string_agg(case column_name
      when 'run_no' then 'run_no + k * 10000000'
      when 'run_id' then 'run_id || ''/'' || k'
      when 'commit_id' then '%ID(commit_id)%'
      when 'latest_batch_id' then 'latest_batch_id || ''/'' || k'
      when 'latest_result_no' then 'latest_result_no + k * 1000000000'
      when 'latest_result_id' then '%ID(latest_result_id)%'
      when 'repository' then 'repository || ''/'' || k'
      else quote_ident(column_name) end, ', ' order by ordinal_position)
    into columns from information_schema.columns
    where table_schema = 'benchlake' and table_name = 'run';
  execute 'insert into benchlake.run overriding system value select ' || columns
    || ' from benchlake.run, generate_series(1, ' || copies || '::bigint) k';
end $$)sql";

std::string copy_statement(std::int64_t results) {
  std::string text = k_copy;
  const auto replace = [&text](std::string_view from, const std::string& to) {
    for (std::size_t at; (at = text.find(from)) != std::string::npos;) {
      text.replace(at, from.size(), to);
    }
  };
  replace("%RESULTS%", std::to_string(results));
  replace("%ID(id)%", BL_COPIED_ID("id"));
  replace("%ID(commit_id)%", BL_COPIED_ID("commit_id"));
  replace("%ID(latest_result_id)%", BL_COPIED_ID("latest_result_id"));
  return text;
}

}  // namespace

void multiply_results(FilledStore& store, std::int64_t results, Report& report) {
  store::DatabaseLimits limits;
  limits.write_ms_max = 3'600'000;
  const auto database =
      must(store::open_database(store.uri, limits, store.log, store.metrics), "open");
  const auto start = std::chrono::steady_clock::now();
  must(database->write([&](store::Connection& connection) -> Result<void> {
    return connection.query_text(copy_statement(results), {},
                                 [](const store::Row&) { return true; });
  }),
       "multiply");
  must(database->write([](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute("analyze", {}));
    return {};
  }),
       "analyze");
  report.fact("multiply_seconds", seconds_since(start));
}

}  // namespace bl::bench
