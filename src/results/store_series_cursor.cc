#include "results/store_series_cursor.h"

#include <span>

#include "base/hash.h"
#include "base/json.h"

namespace bl::results {
namespace {

constexpr std::string_view k_version = "s1";

std::string_view name_of_sort(SeriesFilter::Sort sort) {
  switch (sort) {
    case SeriesFilter::Sort::recent:
      return "recent";
    case SeriesFilter::Sort::name:
      return "name";
    case SeriesFilter::Sort::change:
      return "change";
  }
  return "recent";
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]);
    const int low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

Error not_a_cursor(std::string_view text) {
  return {Code::invalid,
          "not a cursor of this list: " + std::string(text.substr(0, 100)),
          {{"?cursor", "not a cursor of this list and sort", ""}}};
}

}  // namespace

std::string encode_cursor(const SeriesCursor& cursor, SeriesFilter::Sort sort) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array().value(k_version).value(name_of_sort(sort));
  if (sort == SeriesFilter::Sort::recent) writer.value(cursor.time);
  if (sort == SeriesFilter::Sort::name) writer.value(cursor.name);
  if (sort == SeriesFilter::Sort::change) writer.value(cursor.change_rank);
  writer.value(cursor.fingerprint).end_array();
  return to_hex(std::as_bytes(std::span(text)));
}

Result<SeriesCursor> decode_cursor(std::string_view text, SeriesFilter::Sort sort) {
  const auto bytes = from_hex(text);
  if (!bytes) return not_a_cursor(text);
  const auto parsed = json::parse(*bytes);
  if (!parsed.ok() || !parsed->is_array() || parsed->items().size() != 4) {
    return not_a_cursor(text);
  }
  const json::Array& parts = parsed->items();
  if (!parts[0].is_string() || parts[0].as_string() != k_version || !parts[1].is_string() ||
      parts[1].as_string() != name_of_sort(sort) || !parts[3].is_string()) {
    return not_a_cursor(text);
  }
  SeriesCursor cursor;
  cursor.fingerprint = parts[3].as_string();
  const bool is_name = sort == SeriesFilter::Sort::name;
  if (is_name ? !parts[2].is_string() : !parts[2].is_number()) return not_a_cursor(text);
  if (is_name) {
    cursor.name = parts[2].as_string();
  } else if (sort == SeriesFilter::Sort::change) {
    cursor.change_rank = parts[2].as_double();
  } else {
    const auto time = parts[2].as_int64();
    if (!time) return not_a_cursor(text);
    cursor.time = *time;
  }
  return cursor;
}

}  // namespace bl::results
