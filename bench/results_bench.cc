// The results domain over a store at size: fills a store through the writer, then times what people
// wait for. No server: the difference to http_bench is the wire.
#include <cstdio>
#include <filesystem>
#include <thread>

#include "filled_store.h"
#include "multiplied_store.h"
#include "receipts_cost.h"
#include "report_scenario.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"
#include "results/store_writer.h"

namespace bl::bench {
namespace {

// What single submits are sent: one for each number from `first` on, of which a plan's series each
// has one.
struct Submits {
  std::string fact, name;
  int threads = 0, each = 0;
  std::uint64_t first = 0;
};

// Durable single submits of many threads at once, without a wire.
void time_submits(FilledStore& store, const ResultPlan& plan, const Submits& submits,
                  Report& report) {
  const auto [fact, name, threads, each, first] = submits;
  const ResultGenerator generator(plan);
  results::StoreResultWriter writer(*store.database, store.ids, store.clock);
  std::vector<std::vector<results::Submission>> prepared(static_cast<std::size_t>(threads));
  for (int t = 0; t < threads; ++t) {
    for (int i = 0; i < each; ++i) {
      prepared[static_cast<std::size_t>(t)].push_back(
          generator.single(first + static_cast<std::uint64_t>(t * each + i)));
    }
  }
  std::vector<std::vector<double>> times(prepared.size());
  std::vector<std::thread> workers;
  const double cpu = store.cpu_seconds_with_database();
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t t = 0; t < prepared.size(); ++t) {
    workers.emplace_back([&, t] {
      for (const auto& submission : prepared[t]) {
        const auto begin = std::chrono::steady_clock::now();
        must(writer.submit(submission), "submit");
        times[t].push_back(seconds_since(begin) * 1e3);
      }
    });
  }
  for (auto& worker : workers) worker.join();
  const double seconds = seconds_since(start);
  std::vector<double> all;
  for (const auto& some : times) all.insert(all.end(), some.begin(), some.end());
  report.fact(fact,
              (store.cpu_seconds_with_database() - cpu) * 1e6 / static_cast<double>(all.size()));
  report.add(timing_of(name + ", " + std::to_string(threads) + " threads", all, seconds));
}

// Batches, one after the other, into the store as it is.
void time_batches(FilledStore& store, const ResultPlan& plan, std::uint64_t size,
                  std::int64_t results, Report& report) {
  static std::uint64_t next = 10'000'000;
  const ResultGenerator generator(plan);
  results::StoreResultWriter writer(*store.database, store.ids, store.clock);
  std::vector<double> times;
  double seconds = 0;
  double cpu = 0;
  const auto batches = static_cast<std::uint64_t>(results) / size;
  if (batches == 0) return;
  for (std::uint64_t b = 0; b < batches; ++b) {
    std::vector<results::Submission> batch;
    for (std::uint64_t i = 0; i < size; ++i) batch.push_back(generator.single(next++));
    const double cpu_before = store.cpu_seconds_with_database();
    const auto begin = std::chrono::steady_clock::now();
    for (auto& outcome : writer.submit_many(batch)) must(std::move(outcome), "batch");
    const double took = seconds_since(begin);
    cpu += store.cpu_seconds_with_database() - cpu_before;
    seconds += took;
    times.push_back(took * 1e3);
  }
  const double count = static_cast<double>(batches * size);
  const std::string name = "batch_" + std::to_string(size);
  report.fact(name + "_results_per_second", count / seconds);
  report.fact(name + "_cpu_us_per_result", cpu * 1e6 / count);
  report.add(timing_of("batch of " + std::to_string(size), times, seconds));
}

void time_reads(FilledStore& store, std::int64_t rounds, Report& report) {
  results::StoreRunBrowser runs(*store.database);
  results::StoreHistoryReader histories(*store.database);
  results::StoreCompareReader compares(*store.database);
  results::StoreProjectHealthReader health(*store.database);
  const Samples samples = sample(*store.database);
  SeededRandom random(5);
  const auto any = [&](const std::vector<std::string>& from) {
    return from[random.below(from.size())];
  };
  std::size_t points = 0;
  report.add(measure("history of a long series", rounds, [&](std::int64_t) {
    points += must(histories.history(any(samples.long_series)), "history").points.size();
  }));
  report.fact("history_points", static_cast<double>(points) / static_cast<double>(rounds));
  report.add(measure("result by id", rounds,
                     [&](std::int64_t) { must(runs.result(any(samples.result_ids)), "result"); }));
  report.add(measure("compare", rounds, [&](std::int64_t) {
    const auto history = must(histories.history(any(samples.long_series)), "history");
    (void)must(compares.compare(history.points[history.points.size() / 2].result_id,
                                history.points.back().result_id),
               "compare");
  }));
  std::vector<std::pair<std::string, std::string>> pairs;
  for (std::size_t i = 0; i < 20; ++i) {
    const auto history = must(histories.history(any(samples.long_series)), "history");
    pairs.emplace_back(history.points[history.points.size() / 2].result_id,
                       history.points.back().result_id);
  }
  report.add(measure("compare of two results", rounds, [&](std::int64_t i) {
    const auto& [baseline, contender] = pairs[static_cast<std::size_t>(i) % pairs.size()];
    (void)must(compares.compare(baseline, contender), "compare");
  }));
  const auto words = ResultGenerator::search_words();
  const auto page = [&](results::SeriesFilter filter, std::int64_t i) {
    filter.page_size = 25;
    const auto first = must(health.series(filter), "series");
    if (i % 2 == 1 && first.next_cursor) {  // every other time a second page
      filter.cursor = *first.next_cursor;
      (void)must(health.series(filter), "series");
    }
  };
  using Sort = results::SeriesFilter::Sort;
  for (const auto& [name, sort] : {std::pair{"recent", Sort::recent}, std::pair{"name", Sort::name},
                                   std::pair{"change", Sort::change}}) {
    report.add(measure(std::string("browse by ") + name, rounds / 4, [&](std::int64_t i) {
      results::SeriesFilter filter;
      filter.sort = sort;
      page(filter, i);
    }));
    report.add(measure(std::string("search a word by ") + name, rounds / 4, [&](std::int64_t i) {
      results::SeriesFilter filter;
      filter.sort = sort;
      filter.text = any(words);
      page(filter, i);
    }));
  }
  report.add(measure("search two words and a number", rounds / 4, [&](std::int64_t i) {
    results::SeriesFilter filter;
    filter.text = any(words) + " " + any(words) + " " + std::to_string(random.below(100));
    page(filter, i);
  }));
  report.add(measure("search nothing like it", rounds / 4, [&](std::int64_t i) {
    results::SeriesFilter filter;
    filter.text = "no such benchmark";
    page(filter, i);
  }));
  report.add(measure("browse regressed", rounds / 4, [&](std::int64_t i) {
    results::SeriesFilter filter;
    filter.status = results::SeriesStatus::regressed;
    page(filter, i);
  }));
  report.add(measure("search box", rounds / 4,
                     [&](std::int64_t) { (void)must(health.search(any(words), 20), "search"); }));
  report.add(measure("recent runs, 25", rounds / 4, [&](std::int64_t) {
    (void)must(runs.recent_runs(std::nullopt, 25), "runs");
  }));
  report.add(measure("results of a run, 100", rounds / 4, [&](std::int64_t) {
    results::ResultFilter filter;
    filter.run_id = any(samples.run_ids);
    (void)must(runs.results(filter), "results");
  }));
  report.add(measure("newest results, 100", rounds / 4,
                     [&](std::int64_t) { (void)must(runs.results({}), "results"); }));
  report.add(measure("results of a day, 100", rounds / 4, [&](std::int64_t i) {
    results::ResultFilter filter;
    filter.earliest = Timestamp::from_seconds(1'672'531'200 + (i % 100) * 86'400);
    filter.latest = Timestamp{filter.earliest->micros + 86'400'000'000};
    (void)must(runs.results(filter), "results");
  }));
  report.add(
      measure("facts", rounds / 4, [&](std::int64_t) { (void)must(health.facts(), "facts"); }));
}

int run(const Options& options) {
  Report report("results over " + options.text("--store"));
  const auto filled = open_filled_store(options, report);
  FilledStore& store = *filled;
  if (options.integer("--multiply") > 0) {
    multiply_results(store, options.integer("--multiply"), report);
  }
  if (options.integer("--rounds") > 0) {
    time_reads(store, options.integer("--rounds"), report);
    time_ci_report(store, {.commits = static_cast<int>(options.integer("--report-commits"))}, 20,
                   report);
  }
  if (options.integer("--submits") > 0) {
    const auto threads = static_cast<int>(options.integer("--threads"));
    const int each = static_cast<int>(options.integer("--submits")) / threads;
    time_submits(store, plan_of(options), {"submit_cpu_us", "submit", threads, each, 0}, report);
    time_submits(store, plan_of(options),
                 {"submit_known_cpu_us", "submit to a known series", threads, each, 5'000'000},
                 report);
    for (const std::uint64_t size : {1'000, 5'000}) {
      time_batches(store, plan_of(options), size, options.integer("--batched"), report);
    }
    if (options.integer("--rounds") > 0) judge_series(store, report);
  }
  time_receipts(store, plan_of(options),
                {.rounds = static_cast<int>(options.integer("--receipt-rounds"))}, report);
  if (options.text("--store") == "sqlite") {
    report.fact("file_bytes", static_cast<double>(std::filesystem::file_size(store_path(options))));
  }
  std::fputs(("\n" + report.table()).c_str(), stdout);
  return report.save(options.text("--json")) ? 0 : 2;
}

}  // namespace
}  // namespace bl::bench

int main(int argc, char** argv) {
  const bl::bench::Options options(argc, argv,
                                   bl::bench::with_store_options({{"--rounds", "2000"},
                                                                  {"--submits", "20000"},
                                                                  {"--threads", "64"},
                                                                  {"--batched", "60000"},
                                                                  {"--report-commits", "20"},
                                                                  {"--multiply", "0"},
                                                                  {"--receipt-rounds", "0"}}));
  return options.ok() ? bl::bench::run(options) : 2;
}
