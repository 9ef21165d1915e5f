#pragma once

#include "base/json.h"
#include "traces/model.h"

/// Attributes as JSON for people and tools that know no OTLP. Not exact: bytes are base64 texts,
/// whole numbers beyond 2^53 and doubles that JSON has not are texts.
namespace bl::traces {

void write_plain(json::Writer& writer, const AnyValue& value);
/// An object; of keys that repeat the last one.
void write_plain(json::Writer& writer, const Attributes& attributes);
/// One value as a text: a text itself, `true`, `12`, `[1,2]`; the empty value is empty.
std::string plain_text(const AnyValue& value);

/// Whether JavaScript's numbers hold it.
constexpr bool is_safe_integer(std::int64_t integer) {
  constexpr std::int64_t most = (std::int64_t{1} << 53) - 1;
  return integer >= -most && integer <= most;
}

}  // namespace bl::traces
