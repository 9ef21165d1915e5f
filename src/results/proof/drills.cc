#include "results/proof/drills.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/program.h"
#include "results/proof/process.h"
#include "results/replica/lake_rows.h"
#include "results/store_writer.h"
#include "store/open.h"

namespace bl::results::proof {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t k_damaged_rows = 4;

json::Value number(double value) {
  return json::Value::number(value);
}
json::Value whole(std::int64_t value) {
  return json::Value::number(value);
}

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// Damage -------------------------------------------------------------------------------------

std::map<std::string, std::int64_t> kinds_of(const ReplicaCheck& check) {
  std::map<std::string, std::int64_t> kinds;
  for (const ReplicaFinding& one : check.findings) ++kinds[name_of(one.kind)];
  return kinds;
}

const lake::DataFile* largest(const lake::Snapshot& snapshot) {
  const lake::DataFile* found = nullptr;
  for (const lake::DataFile& file : snapshot.files().files()) {
    if (found == nullptr || file.rows > found->rows) found = &file;
  }
  return found;
}

// Rows of a file by their place: the first goes, the second comes twice, the third changes, the
// fourth moves.
constexpr std::string_view k_placed =
    "SELECT *, row_number() OVER (ORDER BY result_no) AS place FROM ";

Result<void> damage(lake::Lake& lake, lake::Table& table, const lake::DataFile& file) {
  const auto group = replica::group_of_file("results", file.key);
  if (!group) return Error{Code::not_found, "a file of no month: " + file.key};
  const std::int64_t month = group->last_month;
  BL_TRY(const std::string path, duck::quoted_text(lake.store().address(file.key)));
  lake::Change moved{.what = "drill"};
  moved.select = fmt::format("(SELECT * EXCLUDE (place) FROM ({}read_parquet({})) WHERE place = 4)",
                             k_placed, path);
  moved.group = std::to_string(month + (month % 100 == 12 ? 89 : 1));
  BL_TRY([[maybe_unused]] const auto first, table.replace(moved));
  lake::Change kept{.what = "drill"};
  kept.removed = {file.key};
  kept.select = fmt::format(
      "(SELECT * EXCLUDE (place) REPLACE (CASE WHEN place = 3 THEN coalesce(mean, 0) + 1 ELSE "
      "mean END AS mean) FROM ({0}removed_rows) WHERE place NOT IN (1, 4) UNION ALL SELECT * "
      "EXCLUDE (place) FROM ({0}removed_rows) WHERE place = 2)",
      k_placed);
  kept.group = group->name;
  BL_TRY([[maybe_unused]] const auto second, table.replace(kept));
  return {};
}

// A writer -----------------------------------------------------------------------------------

Submission drill_submission(Timestamp now, std::int64_t i) {
  Submission submission;
  BenchmarkResult& result = submission.result;
  result.run_id = fmt::format("drill-{}", i / 500);
  result.batch_id = result.run_id;
  result.timestamp = now;
  result.run_reason = "drill";
  result.benchmark_case = {fmt::format("drill.{}", i % 100), json::Value::object()};
  result.context.set("benchmark_language", json::Value::string("C++"));
  result.hardware.name = "drill";
  result.hardware.architecture_name = "x86_64";
  result.repository = "https://example.org/drill";
  Commit commit;
  commit.sha = fmt::format("{:040x}", i / 500 + 1);
  commit.repository = result.repository;
  commit.timestamp = now;
  commit.branch = "drill:main";
  commit.fork_point_sha = commit.sha;
  result.commit = commit;
  result.stats.unit = "s";
  result.stats.time_unit = "s";
  const std::vector<double> samples = {1.0 + static_cast<double>(i % 7) / 100, 1.01, 1.02};
  for (const double sample : samples) result.stats.data.push_back(json::Value::number(sample));
  set_aggregates(result.stats, samples);
  return submission;
}

struct Acknowledged {
  Clock::time_point at;
  std::int64_t results = 0;
};

/// Submits, some hundred results a second, until it is stopped.
class Writer {
 public:
  Writer(store::Database& database, const ProofWorld& world)
      : world_(world), writer_(database, world.ids, world.clock), thread_([this] { work(); }) {}
  ~Writer() { stop(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stops_ = true;
    }
    more_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  /// Waits for more acknowledgements than before, or the writer's failure.
  Result<void> wait_for_more() {
    std::unique_lock lock(mutex_);
    const std::size_t before = acknowledged_.size();
    more_.wait(lock, [&] { return error_ || acknowledged_.size() > before; });
    if (error_) return *error_;
    return {};
  }
  /// After stop().
  const std::vector<Acknowledged>& acknowledged() const { return acknowledged_; }

 private:
  void work() {
    constexpr std::int64_t k_batch = 20;
    constexpr std::chrono::milliseconds k_pause{20};
    for (std::int64_t i = 0;; i += k_batch) {
      std::vector<Submission> some;
      for (std::int64_t k = 0; k < k_batch; ++k) {
        some.push_back(drill_submission(world_.clock.now(), i + k));
      }
      const auto outcomes = writer_.submit_many(some);
      std::unique_lock lock(mutex_);
      for (const auto& outcome : outcomes) {
        if (!outcome.ok()) error_ = outcome.error();
      }
      if (!error_) acknowledged_.push_back({Clock::now(), k_batch});
      more_.notify_all();
      if (stops_ || error_) return;
      more_.wait_for(lock, k_pause, [this] { return stops_; });
    }
  }

  const ProofWorld& world_;
  StoreResultWriter writer_;
  std::mutex mutex_;
  std::condition_variable more_;
  bool stops_ = false;                      // guarded by mutex_
  std::optional<Error> error_;              // guarded by mutex_
  std::vector<Acknowledged> acknowledged_;  // guarded by mutex_
  std::thread thread_;
};

struct Refresh {
  Clock::time_point began, ended;
};

json::Value freshness_of(const std::vector<Acknowledged>& all,
                         const std::vector<Refresh>& refreshes, std::int64_t rows) {
  std::vector<double> lags;
  double refreshing_s = 0;
  std::int64_t written = 0;
  for (const Refresh& one : refreshes) refreshing_s += seconds_between(one.began, one.ended);
  for (const Acknowledged& some : all) {
    const auto first = std::ranges::find_if(
        refreshes, [&](const Refresh& refresh) { return refresh.began >= some.at; });
    written += some.results;
    if (first != refreshes.end()) lags.push_back(seconds_between(some.at, first->ended));
  }
  json::Value out = json::Value::object();
  out.set("written", whole(written));
  out.set("in_lake", whole(rows));
  const double wall = all.empty() ? 0 : seconds_between(all.front().at, all.back().at);
  out.set("written_per_second", number(wall > 0 ? static_cast<double>(written) / wall : 0));
  out.set("refreshes", whole(std::ssize(refreshes)));
  out.set("p50_s", number(percentile(lags, 0.5)));
  out.set("p95_s", number(percentile(lags, 0.95)));
  out.set("max_s", number(percentile(lags, 1)));
  json::Value histogram = json::Value::object();
  for (const int bound : {1, 2, 5, 10, 20, 30, 60}) {
    histogram.set(fmt::format("up_to_{}_s", bound),
                  whole(std::ranges::count_if(lags, [&](double lag) { return lag <= bound; })));
  }
  out.set("batches", std::move(histogram));
  out.set("append_rows_per_s",
          number(refreshing_s > 0 ? static_cast<double>(rows) / refreshing_s : 0));
  return out;
}

Result<void> add_compaction(lake::Lake& lake, json::Value& out) {
  BL_TRY(const auto table, lake.table("results"));
  const auto start = Clock::now();
  BL_TRY(const lake::Compacted compacted, table->compact());
  const double took = seconds_between(start, Clock::now());
  out.set("compacted_files", whole(compacted.files_before));
  out.set("compact_rows_per_s",
          number(compacted.rows > 0 ? static_cast<double>(compacted.rows) / took : 0));
  return {};
}

// Programs -----------------------------------------------------------------------------------

bool hides(std::string_view name) {
  return name.starts_with("BENCHLAKE_");
}

/// The replica of the drill's store, as the program keeps it.
class DrilledLake {
 public:
  DrilledLake(const ProofRequest& request, Disk& disk)
      : program_(request.program),
        data_(request.folder + "/drill"),
        objects_(data_ + "/program-objects"),
        catalog_(data_ + "/program-catalog.sqlite"),
        disk_(disk) {}

