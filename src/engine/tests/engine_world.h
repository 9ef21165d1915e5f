#pragma once

#include <gmock/gmock.h>

#include "engine/duck_engine.h"
#include "engine/worker_engine.h"
#include "lake/testing/table_world.h"
#include "objects/open.h"

/// Lake tables whose files are on the disk, and the two engines over them.
namespace bl::engine {

/// Every kind of column that a lake table has.
using Kinds = columns::Table<
    columns::Is<"no", std::int64_t>, columns::Is<"is_on", std::optional<bool>>,
    columns::Is<"small", std::optional<std::int32_t>>, columns::Is<"share", std::optional<double>>,
    columns::Is<"name", std::optional<std::string_view>>,
    columns::Is<"raw", std::optional<columns::Bytes>>,
    columns::Is<"day", std::optional<columns::Date>>, columns::Is<"at", std::optional<Timestamp>>,
    columns::Is<"samples", columns::List<double>>>;

struct EngineWorld {
  EngineWorld() {
    std::filesystem::create_directories(folder);
    points = open_table("points", lake::Points::schema());
    kinds = open_table("kinds", Kinds::schema());
  }
  ~EngineWorld() { std::filesystem::remove_all(folder); }

  WorkerEngineOptions worker_options() const {
    WorkerEngineOptions options;
    options.program = BL_ENGINE_WORKER;
    options.folder = folder + "/query";
    options.readable = {folder + "/objects"};
    options.limits.admission = {.running_max = 2, .waiting_max = 2};
    options.limits.memory_bytes_max = 128ull << 20;
    options.limits.spill_bytes_max = 64ull << 20;
    options.limits.grace = std::chrono::milliseconds(200);
    return options;
  }
  std::unique_ptr<Engine> worker_engine(const WorkerEngineOptions& options) {
    return open_worker_engine(*store, log, metrics, options).value();
  }
  std::unique_ptr<Engine> duck_engine() {
    DuckEngineLimits limits;
    limits.admission = {.running_max = 2, .waiting_max = 2};
    limits.database.memory_bytes_max = 128ull << 20;
    return open_duck_engine(*store, metrics, limits).value();
  }

  Query query(std::string sql, duck::Values parameters = {}) const {
    return {.sql = std::move(sql),
            .parameters = std::move(parameters),
            .tables = {{.name = "points", .snapshot = points->snapshot()},
                       {.name = "kinds", .snapshot = kinds->snapshot()}},
            .limits = {.time_max = std::chrono::milliseconds(20'000)}};
  }

  /// Queries that have a place, of both engines.
  double running() const {
    double all = 0;
    for (const MetricSample& sample : metrics.samples("bl_query_running")) all += sample.value;
    return all;
  }
  double waiting() const {
    double all = 0;
    for (const MetricSample& sample : metrics.samples("bl_query_waiting")) all += sample.value;
    return all;
  }
  double lost(const std::string& reason) const {
    for (const MetricSample& sample : metrics.samples("bl_query_workers_lost_total")) {
      if (sample.labels.at("reason") == reason) return sample.value;
    }
    return 0;
  }

  std::unique_ptr<lake::Table> open_table(const std::string& name, const columns::Schema& schema) {
    BL_CHECK(catalog.create_table({name, schema, lake::properties_of({})}).ok());
    auto journal =
        lake::open_file_journal(journal_disk, "journals/" + name, {}, clock, random, log, metrics);
    return lake::Table::open({catalog, *store, *writer, *disk, folder, ids, clock, log, metrics},
                             name, std::move(journal).value(), nullptr)
        .value();
  }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  std::string said;  // by the log
  Log log{clock, LogLevel::warning, [this](std::string_view line) { said += line; }};
  IdSource ids{clock, random};
  std::unique_ptr<Disk> disk = make_real_disk();
  MemoryDisk journal_disk;
  std::string folder = std::filesystem::temp_directory_path() / ("bl-engine-" + ids.next());
  std::unique_ptr<objects::ObjectStore> store =
      objects::open_store(folder + "/objects", {},
                          {clock, random, *disk, metrics, [](auto) { return true; }})
          .value();
  lake::testing::MemoryCatalog catalog{clock};
  std::unique_ptr<duck::Database> writer = duck::Database::open({}).value();
  std::unique_ptr<lake::Table> points, kinds;
};

struct Answered {
  columns::Batch rows;
  Statistics statistics;
};

/// The whole answer.
inline Result<Answered> all(Engine& engine, Query query) {
  BL_TRY(const auto cursor, engine.run(std::move(query)));
  std::vector<columns::Batch> batches = {columns::Batch::empty(cursor->schema())};
  while (true) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) break;
    batches.push_back(*batch);
  }
  BL_TRY(columns::Batch rows, columns::concatenate(batches));
  return Answered{std::move(rows), cursor->statistics()};
}

/// `code: message`, or `ok`.
inline std::string outcome(const Result<Answered>& answered) {
  if (answered.ok()) return "ok";
  return std::string(name_of(answered.error().code)) + ": " + answered.error().message;
}

inline std::int64_t number(const Result<Answered>& answered) {
  if (!answered.ok()) {
    ADD_FAILURE() << outcome(answered);
    return -1;
  }
  return answered->rows.column(0).as<std::int64_t>().value()[0];
}

}  // namespace bl::engine
