// URIs, percent coding and query strings from anyone.
#include <cstdlib>

#include "base/uri.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto uri = bl::parse_uri(text); uri.ok()) {
    const auto again = bl::parse_uri(uri->redacted());
    require(again.ok());
    require(again->redacted() == uri->redacted());
    uri->password.clear();
    for (std::size_t i = 0; i < uri->query.size(); ++i) {
      if (again->query[i].second.empty()) uri->query[i].second.clear();
    }
    require(*again == *uri);
  }
  if (const auto pairs = bl::parse_query(text); pairs.ok()) {
    std::string query;
    for (const auto& [key, value] : *pairs) {
      query += bl::percent_encode(key) + "=" + bl::percent_encode(value) + "&";
    }
    require(bl::parse_query(query).value() == *pairs);
  }
  for (const bool plus_is_blank : {false, true}) {
    if (const auto decoded = bl::percent_decode(text, plus_is_blank); decoded.ok()) {
      require(bl::percent_decode(bl::percent_encode(*decoded), plus_is_blank).value() == *decoded);
    }
  }
  return 0;
}