  Result<void> begin() {
    std::error_code error;
    for (const std::string& path : {data_ + "/lake", objects_}) fs::remove_all(path, error);
    for (const auto& entry : fs::directory_iterator(data_, error)) {
      if (entry.path().filename().string().starts_with("program-")) {
        fs::remove_all(entry.path(), error);
      }
    }
    return disk_.make_folder(data_);
  }

  /// Exit code. `killed_after`: SIGKILL then; empty: to its end.
  Result<int> run(std::vector<std::string> words, const std::string& killed_after = "") const {
    std::vector<std::string> all;
    if (!killed_after.empty()) all = {"timeout", "-s", "KILL", killed_after};
    all.push_back(program_);
    all.insert(all.end(), words.begin(), words.end());
    for (const std::string& setting :
         {"lake.objects=" + objects_, "lake.catalog=sqlite://" + catalog_}) {
      all.insert(all.end(), {"--set", setting});
    }
    all.insert(all.end(), {"--data", data_});
    BL_TRY(const ProgramEnd end, run_program({.words = all, .variables = {}, .hides = hides}));
    return end.exit_code;
  }
  Result<bool> is_equal() const {
    BL_TRY(const int code, run({"lake", "refresh", "--check"}));
    return code == 0;
  }

  /// Everything is copied, removed, and the copy is put in its place.
  Result<void> lose_and_put_back() const {
    std::error_code error;
    const std::string aside = data_ + "/program-copy";
    fs::create_directories(aside, error);
    const auto parts = std::vector<std::string>{data_ + "/lake", objects_, catalog_};
    for (const std::string& part : parts) {
      const std::string copy = aside + "/" + fs::path(part).filename().string();
      if (!error) fs::copy(part, copy, fs::copy_options::recursive, error);
      if (!error) fs::remove_all(part, error);
    }
    for (const std::string& part : parts) {
      if (!error) fs::rename(aside + "/" + fs::path(part).filename().string(), part, error);
    }
    if (error) return Error{Code::io, "copying the drill's lake: " + error.message()};
    return {};
  }

