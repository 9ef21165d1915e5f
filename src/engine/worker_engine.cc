#include "engine/worker_engine.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "columns/ipc.h"
#include "engine/relation_files.h"
#include "engine/worker/exit_codes.h"
#include "engine/worker/worker_pool.h"

namespace bl::engine {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A query that is refused for its processor time used all threads for so much longer than it could.
constexpr std::int64_t k_cpu_spare_s = 2;

/// Why workers ended before their answers did.
struct EndCounters {
  explicit EndCounters(Metrics& metrics) : metrics_(metrics) {}
  void count(const char* reason) {
    metrics_
        .counter("bl_query_workers_lost_total", "workers that ended before their query's answer",
                 {{"reason", reason}})
        .add();
  }

 private:
  Metrics& metrics_;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

/// Files that have the same columns, together: as few words as can be.
std::vector<FileGroup> groups_of(const TableFiles& files) {
  std::vector<FileGroup> groups;
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < files.files.size(); ++i) {
    columns.clear();
    for (const auto& column : files.files[i]->columns) {
      if (columns.empty() || columns.back() != column.path[0]) columns.push_back(column.path[0]);
    }
    if (groups.empty() || groups.back().columns != columns) groups.push_back({columns, {}});
    groups.back().paths.push_back(files.paths[i]);
    if (files.numbers) groups.back().first_rows.push_back(files.numbers->files[i]);
  }
  return groups;
}

class WorkerCursor final : public Cursor {
 public:
  WorkerCursor(Query query, Instant began, milliseconds grace, EndCounters& ends, Log& log)
      : query_(std::move(query)), began_(began), grace_(grace), ends_(ends), log_(log) {}

  Instant deadline() const { return began_ + query_.limits.time_max; }
  QueryControl& control() { return *query_.control; }
  void hold(Admission::Place place) { place_.emplace(std::move(place)); }

  /// Hands the job over and waits for the answer's schema.
  Result<void> begin(WorkerPool& pool, const objects::ObjectStore& store, int threads) {
    BL_TRY(worker_, pool.take(patience()));
    statistics_.waited = duration_cast<microseconds>(steady_clock::now() - began_);
    const auto sent = send_job(store, threads);
    // A worker that is gone is heard of by what it said last, or how it ended.
    if (!sent.ok() && sent.error().code != Code::io) return lost(sent.error());
    BL_TRY(const auto frame, receive());
    if (!frame || frame->kind != FrameKind::schema) return lost(torn("no schema"));
    const auto reader = columns::IpcReader::open(frame->payload, {});
    if (!reader.ok()) return lost(torn(reader.error().message));
    schema_ = (*reader)->schema();
    return {};
  }

  const columns::Schema& schema() const override { return schema_; }

  Result<std::optional<columns::Batch>> next() override {
    if (worker_ == nullptr) return std::optional<columns::Batch>();
    BL_TRY(const auto frame, receive());
    if (!frame) return std::optional<columns::Batch>();
    if (frame->kind != FrameKind::batch) return lost(torn("a frame out of order"));
    auto batch = columns::read_ipc_batch(frame->payload, schema_, {});
    if (!batch.ok()) return lost(torn(batch.error().message));
    statistics_.rows += batch->rows();
    statistics_.bytes += batch->bytes();
    if (statistics_.rows > query_.limits.rows_max) return lost(torn("too many rows"));
    return std::optional(std::move(batch).value());
  }

  Statistics statistics() const override {
    Statistics now = statistics_;
    if (worker_ != nullptr) now.wall = duration_cast<microseconds>(steady_clock::now() - began_);
    return now;
  }

 private:
  Patience patience() {
    return [this]() -> Result<void> {
      if (query_.control->wants_end()) return Error{Code::cancelled, "the query was cancelled"};
      if (steady_clock::now() < deadline() + grace_) return {};
      return Error{Code::timeout,
                   fmt::format("a query took longer than {} ms", query_.limits.time_max.count())};
    };
  }

