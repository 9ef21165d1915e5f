#include "net/embedded.h"

#include <algorithm>
#include <string>

namespace bl::net {
namespace {

constexpr std::string_view k_page_policy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each element of a comma-separated field until it returns true.
template <typename Visit>
bool any_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (visit(trimmed(list.substr(0, comma)))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// `gzip`, `gzip;q=0.5`; not `gzip;q=0`.
bool accepts_gzip(std::string_view accept_encoding) {
  return any_element(accept_encoding, [](std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    if (!equal_without_case(trimmed(element.substr(0, semicolon)), "gzip")) return false;
    const std::size_t quality = element.find("q=", semicolon);
    if (quality == std::string_view::npos) return true;
    return element.substr(quality + 2).find_first_of("123456789") != std::string_view::npos;
  });
}

}  // namespace

const EmbeddedFile* find(std::span<const EmbeddedFile> files, std::string_view path) {
  const auto place = std::lower_bound(
      files.begin(), files.end(), path,
      [](const EmbeddedFile& file, std::string_view wanted) { return file.path < wanted; });
  return place != files.end() && place->path == path ? &*place : nullptr;
}

Response respond(const EmbeddedFile& file, const Request& request) {
  const bool gzip =
      !file.gzip_bytes.empty() && accepts_gzip(request.headers.get("Accept-Encoding"));
  const std::string tag =
      '"' + std::string(file.hash) + (gzip ? std::string("-gzip\"") : std::string("\""));

  Response response;
  response.headers.set("ETag", tag);
  response.headers.set("Cache-Control",
                       file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (!file.gzip_bytes.empty()) response.headers.set("Vary", "Accept-Encoding");
  if (is_known_to_client(request, tag)) {
    response.status = 304;
    return response;
  }
  response.headers.set("Content-Type", std::string(file.content_type));
  response.headers.set("X-Content-Type-Options", "nosniff");
  if (file.content_type.starts_with("text/html")) {
    response.headers.set("Content-Security-Policy", std::string(k_page_policy));
  }
  if (gzip) response.headers.set("Content-Encoding", "gzip");
  response.body = gzip ? file.gzip_bytes : file.bytes;
  return response;
}

}  // namespace bl::net
