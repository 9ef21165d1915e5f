// Events from JSON: what is taken keeps the rules and comes back from every wire.
#include <cstdlib>

#include "events/columns.h"
#include "events/decode.h"
#include "events/encode.h"
#include "events/protobuf.h"

namespace {

/// Small, so that the limits are reached.
constexpr bl::events::EventLimits k_limits{
    .event_bytes_max = 4096, .manifest_depth_max = 3, .text_bytes_max = 64};

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto events = bl::events::decode_events(text, k_limits);
  if (!events.ok()) return 0;
  for (const auto& event : *events) {
    require(bl::events::validate(event, k_limits).ok());
    const std::string json = bl::events::event_json(event);
    const auto again = bl::events::decode_events(json, k_limits);
    require(again.ok() && again->size() == 1 && again->front() == event);
    const std::string bytes = bl::events::to_protobuf(event);
    require(bytes.size() <= k_limits.event_bytes_max);
    require(bl::events::from_protobuf(bytes, k_limits).value() == event);
    require(bl::events::partitions_of(event).size() <= text.size());
  }
  require(bl::events::events_of(bl::events::batch_of(*events)).value() == *events);
  return 0;
}
