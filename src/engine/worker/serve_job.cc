#include "engine/worker/serve_job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <new>
#include <thread>

#include "columns/ipc.h"
#include "duck/database.h"
#include "engine/reading_statement.h"
#include "engine/worker/exit_codes.h"
#include "engine/worker/sandbox.h"
#include "engine/worker/system_calls.h"
#include "engine/worker_main.h"

// The order is that of spec/lake-ducklake.md 3.8: the engine opens with its limits, the kernel
// locks the process in, the engine gets its tables and is locked, then it sees the user's SQL.
namespace bl::engine {
namespace {

constexpr int k_socket = 3;
constexpr std::chrono::milliseconds k_progress_pause{200};
// What the process needs beside the engine's own memory: the answer's batches, threads, plans.
constexpr std::uint64_t k_other_memory_bytes = 192ull << 20;
constexpr std::uint64_t k_tail_bytes_max = 2ull << 30;

Error broken() {
  return Error{Code::malformed, "the server breaks the protocol"};
}

Result<std::string> expect(Channel& channel, FrameKind kind) {
  BL_TRY(std::optional<Frame> frame, channel.receive());
  if (!frame || frame->kind != kind) return broken();
  return std::move(frame->payload);
}

/// What the SQL of a user did wrong: never a fault of the server's.
Error error_of_user(Error error) {
  if (error.code == Code::overloaded) {
    // What the engine says of settings is not for who may not set them.
    return Error{Code::too_large, "the query needs more memory than a query may have: " +
                                      error.message.substr(0, error.message.find(')') + 1)};
  }
  if (error.code == Code::unsupported || error.code == Code::conflict) error.code = Code::invalid;
  return error;
}

/// Tells how far a query is, from its beginning to its end.
class ProgressTeller {
 public:
  ProgressTeller(Channel& channel, const duck::Connection& connection)
      : channel_(channel), connection_(connection), thread_([this] { tell(); }) {}
  ~ProgressTeller() { stop(); }
  void start() {
    const std::lock_guard lock(mutex_);
    is_begun_ = true;
    changed_.notify_all();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void tell() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_begun_ || is_over_; });
    while (!changed_.wait_for(lock, k_progress_pause, [this] { return is_over_; })) {
      if (!channel_.send(FrameKind::progress, encode(connection_.progress())).ok()) return;
    }
  }

  Channel& channel_;
  const duck::Connection& connection_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_begun_ = false;  // guarded by mutex_
  bool is_over_ = false;   // guarded by mutex_
  std::thread thread_;     // the last: it uses the others
};

/// Types that an answer has. Errors: invalid, naming the column.
Result<void> check_types(const columns::Field& field, const std::string& column) {
  if (field.type.kind == columns::Kind::other) {
    return Error{Code::invalid,
                 fmt::format("the column {} has a type that answers do not have, cast it, for "
                             "example to VARCHAR: {}",
                             column, field.type.other)};
  }
  for (const columns::Field& child : field.type.children) {
    BL_RETURN_IF_ERROR(check_types(child, column));
  }
  return {};
}

class JobServer {
 public:
  JobServer(Channel& channel, const ProcessCounts& counts, const WorkerSetup& setup,
            std::unique_ptr<duck::Connection> connection)
      : channel_(channel),
        counts_(counts),
        setup_(setup),
        connection_(std::move(connection)),
        teller_(channel, *connection_) {}

  /// Errors: of the channel and the protocol.
  Result<void> serve() {
    BL_TRY(const std::string payload, expect(channel_, FrameKind::job));
    BL_TRY(job_, decode_job(payload));
    std::vector<std::string> tails;
    for (std::size_t i = 0; i < job_.tables.size(); ++i) {
      BL_TRY(std::string tail, receive_tail());
      tails.push_back(std::move(tail));
    }
    const std::int64_t cpu_before = counts_.cpu_us();
    const std::int64_t read_before = counts_.bytes_read();
    auto answered = answer(std::move(tails));
    teller_.stop();
    if (!answered.ok()) {
      if (is_torn_) return std::move(answered).error();
      return channel_.send(FrameKind::failed, encode(error_of_user(std::move(answered).error())));
    }
    return channel_.send(FrameKind::done,
                         encode(JobDone{.cpu_us = counts_.cpu_us() - cpu_before,
                                        .bytes_read = counts_.bytes_read() - read_before,
                                        .peak_memory_bytes = counts_.peak_memory_bytes(),
                                        .is_truncated = is_truncated_}));
  }