  Result<void> send_job(const objects::ObjectStore& store, int threads) {
    Job job;
    const auto left = duration_cast<milliseconds>(deadline() - steady_clock::now());
    if (left.count() <= 0) return Error{Code::timeout, "the query's time passed"};
    job.time_max_ms = left.count();
    job.cpu_max_s = (left.count() * threads + 999) / 1'000 + k_cpu_spare_s;
    job.sql = query_.sql;
    job.parameters = query_.parameters;
    job.rows_max = query_.limits.rows_max;
    job.bytes_max = query_.limits.bytes_max;
    const std::string words = lower(query_.sql);
    std::vector<const NamedTable*> named;
    for (const NamedTable& table : query_.tables) {
      if (words.find(lower(table.name)) == std::string::npos) continue;
      BL_TRY(const TableFiles files, files_of(table, store));
      statistics_.files_scanned += static_cast<std::int64_t>(files.files.size());
      statistics_.files_skipped += files.skipped;
      statistics_.snapshots[table.name] = table.snapshot.id();
      job.tables.push_back({table.name, groups_of(files), table.columns});
      if (files.numbers) job.tables.back().tail_row = files.numbers->tail;
      named.push_back(&table);
    }
    BL_TRY(const std::string payload, encode(job));
    BL_RETURN_IF_ERROR(worker_->channel().send(FrameKind::job, payload, patience()));
    for (const NamedTable* table : named) BL_RETURN_IF_ERROR(send_tail(table->snapshot));
    return {};
  }

  Result<void> send_tail(const lake::Snapshot& snapshot) {
    Channel& channel = worker_->channel();
    BL_TRY(const auto writer,
           columns::IpcWriter::start(snapshot.schema(), columns::IpcCompression::none,
                                     [&](std::string_view bytes) {
                                       return channel.send(FrameKind::tail, bytes, patience());
                                     }));
    for (const columns::Batch& batch : snapshot.tail()) {
      BL_RETURN_IF_ERROR(writer->write(batch));
    }
    BL_RETURN_IF_ERROR(writer->finish());
    return channel.send(FrameKind::tail_end, "", patience());
  }

  /// The next frame but progress; nullopt: the answer is over. Errors: the query's, or what became
  /// of the worker; then it is gone.
  Result<std::optional<Frame>> receive() {
    while (true) {
      auto frame = worker_->channel().receive(patience());
      if (!frame.ok()) return lost(frame.error());
      if (!*frame) return lost(why_it_ended(worker_->end_of_torn()));
      if ((*frame)->kind == FrameKind::progress) {
        const auto progress = decode_progress((*frame)->payload);
        if (!progress.ok()) return lost(progress.error());
        query_.control->tell(*progress);
        continue;
      }
      if ((*frame)->kind == FrameKind::failed) {
        const Error error = decode_failed((*frame)->payload);
        if (error.code == Code::malformed && error.message.starts_with("the query's worker")) {
          return lost(torn(error.message));
        }
        leave();
        return with_place(error);
      }
      if ((*frame)->kind != FrameKind::done) return frame;
      BL_RETURN_IF_ERROR(finish((*frame)->payload));
      return std::optional<Frame>();
    }
  }

  Result<void> finish(std::string_view payload) {
    const auto done = decode_done(payload);
    if (!done.ok()) return lost(done.error());
    statistics_.cpu = microseconds(done->cpu_us);
    statistics_.bytes_read = static_cast<std::uint64_t>(done->bytes_read);
    statistics_.peak_memory_bytes = static_cast<std::uint64_t>(done->peak_memory_bytes);
    statistics_.is_truncated = done->is_truncated;
    leave();
    return {};
  }

  /// The process and the place are free from here on.
  void leave() {
    statistics_.wall = duration_cast<microseconds>(steady_clock::now() - began_);
    worker_.reset();
    place_.reset();
  }

