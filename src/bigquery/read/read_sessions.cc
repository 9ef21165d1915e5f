#include <fmt/format.h>

#include <array>
#include <map>
#include <mutex>
#include <set>

#include "bigquery/read/message_rows.h"
#include "bigquery/read/read_engine.h"
#include "bigquery/read/session.h"
#include "bigquery/read/stream_rows.h"
#include "bigquery/read_methods.h"

namespace bl::bigquery {
namespace {

using read::RowRange;
using read::Session;

std::string random_id(Random& random) {
  return fmt::format("{:016x}{:016x}", random.next_u64(), random.next_u64());
}

Error no_session(std::string_view name) {
  return {Code::not_found, fmt::format("Not found: no read session, or it expired: {}", name)};
}

std::uint64_t held_bytes(const Session& session) {
  return session.source.behind == nullptr ? 0 : session.source.behind->bytes();
}

class Sessions final : public ReadSessions {
 public:
  Sessions(ReadWorld world, ReadLimits limits)
      : world_(std::move(world)),
        limits_(std::move(limits)),
        sessions_gauge_(world_.metrics.gauge("bl_bigquery_read_sessions",
                                             "sessions of the Storage Read API that are held")),
        rows_(world_.metrics.counter("bl_bigquery_read_rows_total",
                                     "rows that the Storage Read API gave")),
        bytes_(world_.metrics.counter("bl_bigquery_read_bytes_total",
                                      "bytes of the messages with these rows")),
        engine_(limits_.engine) {}

