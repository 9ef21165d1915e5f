#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "base/testing/faulty_disk.h"
#include "base/testing/temporary_folder.h"
#include "lake/lake.h"
#include "traces/lake_trace_store.h"
#include "traces/testing/store_suite.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {

/// Those of a list, in its order.
inline PinnedTraces port_of(const std::set<TraceId>& pinned) {
  return [pinned](const TraceId& after, std::size_t limit) -> Result<std::vector<TraceId>> {
    std::vector<TraceId> ids;
    for (auto it = pinned.upper_bound(after); it != pinned.end() && ids.size() < limit; ++it) {
      ids.push_back(*it);
    }
    return ids;
  };
}

/// A span of the trace {trace, 1} of the service `shop`.
inline Span span_of(std::uint64_t trace, std::uint64_t id, std::uint64_t parent, std::int64_t start,
                    std::int64_t duration = 1'000) {
  Span span;
  span.trace_id = {trace, 1};
  span.span_id = {id};
  if (parent != 0) span.parent_span_id = SpanId{parent};
  span.name = "work";
  span.start_ns = start;
  span.end_ns = start + duration;
  auto resource = std::make_shared<Resource>();
  resource->attributes.push_back({"service.name", AnyValue(std::string("shop"))});
  span.resource = resource;
  span.scope = std::make_shared<Scope>();
  return span;
}

/// A lake of real parts in a folder of its own, and the keeper of spans over it.
class LakeWorldOfSpans : public StoreUnderTest {
 public:
  explicit LakeWorldOfSpans(lake::LakeLimits limits = small(),
                            const LakeTraceStoreLimits& of_store = {})
      : store_limits(of_store), limits_(std::move(limits)) {
    open();
  }
  ~LakeWorldOfSpans() override { close(); }

  /// Files are put together as soon as there are two.
  static lake::LakeLimits small() {
    lake::LakeLimits limits;
    limits.table.compact_files_min = 2;
    return limits;
  }
  lake::LakeOptions options() {
    lake::LakeOptions out;
    out.folder = folder.path() + "/lake";
    out.objects = folder.path() + "/objects";
    out.catalog = "sqlite://" + folder.path() + "/catalog.sqlite";
    out.housekeeping = false;
    out.delta = false;
    out.limits = limits_;
    return out;
  }
  std::string index_folder() const { return folder.path() + "/index"; }
  void open() {
    auto opened = lake::Lake::open(options(), {used_disk(), clock, random, log, metrics});
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    lake = *std::move(opened);
    open_store();
  }
  void open_store() {
    auto made = LakeTraceStore::open(
        {*lake, used_disk(), clock, log, metrics, index_folder(), pinned}, store_limits);
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    traces = *std::move(made);
  }
  void close() {
    traces.reset();
    lake.reset();
  }
  std::shared_ptr<lake::Table> table() { return *lake->table("spans"); }
  Disk& used_disk() { return faulty != nullptr ? *faulty : *disk; }
  void flush() { ASSERT_TRUE(table()->flush().ok()); }

  TraceStore& store() override { return *traces; }
  void disturb(std::uint64_t choice) override {
    switch (choice % 8) {
      case 0:
        flush();
        break;  // the index may not know the file yet
      case 1:
        flush();
        EXPECT_TRUE(traces->settle().ok());
        break;
      case 2:
        EXPECT_TRUE(traces->compact().ok());
        break;
      case 3:
        close();
        open();
        break;
      case 4:
        flush();
        close();
        std::filesystem::remove_all(index_folder());
        open();
        break;
      case 5:
        EXPECT_TRUE(table()->flush().ok());
        EXPECT_TRUE(table()->compact().ok());
        break;
      case 6:
        traces.reset();
        damage_index(choice / 8);
        open_store();
        break;
      default:
        break;
    }
  }
  /// A byte of one of the index's files is another, or the file is cut.
  void damage_index(std::uint64_t choice) {
    std::vector<std::filesystem::path> files;
    for (const auto& one : std::filesystem::directory_iterator(index_folder())) {
      files.push_back(one.path());
    }
    if (files.empty()) return;
    const auto& path = files[choice % files.size()];
    const auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, size - 1 - choice % size);
  }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  TemporaryFolder folder;
  LakeTraceStoreLimits store_limits;
  PinnedTraces pinned;
  std::unique_ptr<FaultyDisk> faulty;  ///< over `disk`; to be set before open()
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<LakeTraceStore> traces;

 private:
  lake::LakeLimits limits_;
};

}  // namespace bl::traces
