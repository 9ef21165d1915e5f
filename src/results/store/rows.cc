#include "results/store/rows.h"

#include <cmath>

#include "base/numbers.h"

namespace bl::results {

Result<void> for_each_row(store::Connection& connection, const store::Sql& sql,
                          std::span<const store::Param> params,
                          const std::function<Result<void>(const store::Row&)>& each) {
  std::optional<Error> fault;
  auto done = connection.query(sql, params, [&](const store::Row& row) {
    auto taken = each(row);
    if (!taken.ok()) fault = std::move(taken).error();
    return !fault;
  });
  if (fault) return std::move(*fault);
  return done;
}

namespace {

// jsonb has an order of its own; ours is by key, on every store.
void sort_members(json::Value& value) {
  if (value.is_array()) {
    for (json::Value& item : value.items()) sort_members(item);
  }
  if (!value.is_object()) return;
  json::Object& members = value.members();
  const auto by_key = [](const json::Member& a, const json::Member& b) {
    return a.first < b.first;
  };
  if (!std::is_sorted(members.begin(), members.end(), by_key)) {
    std::sort(members.begin(), members.end(), by_key);
  }
  for (json::Member& member : members) sort_members(member.second);
}

// A numeric of PostgreSQL, alone or in a jsonb, may be larger than any double; JSON's parser
// refuses it. Such a number becomes a text.
std::string with_large_numbers_as_texts(std::string_view json) {
  std::string out;
  bool is_text = false;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (is_text || !((c >= '0' && c <= '9') || c == '-')) {
      const std::size_t length = is_text && c == '\\' && at + 1 < json.size() ? 2 : 1;
      if (c == '"') is_text = !is_text;
      out += json.substr(at, length);
      at += length;
      continue;
    }
    const std::size_t end = std::min(json.find_first_not_of("0123456789+-.eE", at), json.size());
    const std::string_view number = json.substr(at, end - at);
    const auto value = parse_double(number);
    if (value && std::isfinite(*value)) {
      out += number;
    } else {
      json::append_quoted(out, number);
    }
    at = end;
  }
  return out;
}

}  // namespace

Result<json::Value> document_of(const store::Row& row, int column) {
  if (row.is_null(column)) return json::Value{};
  auto parsed = json::parse(row.text(column));
  if (!parsed.ok()) parsed = json::parse(with_large_numbers_as_texts(row.text(column)));
  if (!parsed.ok()) {
    return Error{Code::corrupt, "a stored document is not JSON: " + parsed.error().message};
  }
  sort_members(*parsed);
  return parsed;
}

Result<json::Value> object_of(const store::Row& row, int column) {
  if (!row.is_null(column) && row.text(column) == "{}") return json::Value::object();
  BL_TRY(auto value, document_of(row, column));
  // Another program may have stored null, or any JSON.
  return value.is_object() ? std::move(value) : json::Value::object();
}

namespace {

// `{"name": "x"}`, which most run tags are, with or without the blank: it is read and written out
// without a tree. Anything else is nothing.
std::optional<std::string> only_text_member(std::string_view object) {
  if (!object.starts_with("{\"") || !object.ends_with("\"}")) return std::nullopt;
  if (object.find('\\') != std::string_view::npos) return std::nullopt;
  const std::size_t key_end = object.find('"', 2);
  const std::string_view rest = object.substr(key_end);
  const std::string_view between = rest.starts_with("\": \"") ? "\": \"" : "\":\"";
  if (!rest.starts_with(between)) return std::nullopt;
  const std::string_view value = rest.substr(between.size());
  if (value.find('"') != value.size() - 2) return std::nullopt;
  std::string text(object.substr(0, key_end));
  text.append("\":\"").append(value);
  return text;
}

}  // namespace

Result<std::string> object_text_of(const store::Row& row, int column) {
  if (row.is_null(column) || row.text(column) == "{}") return std::string("{}");
  if (auto text = only_text_member(row.text(column))) return std::move(*text);
  BL_TRY(const json::Value value, object_of(row, column));
  return json::to_stored_text(value);
}

Result<json::Array> samples_of(const store::Row& row, int column) {
  BL_TRY(auto value, document_of(row, column));
  if (value.is_null()) return json::Array{};
  if (!value.is_array()) return Error{Code::corrupt, "stored samples are not an array"};
  // NaN, and what no double holds.
  for (json::Value& item : value.items()) {
    if (item.is_string()) item = json::Value{};
  }
  return std::move(value.items());
}

SummaryColumns summary_columns(const store::Row& row, int column) {
  SummaryColumns columns;
  columns.unit = row.text_or_null(column);
  columns.has_error = row.integer(column + 1) != 0;
  columns.min = row.real_or_null(column + 2);
  columns.max = row.real_or_null(column + 3);
  columns.mean = row.real_or_null(column + 4);
  columns.data = row.text(column + 5);
  return columns;
}

bool failed(const SummaryColumns& columns) {
  return !columns.unit || columns.has_error || columns.data.empty() || columns.data == "[]" ||
         columns.data.find("null") != std::string_view::npos;
}

std::string_view summary_type(std::optional<std::string_view> unit, SummaryMode mode) {
  if (!unit) return "n/a";
  if (mode == SummaryMode::mean) return "mean";
  return direction_of(*unit) == verdict::Direction::less_is_better ? "min" : "max";
}

namespace {

// Least, greatest or mean of a JSON array of numbers, without a document.
std::optional<double> from_samples(std::string_view data, std::string_view type) {
  std::optional<double> best;
  double sum = 0;
  std::int64_t count = 0;
  std::size_t at = 0;
  while (at < data.size()) {
    const std::size_t begin = data.find_first_not_of("[], \t\n", at);
    if (begin == std::string_view::npos) break;
    std::size_t end = data.find_first_of("], \t\n", begin);
    if (end == std::string_view::npos) end = data.size();
    const auto value = parse_double(data.substr(begin, end - begin));
    if (!value) return std::nullopt;
    sum += *value;
    ++count;
    if (!best || (type == "min" ? *value < *best : *value > *best)) best = *value;
    at = end;
  }
  if (count == 0) return std::nullopt;
  return type == "mean" ? sum / static_cast<double>(count) : *best;
}

}  // namespace

Summary summary_of(const SummaryColumns& columns, SummaryMode mode) {
  Summary summary{std::nullopt, summary_type(columns.unit, mode)};
  if (failed(columns)) return summary;
  summary.value = summary.type == "mean"  ? columns.mean
                  : summary.type == "min" ? columns.min
                                          : columns.max;
  if (!summary.value) summary.value = from_samples(columns.data, summary.type);
  if (summary.value && !std::isfinite(*summary.value)) summary.value.reset();
  return summary;
}

std::optional<StoredCommit> commit_of(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  StoredCommit commit;
  commit.id = row.text(column);
  commit.sha = row.text(column + 1);
  commit.repository = row.text(column + 2);
  commit.parent = row.text_or_null(column + 3);
  if (!row.is_null(column + 4)) commit.timestamp = Timestamp{row.integer(column + 4)};
  commit.message = row.text(column + 5);
  commit.author_name = row.text(column + 6);
  commit.author_login = row.text_or_null(column + 7);
  commit.author_avatar = row.text_or_null(column + 8);
  commit.branch = row.text_or_null(column + 9);
  commit.fork_point_sha = row.text_or_null(column + 10);
  return commit;
}

std::string after_prefix(std::string_view prefix) {
  return std::string(prefix) + "\xf4\x8f\xbf\xbf";
}

}  // namespace bl::results
