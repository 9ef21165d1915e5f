// Fills a PostgreSQL with a Conbench database of any size, by COPY: for proofs and drills at the
// size of a real deployment. `--store` names an empty database.
#include <filesystem>

#include "filled_store.h"
#include "generate/store_filler.h"
#include "measure.h"
#include "results/schema.h"
#include "store/open.h"

namespace bl::bench {
namespace {

int run(const Options& options) {
  Report report("fill_store");
  const SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log(clock, LogLevel::warning, stderr_sink());
  const auto disk = make_real_disk();
  const std::string uri = options.text("--store");
  {
    // Conbench's own tables alone: `benchlake migrate` adds ours.
    const auto database = must(store::open_database(uri, {}, log, metrics), "opening the store");
    must(database->migrate(results::migrations().first(1)), "making Conbench's tables");
  }
  LakePlan plan;
  plan.seed = static_cast<std::uint64_t>(options.integer("--seed"));
  plan.results = options.integer("--results");
  IdSource ids(clock, random);
  const std::string scratch = std::filesystem::temp_directory_path() / ids.next();
  std::filesystem::create_directories(scratch);
  const auto start = std::chrono::steady_clock::now();
  must(fill_conbench(uri, *disk, scratch, plan,
                     [](std::int64_t done, std::int64_t all) {
                       std::fprintf(stderr, "\r  months: %lld of %lld",
                                    static_cast<long long>(done), static_cast<long long>(all));
                     }),
       "filling");
  std::fprintf(stderr, "\n");
  std::filesystem::remove_all(scratch);
  report.fact("fill_s", seconds_since(start));
  report.fact("rows_per_s", static_cast<double>(plan.results) / seconds_since(start));
  std::printf("%s", report.table().c_str());
  return report.save(options.text("--json")) ? 0 : 2;
}

}  // namespace
}  // namespace bl::bench

int main(int argc, char** argv) {
  const bl::bench::Options options(
      argc, argv, {{"--store", ""}, {"--results", "1000000"}, {"--seed", "1"}, {"--json", ""}});
  return options.ok() ? bl::bench::run(options) : 2;
}
