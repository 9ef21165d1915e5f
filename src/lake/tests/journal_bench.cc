// The speed of both kinds of journals on the machine's disk, and of the one of objects on the
// tests' S3 server (which serves one request after the other): batches from one writer, one row
// each from many.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "lake/file_journal.h"
#include "lake/object_journal.h"
#include "objects/open.h"
#include "objects/testing/s3_server.h"

namespace {

using namespace bl;
using namespace bl::lake;
using objects::testing::S3Server;

constexpr std::size_t k_row_bytes = 60;  // a slim row

enum class Kind : unsigned char { file, objects, s3 };

bool pause_for(std::chrono::milliseconds pause) {
  std::this_thread::sleep_for(pause);
  return true;
}

struct Opened {
  explicit Opened(Kind kind) {
    if (kind == Kind::file) {
      journal = open_file_journal(*disk, folder.path(), {}, clock, random, log, metrics).value();
      return;
    }
    std::string place = folder.path();
    if (kind == Kind::s3) {
      S3Server& server = S3Server::shared();
      place = S3Server::uri(server.create_bucket(), "lake", server.port());
    }
    store = objects::open_store(place, S3Server::any_credentials(),
                                {clock, random, *disk, metrics, pause_for})
                .value();
    journal =
        open_object_journal(*store, "j", {}, {clock, random, log, metrics, pause_for}).value();
  }
  ~Opened() { journal.reset(); }
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  TemporaryFolder folder{TemporaryFolder::Place::here, "journal-bench"};
  std::unique_ptr<objects::ObjectStore> store;
  std::unique_ptr<Journal> journal;
};

// A record is a batch of rows, as the lake appends them.
void rows_in_batches(benchmark::State& state, Kind kind) {
  Opened opened(kind);
  const auto rows = static_cast<std::size_t>(state.range(0));
  const std::string batch(rows * k_row_bytes, 'x');
  for (auto _ : state) BL_CHECK(opened.journal->append(batch).ok());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(rows_in_batches, file, Kind::file)
    ->Arg(1)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(10'000)
    ->UseRealTime();
BENCHMARK_CAPTURE(rows_in_batches, objects, Kind::objects)->Arg(1)->Arg(10'000)->UseRealTime();
BENCHMARK_CAPTURE(rows_in_batches, s3, Kind::s3)->Arg(1)->Arg(10'000)->UseRealTime();

void one_row_each_from_64_writers(benchmark::State& state, Kind kind, int each) {
  Opened opened(kind);
  constexpr int k_writers = 64;
  const std::string row(k_row_bytes, 'x');
  std::vector<double> waits;
  std::mutex mutex;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int writer = 0; writer < k_writers; ++writer) {
      threads.emplace_back([&] {
        std::vector<double> mine;
        for (int i = 0; i < each; ++i) {
          const auto began = std::chrono::steady_clock::now();
          BL_CHECK(opened.journal->append(row).ok());
          mine.push_back(
              std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
                  .count());
        }
        const std::lock_guard lock(mutex);
        waits.insert(waits.end(), mine.begin(), mine.end());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::ranges::sort(waits);
  state.counters["p50_ms"] = waits[waits.size() / 2];
  state.counters["p99_ms"] = waits[waits.size() * 99 / 100];
  state.SetItemsProcessed(state.iterations() * k_writers * each);
}
BENCHMARK_CAPTURE(one_row_each_from_64_writers, file, Kind::file, 500)->UseRealTime();
BENCHMARK_CAPTURE(one_row_each_from_64_writers, objects, Kind::objects, 200)->UseRealTime();
BENCHMARK_CAPTURE(one_row_each_from_64_writers, s3, Kind::s3, 20)->UseRealTime();

void reading_the_tail_after_an_ack(benchmark::State& state, Kind kind) {
  Opened opened(kind);
  const std::string row(k_row_bytes, 'x');
  for (auto _ : state) {
    state.PauseTiming();
    const RecordNo no = opened.journal->append(row)->no;
    state.ResumeTiming();
    std::size_t seen = 0;
    BL_CHECK(opened.journal->read(no, [&](const JournalRecord&) { return ++seen > 0; }).ok());
    BL_CHECK(seen == 1);
  }
}
BENCHMARK_CAPTURE(reading_the_tail_after_an_ack, file, Kind::file);
BENCHMARK_CAPTURE(reading_the_tail_after_an_ack, objects, Kind::objects);
BENCHMARK_CAPTURE(reading_the_tail_after_an_ack, s3, Kind::s3);

}  // namespace

BENCHMARK_MAIN();
