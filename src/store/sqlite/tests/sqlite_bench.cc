// Durable commits a second by 1, 8 and 64 threads, and reads of one row by its key.
#include <benchmark/benchmark.h>

#include "store/sqlite/sqlite_database.h"
#include "store/tests/driver_factory.h"

namespace bl::store::testing {
namespace {

const Sql k_insert("INSERT INTO item (id, name, payload) VALUES ($1, $2, $3)");
const Sql k_select("SELECT name, payload FROM item WHERE id = $1");
constexpr std::int64_t k_rows = 100'000;

// One database for all threads and runs of the program.
class Bench {
 public:
  static Bench& the() {
    static Bench bench;
    return bench;
  }
  Database& database() { return *database_; }
  std::int64_t next_id() { return next_id_.fetch_add(1); }
  std::string payload = std::string(600, 'p');

 private:
  Bench() {
    database_ = open_sqlite(folder_.at("bench.db"), {}, quiet_.log, metrics_).value();
    const Migration schema{
        1, "item",
        "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, payload TEXT) STRICT;"
        "CREATE INDEX item_name ON item (name)",
        ""};
    BL_CHECK(database_->migrate(std::span(&schema, 1)).ok());
    BL_CHECK(database_
                 ->write([&](Connection& c) -> Result<void> {
                   for (std::int64_t id = 0; id < k_rows; ++id) BL_CHECK(insert(c, id).ok());
                   return {};
                 })
                 .ok());
    next_id_ = k_rows;
  }

 public:
  Result<void> insert(Connection& c, std::int64_t id) {
    const std::string name = std::to_string(static_cast<std::uint64_t>(id) * 0x9e3779b97f4a7c15);
    BL_RETURN_IF_ERROR(
        c.execute(k_insert, {id, std::string_view(name), std::string_view(payload)}));
    return {};
  }

 private:
  TemporaryFolder folder_;
  QuietLog quiet_;
  Metrics metrics_;
  std::unique_ptr<Database> database_;
  std::atomic<std::int64_t> next_id_ = 0;
};

void durable_write(benchmark::State& state) {
  Bench& bench = Bench::the();
  for (auto _ : state) {
    const std::int64_t id = bench.next_id();
    const auto outcome = bench.database().write([&](Connection& c) { return bench.insert(c, id); });
    BL_CHECK(outcome.ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(durable_write)->Threads(1)->Threads(8)->Threads(64)->UseRealTime()->MinTime(2);

void read_by_key(benchmark::State& state) {
  Bench& bench = Bench::the();
  std::int64_t id = state.thread_index() * 7'919;
  for (auto _ : state) {
    id = (id * 6'364'136'223 + 1'442'695) % k_rows;
    if (id < 0) id += k_rows;
    const auto outcome = bench.database().read([&](Connection& c) {
      return c.query(k_select, {id}, [](const Row& row) {
        benchmark::DoNotOptimize(row.text(1).data());
        return true;
      });
    });
    BL_CHECK(outcome.ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_by_key)->Threads(1)->Threads(2)->Threads(8)->UseRealTime();

}  // namespace
}  // namespace bl::store::testing

BENCHMARK_MAIN();
