// What the engine costs around its own work: opening, a small query, rows in, rows out, Parquet.
#include <benchmark/benchmark.h>

#include "base/testing/temporary_folder.h"
#include "columns/table.h"
#include "duck/database.h"
#include "duck/parquet.h"

namespace bl::duck {
namespace {

using columns::Batch;
using columns::Is;
using Rows = columns::Table<Is<"id", std::int64_t>, Is<"at", Timestamp>, Is<"mean", double>,
                            Is<"unit", std::string_view>>;
constexpr std::int64_t k_rows = 1'000'000;

std::vector<Batch> million() {
  std::vector<Batch> batches;
  Rows::Builder builder({.rows_max = 100'000});
  for (std::int64_t i = 0; i < k_rows; ++i) {
    const auto at = Timestamp{1'700'000'000'000'000 + i};
    BL_CHECK(builder.append(i * 7919 % k_rows, at, i * 0.5, "nanoseconds of a call"));
    if (builder.rows() == 100'000) batches.push_back(builder.finish().value());
  }
  return batches;
}

void opening(benchmark::State& state) {
  DatabaseOptions options;
  if (state.range(0) == 1) options.extensions = {"sqlite_scanner", "ducklake"};
  for (auto _ : state) benchmark::DoNotOptimize(Database::open(options).value());
}
BENCHMARK(opening)->DenseRange(0, 1)->ArgName("ducklake")->Unit(benchmark::kMillisecond);

void prepared_query(benchmark::State& state) {
  const auto database = Database::open({}).value();
  const auto connection = database->connect().value();
  auto statement = connection->prepare("SELECT $1 + 1 AS x").value();
  for (auto _ : state) {
    benchmark::DoNotOptimize(statement.query({std::int64_t{1}})->all().value());
  }
}
BENCHMARK(prepared_query)->Unit(benchmark::kMicrosecond);

/// Offered batches: one column summed; every column copied into a table.
void offered(benchmark::State& state, const char* sql, RowOrder order) {
  const auto database = Database::open({}).value();
  const auto connection = database->connect().value();
  const auto table = connection->offer("tail", Rows::schema(), million(), order).value();
  for (auto _ : state) BL_CHECK(connection->run(sql).ok());
  state.SetItemsProcessed(state.iterations() * k_rows);
}
BENCHMARK_CAPTURE(offered, sum, "SELECT sum(mean) FROM tail", RowOrder::any)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(offered, into_table, "CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM tail",
                  RowOrder::any)
    ->Unit(benchmark::kMillisecond);

void rows_out(benchmark::State& state) {
  const auto database = Database::open({}).value();
  const auto connection = database->connect().value();
  {
    const auto table = connection->offer("tail", Rows::schema(), million()).value();
    BL_CHECK(connection->run("CREATE TABLE t AS SELECT * FROM tail").ok());
  }
  for (auto _ : state) {
    auto answer = connection->query("SELECT * FROM t").value();
    std::int64_t rows = 0;
    while (auto batch = answer.next().value()) rows += batch->rows();
    BL_CHECK(rows == k_rows);
  }
  state.SetItemsProcessed(state.iterations() * k_rows);
}
BENCHMARK(rows_out)->Unit(benchmark::kMillisecond);

/// A flush: a million offered rows, sorted, durable.
void parquet(benchmark::State& state) {
  const TemporaryFolder folder;
  const auto disk = make_real_disk();
  const auto database = Database::open({}).value();
  const auto connection = database->connect().value();
  const auto table = connection->offer("tail", Rows::schema(), million(), RowOrder::any).value();
  int n = 0;
  for (auto _ : state) {
    const std::string path = folder.at(std::to_string(n++) + ".parquet");
    BL_CHECK(write_parquet(*connection, *disk, "SELECT * FROM tail ORDER BY id", {}, path).ok());
  }
  state.SetItemsProcessed(state.iterations() * k_rows);
}
BENCHMARK(parquet)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace bl::duck

BENCHMARK_MAIN();
