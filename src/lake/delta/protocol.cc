#include "lake/delta/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>

#include "base/numbers.h"

namespace bl::lake::delta {
namespace {

constexpr std::array<std::string_view, 7> k_read{
    "columnMapping", "deletionVectors",     "timestampNtz",        "typeWidening",
    "v2Checkpoint",  "vacuumProtocolCheck", "typeWidening-preview"};
// Features that bind a writer, and whose demands we meet: those of the second list only as long as
// the table makes no use of them (check_unused).
constexpr std::array<std::string_view, 10> k_written{
    "appendOnly",       "invariants",       "timestampNtz",   "vacuumProtocolCheck",
    "checkConstraints", "generatedColumns", "changeDataFeed", "identityColumns",
    "columnMapping",    "deletionVectors"};

std::string unknown_of(const std::vector<std::string>& features,
                       std::span<const std::string_view> known) {
  std::string out;
  for (const auto& feature : features) {
    if (std::find(known.begin(), known.end(), feature) != known.end()) continue;
    out += out.empty() ? "" : ", ";
    out += feature;
  }
  return out;
}

bool has(const std::vector<std::string>& features, std::string_view name) {
  return std::find(features.begin(), features.end(), name) != features.end();
}

Error refused(std::string_view what) {
  return {Code::unsupported, fmt::format("not supported: writing a Delta table with {}", what)};
}

/// Duties that a table puts on its writers by what is in it.
Result<void> check_unused(const DeltaProtocol& protocol, const DeltaMetadata& metadata,
                          const std::vector<Column>& columns, Change change) {
  for (const auto& [key, value] : metadata.configuration) {
    if (key.starts_with("delta.constraints.")) return refused("a CHECK constraint: " + key);
  }
  if (has_metadata(columns, "delta.invariants")) return refused("column invariants");
  if (has_metadata(columns, "delta.generationExpression")) return refused("generated columns");
  if (has_metadata(columns, "delta.identity.start")) return refused("identity columns");
  if (column_mapping(protocol, metadata) != ColumnMapping::none) return refused("column mapping");
  if (flag_property(metadata, "delta.enableDeletionVectors", false) && change != Change::append) {
    return refused("deletion vectors, but by appending");
  }
  if (flag_property(metadata, "delta.enableChangeDataFeed", false) && change == Change::rewrite) {
    return refused("a change data feed, but by appending");
  }
  return {};
}

std::optional<std::chrono::microseconds> unit_of(std::string_view unit) {
  using namespace std::chrono_literals;
  if (unit.ends_with('s')) unit.remove_suffix(1);
  if (unit == "week") return 24h * 7;
  if (unit == "day") return 24h;
  if (unit == "hour") return 1h;
  if (unit == "minute") return 1min;
  if (unit == "second") return 1s;
  if (unit == "millisecond") return 1ms;
  if (unit == "microsecond") return 1us;
  return std::nullopt;
}

std::optional<std::chrono::microseconds> interval_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::size_t at = !words.empty() && (words[0] == "interval" || words[0] == "INTERVAL") ? 1 : 0;
  if (at == words.size() || (words.size() - at) % 2 != 0) return std::nullopt;
  std::chrono::microseconds sum{0};
  constexpr std::int64_t count_max = 1'000'000;
  for (; at < words.size(); at += 2) {
    const auto count = parse_int64(words[at]);
    const auto unit = unit_of(words[at + 1]);
    if (!count || !unit || *count < 0 || *count > count_max) return std::nullopt;
    sum += std::min<std::chrono::microseconds>(*unit * *count, std::chrono::hours(24 * 36'500));
  }
  return sum;
}

}  // namespace

ColumnMapping column_mapping(const DeltaProtocol& protocol, const DeltaMetadata& metadata) {
  const bool can = protocol.reader == 2 ||
                   (protocol.reader == 3 && has(protocol.reader_features, "columnMapping"));
  const std::string mode = property(metadata, "delta.columnMapping.mode", "none");
  if (!can || mode == "none") return ColumnMapping::none;
  return mode == "id" ? ColumnMapping::by_id : ColumnMapping::by_name;
}

Result<void> check_readable(const DeltaProtocol& protocol) {
  if (protocol.reader > 3) {
    return Error{Code::unsupported,
                 fmt::format("not supported: Delta's reader version {}", protocol.reader)};
  }
  const bool lists_fit = (protocol.reader == 3 || protocol.reader_features.empty()) &&
                         (protocol.writer == 7 || protocol.writer_features.empty()) &&
                         (protocol.reader != 3 || protocol.writer >= 7);
  if (!lists_fit) {
    return Error{Code::corrupt,
                 fmt::format("the protocol's features contradict its versions: ({}, {})",
                             protocol.reader, protocol.writer)};
  }
  const std::string unknown = unknown_of(protocol.reader_features, k_read);
  if (unknown.empty()) return {};
  return Error{Code::unsupported, "not supported: Delta's reader features: " + unknown};
}

Result<void> check_writable(const DeltaProtocol& protocol, const DeltaMetadata& metadata,
                            const std::vector<Column>& columns, Change change) {
  BL_RETURN_IF_ERROR(check_readable(protocol));
  if (protocol.writer > 7) return refused(fmt::format("writer version {}", protocol.writer));
  const std::string unknown = unknown_of(protocol.writer_features, k_written);
  if (!unknown.empty()) return refused("writer features: " + unknown);
  if (change == Change::rewrite && flag_property(metadata, "delta.appendOnly", false)) {
    return Error{Code::invalid, "the table only takes appends: delta.appendOnly"};
  }
  return check_unused(protocol, metadata, columns, change);
}

std::string property(const DeltaMetadata& metadata, const std::string& key,
                     const std::string& otherwise) {
  const auto found = metadata.configuration.find(key);
  return found == metadata.configuration.end() ? otherwise : found->second;
}

bool flag_property(const DeltaMetadata& metadata, const std::string& key, bool otherwise) {
  const std::string text = property(metadata, key, otherwise ? "true" : "false");
  return text == "true" || text == "TRUE" || text == "True";
}

std::int64_t number_property(const DeltaMetadata& metadata, const std::string& key,
                             std::int64_t otherwise) {
  return parse_int64(property(metadata, key, "")).value_or(otherwise);
}

std::chrono::microseconds interval_property(const DeltaMetadata& metadata, const std::string& key,
                                            std::chrono::microseconds otherwise) {
  return interval_of(property(metadata, key, "")).value_or(otherwise);
}

}  // namespace bl::lake::delta

namespace bl::lake {

std::chrono::microseconds deleted_file_retention(const DeltaMetadata& table) {
  return delta::interval_property(table, "delta.deletedFileRetentionDuration",
                                  std::chrono::hours(24 * 7));
}

}  // namespace bl::lake
