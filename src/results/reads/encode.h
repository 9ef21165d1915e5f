#pragma once

#include <span>
#include <string>

#include "results/read_router.h"

/// What openapi_reads.yaml describes.
namespace bl::results::reads {

struct PortReport {
  ReadState state;
  ReadStanding standing;
};
std::string encode_reads(std::span<const PortReport> ports, bool has_lake, bool is_unproven);
/// Without the answers.
std::string encode_mismatches(std::span<const ReadMismatch> mismatches);
std::string encode_mismatch(const ReadMismatch& mismatch);
std::string encode_replay(const ReadReplay& replay);

}  // namespace bl::results::reads