 private:
  Result<std::string> receive_tail() {
    std::string bytes;
    while (true) {
      BL_TRY(std::optional<Frame> frame, channel_.receive());
      if (frame && frame->kind == FrameKind::tail_end) return bytes;
      if (!frame || frame->kind != FrameKind::tail) return broken();
      bytes += frame->payload;
      if (bytes.size() > k_tail_bytes_max) return broken();
    }
  }

  Result<void> answer(std::vector<std::string> tails) {
    for (std::size_t i = 0; i < job_.tables.size(); ++i) {
      BL_RETURN_IF_ERROR(add_table(job_.tables[i], std::move(tails[i])));
    }
    BL_RETURN_IF_ERROR(lock());
    BL_TRY(duck::Statement statement, prepare_reading(*connection_, job_.sql));
    teller_.start();
    BL_TRY(duck::Answer answer,
           statement.query(job_.parameters,
                           {.time_max = std::chrono::milliseconds(job_.time_max_ms)}));
    for (const columns::Field& field : answer.schema().fields()) {
      BL_RETURN_IF_ERROR(check_types(field, field.name));
    }
    BL_TRY(const std::string schema,
           columns::to_ipc(answer.schema(), {}, columns::IpcCompression::none));
    BL_RETURN_IF_ERROR(send(FrameKind::schema, schema));
    return send_rows(answer);
  }

  Result<void> send_rows(duck::Answer& answer) {
    std::int64_t rows = 0;
    std::uint64_t bytes = 0;
    while (true) {
      BL_TRY(const std::optional<columns::Batch> batch, answer.next());
      if (!batch) return {};
      const columns::Batch cut = within(*batch, job_.rows_max - rows, job_.bytes_max - bytes);
      rows += cut.rows();
      bytes += cut.bytes();
      if (cut.rows() > 0) {
        std::string ipc;
        BL_RETURN_IF_ERROR(columns::append_ipc_batch(cut, columns::IpcCompression::none, ipc));
        BL_RETURN_IF_ERROR(send(FrameKind::batch, ipc));
      }
      is_truncated_ = cut.rows() < batch->rows();
      if (is_truncated_) return {};
    }
  }

  Result<void> send(FrameKind kind, std::string_view payload) {
    auto sent = channel_.send(kind, payload);
    is_torn_ = !sent.ok();
    return sent;
  }

  /// The files and the tail as a view of that name.
  Result<void> add_table(const JobTable& table, std::string tail) {
    const columns::IpcLimits limits{.bytes_max = k_tail_bytes_max,
                                    .memory_bytes_max = k_tail_bytes_max};
    BL_TRY(const auto reader, columns::IpcReader::open(std::move(tail), limits));
    lake::CatalogSnapshot catalog;
    catalog.schema = reader->schema();
    std::vector<std::string> paths;
    lake::RowNumbers numbers{{}, table.tail_row.value_or(0)};
    for (const FileGroup& group : table.groups) {
      numbers.files.insert(numbers.files.end(), group.first_rows.begin(), group.first_rows.end());
      lake::DataFile file;
      for (const std::string& column : group.columns) file.columns.push_back({.path = {column}});
      catalog.files.insert(catalog.files.end(), group.paths.size(), file);
      paths.insert(paths.end(), group.paths.begin(), group.paths.end());
    }
    std::vector<columns::Batch> batches;
    while (true) {
      BL_TRY(std::optional<columns::Batch> batch, reader->next());
      if (!batch) break;
      batches.push_back(*std::move(batch));
    }
    const lake::Snapshot snapshot(std::make_shared<lake::FileSet>(std::move(catalog)),
                                  std::move(batches));
    std::vector<const lake::DataFile*> files;
    for (const lake::DataFile& file : snapshot.files().files()) files.push_back(&file);
    BL_TRY(lake::Relation relation,
           lake::relation_of(*connection_, snapshot, files, paths, "tail of " + table.name,
                             {.columns = table.select,
                              .numbers = table.tail_row ? std::optional(numbers) : std::nullopt}));
    if (relation.tail) tails_.push_back(*std::move(relation.tail));
    const auto made = connection_->run(
        fmt::format("CREATE TEMP VIEW {} AS {}", duck::quoted_name(table.name), relation.sql));
    if (!made.ok()) {
      // Not the user's fault, whatever the engine calls it.
      return Error{Code::corrupt, "a file of the table " + table.name +
                                      " cannot be read: " + made.error().message};
    }
    return allow(paths);
  }

