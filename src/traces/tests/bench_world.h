#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "base/testing/forwarding_disk.h"
#include "lake/lake.h"
#include "traces/lake_trace_store.h"
#include "traces/testing/trace_maker.h"

/// The lake of a benchmark of traces, and a disk that behaves like a store of objects far away.
namespace bl::traces {

/// Every read of a file of the store waits as a request to a store far away would: 30 ms, then 100
/// MB/s (spec/traces.md 7.9, B14). Only while it `is_far`. What the engine reads goes around it.
class FarDisk final : public ForwardingDisk {
 public:
  using ForwardingDisk::ForwardingDisk;
  std::atomic<bool> is_far = false;
  std::atomic<std::int64_t> requests = 0;

  Result<std::unique_ptr<bl::File>> open_read(const std::string& path) override {
    auto file = ForwardingDisk::open_read(path);
    if (!file.ok() || !is_far || !path.ends_with(".parquet")) return file;
    return std::unique_ptr<bl::File>(std::make_unique<FarFile>(*this, *std::move(file)));
  }

 private:
  class FarFile final : public bl::File {
   public:
    FarFile(FarDisk& disk, std::unique_ptr<bl::File> inner)
        : disk_(disk), inner_(std::move(inner)) {}
    Result<void> append(std::string_view bytes) override { return inner_->append(bytes); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
      auto read = inner_->read_at(offset, out);
      if (!read.ok() || *read == 0) return read;  // the end of a file is no request of its own
      ++disk_.requests;
      std::this_thread::sleep_for(std::chrono::milliseconds(30) +
                                  std::chrono::nanoseconds(10 * *read));
      return read;
    }
    Result<void> sync() override { return inner_->sync(); }
    Result<void> truncate(std::uint64_t size) override { return inner_->truncate(size); }
    Result<std::uint64_t> size() override { return inner_->size(); }

   private:
    FarDisk& disk_;
    std::unique_ptr<bl::File> inner_;
  };
};

struct BenchWorld {
  explicit BenchWorld(std::string at, std::size_t compact_files_min = 8)
      : folder(std::move(at)), compact_files(compact_files_min) {
    open();
  }
  void open(const LakeTraceStoreLimits& limits = {}) {
    lake::LakeOptions options;
    options.folder = folder + "/lake";
    options.objects = folder + "/objects";
    options.catalog = "sqlite://" + folder + "/catalog.sqlite";
    options.housekeeping = false;
    options.delta = false;
    options.limits.table.compact_files_min = compact_files;
    lake = lake::Lake::open(options, {disk, clock, random, log, metrics}).value();
    store =
        LakeTraceStore::open({*lake, disk, clock, log, metrics, folder + "/index"}, limits).value();
  }
  void close() {
    store.reset();
    lake.reset();
  }
  void open_again(const LakeTraceStoreLimits& limits = {}) {
    close();
    open(limits);
    BL_CHECK(store->settle().ok());
  }
  void flush() { BL_CHECK((*lake->table("spans"))->flush().ok()); }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> real_disk = make_real_disk();
  FarDisk disk{*real_disk};
  std::string folder;
  std::size_t compact_files;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<LakeTraceStore> store;
};

/// Spans over 30 days, whatever their number: a heavy tail of traces up to a million spans, late,
/// very late, repeated and lost ones, traces across midnights; and a few texts of 64 KiB.
class BenchSpans {
 public:
  static constexpr std::int64_t k_days_ns = 30ll * 86'400 * 1'000'000'000;

  explicit BenchSpans(std::int64_t spans) : maker_(shape_of(spans)) {}
  Spans take(std::size_t count) {
    Spans spans = maker_.take(count);
    for (Span& span : spans) {
      if (++made_ % 20'000 != 0) continue;
      std::string text(65'536, ' ');
      for (char& c : text) c = static_cast<char>('a' + random_() % 26);
      span.attributes.push_back({"db.query.text", std::move(text)});
    }
    return spans;
  }
  /// One trace of so many spans, in the middle of the days.
  static Spans large_trace(std::uint64_t seed, std::size_t spans) {
    Spans out = one_trace(seed, spans);
    for (Span& span : out) {
      span.start_ns += k_days_ns / 2;
      span.end_ns += k_days_ns / 2;
      for (SpanEvent& event : span.events) event.time_ns += k_days_ns / 2;
    }
    return out;
  }

 private:
  static TraceShape shape_of(std::int64_t spans) {
    TraceShape shape;
    shape.services = 1'000;
    shape.step_ns = k_days_ns / spans;
    shape.spans_of_trace_max = 1'000'000;
    shape.attribute_bytes_max = 4'096;
    return shape;
  }
  TraceMaker maker_;
  std::mt19937_64 random_{7};
  std::int64_t made_ = 0;
};

}  // namespace bl::traces
