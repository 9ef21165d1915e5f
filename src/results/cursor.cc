#include "results/cursor.h"

#include <span>

#include "base/hash.h"

namespace bl::results {
namespace {

constexpr std::string_view k_version = "1";
constexpr std::size_t k_check_bytes = 4;

/// What stands before the position, then the position; four bytes of its hash come behind.
std::string checked_text(std::string_view list, std::string_view position) {
  std::string text;
  text.append(k_version).append(1, '\n').append(list).append(1, '\n').append(position);
  return text;
}

std::string check_of(std::string_view text) {
  const auto digest = sha256(text);
  return {reinterpret_cast<const char*>(digest.data()), k_check_bytes};
}

}  // namespace

std::string make_cursor(std::string_view list, std::string_view position) {
  std::string text = checked_text(list, position);
  text += check_of(text);
  return base64url(std::as_bytes(std::span(text)));
}

Result<std::string> read_cursor(std::string_view list, std::string_view cursor) {
  const std::string prefix = checked_text(list, "");
  const auto bytes = base64url_decode(cursor);
  const bool whole =
      bytes && bytes->size() >= prefix.size() + k_check_bytes && bytes->starts_with(prefix) &&
      bytes->ends_with(check_of(std::string_view(*bytes).substr(0, bytes->size() - k_check_bytes)));
  if (!whole) {
    return Error{Code::invalid, "not a cursor of this list: " + std::string(cursor)};
  }
  return bytes->substr(prefix.size(), bytes->size() - prefix.size() - k_check_bytes);
}

std::optional<std::string> cursor_of(net::QueryFields& query, std::string_view list) {
  const auto cursor = query.text("cursor");
  if (!cursor) return std::nullopt;
  auto position = read_cursor(list, *cursor);
  if (position.ok()) return *std::move(position);
  query.fault("cursor", "not a cursor of this list", *cursor);
  return std::nullopt;
}

}  // namespace bl::results
