// Any bytes as an export request: what is read has one form from then on, in both wires.
#include <cstdlib>

#include "traces/otlp.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::traces;
  constexpr std::int64_t k_now = 1'750'000'000'000'000'000;
  SpanLimits limits;
  limits.past_ns_max = k_now;  // so that few spans are rejected for their times
  limits.duration_ns_max = k_now;
  limits.values_max = 10'000;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto decoded = decode_otlp_protobuf(bytes, k_now, limits);
  if (!decoded.ok()) {
    const bl::Code code = decoded.error().code;
    require(code == bl::Code::malformed || code == bl::Code::too_large);
    return 0;
  }
  require(decoded->faults.size() <= 10 &&
          static_cast<std::int64_t>(decoded->faults.size()) <= decoded->rejected);
  for (const Span& span : decoded->spans) require(!fault_of(span, k_now, limits));
  const std::string once = encode_otlp_protobuf(decoded->spans);
  limits.values_max = 1'000'000;  // resources that were shared may stand there several times
  const auto again = decode_otlp_protobuf(once, k_now, limits);
  require(again.ok() && again->rejected == 0 && again->spans == decoded->spans);
  require(encode_otlp_protobuf(again->spans) == once);
  const auto by_json = decode_otlp_json(encode_otlp_json(decoded->spans), k_now, limits);
  require(by_json.ok() && by_json->spans == decoded->spans);
  return 0;
}
