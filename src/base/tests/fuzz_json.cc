// JSON against simdjson's own DOM, which judges by itself, and against its own writer.
#include <simdjson.h>

#include <cstdlib>

#include "base/json.h"
#include "base/utf8.h"

namespace {

/// Small, so that the limits are reached; larger than what libFuzzer writes, where that must not
/// be.
constexpr bl::json::ParseLimits k_limits{
    .bytes_max = 1u << 20, .depth_max = 32, .string_bytes_max = 4096, .values_max = 4096};

void require(bool holds) {
  if (!holds) std::abort();
}

void check_strings(const bl::json::Value& value) {
  if (value.is_string()) require(bl::is_utf8(value.as_string()));
  if (value.is_array()) {
    for (const auto& item : value.items()) check_strings(item);
  }
  if (value.is_object()) {
    for (const auto& [key, member] : value.members()) {
      require(bl::is_utf8(key));
      require(value.find(key) == &member);  // no duplicates
      check_strings(member);
    }
  }
}

bool dom_accepts(std::string_view text) {
  static simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(text)).error() == simdjson::SUCCESS;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = bl::json::parse(text, k_limits);
  if (!parsed.ok()) {
    const bl::Error& error = parsed.error();
    require(!error.faults.empty() && error.faults.size() <= bl::json::Faults::k_faults_max);
    require(error.code == bl::Code::invalid || error.faults.size() == 1);
    require(bl::is_utf8(error.message));
    for (const auto& fault : error.faults) require(bl::is_utf8(fault.path));
    // What is malformed for us, the DOM refuses too, but for half surrogates.
    const bool half_surrogate = error.message.find("surrogate") != std::string::npos;
    require(error.code != bl::Code::malformed || half_surrogate || !dom_accepts(text));
    return 0;
  }
  check_strings(*parsed);
  const std::string once = bl::json::to_text(*parsed);
  const auto again = bl::json::parse(once, k_limits);
  require(again.ok());
  require(bl::json::to_text(*again) == once);
  require(*again == *parsed);
  require(bl::json::parse(bl::json::to_canonical(*parsed)).value() == *parsed);
  const std::string python = bl::json::to_python_canonical(*parsed);
  require(bl::json::to_python_canonical(bl::json::parse(python).value()) == python);
  // The DOM refuses integers beyond 64 bits, which we keep: blame it only for other texts.
  if (!dom_accepts(text)) {
    require(once.find_first_of("123456789") != std::string::npos);
  }
  return 0;
}
