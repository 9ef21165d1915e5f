#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "lake/delta_log.h"
#include "lake/delta_model.h"

/// A commit's lines: one JSON object with one key each (spec/events-delta.md 2.3). Pure.
namespace bl::lake::delta {

struct AddFile {
  DeltaFile file;
  bool data_change = true;
};

struct SetTransaction {
  DeltaTransaction transaction;
  std::optional<std::int64_t> updated_ms;
};

struct DomainMetadata {
  std::string domain, configuration;
  bool removed = false;
};

struct CommitInfo {
  std::optional<std::int64_t> timestamp_ms, in_commit_ms;
  std::string operation;
  std::string id;  ///< txnId: tells our commits from others'
};

/// Where a V2 checkpoint has the rest of its files.
struct Sidecar {
  std::string path;
};

using Action = std::variant<DeltaProtocol, DeltaMetadata, AddFile, DeltaTombstone, SetTransaction,
                            DomainMetadata, CommitInfo, Sidecar>;

struct ParseContext {
  std::string table;  ///< its address, for absolute paths
  std::size_t text_bytes_max = 16u << 20;
};

/// One line. nullopt: an action that a reader passes over (`cdc`, what it does not know). The
/// metadata's schema text is not looked into here. Errors: corrupt.
Result<std::optional<Action>> parse_action(std::string_view line, const ParseContext& context);

/// All of a commit. Errors: corrupt (with the line's number; no action at all; two that contradict
/// each other).
Result<std::vector<Action>> parse_commit(std::string_view bytes, const ParseContext& context);

/// One line, with its end.
void append_line(std::string& out, const DeltaProtocol& protocol);
void append_line(std::string& out, const DeltaMetadata& metadata);
void append_line(std::string& out, const DeltaFile& add, bool data_change);
void append_line(std::string& out, const DeltaTombstone& remove);
void append_line(std::string& out, const SetTransaction& transaction);
void append_line(std::string& out, const DomainMetadata& domain);

/// What our own commits say of themselves.
struct OwnInfo {
  const DeltaNote& note;
  Timestamp at;
  std::optional<DeltaVersion> read_version;
  bool blind_append = false;
  std::string id;
};
void append_line(std::string& out, const OwnInfo& info);

/// A file and its deletions: what an add and a remove speak of.
std::string key_of(const std::string& path, const std::optional<DeltaDeletions>& deletions);

}  // namespace bl::lake::delta
