// Any bytes, cut anywhere: the guard and the parser never crash, and how the bytes are cut never
// changes what is read (DESIGN 11: a fuzzer for the HTTP guard).
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/request_parser.h"

namespace {

using bl::net::GuardLimits;
using bl::net::RequestParser;

constexpr GuardLimits k_limits{1024, 512, 16};

// Everything that was read from a stream of pipelined requests, as one text.
std::string read_all(std::string_view bytes, std::size_t step) {
  std::string seen;
  std::size_t at = 0;
  std::size_t end = 0;
  for (int requests = 0; requests < 16; ++requests) {
    RequestParser parser(k_limits);
    std::string body;
    for (;;) {
      std::size_t taken = parser.feed(bytes.substr(at, end - at), body);
      BL_CHECK(taken <= end - at);
      at += taken;
      if (parser.state() == RequestParser::State::done) break;
      if (parser.state() == RequestParser::State::refused) {
        return seen + "refused " + std::to_string(parser.refusal().status);
      }
      if (taken > 0) continue;
      if (end == bytes.size()) return seen + "waits, body " + body;
      end = std::min(bytes.size(), end + step);
    }
    seen += parser.head().raw_target + "|" + parser.head().path + "|" + body + "|";
    for (const auto& [name, value] : parser.head().headers.fields()) seen += name + "=" + value;
    seen += "\n";
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  std::size_t step = data[0] + 1u;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  BL_CHECK(read_all(bytes, bytes.size() + 1) == read_all(bytes, step));
  return 0;
}
