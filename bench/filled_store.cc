#include "filled_store.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <span>
#include <thread>

#include "access/tokens.h"
#include "results/schema.h"
#include "results/store_series_refresh.h"
#include "results/store_verdict_refresh.h"
#include "results/store_writer.h"
#include "store/audit.h"
#include "store/both_dialects.h"
#include "store/open.h"

namespace bl::bench {
namespace {

void fill(FilledStore& store, const ResultPlan& plan, std::int64_t batch, Report& report) {
  const ResultGenerator generator(plan);
  results::StoreResultWriter writer(*store.database, store.ids, store.clock);
  std::atomic<int> next_commit = 0;
  std::atomic<std::int64_t> stored = 0;
  const double cpu = store.cpu_seconds_with_database();
  const auto start = std::chrono::steady_clock::now();
  const auto work = [&] {
    for (int commit; (commit = next_commit++) < plan.commits;) {
      const auto submissions = generator.commit(commit);
      const std::span<const results::Submission> all(submissions);
      for (std::size_t at = 0; at < all.size(); at += static_cast<std::size_t>(batch)) {
        const auto part =
            all.subspan(at, std::min(static_cast<std::size_t>(batch), all.size() - at));
        for (auto& outcome : writer.submit_many(part)) must(std::move(outcome), "submit");
        stored += static_cast<std::int64_t>(part.size());
      }
      if (commit % 20 == 0) {
        std::fprintf(stderr, "\r%lld results, %.0f s", static_cast<long long>(stored.load()),
                     seconds_since(start));
      }
    }
  };
  std::thread other(work);
  work();
  other.join();
  const double seconds = seconds_since(start);
  std::fprintf(stderr, "\n");
  const auto count = static_cast<double>(stored.load());
  report.fact("results", count);
  report.fact("fill_seconds", seconds);
  report.fact("fill_cpu_us_per_result", (store.cpu_seconds_with_database() - cpu) * 1e6 / count);
  report.fact("fill_results_per_second", count / seconds);
}

bool is_empty(store::Database& database) {
  bool found = false;
  must(database.read([&](store::Connection& connection) {
    return connection.query("select 1 from benchmark_result limit 1", {}, [&](const store::Row&) {
      found = true;
      return true;
    });
  }),
       "look for results");
  return !found;
}

// Only a superuser may look into the server's folder; elsewhere its CPU is not counted.
int pid_of_server(store::Database& database) {
  std::int64_t pid = 0;
  (void)database
      .read([&](store::Connection& connection) {
        return connection.query(
            "select split_part(pg_read_file('postmaster.pid'), e'\\n', 1)::bigint", {},
            [&](const store::Row& row) {
              pid = row.integer(0);
              return true;
            });
      })
      .ok();
  return static_cast<int>(pid);
}

}  // namespace

double FilledStore::cpu_seconds_with_database() const {
  double seconds = cpu_seconds();
  if (server_pid > 0) seconds += cpu_seconds_of_tree(server_pid);
  return seconds;
}

std::vector<std::pair<std::string, std::string>> with_store_options(
    std::vector<std::pair<std::string, std::string>> more) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"--results", "1000000"}, {"--series", "20000"}, {"--seed", "1"},      {"--batch", "1000"},
      {"--data", "bench-data"}, {"--json", ""},        {"--store", "sqlite"}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

ResultPlan plan_of(const Options& options) {
  ResultPlan plan;
  plan.seed = static_cast<std::uint64_t>(options.integer("--seed"));
  plan.results = options.integer("--results");
  plan.series = static_cast<int>(options.integer("--series"));
  return plan;
}

std::string store_path(const Options& options) {
  return (std::filesystem::absolute(options.text("--data")) / "benchlake.db").string();
}

void judge_series(FilledStore& store, Report& report) {
  results::SeriesRefresher refresher(*store.database);
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  std::int64_t judged = 0;
  while (const std::int64_t some = must(refresher.refresh_some(256), "judge")) judged += some;
  report.fact("judged_series", static_cast<double>(judged));
  report.fact("judge_seconds", seconds_since(start));
  report.fact("judge_cpu_us_per_series",
              (cpu_seconds() - cpu) * 1e6 / static_cast<double>(std::max<std::int64_t>(1, judged)));
}

