#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/numbers.h"
#include "base/utf8.h"
#include "lake/delta/schema.h"
#include "lake/delta_model.h"

// A file's statistics in Delta's words (spec/events-delta.md 2.7), from the engine's and back.
namespace bl::lake {
namespace {

using columns::Kind;
using json::Value;

constexpr std::size_t k_statistics_bytes_max = 16u << 20;
constexpr std::size_t k_date_chars = 10;  // years 0001 to 9999

void set_at(Value& object, const std::vector<std::string>& path, Value value) {
  Value* at = &object;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (at->find(path[i]) == nullptr) at->set(path[i], Value::object());
    auto& members = at->members();
    at = &std::find_if(members.begin(), members.end(), [&](const auto& member) {
            return member.first == path[i];
          })->second;
  }
  at->set(path.back(), std::move(value));
}

/// Greater than every text that begins with this one, in the order of code points.
std::optional<std::string> rounded_up(std::string_view front) {
  std::string text(front);
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
    char32_t next = decode_utf8(std::string_view(text).substr(at)).code_point + 1;
    text.resize(at);
    if (next == 0xd800) next = 0xe000;
    if (next > 0x10ffff) continue;
    if (next < 0x80) {
      text += static_cast<char>(next);
    } else if (next < 0x800) {
      text += static_cast<char>(0xc0 | next >> 6);
      text += static_cast<char>(0x80 | (next & 0x3f));
    } else {
      if (next < 0x10000) {
        text += static_cast<char>(0xe0 | next >> 12);
      } else {
        text += static_cast<char>(0xf0 | next >> 18);
        text += static_cast<char>(0x80 | (next >> 12 & 0x3f));
      }
      text += static_cast<char>(0x80 | (next >> 6 & 0x3f));
      text += static_cast<char>(0x80 | (next & 0x3f));
    }
    return text;
  }
  return std::nullopt;
}

enum class Side : unsigned char { min, max };

std::optional<Value> text_bound(const std::string& text, Side side, int chars_max) {
  if (!is_utf8(text)) return std::nullopt;
  const std::string_view front = prefix_of_code_points(text, static_cast<std::size_t>(chars_max));
  if (front.size() == text.size()) return Value::string(text);
  if (side == Side::min) return Value::string(std::string(front));
  auto up = rounded_up(front);
  if (!up) return std::nullopt;
  return Value::string(*std::move(up));
}

