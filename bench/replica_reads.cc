#include "replica_reads.h"

#include <functional>

#include "engine/duck_engine.h"
#include "results/lake_compare.h"
#include "results/lake_history.h"
#include "results/lake_runs.h"
#include "results/lake_series.h"
#include "results/readers.h"
#include "results/store_compare.h"
#include "results/store_history.h"
#include "results/store_runs.h"
#include "results/store_series.h"

namespace bl::bench {
namespace {

using results::Readers;
using results::ResultFilter;
using results::SeriesFilter;

/// Gives the count of rows of the i-th answer.
using Question = std::function<std::size_t(const Readers&, std::size_t i)>;

ResultFilter newest(int count) {
  ResultFilter filter;
  filter.page_size = count;
  return filter;
}

SeriesFilter series_by(SeriesFilter::Sort sort) {
  SeriesFilter filter;
  filter.sort = sort;
  return filter;
}

}  // namespace

void measure_reads(FilledStore& store, lake::Lake& lake, std::int64_t count, Report& report) {
  const Samples samples = sample(*store.database);
  const auto engine = must(engine::open_duck_engine(lake.store(), store.metrics, {}), "engine");
  const store::Dialect dialect = store.database->dialect();
  results::StoreHistoryReader store_history(*store.database);
  results::StoreRunBrowser store_runs(*store.database);
  results::StoreCompareReader store_compare(*store.database);
  results::StoreProjectHealthReader store_health(*store.database);
  results::LakeHistoryReader lake_history(lake, *engine, dialect);
  results::LakeRunBrowser lake_runs(lake, *engine);
  results::LakeCompareReader lake_compare(lake, *engine);
  results::LakeProjectHealthReader lake_health(lake, *engine, dialect);
  const Readers of_store{store_history, store_compare, store_health, store_runs};
  const Readers of_lake{lake_history, lake_compare, lake_health, lake_runs};

  const auto ask = [&](const std::string& name, std::int64_t times, const Question& question) {
    std::size_t rows[2] = {};
    std::size_t side = 0;
    for (const auto& [label, readers] : {std::pair("_store", &of_store), {"_lake", &of_lake}}) {
      const double cpu = store.cpu_seconds_with_database();
      report.add(measure(name + label, times, [&](std::int64_t i) {
        rows[side] += question(*readers, static_cast<std::size_t>(i));
      }));
      report.fact(name + label + "_cpu_ms",
                  1e3 / static_cast<double>(times) * (store.cpu_seconds_with_database() - cpu));
      ++side;
    }
    report.fact(name + "_rows_differ", static_cast<double>(rows[0]) - static_cast<double>(rows[1]));
  };
  const auto one_of = [](const std::vector<std::string>& some, std::size_t i) -> const auto& {
    return some[i % some.size()];
  };
  ask("history", count, [&](const Readers& of, std::size_t i) {
    return must(of.history.history(one_of(samples.long_series, i)), "history").points.size();
  });
  ask("result_by_id", count, [&](const Readers& of, std::size_t i) {
    return must(of.runs.result(one_of(samples.result_ids, i)), "result").stats.data.size();
  });
  ask("compare", count, [&](const Readers& of, std::size_t i) {
    const std::string& id = one_of(samples.result_ids, i);
    return must(of.compare.compare(id, id), "compare").distribution.mean ? 1u : 0u;
  });
  ask("newest_results_100", count / 4, [&](const Readers& of, std::size_t) {
    return must(of.runs.results(newest(100)), "newest").size();
  });
  ask("results_of_a_run_100", count / 4, [&](const Readers& of, std::size_t i) {
    ResultFilter filter = newest(100);
    filter.run_id = one_of(samples.run_ids, i);
    return must(of.runs.results(filter), "results of a run").size();
  });
  ask("whole_results_of_a_run_100", count / 4, [&](const Readers& of, std::size_t i) {
    ResultFilter filter = newest(100);
    filter.run_id = one_of(samples.run_ids, i);
    return must(of.runs.whole_results(filter), "whole results").results.size();
  });
  ask("recent_runs_25", count / 4, [&](const Readers& of, std::size_t) {
    return must(of.runs.recent_runs(std::nullopt, 25), "runs").size();
  });
  ask("series_by_time_100", count / 4, [&](const Readers& of, std::size_t) {
    return must(of.health.series(series_by(SeriesFilter::Sort::recent)), "series").series.size();
  });
  ask("series_by_change_100", count / 4, [&](const Readers& of, std::size_t) {
    return must(of.health.series(series_by(SeriesFilter::Sort::change)), "series").series.size();
  });
  ask("series_with_words_100", count / 4, [&](const Readers& of, std::size_t) {
    SeriesFilter filter = series_by(SeriesFilter::Sort::name);
    filter.text = "1 2";
    return must(of.health.series(filter), "series").series.size();
  });
  ask("search_box", count / 4, [&](const Readers& of, std::size_t i) {
    return must(of.health.search(one_of(samples.result_ids, i).substr(0, 14), 10), "search").size();
  });
  ask("facts", count / 4, [&](const Readers& of, std::size_t) {
    return static_cast<std::size_t>(must(of.health.facts(), "facts").results);
  });
}

}  // namespace bl::bench