  static Error torn(const std::string& what) {
    return Error{Code::internal, "a query's worker breaks the protocol: " + what};
  }

  Error lost(Error error) {
    const bool is_garbage = error.code == Code::malformed || error.code == Code::too_large;
    if (is_garbage && error.message.starts_with("the query's worker")) {
      error = torn(error.message);
    }
    if (error.code == Code::cancelled) ends_.count("cancelled");
    if (error.code == Code::timeout) ends_.count("deadline");
    if (error.code == Code::internal) {
      ends_.count("broken");
      log_.error("query_worker_lost", {{"error", error.message}});
    }
    leave();
    return error;
  }

  Error why_it_ended(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == k_exit_memory) {
      ends_.count("memory");
      return Error{Code::too_large, "the query needs more memory than a query may have"};
    }
    if (!WIFSIGNALED(status)) return torn("it ended without an answer");
    const int signal = WTERMSIG(status);
    if (signal == SIGXCPU) {
      ends_.count("cpu");
      return Error{Code::timeout, "the query took more processor time than a query may have"};
    }
    if (signal == SIGKILL || signal == SIGTERM) {
      ends_.count("killed");
      return Error{Code::unavailable,
                   "the query's worker was killed from outside; perhaps the machine has no memory "
                   "left"};
    }
    return Error{
        Code::internal,
        fmt::format("the engine crashed at this query, and harmed no other: signal {}", signal)};
  }

  const Query query_;
  const Instant began_;
  const milliseconds grace_;
  EndCounters& ends_;
  Log& log_;
  std::optional<Admission::Place> place_;
  std::unique_ptr<WorkerProcess> worker_;  // null: the answer is over
  columns::Schema schema_;
  Statistics statistics_;
};

class WorkerEngine final : public Engine {
 public:
  WorkerEngine(objects::ObjectStore& store, Log& log, Metrics& metrics,
               const WorkerEngineOptions& options)
      : store_(store),
        log_(log),
        limits_(options.limits),
        admission_(options.limits.admission, metrics, "worker"),
        ends_(metrics),
        seconds_(metrics.histogram("bl_query_seconds",
                                   "of queries that users wrote, to the first row",
                                   Metrics::latency_bounds(), {{"engine", "worker"}})),
        pool_(options, log) {}

  Result<std::unique_ptr<Cursor>> run(Query query) override {
    const Instant began = steady_clock::now();
    if (query.control == nullptr) query.control = std::make_shared<QueryControl>();
    auto cursor =
        std::make_unique<WorkerCursor>(std::move(query), began, limits_.grace, ends_, log_);
    BL_TRY(Admission::Place place, admission_.enter(cursor->deadline(), cursor->control()));
    cursor->hold(std::move(place));
    BL_RETURN_IF_ERROR(cursor->begin(pool_, store_, limits_.threads));
    seconds_.observe(std::chrono::duration<double>(steady_clock::now() - began).count());
    return std::unique_ptr<Cursor>(std::move(cursor));
  }

 private:
  objects::ObjectStore& store_;
  Log& log_;
  const WorkerEngineLimits limits_;
  Admission admission_;
  EndCounters ends_;
  Histogram seconds_;
  WorkerPool pool_;
};

}  // namespace

Result<std::unique_ptr<Engine>> open_worker_engine(objects::ObjectStore& store, Log& log,
                                                   Metrics& metrics, WorkerEngineOptions options) {
  if (store.kind() != "file") {
    return Error{Code::unsupported,
                 "not supported: SQL over a lake that is no local folder but on " +
                     std::string(store.kind())};
  }
  std::error_code failed;
  std::filesystem::remove_all(options.folder, failed);
  std::filesystem::create_directories(options.folder, failed);
  if (failed) {
    return Error{Code::io, "cannot make the folder " + options.folder + ": " + failed.message()};
  }
  return std::unique_ptr<Engine>(std::make_unique<WorkerEngine>(store, log, metrics, options));
}

}  // namespace bl::engine