/// To milliseconds: down for a minimum, up for a maximum.
std::optional<Value> time_bound(const std::string& text, Side side, bool zone) {
  const auto time = parse_iso_datetime(text);
  if (!time.ok()) return std::nullopt;
  std::int64_t ms = time->micros / 1'000;
  if (time->micros % 1'000 < 0) --ms;
  if (side == Side::max && ms * 1'000 != time->micros) ++ms;
  const std::int64_t of_second = ((ms % 1'000) + 1'000) % 1'000;
  std::string out = to_rfc3339(Timestamp::from_millis(ms - of_second));
  out.pop_back();  // Z
  out += fmt::format(".{:03}{}", of_second, zone ? "Z" : "");
  return Value::string(std::move(out));
}

/// nullopt: Delta keeps none of such a column, or this one cannot be said.
std::optional<Value> bound(const std::optional<std::string>& text, Kind kind, Side side,
                           int chars_max) {
  if (!text) return std::nullopt;
  switch (kind) {
    case Kind::int8:
    case Kind::int16:
    case Kind::int32:
    case Kind::int64:
    case Kind::decimal:
    case Kind::float32:
    case Kind::float64:
      if (!is_json_number(*text) || !is_bounded_number(*text)) return std::nullopt;
      return Value::number_text(*text);
    case Kind::text:
      return text_bound(*text, side, chars_max);
    case Kind::date:
      if (text->size() != k_date_chars) return std::nullopt;
      return Value::string(*text);
    case Kind::timestamp:
    case Kind::naive_timestamp:
      return time_bound(*text, side, kind == Kind::timestamp);
    default:
      return std::nullopt;
  }
}

bool is_leaf(const delta::Leaf& leaf) {
  return leaf.type.kind != Kind::list && leaf.type.kind != Kind::map;
}

struct Bounds {
  Value min = Value::object(), max = Value::object(), nulls = Value::object();

  void add(const delta::Leaf& leaf, const duck::ColumnStatistics& column, int chars_max) {
    set_at(nulls, leaf.path, Value::number(column.nulls));
    if (column.has_nan.value_or(false)) return;  // others order NaN otherwise
    auto low = bound(column.min, leaf.type.kind, Side::min, chars_max);
    auto high = bound(column.max, leaf.type.kind, Side::max, chars_max);
    if (low) set_at(min, leaf.path, *std::move(low));
    if (high) set_at(max, leaf.path, *std::move(high));
  }
};

/// Every value of nested objects, by path.
template <class Take>
void walk(const Value* value, std::vector<std::string>& path, const Take& take) {
  if (value == nullptr || value->is_null()) return;
  if (!value->is_object()) {
    if (!path.empty()) take(path, *value);
    return;
  }
  for (const auto& [name, inner] : value->members()) {
    path.push_back(name);
    walk(&inner, path, take);
    path.pop_back();
  }
}

}  // namespace

std::string DeltaDeletions::id() const {
  std::string out = storage + place;
  if (has_offset) out += "@" + std::to_string(offset);
  return out;
}

std::optional<std::int64_t> DeltaSnapshot::transaction(const std::string& app_id) const {
  const auto found = transactions.find(app_id);
  if (found == transactions.end()) return std::nullopt;
  return found->second;
}

Result<DeltaFile> delta_file(const duck::ParquetFile& written, const std::string& path,
                             const DeltaMetadata& table, Timestamp modified,
                             const DeltaStatisticsOptions& options) {
  for (const auto& column : written.columns) {
    if (table.schema.find(column.path[0])) continue;
    return Error{Code::invalid, "the table has no such column: " + column.path[0]};
  }
  BL_TRY(const auto columns, delta::parse_schema(table.schema_text));
  Bounds bounds;
  int seen = 0;
  for (const auto& leaf : delta::leaves(columns)) {
    if (options.columns_max >= 0 && ++seen > options.columns_max) break;
    const auto found =
        std::find_if(written.columns.begin(), written.columns.end(),
                     [&](const duck::ColumnStatistics& one) { return one.path == leaf.path; });
    if (found == written.columns.end() || !is_leaf(leaf)) continue;
    bounds.add(leaf, *found, options.text_chars_max);
  }
  DeltaFile file;
  file.path = path;
  file.size = written.bytes;
  file.modified = modified;
  json::Writer writer(file.statistics);
  writer.begin_object().member("numRecords", written.rows);
  writer.member("minValues", bounds.min).member("maxValues", bounds.max);
  writer.member("nullCount", bounds.nulls).end_object();
  return file;
}

DeltaStatistics delta_statistics(const DeltaFile& file) {
  DeltaStatistics out;
  if (file.statistics.empty()) return out;
  const auto parsed = json::parse(file.statistics, {.bytes_max = k_statistics_bytes_max,
                                                    .string_bytes_max = k_statistics_bytes_max});
  if (!parsed.ok()) return out;
  if (const Value* rows = parsed->find("numRecords"); rows != nullptr && rows->is_integer()) {
    out.rows = rows->as_int64();
    if (out.rows.value_or(0) < 0) out.rows.reset();
  }
  std::map<std::vector<std::string>, DeltaColumnStatistics> columns;
  std::vector<std::string> path;
  walk(parsed->find("minValues"), path,
       [&](const auto& at, const Value& value) { columns[at].min = json::to_text(value); });
  walk(parsed->find("maxValues"), path,
       [&](const auto& at, const Value& value) { columns[at].max = json::to_text(value); });
  walk(parsed->find("nullCount"), path, [&](const auto& at, const Value& value) {
    if (value.is_integer()) columns[at].nulls = value.as_int64();
  });
  for (auto& [at, column] : columns) {
    column.path = at;
    out.columns.push_back(std::move(column));
  }
  return out;
}

}  // namespace bl::lake
