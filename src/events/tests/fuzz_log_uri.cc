// Log URIs: any text; what is taken is whole, and no password is shown.
#include <cstdlib>

#include "base/uri.h"
#include "events/log_uri.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto uri = bl::events::parse_log_uri(text);
  if (!uri.ok()) return 0;
  const bool is_delta = uri->backend == bl::events::LogUri::Backend::delta;
  require(is_delta == uri->database.empty());
  require(!is_delta || !uri->path.empty());
  require(uri->flush_every.count() > 0 && uri->flush_events > 0);
  if (!is_delta) {
    // The database's URI is one, of the same place.
    const auto whole = bl::parse_uri(text), database = bl::parse_uri(uri->database);
    require(database.ok() && database->path == whole->path && database->host == whole->host);
  }
  const auto shown = bl::parse_uri(uri->shown);
  require(shown.ok() && shown->password.empty());
  return 0;
}