// The same series once more, as after an edit that changed no point: their detectors are kept.
void judge_verdicts_again(FilledStore& store, results::VerdictRefresher& refresher,
                          Report& report) {
  must(store.database->write([](store::Connection& connection) -> Result<void> {
    for (const auto& sql :
         {store::both_dialects<"delete from @verdict_due">(),
          store::both_dialects<"insert into @verdict_due (series_no, kind, change_count) "
                               "select series_no, 0, change_count from @series_verdict">()}) {
      BL_TRY([[maybe_unused]] const auto done, connection.execute(sql, {}));
    }
    return {};
  }),
       "note verdicts");
  const double cpu = cpu_seconds();
  std::int64_t judged = 0;
  for (bool more = true; more;) {
    const auto work = must(refresher.judge_some(16), "verdicts");
    judged += work.judged;
    more = work.more;
  }
  report.fact("verdict_warm_cpu_us_per_series",
              (cpu_seconds() - cpu) * 1e6 / static_cast<double>(std::max<std::int64_t>(1, judged)));
}

// Behind the statuses, and far dearer: of so many series only.
void judge_verdicts(FilledStore& store, Report& report) {
  constexpr std::int64_t k_series = 1'000;
  results::VerdictRefresher refresher(*store.database, store.clock, store.metrics);
  const double cpu = cpu_seconds();
  std::int64_t judged = 0;
  while (judged < k_series) {
    const auto work = must(refresher.judge_some(16), "verdicts");
    judged += work.judged;
    if (!work.more) break;
  }
  report.fact("verdict_cpu_us_per_series",
              (cpu_seconds() - cpu) * 1e6 / static_cast<double>(std::max<std::int64_t>(1, judged)));
  judge_verdicts_again(store, refresher, report);
}

std::unique_ptr<FilledStore> open_filled_store(const Options& options, Report& report) {
  std::filesystem::create_directories(options.text("--data"));
  const std::string path = store_path(options);
  bool is_new = !std::filesystem::exists(path);
  const ResultPlan plan = plan_of(options);
  auto store = std::make_unique<FilledStore>();
  std::string uri = "sqlite://" + path;
  if (options.text("--store") == "postgres") {
    is_new = true;
    store->server = must(store::testing::PostgresServer::start({.fsync = true}), "postgres");
    store->server_pid = store->server->pid();
    uri = store->server->uri(store->server->create_database());
  } else if (options.text("--store") != "sqlite") {
    uri = options.text("--store");
  }
  store->uri = uri;
  store->database = must(store::open_database(uri, {}, store->log, store->metrics), "open");
  // All of the program's, so that it can serve the file and we can open it again.
  std::vector<store::Migration> steps(results::migrations().begin(), results::migrations().end());
  for (const auto more :
       {access::migrations(), results::commit_migrations(), results::later_migrations(),
        store::audit_migrations(), access::user_migrations(), results::ci_migrations(),
        results::alert_migrations(), results::shared_table_migrations(),
        results::history_migrations(), results::verdict_migrations()}) {
    steps.insert(steps.end(), more.begin(), more.end());
  }
  must(store->database->migrate(steps), "migrate");
  if (uri.starts_with("postgres://") && store->server == nullptr) {
    is_new = is_empty(*store->database);
    store->server_pid = pid_of_server(*store->database);
  }
  report.fact("series", plan.series);
  if (is_new) {
    fill(*store, plan, options.integer("--batch"), report);
    judge_series(*store, report);
    judge_verdicts(*store, report);
  }
  return store;
}

Samples sample(store::Database& database) {
  Samples samples;
  must(database.read([&](store::Connection& connection) -> Result<void> {
    const auto collect = [&](const store::Sql& sql, std::vector<std::string>& into) {
      return connection.query(sql, {}, [&](const store::Row& row) {
        into.emplace_back(row.text(0));
        return true;
      });
    };
    BL_RETURN_IF_ERROR(
        collect(store::both_dialects<"select history_fingerprint from @series where point_count >= "
                                     "(select max(point_count) * 9 / 10 from @series) limit 300">(),
                samples.long_series));
    BL_RETURN_IF_ERROR(
        collect(store::both_dialects<"select run_id from @run limit 500">(), samples.run_ids));
    return collect(
        store::both_dialects<"select id from @result_number where no % 97 = 0 limit 20000">(),
        samples.result_ids);
  }),
       "sample");
  return samples;
}

}  // namespace bl::bench
