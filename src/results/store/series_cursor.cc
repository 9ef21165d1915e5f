#include "results/store/series_cursor.h"

#include "base/json.h"
#include "results/cursor.h"

namespace bl::results {
namespace {

// A cursor of one sort is no cursor of another: each sort is a list of its own.
std::string_view list_of(SeriesFilter::Sort sort) {
  switch (sort) {
    case SeriesFilter::Sort::recent:
      return "series by time";
    case SeriesFilter::Sort::name:
      return "series by name";
    case SeriesFilter::Sort::change:
      return "series by change";
  }
  return "series";
}

Error not_a_cursor(std::string_view text) {
  return {Code::invalid,
          "not a cursor of this list and sort: " + std::string(text),
          {{"?cursor", "not a cursor of this list and sort", ""}}};
}

}  // namespace

std::string encode_cursor(const SeriesCursor& cursor, SeriesFilter::Sort sort) {
  std::string position;
  json::Writer writer(position);
  writer.begin_array();
  if (sort == SeriesFilter::Sort::recent) writer.value(cursor.time);
  if (sort == SeriesFilter::Sort::name) writer.value(cursor.name);
  if (sort == SeriesFilter::Sort::change) writer.value(cursor.change_rank);
  writer.value(cursor.fingerprint).end_array();
  return make_cursor(list_of(sort), position);
}

Result<SeriesCursor> decode_cursor(std::string_view text, SeriesFilter::Sort sort) {
  const auto position = read_cursor(list_of(sort), text);
  if (!position.ok()) return not_a_cursor(text);
  const auto parsed = json::parse(*position);
  if (!parsed.ok() || !parsed->is_array() || parsed->items().size() != 2) {
    return not_a_cursor(text);
  }
  const json::Value& key = parsed->items()[0];
  const json::Value& fingerprint = parsed->items()[1];
  if (!fingerprint.is_string()) return not_a_cursor(text);
  SeriesCursor cursor;
  cursor.fingerprint = fingerprint.as_string();
  if (sort == SeriesFilter::Sort::name) {
    if (!key.is_string()) return not_a_cursor(text);
    cursor.name = key.as_string();
    return cursor;
  }
  if (!key.is_number()) return not_a_cursor(text);
  cursor.change_rank = key.as_double();
  cursor.time = key.as_int64().value_or(0);
  return cursor;
}

}  // namespace bl::results
