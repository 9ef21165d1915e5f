#include "events/api/event_stream.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "events/api/query_filter.h"
#include "events/encode.h"

namespace bl::events {
namespace {

constexpr std::chrono::milliseconds k_retry{1'000};  // a client waits so long before it comes back

/// One of the places, given back with the last copy.
class Place {
 public:
  explicit Place(Tails& tails) : tails_(tails) {}
  ~Place() { tails_.leave(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  Tails& tails_;
};

/// Reads on behind a place in the log, and waits where it ends.
class Follower {
 public:
  Follower(EventLog& log, Tails& tails, EventFilter filter, Sequence after,
           std::function<bool()> client_is_there)
      : log_(log),
        tails_(tails),
        filter_(std::move(filter)),
        after_(after),
        client_is_there_(std::move(client_is_there)) {}

  Result<void> run(net::BodyWriter& writer) {
    const TailLimits& limits = tails_.limits();
    BL_RETURN_IF_ERROR(writer.write(fmt::format("retry: {}\n\n", k_retry.count())));
    auto last_sent = std::chrono::steady_clock::now();
    while (true) {
      const std::uint64_t grown = tails_.grown();
      BL_TRY(const bool sent, send_new(writer));
      const auto now = std::chrono::steady_clock::now();
      if (!sent && now - last_sent >= limits.heartbeat_every) {
        // The id moves a client that comes back over what its filter left out.
        BL_RETURN_IF_ERROR(writer.write(fmt::format(": heartbeat\nid: {}\n\n", after_)));
      }
      if (sent || now - last_sent >= limits.heartbeat_every) last_sent = now;
      if (client_is_there_ && !client_is_there_()) return {};
      if (!tails_.pause(limits.pause_min) || !tails_.wait(grown, limits.poll_every)) return {};
    }
  }

 private:
  /// True when there was something.
  Result<bool> send_new(net::BodyWriter& writer) {
    bool sent = false;
    while (true) {
      BL_TRY(const EventPage page, log_.list(after_, filter_, tails_.limits().page_events_max));
      for (const StoredEvent& stored : page.events) {
        BL_RETURN_IF_ERROR(writer.write(message_of(stored)));
        sent = true;
      }
      after_ = std::max(after_, page.next);
      if (!page.has_more || !tails_.pause(std::chrono::milliseconds(0))) return sent;
    }
  }

  static std::string message_of(const StoredEvent& stored) {
    return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", stored.sequence,
                       name_of(stored.event.type()), event_json(stored.event));
  }

  EventLog& log_;
  Tails& tails_;
  const EventFilter filter_;
  Sequence after_;
  const std::function<bool()> client_is_there_;
};

/// Where the client wants to go on.
Result<std::optional<Sequence>> place_of(const Request& request, net::QueryFields& fields) {
  constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
  std::optional<Sequence> after = fields.integer("since_idx", 0, k_most);
  const std::string_view last = request.headers.get("Last-Event-ID");
  if (last.empty()) return after;
  const auto number = parse_int64(last);
  if (!number || *number < 0) {
    return Error{Code::invalid, "Last-Event-ID is none of this log's: " + std::string(last)};
  }
  return std::optional(*number);
}

}  // namespace

bool wants_stream(const Request& request) {
  return request.headers.get("Accept").find("text/event-stream") != std::string_view::npos;
}

Result<Response> stream_events(const Call& call) {
  net::QueryFields fields(call.request);
  EventFilter filter = filter_of(fields);
  BL_TRY(std::optional<Sequence> after, place_of(call.request, fields));
  BL_RETURN_IF_ERROR(fields.finish());
  if (!after) {
    BL_TRY(const LogStatus status, call.log.status());
    after = status.newest;
  }
  Tails& tails = call.ports.tails;
  if (!tails.enter()) {
    return Error{Code::overloaded,
                 fmt::format("{} clients follow the log already", tails.limits().tails_max)};
  }
  auto place = std::make_shared<Place>(tails);
  auto follower = std::make_shared<Follower>(call.log, tails, std::move(filter), *after,
                                             call.request.client_is_there);
  Response response = Response::text(200, "text/event-stream", "");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");  // nginx would keep it back
  response.stream = [place, follower](net::BodyWriter& writer) { return follower->run(writer); };
  return response;
}

}  // namespace bl::events
