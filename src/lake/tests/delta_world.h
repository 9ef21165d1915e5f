#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/testing/memory_disk.h"
#include "base/testing/temporary_folder.h"
#include "duck/database.h"
#include "duck/parquet.h"
#include "lake/delta_log.h"
#include "lake/delta_rows.h"
#include "objects/open.h"
#include "objects/testing/memory_store.h"

namespace bl::lake::testing {

/// A real folder, a clock that stands still but for pauses, one engine.
struct DeltaSetting {
  explicit DeltaSetting(std::uint64_t seed = 7) : random(seed) {}
  DeltaSetting(const DeltaSetting&) = delete;
  DeltaSetting& operator=(const DeltaSetting&) = delete;

  TemporaryFolder folder{TemporaryFolder::Place::disk, "delta"};
  ManualClock clock{Timestamp::from_seconds(1'790'000'000)};
  SeededRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  duck::Database& engine = shared_engine();
  std::unique_ptr<duck::Connection> connection = engine.connect().value();
  objects::testing::MemoryStore memory{clock, *disk};

  /// Opening one takes a while; what a test offers to it is of a connection of its own.
  static duck::Database& shared_engine() {
    static const std::unique_ptr<duck::Database> engine = duck::Database::open({}).value();
    return *engine;
  }
  objects::Wait wait() {
    return [this](std::chrono::milliseconds pause) {
      clock.advance(pause);
      return true;
    };
  }
  DeltaWorld world(objects::ObjectStore& store) {
    return {store, *disk, folder.at("scratch"), engine, clock, random, metrics, log, wait()};
  }
  DeltaWorld world() { return world(memory); }
  std::unique_ptr<objects::ObjectStore> local(const std::string& path) {
    return objects::open_store(path, {}, {clock, random, *disk, metrics, wait()}).value();
  }
  /// Of a counter's line, or 0.
  double metric(const std::string& name, const MetricLabels& labels = {}) const {
    for (const auto& sample : metrics.samples(name)) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
    return 0;
  }
  std::int64_t count(const std::string& sql, const duck::Values& values = {}) {
    auto answer = connection->query(sql, values);
    if (!answer.ok()) std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    return answer.value().all(1).value().column(0).as<std::int64_t>().value()[0];
  }
};

inline columns::Schema two_columns() {
  return columns::Schema::make({{"id", columns::Kind::int64, false}, {"name", columns::Kind::text}})
      .value();
}

/// A file that need not be there: of many tests only the log matters.
inline DeltaFile some_file(const std::string& path, std::uint64_t size = 100) {
  DeltaFile file;
  file.path = path;
  file.size = size;
  file.modified = Timestamp::from_seconds(1'700'000'000);
  file.statistics = R"({"numRecords":5})";
  return file;
}

inline DeltaAppend append_of(const std::string& path) {
  DeltaAppend append;
  append.files.push_back(some_file(path));
  return append;
}

inline std::vector<std::string> paths_of(const DeltaSnapshot& snapshot) {
  std::vector<std::string> paths;
  for (const auto& file : snapshot.files) paths.push_back(file->path);
  return paths;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result.ok() ? "ok" : name_of(result.error().code);
}
template <class T>
std::string message_of(const Result<T>& result) {
  return result.ok() ? "ok" : result.error().message;
}

inline std::string commit_key(int version) {
  return fmt::format("t/_delta_log/{:020}.json", version);
}

}  // namespace bl::lake::testing
