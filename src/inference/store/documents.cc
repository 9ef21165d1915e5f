#include "inference/store/documents.h"

#include <algorithm>
#include <charconv>

#include "base/json.h"
#include "store/row_set.h"

namespace bl::inference {
namespace {

Result<json::Value> parsed(std::string_view text) {
  auto value = json::parse(text, {.string_bytes_max = text.size(), .values_max = text.size()});
  if (value.ok()) return value;
  return Error{Code::corrupt, "a stored document cannot be read: " + value.error().message};
}

// Reads what metrics_text() writes, without a tree: a page reads thousands. False for any other
// text, such as names with escapes.
bool scan_metrics(std::string_view text, Metrics& metrics) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto take = [&](char wanted) { return at < end && *at == wanted && ++at; };
  if (!take('{')) return false;
  if (take('}')) return at == end;
  do {
    if (!take('"')) return false;
    const char* const name = at;
    while (at < end && *at != '"' && *at != '\\') ++at;
    const std::string_view found(name, static_cast<std::size_t>(at - name));
    if (!take('"') || !take(':')) return false;
    double value = 0;
    const auto [after, fault] = std::from_chars(at, end, value);
    if (fault != std::errc()) return false;
    at = after;
    metrics.emplace_back(found, value);
  } while (take(','));
  return take('}') && at == end;
}

}  // namespace

std::string metrics_text(const Metrics& metrics) {
  std::string text;
  text.reserve(metrics.size() * 32);
  json::Writer writer(text);
  writer.begin_object();
  for (const auto& [name, value] : metrics) writer.member(name, value);
  writer.end_object();
  return text;
}

Result<Metrics> metrics_of(std::string_view text) {
  Metrics metrics;
  metrics.reserve(static_cast<std::size_t>(std::ranges::count(text, ',')) + 1);
  if (scan_metrics(text, metrics)) return metrics;
  metrics.clear();
  BL_TRY(const json::Value document, parsed(text));
  if (!document.is_object()) return Error{Code::corrupt, "stored metrics are no object"};
  for (const auto& [name, value] : document.members()) {
    if (value.is_number()) metrics.emplace_back(name, value.as_double());
  }
  return metrics;
}

Result<json::Value> document_of(const store::Row& row, int column) {
  if (row.is_null(column)) return json::Value();
  return parsed(row.text(column));
}

std::string strings_text(std::span<const std::string> strings) {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const std::string& string : strings) writer.value(string);
  writer.end_array();
  return text;
}

Result<std::vector<std::string>> strings_of(const store::Row& row, int column) {
  std::vector<std::string> strings;
  BL_TRY(const json::Value document, document_of(row, column));
  if (!document.is_array()) return strings;
  for (const json::Value& item : document.items()) {
    if (item.is_string()) strings.push_back(item.as_string());
  }
  return strings;
}

std::string list_text(std::span<const std::string> strings, store::Dialect dialect) {
  if (dialect == store::Dialect::sqlite) return strings_text(strings);
  std::string text = "{";
  for (const std::string& string : strings) {
    if (text.size() > 1) text += ',';
    store::append_array_element(text, string);
  }
  return text + "}";
}

Result<void> for_each_row(store::Connection& connection, const store::Sql& sql,
                          std::initializer_list<store::Param> params,
                          const std::function<Result<void>(const store::Row&)>& each) {
  Result<void> outcome;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const store::Row& row) {
    outcome = each(row);
    return outcome.ok();
  }));
  return outcome;
}

}  // namespace bl::inference