 private:
  const std::string program_, data_, objects_, catalog_;
  Disk& disk_;
};

json::Value drill(const char* name, bool passed, std::string what) {
  json::Value out = json::Value::object();
  out.set("name", json::Value::string(name));
  out.set("passed", json::Value::boolean(passed));
  out.set("what", json::Value::string(std::move(what)));
  return out;
}

const char* words_of(bool equal) {
  return equal ? "both sides equal" : "the sides differ";
}

Result<json::Value> drill_kills(const DrilledLake& lake, int kills, const GoOn& go_on) {
  constexpr int k_first_ms = 50, k_step_ms = 100;
  constexpr int k_killed = 137;
  int killed = 0;
  for (int i = 0; i < kills; ++i) {
    if (!go_on("refreshes killed", static_cast<std::size_t>(i), static_cast<std::size_t>(kills))) {
      return Error{Code::cancelled, "the proof was ended"};
    }
    const double after = (k_first_ms + i * k_step_ms) / 1'000.0;
    BL_TRY(const int code, lake.run({"lake", "refresh"}, fmt::format("{:.3f}", after)));
    killed += code == k_killed ? 1 : 0;
  }
  BL_TRY(const int code, lake.run({"lake", "refresh"}));
  BL_TRY(const bool equal, lake.is_equal());
  return drill("kill -9", code == 0 && equal && (kills == 0 || killed > 0),
               fmt::format("{} of {} refreshes were killed, the next one ended with {}; {}", killed,
                           kills, code, words_of(equal)));
}

}  // namespace

Result<json::Value> damage_and_mend(lake::Lake& lake, Replicator& replicator,
                                    const std::function<Result<void>()>& begun, const GoOn& go_on) {
  json::Value out = json::Value::object();
  BL_TRY(const auto table, lake.table("results"));
  const ReplicaProgress progress = [&](std::string_view phase, std::size_t done, std::size_t all) {
    return go_on(phase, done, all);
  };
  BL_TRY(const ReplicaCheck before, replicator.check(ReplicaRepair::no, progress));
  const lake::Snapshot snapshot = table->snapshot();
  const lake::DataFile* file = largest(snapshot);
  if (file == nullptr || file->rows < k_damaged_rows) {
    out.set("too_few_rows", json::Value::boolean(true));
    return out;
  }
  BL_RETURN_IF_ERROR(begun());
  BL_RETURN_IF_ERROR(damage(lake, *table, *file));
  BL_TRY(const ReplicaCheck check, replicator.check(ReplicaRepair::no, progress));
  BL_TRY([[maybe_unused]] const auto mended, replicator.check(ReplicaRepair::yes, progress));
  BL_TRY(const ReplicaCheck after, replicator.check(ReplicaRepair::no, progress));
  const auto kinds = kinds_of(check);
  json::Value injected = json::Value::object(), found = json::Value::object();
  for (const char* kind : {"missing", "doubled", "stale", "wrong month"}) {
    injected.set(kind, whole(1));
    found.set(kind, whole(kinds.contains(kind) ? kinds.at(kind) : 0));
  }
  out.set("before", whole(before.found + before.small_rows_wrong));
  out.set("injected", std::move(injected));
  out.set("found", std::move(found));
  out.set("after", whole(after.found + after.small_rows_wrong));
  out.set("rows_compared", whole(before.rows));
  return out;
}

Result<json::Value> refresh_beside_a_writer(const ProofRequest& request, const ProofWorld& world,
                                            const GoOn& go_on) {
  const std::string folder = request.folder + "/drill";
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  BL_RETURN_IF_ERROR(world.disk.make_folder(folder + "/fresh"));
  BL_TRY(const auto database, store::open_database("sqlite://" + folder + "/benchlake.db", {},
                                                   world.log, world.metrics));
  BL_RETURN_IF_ERROR(database->migrate(world.migrations));
  lake::LakeOptions options;
  options.folder = folder + "/fresh/lake";
  options.objects = folder + "/fresh/objects";
  options.catalog = "sqlite://" + folder + "/fresh/catalog.sqlite";
  options.housekeeping = false;
  BL_TRY(const auto lake, lake::Lake::open(options, {world.disk, world.clock, world.random,
                                                     world.log, world.metrics}));
  Replicator replicator(*database, *lake, world.ids, world.clock, world.log, world.metrics);
  std::vector<Refresh> refreshes;
  const auto refresh = [&]() -> Result<void> {
    const auto began = Clock::now();
    BL_TRY([[maybe_unused]] const ReplicaRound round, replicator.refresh());
    refreshes.push_back({began, Clock::now()});
    return {};
  };
  Writer writer(*database, world);
  for (int i = 0; i < request.freshness_rounds; ++i) {
    if (!go_on("refreshes beside a writer", static_cast<std::size_t>(i),
               static_cast<std::size_t>(request.freshness_rounds))) {
      return Error{Code::cancelled, "the proof was ended"};
    }
    std::this_thread::sleep_for(request.refresh_every);
    BL_RETURN_IF_ERROR(writer.wait_for_more());
    BL_RETURN_IF_ERROR(refresh());
  }
  writer.stop();
  BL_RETURN_IF_ERROR(refresh());
  BL_TRY(const auto table, lake->table("results"));
  json::Value out = freshness_of(writer.acknowledged(), refreshes, table->snapshot().rows());
  out.set("every_s", number(std::chrono::duration<double>(request.refresh_every).count()));
  BL_RETURN_IF_ERROR(add_compaction(*lake, out));
  return out;
}

Result<json::Value> drill_operations(const ProofRequest& request, Disk& disk, const GoOn& go_on) {
  json::Value drills = json::Value::array();
  if (request.program.empty()) return drills;
  DrilledLake lake(request, disk);
  BL_RETURN_IF_ERROR(lake.begin());
  BL_TRY(json::Value kills, drill_kills(lake, request.kills, go_on));
  const bool is_there = kills.find("passed")->as_bool();
  drills.items().push_back(std::move(kills));
  if (!is_there) return drills;
  // The new catalog does not know how far the replica was: the refresh looks at everything again.
  BL_TRY(const int rebuilt, lake.run({"lake", "rebuild", "--yes"}));
  BL_TRY(const int refreshed, lake.run({"lake", "refresh"}));
  BL_TRY(const bool after_rebuild, lake.is_equal());
  drills.items().push_back(
      drill("catalog lost", rebuilt == 0 && refreshed == 0 && after_rebuild,
            fmt::format("made anew from the Delta logs, exit code {}; refreshed, exit code {}; {}",
                        rebuilt, refreshed, words_of(after_rebuild))));
  BL_RETURN_IF_ERROR(lake.lose_and_put_back());
  BL_TRY(const bool after_copy, lake.is_equal());
  BL_TRY(const int verified, lake.run({"lake", "verify"}));
  drills.items().push_back(
      drill("copy put back", after_copy && verified == 0,
            fmt::format("every file verified, exit code {}; {}", verified, words_of(after_copy))));
  return drills;
}

}  // namespace bl::results::proof
