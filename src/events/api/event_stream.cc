#include "events/api/event_stream.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "events/api/query_filter.h"
#include "events/encode.h"
#include "events/follower.h"

namespace bl::events {
namespace {

constexpr std::chrono::milliseconds k_retry{1'000};  // a client waits so long before it comes back

std::string message_of(const StoredEvent& stored) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", stored.sequence,
                     name_of(stored.event.type()), event_json(stored.event));
}

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

Result<void> stream_to(net::BodyWriter& writer, EventLog& log, Tails& tails,
                       const EventFilter& filter, Sequence begin,
                       const std::function<bool()>& client_is_there) {
  BL_RETURN_IF_ERROR(writer.write(fmt::format("retry: {}\n\n", k_retry.count())));
  return follow(
      log, tails, filter, begin,
      {.event = [&](const StoredEvent& stored) { return writer.write(message_of(stored)); },
       // The id moves a client that comes back over what its filter left out.
       .heartbeat =
           [&](Sequence at) { return writer.write(fmt::format(": heartbeat\nid: {}\n\n", at)); },
       .client_is_there = client_is_there});
}

}  // namespace

bool wants_stream(const Request& request) {
  return request.headers.get("Accept").find("text/event-stream") != std::string_view::npos;
}

Result<Response> stream_events(const Call& call) {
  net::QueryFields fields(call.request);
  EventFilter filter = filter_of(fields);
  BL_TRY(const std::optional<Sequence> after, place_of(call.request, fields));
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const Sequence begin, begin_behind(call.log, after));
  Tails& tails = call.ports.tails;
  BL_TRY(const auto place, TailPlace::take(tails));
  Response response = Response::text(200, "text/event-stream", "");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");  // nginx would keep it back
  response.stream = [place, begin, &log = call.log, &tails, filter = std::move(filter),
                     is_there = call.request.client_is_there](net::BodyWriter& writer) {
    return stream_to(writer, log, tails, filter, begin, is_there);
  };
  return response;
}

}  // namespace bl::events
