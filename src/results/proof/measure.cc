#include "results/proof/measure.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "engine/duck_engine.h"
#include "results/proof/process.h"
#include "results/proof/variants.h"
#include "results/store_history.h"
#include "results/store_project.h"
#include "results/store_run_comparison.h"
#include "results/store_runs.h"
#include "results/store_series.h"

namespace bl::results::proof {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t k_day = 86'400'000'000;
constexpr std::size_t k_reader_step = 1'000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Together {
  std::mutex mutex;
  std::vector<double> latencies_ms;  // these three guarded by mutex
  Answered answered;
  std::optional<Error> error;
};

void ask_in_a_row(std::size_t from, const MeasurePlan& plan, Clock::time_point start,
                  const Ask& ask, Together& together) {
  for (int i = 0; i < plan.repetitions; ++i) {
    if (i > 0 && Clock::now() - start > plan.time_max) return;
    const auto begin = Clock::now();
    const auto answered = ask(from + static_cast<std::size_t>(i));
    const double took = seconds_since(begin) * 1e3;
    const std::lock_guard lock(together.mutex);
    if (!answered.ok()) {
      together.error = answered.error();
      return;
    }
    together.latencies_ms.push_back(took);
    together.answered.rows += answered->rows;
    together.answered.files_scanned += answered->files_scanned;
    together.answered.files_skipped += answered->files_skipped;
  }
}

Result<Answered> run(engine::Engine& engine, engine::Query query) {
  BL_TRY(const auto cursor, engine.run(std::move(query)));
  while (true) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) break;
  }
  const engine::Statistics statistics = cursor->statistics();
  return Answered{statistics.rows, statistics.files_scanned, statistics.files_skipped};
}

Result<std::unique_ptr<engine::Engine>> open_engine(lake::Lake& lake, Metrics& metrics,
                                                    int readers) {
  engine::DuckEngineLimits limits;
  limits.admission.running_max = static_cast<std::size_t>(readers);
  limits.admission.waiting_max = static_cast<std::size_t>(readers);
  limits.database.threads = machine_processors();
  return engine::open_duck_engine(lake.store(), metrics, limits);
}

// A new engine for each request: what it keeps of files would be warm.
Result<Measurement> measure_cold(lake::Lake& lake, Metrics& metrics, std::string_view variant,
                                 const lake::Snapshot& snapshot, const Samples& samples,
                                 const Family& family, const MeasurePlan& plan) {
  const auto paths = paths_of(lake, snapshot);
  std::unique_ptr<engine::Engine> engine;
  Measurement all;
  for (int i = 0; i < plan.cold_repetitions; ++i) {
    BL_TRY(engine, open_engine(lake, metrics, 1));
    drop_from_cache(paths);
    MeasurePlan one = plan;
    one.repetitions = 1;
    BL_TRY(const Measurement single,
           measure(std::string(variant), family.name, 1, one, [&](std::size_t) {
             return run(*engine,
                        question_of(family, samples, static_cast<std::size_t>(i), snapshot));
           }));
    if (i == 0) {
      all = single;
      continue;
    }
    all.latencies_ms.push_back(single.latencies_ms.front());
    all.wall_s += single.wall_s;
    all.cpu_s += single.cpu_s;
    all.answered.rows += single.answered.rows;
    all.answered.files_scanned += single.answered.files_scanned;
    all.answered.files_skipped += single.answered.files_skipped;
    if (all.bytes_read && single.bytes_read) *all.bytes_read += *single.bytes_read;
    all.peak_memory_bytes = single.peak_memory_bytes;
  }
  all.is_cold = true;
  return all;
}

bool has_samples(const Family& family, const Samples& samples) {
  return family.name != "compare" || !samples.pairs.empty();
}

Error ended() {
  return {Code::cancelled, "the proof was ended"};
}

// The store's readers where they answer the family's question; nothing: they do not.
class StoreQuestions {
 public:
  StoreQuestions(store::Database& database, const Samples& samples)
      : samples_(samples),
        history_(database),
        runs_(database),
        project_(database),
        comparison_(database),
        health_(database) {}

  std::optional<Ask> of(const Family& family) {
    const auto with = [](auto body) { return std::optional<Ask>(std::move(body)); };
    if (family.name == "history") return with([this](std::size_t i) { return history(i); });
    if (family.name == "rollup") return with([this](std::size_t i) { return rollup(i); });
    if (family.name == "compare") return with([this](std::size_t i) { return compare(i); });
    if (family.name == "browse") return with([this](std::size_t) { return newest(30 * k_day); });
    if (family.name == "newest") return with([this](std::size_t) { return newest(0); });
    if (family.name == "discovery") return with([this](std::size_t) { return discovery(); });
    if (family.name == "count") return with([this](std::size_t) { return count(); });
    return std::nullopt;
  }

