// Events from protobuf: any bytes; what is read has one form from then on.
#include <cstdlib>

#include "events/decode.h"
#include "events/encode.h"
#include "events/protobuf.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bl::events::EventLimits limits{.manifest_depth_max = 4};
  const auto event = bl::events::from_protobuf(bytes, limits);
  if (!event.ok()) {
    require(event.error().code == bl::Code::corrupt);
    return 0;
  }
  const std::string once = bl::events::to_protobuf(*event);
  const auto again = bl::events::from_protobuf(once, limits);
  require(again.ok() && *again == *event);
  require(bl::events::to_protobuf(*again) == once);
  // What keeps the rules comes back from JSON, too.
  if (!bl::events::validate(*event, limits).ok()) return 0;
  const auto decoded = bl::events::decode_events(bl::events::event_json(*event), limits);
  require(decoded.ok() && decoded->front() == *event);
  return 0;
}
