#include "lake/file_set.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace bl::lake {
namespace {

using columns::Kind;

constexpr std::int64_t k_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t k_greatest = std::numeric_limits<std::int64_t>::max();

template <class T>
std::optional<T> number_of(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_whole(Kind kind) {
  return kind == Kind::int8 || kind == Kind::int16 || kind == Kind::int32 || kind == Kind::int64;
}
bool is_time(Kind kind) {
  return kind == Kind::timestamp || kind == Kind::naive_timestamp || kind == Kind::date;
}

// A statistic as a whole number: of times the microseconds. nullopt: it does not say.
std::optional<std::int64_t> whole_of(Kind kind, std::string_view text) {
  if (is_whole(kind)) return number_of<std::int64_t>(text);
  const auto time = kind == Kind::date ? parse_rfc3339(std::string(text) + "T00:00:00Z")
                                       : parse_iso_datetime(text);
  if (!time.ok()) return std::nullopt;
  return time->micros;
}

const duck::ColumnStatistics* statistics_of(const DataFile& file, std::string_view column) {
  for (const auto& one : file.columns) {
    if (one.path.size() == 1 && one.path[0] == column) return &one;
  }
  return nullptr;
}

// A column of nulls holds no value at all.
bool is_all_null(const DataFile& file, const duck::ColumnStatistics& statistics) {
  return statistics.values == 0 && statistics.nulls == file.rows;
}

std::optional<std::int64_t> whole_bound(const std::optional<Bound>& bound, Kind kind) {
  if (!bound) return std::nullopt;
  if (const auto* number = std::get_if<std::int64_t>(&*bound); number && is_whole(kind)) {
    return *number;
  }
  if (const auto* time = std::get_if<Timestamp>(&*bound); time && is_time(kind)) {
    return time->micros;
  }
  return std::nullopt;
}

// Of floating-point numbers and texts, whose statistics are read when they are asked for.
template <class T, class Read>
bool meets(const duck::ColumnStatistics& statistics, const ColumnRange& range, const Read& read) {
  const auto below = [&](const std::optional<std::string>& a, const std::optional<Bound>& b) {
    const T* bound = b ? std::get_if<T>(&*b) : nullptr;
    const auto value = a ? read(*a) : std::nullopt;
    return bound != nullptr && value && *value < *bound;
  };
  const auto above = [&](const std::optional<std::string>& a, const std::optional<Bound>& b) {
    const T* bound = b ? std::get_if<T>(&*b) : nullptr;
    const auto value = a ? read(*a) : std::nullopt;
    return bound != nullptr && value && *value > *bound;
  };
  return !below(statistics.max, range.low) && !above(statistics.min, range.high);
}

}  // namespace

FileSet::FileSet(CatalogSnapshot snapshot) : snapshot_(std::move(snapshot)) {
  const auto& fields = snapshot_.schema.fields();
  zones_.resize(fields.size());
  for (std::size_t column = 0; column < fields.size(); ++column) {
    const Kind kind = fields[column].type.kind;
    if (!is_whole(kind) && !is_time(kind)) continue;
    Zones zones;
    for (const DataFile& file : snapshot_.files) {
      const auto* statistics = statistics_of(file, fields[column].name);
      std::optional<std::int64_t> low, high;
      if (statistics != nullptr && statistics->min) low = whole_of(kind, *statistics->min);
      if (statistics != nullptr && statistics->max) high = whole_of(kind, *statistics->max);
      // What holds no value meets no range.
      const bool is_none = statistics != nullptr && is_all_null(file, *statistics);
      zones.low.push_back(is_none ? k_greatest : low.value_or(k_least));
      zones.high.push_back(is_none ? k_least : high.value_or(k_greatest));
    }
    zones_[column] = std::move(zones);
  }
  for (const DataFile& file : snapshot_.files) {
    rows_ += file.rows;
    bytes_ += file.bytes;
  }
}

const DataFile* FileSet::find(std::string_view key) const {
  const auto at = std::lower_bound(
      snapshot_.files.begin(), snapshot_.files.end(), key,
      [](const DataFile& file, std::string_view wanted) { return file.key < wanted; });
  return at != snapshot_.files.end() && at->key == key ? &*at : nullptr;
}

bool FileSet::may_hold(std::size_t file, const ColumnRange& range) const {
  const auto column = snapshot_.schema.find(range.column);
  if (!column) return true;
  const Kind kind = snapshot_.schema.fields()[static_cast<std::size_t>(*column)].type.kind;
  if (const auto& zones = zones_[static_cast<std::size_t>(*column)]) {
    const auto low = whole_bound(range.low, kind), high = whole_bound(range.high, kind);
    if (range.low && !low) return true;
    if (range.high && !high) return true;
    return zones->high[file] >= low.value_or(k_least) &&
           zones->low[file] <= high.value_or(k_greatest);
  }
  const DataFile& one = snapshot_.files[file];
  const auto* statistics = statistics_of(one, range.column);
  if (statistics == nullptr) return true;
  if (is_all_null(one, *statistics)) return false;
  if (kind == Kind::text) {
    return meets<std::string>(*statistics, range,
                              [](const std::string& text) { return std::optional(text); });
  }
  // NaN is above every number, and no statistic shows it.
  if (kind == Kind::float64 || kind == Kind::float32) {
    if (statistics->has_nan.value_or(true) && range.low && !range.high) return true;
    return meets<double>(*statistics, range,
                         [](const std::string& text) { return number_of<double>(text); });
  }
  return true;
}

std::vector<const DataFile*> FileSet::may_hold(std::span<const ColumnRange> ranges) const {
  std::vector<const DataFile*> out;
  for (std::size_t i = 0; i < snapshot_.files.size(); ++i) {
    const auto may = [&](const ColumnRange& range) { return may_hold(i, range); };
    if (std::all_of(ranges.begin(), ranges.end(), may)) out.push_back(&snapshot_.files[i]);
  }
  return out;
}

}  // namespace bl::lake
