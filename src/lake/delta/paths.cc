#include "lake/delta/paths.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/uri.h"
#include "base/utf8.h"
#include "objects/key.h"

namespace bl::lake::delta {
namespace {

Error damaged(std::string_view why, std::string_view path) {
  return {Code::corrupt, fmt::format("a file's path {}: {}", why, objects::quoted(path))};
}

bool is_scheme_char(char c, bool first) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (!first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'));
}

/// `s3` of `s3://bucket/key`; empty: none. A colon behind a slash is a name's.
std::string_view scheme_of(std::string_view path) {
  std::size_t i = 0;
  while (i < path.size() && is_scheme_char(path[i], i == 0)) ++i;
  return i > 1 && i < path.size() && path[i] == ':' ? path.substr(0, i) : std::string_view{};
}

/// `file:/a`, `file:///a` and `/a` are one; so are `s3a://b/k` and `s3://b/k`.
std::string without_file_scheme(std::string_view path) {
  const std::string_view scheme = scheme_of(path);
  if (scheme.empty()) return std::string(path);
  std::string_view rest = path.substr(scheme.size() + 1);
  if (scheme == "file") {
    if (rest.starts_with("//")) rest.remove_prefix(2);
    return std::string(rest);
  }
  const bool s3 = scheme == "s3a" || scheme == "s3n";
  return fmt::format("{}:{}", s3 ? "s3" : scheme, rest);
}

}  // namespace

Result<std::string> canonical_path(std::string_view written, std::string_view table) {
  if (written.empty()) return damaged("is empty", written);
  auto decoded = percent_decode(written);
  if (!decoded.ok()) return damaged("has a broken escape", written);
  if (!is_utf8(*decoded)) return damaged("is not UTF-8", written);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(decoded->begin(), decoded->end(), control)) {
    return damaged("has a control character", written);
  }
  // Escapes hide no scheme: it is looked for in what was written.
  const bool absolute = written.starts_with('/') || !scheme_of(written).empty();
  if (!absolute) return std::move(decoded).value();
  std::string path = without_file_scheme(*decoded);
  if (!table.empty() && path.starts_with(table)) return path.substr(table.size());
  return path;
}

Result<void> check_below_table(std::string_view canonical) {
  if (canonical.starts_with('/') || !scheme_of(canonical).empty()) {
    return Error{Code::unsupported,
                 "a file outside the table's folder is not read: " + objects::quoted(canonical)};
  }
  const auto key = objects::check_key(canonical);
  if (!key.ok()) return damaged("is not one below the table", canonical);
  return {};
}

std::string written_path(std::string_view path) {
  return percent_encode_path(path);
}

}  // namespace bl::lake::delta
