// What a catalog costs: listing a table of many files, a commit, polling. On SQLite.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "duck/database.h"
#include "duck/parquet.h"
#include "lake/open_catalog.h"
#include "objects/open.h"

namespace {

using namespace bl;
using namespace bl::lake;

/// A table of twelve columns and many small files.
struct BenchLake {
  static constexpr const char* k_select =
      "SELECT range AS number, (range % 40)::BIGINT AS repository, range * 7 AS fingerprint, "
      "TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(range) AS at, 0.5::DOUBLE AS mean, "
      "'s' AS unit, 'run-' || range AS run, [0.5::DOUBLE] AS samples, 1::BIGINT AS a, 2::BIGINT AS "
      "b, 0.1::DOUBLE AS c, true AS d FROM range(10)";

  explicit BenchLake(int files) {
    store = objects::open_store(folder.at("objects"), {}, world()).value();
    writer = duck::Database::open({}).value();
    catalog = open();
    using columns::Kind;
    const auto schema = columns::Schema::make({{"number", Kind::int64},
                                               {"repository", Kind::int64},
                                               {"fingerprint", Kind::int64},
                                               {"at", Kind::timestamp},
                                               {"mean", Kind::float64},
                                               {"unit", Kind::text},
                                               {"run", Kind::text},
                                               {"samples", columns::Type::list(Kind::float64)},
                                               {"a", Kind::int64},
                                               {"b", Kind::int64},
                                               {"c", Kind::float64},
                                               {"d", Kind::boolean}})
                            .value();
    BL_CHECK(catalog->create_table({"results", schema, {}}).ok());
    token = catalog->take("results").value();
    std::vector<DataFile> all;
    for (int i = 0; i < files; ++i) all.push_back(file());
    if (files > 0)
      BL_CHECK(catalog->publish(token, {.id = "all", .what = "flush", .added = all}).ok());
  }
  ~BenchLake() { catalog.reset(); }
  objects::World world() {
    return {clock, random, *disk, metrics, [](std::chrono::milliseconds pause) {
              std::this_thread::sleep_for(pause);
              return true;
            }};
  }
  std::unique_ptr<Catalog> open() {
    CatalogOptions options;
    options.catalog = "sqlite://" + folder.at("lake.sqlite");
    options.objects = folder.at("objects");
    return open_catalog(options, *store, world()).value();
  }
  DataFile file() {
    const std::string key = "tables/results/data/f" + std::to_string(++files_made) + ".parquet";
    const std::string path = folder.at("f.tmp");
    const auto connection = writer->connect().value();
    const auto made = duck::write_parquet(*connection, *disk, k_select, {}, path).value();
    BL_CHECK(store->put_file_if_absent(key, path).ok());
    std::filesystem::remove(path);
    return {key, made.rows, made.bytes, made.footer_bytes, made.columns};
  }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  std::unique_ptr<Disk> disk = make_real_disk();
  TemporaryFolder folder{TemporaryFolder::Place::here, "catalog-bench"};
  std::unique_ptr<objects::ObjectStore> store;
  std::unique_ptr<duck::Database> writer;
  std::unique_ptr<Catalog> catalog;
  PublisherToken token;
  int files_made = 0;
};

void listing_a_snapshot(benchmark::State& state) {
  BenchLake lake(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const auto snapshot = lake.catalog->snapshot("results");
    BL_CHECK(snapshot->files.size() == static_cast<std::size_t>(state.range(0)));
  }
}
BENCHMARK(listing_a_snapshot)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

void opening_a_catalog(benchmark::State& state) {
  BenchLake lake(0);
  for (auto _ : state) lake.open();
}
BENCHMARK(opening_a_catalog)->Unit(benchmark::kMillisecond)->UseRealTime();

void polling(benchmark::State& state) {
  BenchLake lake(10);
  for (auto _ : state) benchmark::DoNotOptimize(lake.catalog->newest("results").value());
}
BENCHMARK(polling)->Unit(benchmark::kMicrosecond)->UseRealTime();

void publishing_a_file(benchmark::State& state) {
  BenchLake lake(static_cast<int>(state.range(0)));
  int n = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const DataFile file = lake.file();
    state.ResumeTiming();
    const auto done = lake.catalog->publish(
        lake.token, {.id = "n" + std::to_string(++n), .what = "flush", .added = {file}});
    BL_CHECK(done.ok());
  }
}
BENCHMARK(publishing_a_file)->Arg(10)->Arg(1000)->Unit(benchmark::kMillisecond)->UseRealTime();

void replacing_ten_files(benchmark::State& state) {
  BenchLake lake(static_cast<int>(state.range(0)));
  int n = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const DataFile file = lake.file();
    std::vector<std::string> removed;
    const auto snapshot = lake.catalog->snapshot("results").value();
    for (std::size_t i = 0; i < 10; ++i) removed.push_back(snapshot.files[i].key);
    state.ResumeTiming();
    const auto done = lake.catalog->publish(
        lake.token,
        {.id = "n" + std::to_string(++n), .what = "compact", .added = {file}, .removed = removed});
    BL_CHECK(done.ok());
  }
}
BENCHMARK(replacing_ten_files)
    ->Arg(1000)
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
