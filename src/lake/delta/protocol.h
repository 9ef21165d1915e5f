#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/delta/schema.h"
#include "lake/delta_model.h"

/// Which tables we read and which we write (spec/events-delta.md 2.10; docs/formats/delta.md).
/// Pure.
namespace bl::lake::delta {

/// How names of columns in files are found.
enum class ColumnMapping : unsigned char { none, by_name, by_id };
ColumnMapping column_mapping(const DeltaProtocol& protocol, const DeltaMetadata& metadata);

/// Errors: unsupported (with the version or the features' names), corrupt (lists of features that
/// contradict the versions).
Result<void> check_readable(const DeltaProtocol& protocol);

/// What a commit would do to the table.
enum class Change : unsigned char {
  append,     ///< adds rows
  rearrange,  ///< the same rows in other files
  rewrite,    ///< removes rows, or changes them
  describe,   ///< schema and properties
};
/// Errors: unsupported (with the version, the feature or the property), invalid (a table that only
/// takes appends).
Result<void> check_writable(const DeltaProtocol& protocol, const DeltaMetadata& metadata,
                            const std::vector<Column>& columns, Change change);

/// A property of the table, or what holds without it.
std::string property(const DeltaMetadata& metadata, const std::string& key,
                     const std::string& otherwise);
bool flag_property(const DeltaMetadata& metadata, const std::string& key, bool otherwise);
/// Errors: nothing; a text that is no number is `otherwise`.
std::int64_t number_property(const DeltaMetadata& metadata, const std::string& key,
                             std::int64_t otherwise);
/// `interval 30 days`, `interval 2 weeks 1 hour`; what we cannot read is `otherwise`.
std::chrono::microseconds interval_property(const DeltaMetadata& metadata, const std::string& key,
                                            std::chrono::microseconds otherwise);

}  // namespace bl::lake::delta
