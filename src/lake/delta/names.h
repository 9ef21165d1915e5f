#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lake/delta_model.h"

/// Names within `_delta_log/` (spec/events-delta.md 2.1). Pure.
namespace bl::lake::delta {

inline constexpr std::string_view k_log_folder = "_delta_log/";
inline constexpr std::string_view k_last_checkpoint = "_last_checkpoint";

enum class NameKind : unsigned char {
  commit,        ///< N.json
  checkpoint,    ///< N.checkpoint.parquet
  part,          ///< N.checkpoint.I.OF.parquet
  uuid_parquet,  ///< N.checkpoint.UUID.parquet
  uuid_json,     ///< N.checkpoint.UUID.json
  compacted,     ///< N.M.compacted.json: not read
  checksum,      ///< N.crc: not read
};

struct LogName {
  NameKind kind = NameKind::commit;
  DeltaVersion version = 0;
  std::uint32_t part = 0, parts = 0;  ///< of NameKind::part, from 1
};

/// nullopt: a foreign name, to be passed over.
std::optional<LogName> parse_log_name(std::string_view name);

/// `00000000000000000012`
std::string version_text(DeltaVersion version);
std::string commit_name(DeltaVersion version);
std::string checkpoint_name(DeltaVersion version);

}  // namespace bl::lake::delta