  Result<std::string> create(std::string_view request) override;
  Result<void> read(const net::GrpcCall& call, std::string_view request,
                    net::GrpcWriter& out) override;
  Result<std::string> split(std::string_view request) override;
  std::size_t count() const override {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  struct Held {
    std::shared_ptr<const Session> session;
    std::uint64_t number = 0;     // they grow
    std::set<RowRange> finished;  // streams that were read to their ends
    std::int64_t rows_finished = 0;
    bool is_finished() const { return rows_finished >= session->rows; }
  };
  using HeldMap = std::map<std::string, Held, std::less<>>;

  struct Stream {
    std::shared_ptr<const Session> session;
    RowRange range;
  };
  Result<Stream> find(std::string_view stream_name);
  Result<void> hold(std::shared_ptr<const Session> session);
  void expire();  // needs mutex_
  bool make_room(std::uint64_t bytes);
  void forget(HeldMap::iterator at);
  void has_finished(const Stream& stream);
  void hit(const char* limit) {
    world_.metrics
        .counter("bl_bigquery_read_limit_hits_total",
                 "times that a limit of the Storage Read API was reached", {{"limit", limit}})
        .add();
  }

  const ReadWorld world_;
  const ReadLimits limits_;
  Gauge sessions_gauge_;
  Counter rows_, bytes_;
  read::ReadEngine engine_;
  mutable std::mutex mutex_;
  HeldMap held_;                  // guarded by mutex_
  std::uint64_t held_bytes_ = 0;  // guarded by mutex_
  std::uint64_t next_ = 0;        // guarded by mutex_
  std::size_t reading_ = 0;       // guarded by mutex_
};

// Keeping -------------------------------------------------------------------------------------

void Sessions::forget(HeldMap::iterator at) {
  held_bytes_ -= held_bytes(*at->second.session);
  held_.erase(at);
}

void Sessions::expire() {
  const Timestamp now = world_.clock.now();
  for (auto at = held_.begin(); at != held_.end();) {
    const auto next = std::next(at);
    if (at->second.session->expires <= now) forget(at);
    at = next;
  }
}

/// False: there is no room, and nothing that may go.
bool Sessions::make_room(std::uint64_t bytes) {
  while (held_.size() >= limits_.sessions_max || held_bytes_ + bytes > limits_.held_bytes_max) {
    auto oldest = held_.end();
    for (auto at = held_.begin(); at != held_.end(); ++at) {
      const bool is_older = oldest == held_.end() || at->second.number < oldest->second.number;
      if (at->second.is_finished() && is_older) oldest = at;
    }
    if (oldest == held_.end()) return false;
    forget(oldest);
  }
  return true;
}

Result<void> Sessions::hold(std::shared_ptr<const Session> session) {
  const std::lock_guard lock(mutex_);
  expire();
  const std::uint64_t bytes = held_bytes(*session);
  if (!make_room(bytes)) {
    hit(held_.size() >= limits_.sessions_max ? "sessions_max" : "held_bytes_max");
    return Error{
        Code::overloaded,
        fmt::format("too many read sessions are not read to their ends: {}", held_.size())};
  }
  held_bytes_ += bytes;
  std::string name = session->name;
  held_.emplace(std::move(name), Held{std::move(session), next_++, {}, 0});
  sessions_gauge_.set(static_cast<double>(held_.size()));
  return {};
}

Result<Sessions::Stream> Sessions::find(std::string_view stream_name) {
  const auto parts = read::stream_named(stream_name);
  if (!parts) {
    return Error{Code::not_found, fmt::format("Not found: no read stream: {}", stream_name)};
  }
  const std::lock_guard lock(mutex_);
  expire();
  const auto at = held_.find(parts->session);
  if (at == held_.end()) return no_session(parts->session);
  if (parts->rows.end > at->second.session->rows) {
    return Error{Code::not_found, fmt::format("Not found: no read stream: {}", stream_name)};
  }
  return Stream{at->second.session, parts->rows};
}

void Sessions::has_finished(const Stream& stream) {
  const std::lock_guard lock(mutex_);
  const auto at = held_.find(stream.session->name);
  if (at == held_.end() || !at->second.finished.insert(stream.range).second) return;
  at->second.rows_finished += stream.range.rows();
}

// The three calls -----------------------------------------------------------------------------

Result<std::string> Sessions::create(std::string_view bytes) {
  BL_TRY(const read::CreateRequest request, read::read_create_request(bytes));
  BL_TRY(const std::string project, read::project_named(request.parent));
  BL_TRY(const TableName table, read::table_named(request.table));
  BL_RETURN_IF_ERROR(read::check_request(request, limits_));
  BL_TRY(ReadSource source, world_.find(table));
  const Timestamp now = world_.clock.now();
  BL_TRY(Session made,
         read::make_session(request, std::move(source), now, world_.random.next_u64(), limits_));
  made.name = read::session_name(project, random_id(world_.random));
  const auto session = std::make_shared<const Session>(std::move(made));
  BL_RETURN_IF_ERROR(hold(session));
  read::SessionAnswer answer{.name = session->name,
                             .expires = session->expires,
                             .schema_message = session->messages.schema_message(),
                             .rows = session->rows,
                             .bytes = session->bytes,
                             .file_bytes = session->file_bytes};
  for (const RowRange& range : read::portions(*session, request, limits_)) {
    answer.streams.push_back(read::stream_name(session->name, range));
  }
  return read::session_message(answer, request);
}

Result<void> Sessions::read(const net::GrpcCall& call, std::string_view bytes,
                            net::GrpcWriter& out) {
  BL_TRY(const read::ReadRequest request, read::read_read_request(bytes));
  if (request.offset < 0) {
    return Error{Code::invalid, fmt::format("the offset is negative: {}", request.offset)};
  }
  BL_TRY(const Stream stream, find(request.stream));
  const Session& session = *stream.session;
  {
    const std::lock_guard lock(mutex_);
    if (reading_ >= limits_.reading_max) {
      hit("reading_max");
      return Error{Code::overloaded, fmt::format("so many streams are read at once: {}", reading_)};
    }
    ++reading_;
  }
  const auto leave = [this](const void*) {
    const std::lock_guard lock(mutex_);
    --reading_;
  };
  const std::unique_ptr<const void, decltype(leave)> place(this, leave);

  const read::StreamCall what{session, stream.range, request.offset, limits_.file_time,
                              call.client_is_there};
  read::StreamRows rows(what, engine_);
  bool is_first = true;
  double before = rows.progress();
  const auto send = [&](const columns::Batch& batch, double progress) -> Result<void> {
    BL_TRY(const std::string message, session.messages.batch_message(batch));
    std::string answer = read::rows_message(
        {.schema_message = is_first ? session.messages.schema_message() : std::string_view(),
         .batch_message = message,
         .rows = batch.rows(),
         .progress_before = before,
         .progress = progress});
    is_first = false;
    before = progress;
    rows_.add(static_cast<double>(batch.rows()));
    bytes_.add(static_cast<double>(answer.size()));
    return out.write(std::move(answer));
  };
  read::MessageRows messages(session.lake, limits_.message_bytes, [&](const columns::Batch& batch) {
    return send(batch, rows.progress());
  });
  BL_RETURN_IF_ERROR(rows.read([&](const columns::Batch& batch) { return messages.add(batch); }));
  BL_RETURN_IF_ERROR(messages.finish());
  // Readers take the schema from the first answer, also where there is no row.
  if (is_first) BL_RETURN_IF_ERROR(send(columns::Batch::empty(session.lake), 1));
  has_finished(stream);
  return {};
}

Result<std::string> Sessions::split(std::string_view bytes) {
  BL_TRY(const read::SplitRequest request, read::read_split_request(bytes));
  BL_TRY(const Stream stream, find(request.stream));
  const double fraction = request.fraction == 0 ? 0.5 : request.fraction;
  if (!(fraction > 0 && fraction < 1)) {
    return Error{Code::invalid, fmt::format("fraction is between 0 and 1: {}", request.fraction)};
  }
  const RowRange& range = stream.range;
  if (range.rows() < 2) return std::string();
  const auto part = static_cast<std::int64_t>(fraction * static_cast<double>(range.rows()));
  std::int64_t middle = range.begin + std::clamp<std::int64_t>(part, 1, range.rows() - 1);
  const std::int64_t cheap = read::cheap_start(*stream.session, middle);
  if (cheap > range.begin && cheap < range.end) middle = cheap;
  return read::split_message(read::stream_name(stream.session->name, {range.begin, middle}),
                             read::stream_name(stream.session->name, {middle, range.end}));
}

}  // namespace

std::unique_ptr<ReadSessions> ReadSessions::make(ReadWorld world, ReadLimits limits) {
  return std::make_unique<Sessions>(std::move(world), std::move(limits));
}

void add_read_methods(net::GrpcMethods& methods, std::function<Result<ReadSessions*>()> sessions,
                      net::Access access) {
  const std::string service = "/google.cloud.bigquery.storage.v1.BigQueryRead/";
  methods.add(
      {.name = service + "CreateReadSession",
       .access = access,
       .answer = [sessions](const net::GrpcCall&, std::string_view request) -> Result<std::string> {
         BL_TRY(ReadSessions* const all, sessions());
         return all->create(request);
       }});
  methods.add({.name = service + "ReadRows",
               .access = access,
               .stream = [sessions](const net::GrpcCall& call, std::string_view request,
                                    net::GrpcWriter& out) -> Result<void> {
                 BL_TRY(ReadSessions* const all, sessions());
                 return all->read(call, request, out);
               }});
  methods.add(
      {.name = service + "SplitReadStream",
       .access = access,
       .answer = [sessions](const net::GrpcCall&, std::string_view request) -> Result<std::string> {
         BL_TRY(ReadSessions* const all, sessions());
         return all->split(request);
       }});
}

}  // namespace bl::bigquery