  Result<void> allow(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      BL_TRY(const std::string quoted, duck::quoted_text(path));
      allowed_ += (allowed_.empty() ? "" : ", ") + quoted;
    }
    return {};
  }

  /// No file but the tables', no setting, no more memory or time than the job has.
  Result<void> lock() {
    for (const std::string& setting : {"SET allowed_paths = [" + allowed_ + "]::VARCHAR[]",
                                       std::string("SET enable_external_access = false")}) {
      const auto set = connection_->run(setting);
      if (!set.ok()) return set.error();
    }
    BL_RETURN_IF_ERROR(connection_->lock_settings());
    const auto data = static_cast<std::uint64_t>(counts_.data_bytes());
    return limit_process({.cpu_s = job_.cpu_max_s,
                          .data_bytes = data + setup_.memory_bytes_max + k_other_memory_bytes,
                          .file_bytes = setup_.temp_bytes_max});
  }

  Channel& channel_;
  const ProcessCounts& counts_;
  const WorkerSetup& setup_;
  std::unique_ptr<duck::Connection> connection_;
  ProgressTeller teller_;
  Job job_;
  std::deque<duck::OfferedTable> tails_;
  std::string allowed_;
  bool is_truncated_ = false;
  bool is_torn_ = false;
};

/// Starts every thread that a query will need: none may be started later.
Result<void> warm_up(duck::Connection& connection) {
  const auto ran = connection.run("SELECT sum(a.range * b.range) FROM range(300000) a, range(2) b",
                                  {}, {.time_max = std::chrono::seconds(60)});
  if (!ran.ok()) return ran.error();
  return {};
}

}  // namespace

Result<void> serve_job(Channel& channel) {
  BL_TRY(const std::string payload, expect(channel, FrameKind::setup));
  BL_TRY(const WorkerSetup setup, decode_setup(payload));
  BL_RETURN_IF_ERROR(tie_to_parent(setup.parent));
  const ProcessCounts counts;
  // The engine looks for the machine's limits when it opens, which Landlock would not let it; and
  // Landlock holds only the threads that are started behind it, so the engine has one until then.
  BL_TRY(const auto database,
         duck::Database::open({.path = "",
                               .limits = {.memory_bytes_max = setup.memory_bytes_max,
                                          .threads = 1,
                                          .temp_folder = setup.temp_folder,
                                          .temp_bytes_max = setup.temp_bytes_max}}));
  BL_TRY(auto connection, database->connect());
  BL_TRY(const std::int64_t landlock, enter_landlock(setup.readable, setup.temp_folder));
  BL_TRY([[maybe_unused]] const bool filtered, deny_system_calls());
  const auto set = connection->run(fmt::format("SET threads = {}", setup.threads));
  if (!set.ok()) return set.error();
  BL_RETURN_IF_ERROR(warm_up(*connection));
  JobServer server(channel, counts, setup, std::move(connection));
  BL_RETURN_IF_ERROR(channel.send(FrameKind::ready, encode(WorkerReady{k_protocol, landlock})));
  const auto served = server.serve();
  // The engine's own end would wait for what runs on; nothing of it is to be kept.
  _exit(served.ok() ? k_exit_done : k_exit_torn);
}

std::optional<int> worker_main(int argc, char** argv) {
  if (argc != 2 || std::string_view(argv[1]) != k_worker_word) return std::nullopt;
  std::set_new_handler([] { _exit(k_exit_memory); });
  close_range(k_socket + 1, ~0U, 0);
  Channel channel(k_socket, FrameLimits{});
  const auto served = serve_job(channel);
  if (served.ok()) return k_exit_done;
  (void)channel.send(FrameKind::failed, encode(served.error()));  // the server may be gone
  return k_exit_torn;
}

}  // namespace bl::engine
