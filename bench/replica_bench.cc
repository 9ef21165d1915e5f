// How fast results go over to the lake: the first export, a refresh of new results, a comparison;
// and how fast the readers over both answer.
#include <filesystem>

#include "filled_store.h"
#include "multiplied_store.h"
#include "replica_reads.h"
#include "results/replica.h"
#include "results/store_backfill.h"
#include "results/store_writer.h"

namespace bl::bench {
namespace {

constexpr int k_new_results = 10'000;
constexpr std::size_t k_batch = 1'000;

std::unique_ptr<lake::Lake> open_lake(FilledStore& store, Disk& disk, const std::string& folder) {
  lake::LakeOptions options;
  options.folder = folder + "/lake";
  options.objects = folder + "/objects";
  options.catalog = "sqlite://" + folder + "/catalog.sqlite";
  options.delta = false;
  options.housekeeping = false;
  return must(
      lake::Lake::open(options, {disk, store.clock, store.random, store.log, store.metrics}),
      "opening the lake");
}

/// Wall and CPU seconds of a piece of work, and rows in a second of wall time, as facts.
void measured(FilledStore& store, Report& report, const std::string& name,
              const std::function<std::int64_t()>& work) {
  const double cpu = store.cpu_seconds_with_database();
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t rows = work();
  const double wall = seconds_since(start);
  report.fact(name + "_rows", static_cast<double>(rows));
  report.fact(name + "_s", wall);
  report.fact(name + "_cpu_s", store.cpu_seconds_with_database() - cpu);
  report.fact(name + "_rows_per_s", static_cast<double>(rows) / wall);
}

int run(const Options& options) {
  Report report("replica_bench");
  const auto store = open_filled_store(options, report);
  if (store->database->dialect() == store::Dialect::postgres) {
    multiply_results(*store, options.integer("--multiply"), report);
    results::Backfill backfill(*store->database, store->clock, store->metrics);
    while (!must(backfill.walk_is_done(), "backfill")) must(backfill.step(), "backfill");
  }
  const std::string folder = std::filesystem::temp_directory_path() / store->ids.next();
  std::filesystem::create_directories(folder);
  {
    const auto disk = make_real_disk();
    const auto lake = open_lake(*store, *disk, folder);
    results::Replicator replicator(*store->database, *lake, store->ids, store->clock, store->log,
                                   store->metrics);
    measured(*store, report, "export",
             [&] { return must(replicator.refresh(), "export").exported; });
    std::uint64_t bytes = 0;
    for (const auto& table : lake->tables()) {
      report.fact(table->name() + "_bytes", static_cast<double>(table->status().bytes));
      bytes += table->status().bytes;
    }
    report.fact("bytes", static_cast<double>(bytes));
    const ResultGenerator generator(plan_of(options));
    results::StoreResultWriter writer(*store->database, store->ids, store->clock,
                                      results::writer_limits(store->database->dialect()));
    std::vector<results::Submission> some;
    for (int i = 0; i < k_new_results; ++i) {
      some.push_back(generator.single(30'000'000 + static_cast<std::uint64_t>(i)));
      if (some.size() < k_batch) continue;
      for (auto& outcome : writer.submit_many(some)) must(std::move(outcome), "submit");
      some.clear();
    }
    measured(*store, report, "refresh", [&] { return must(replicator.refresh(), "refresh").rows; });
    judge_series(*store, report);
    must(replicator.refresh(), "refresh");
    measure_reads(*store, *lake, options.integer("--reads"), report);
    measured(*store, report, "check", [&] {
      const auto check = must(replicator.check(results::ReplicaRepair::no), "check");
      report.fact("differences", static_cast<double>(check.found + check.small_rows_wrong));
      return check.rows;
    });
  }
  std::filesystem::remove_all(folder);
  std::printf("%s", report.table().c_str());
  return report.save(options.text("--json")) ? 0 : 2;
}

}  // namespace
}  // namespace bl::bench

int main(int argc, char** argv) {
  const bl::bench::Options options(
      argc, argv, bl::bench::with_store_options({{"--multiply", "0"}, {"--reads", "200"}}));
  return options.ok() ? bl::bench::run(options) : 2;
}