 private:
  Result<Answered> history(std::size_t i) {
    BL_TRY(const History history,
           history_.history(samples_.series[i % samples_.series.size()].fingerprint));
    return Answered{.rows = std::ssize(history.points)};
  }
  Result<Answered> rollup(std::size_t i) {
    const auto& repository = samples_.repositories[i % samples_.repositories.size()];
    AttentionQuery query;
    query.repository = repository.repository;
    query.since = Timestamp{samples_.newest.micros - 30 * k_day};
    BL_TRY(const auto projects, project_.attention(query));
    return Answered{.rows = std::ssize(projects)};
  }
  Result<Answered> compare(std::size_t i) {
    const RunPairKey& key = samples_.pairs[i % samples_.pairs.size()];
    RunPair pair{.baseline = key.baseline, .contender = key.contender, .page_size = 1'000};
    Answered answered;
    while (true) {
      BL_TRY(const RunComparisonPage page, comparison_.page(pair));
      answered.rows += std::ssize(page.pairs);
      if (!page.next_cursor) return answered;
      pair.after = page.next_cursor;
    }
  }
  Result<Answered> newest(std::int64_t window) {
    ResultFilter filter;
    filter.page_size = 50;
    if (window > 0) filter.earliest = Timestamp{samples_.newest.micros - window};
    BL_TRY(const auto rows, runs_.results(filter));
    return Answered{.rows = std::ssize(rows)};
  }
  Result<Answered> discovery() {
    BL_TRY(const SeriesPage page, health_.series({}));
    return Answered{.rows = std::ssize(page.series)};
  }
  Result<Answered> count() {
    BL_TRY([[maybe_unused]] const Facts facts, health_.facts());
    return Answered{.rows = 1};
  }

  const Samples& samples_;
  StoreHistoryReader history_;
  StoreRunBrowser runs_;
  StoreProjectReader project_;
  StoreRunComparisonReader comparison_;
  StoreProjectHealthReader health_;
};

}  // namespace

Result<Measurement> measure(std::string variant, std::string_view family, int readers,
                            const MeasurePlan& plan, const Ask& ask) {
  Together together;
  const ProcessCounters before = process_counters();
  const auto start = Clock::now();
  {
    std::vector<std::jthread> threads;
    for (int reader = 1; reader < readers; ++reader) {
      threads.emplace_back([&, reader] {
        ask_in_a_row(static_cast<std::size_t>(reader) * k_reader_step, plan, start, ask, together);
      });
    }
    ask_in_a_row(0, plan, start, ask, together);
  }
  Measurement made;
  made.wall_s = seconds_since(start);
  const ProcessCounters after = process_counters();
  if (together.error) return *together.error;
  made.variant = std::move(variant);
  made.family = family;
  made.readers = readers;
  made.latencies_ms = std::move(together.latencies_ms);
  made.answered = together.answered;
  made.cpu_s = after.cpu_s - before.cpu_s;
  if (before.bytes_read && after.bytes_read) {
    made.bytes_read = *after.bytes_read - *before.bytes_read;
  }
  made.peak_memory_bytes = after.peak_memory_bytes;
  return made;
}

json::Value to_json(const Measurement& one) {
  const auto count = static_cast<double>(std::max<std::size_t>(1, one.latencies_ms.size()));
  json::Value out = json::Value::object();
  const auto number = [](double value) { return json::Value::number(value); };
  const auto each = [&](auto sum) { return number(static_cast<double>(sum) / count); };
  out.set("variant", json::Value::string(one.variant));
  out.set("family", json::Value::string(one.family));
  out.set("state", json::Value::string(one.is_cold ? "cold" : "warm"));
  out.set("readers", json::Value::number(std::int64_t{one.readers}));
  out.set("requests", json::Value::number(static_cast<std::int64_t>(one.latencies_ms.size())));
  out.set("p50_ms", number(percentile(one.latencies_ms, 0.5)));
  out.set("p95_ms", number(percentile(one.latencies_ms, 0.95)));
  out.set("max_ms", number(percentile(one.latencies_ms, 1)));
  out.set("per_second", number(one.wall_s > 0 ? count / one.wall_s : 0));
  out.set("cpu_ms", each(one.cpu_s * 1e3));
  out.set("bytes_read", one.bytes_read ? each(*one.bytes_read) : json::Value());
  out.set("files_scanned", each(one.answered.files_scanned));
  out.set("files_skipped", each(one.answered.files_skipped));
  out.set("rows", each(one.answered.rows));
  out.set("peak_memory_bytes", one.peak_memory_bytes
                                   ? number(static_cast<double>(*one.peak_memory_bytes))
                                   : json::Value());
  return out;
}

Result<json::Value> measure_variant(lake::Lake& lake, Metrics& metrics, std::string_view variant,
                                    const lake::Snapshot& snapshot, const Samples& samples,
                                    std::span<const Family> families, const MeasurePlan& plan,
                                    const std::function<bool(std::size_t, std::size_t)>& go_on) {
  json::Value all = json::Value::array();
  const std::size_t each = plan.readers.size() + 1;
  std::size_t done = 0;
  for (const Family& family : families) {
    if (!go_on(done, families.size() * each)) return ended();
    done += each;
    if (!has_samples(family, samples)) continue;
    BL_TRY(const Measurement cold,
           measure_cold(lake, metrics, variant, snapshot, samples, family, plan));
    all.items().push_back(to_json(cold));
    for (const int readers : plan.readers) {
      BL_TRY(const auto engine, open_engine(lake, metrics, readers));
      const Ask ask = [&](std::size_t i) {
        return run(*engine, question_of(family, samples, i, snapshot));
      };
      BL_TRY([[maybe_unused]] const Answered first, ask(0));  // sessions, footers
      BL_TRY(const Measurement warm,
             measure(std::string(variant), family.name, readers, plan, ask));
      all.items().push_back(to_json(warm));
    }
  }
  return all;
}

Result<json::Value> measure_store(store::Database& database, const Samples& samples,
                                  std::span<const Family> families, const MeasurePlan& plan,
                                  const std::function<bool(std::size_t, std::size_t)>& go_on) {
  json::Value all = json::Value::array();
  StoreQuestions questions(database, samples);
  std::size_t done = 0;
  for (const Family& family : families) {
    if (!go_on(done++, families.size())) return ended();
    const auto ask = questions.of(family);
    if (!ask || !has_samples(family, samples)) continue;
    for (const int readers : plan.readers) {
      BL_TRY([[maybe_unused]] const Answered first, (*ask)(0));
      BL_TRY(const Measurement warm, measure("store", family.name, readers, plan, *ask));
      all.items().push_back(to_json(warm));
    }
  }
  return all;
}

}  // namespace bl::results::proof
