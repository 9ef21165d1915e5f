#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "results/replica_proof.h"

/// The seven gates of spec/lake-ducklake.md 7.4, judged of the report's own figures: pure. Private
/// to the proof.
namespace bl::results::proof {

/// What the rules compare with.
struct GateRules {
  std::int64_t rows_min = 100'000;    ///< fewer say nothing of speed and size
  double broad_speedup_min = 5;       ///< store p50 / lake p50, warm, one reader
  double targeted_p95_ratio_max = 1;  ///< lake p95 / store p95
  double freshness_p95_s_max = 60;
  double bytes_per_row_max = 40;  ///< of the slim facts
};

/// `document`: the report without its gates. In the order of the spec.
std::vector<ProofGate> judge(const json::Value& document, const GateRules& rules = {});

/// Of one reading interface: may it be switched to the lake, as far as this proof says? Correct
/// (asked, nothing different), and all gates that are not about speed have passed.
bool may_switch(const json::Value& document, std::span<const ProofGate> gates,
                std::string_view interface);

/// A number below a path of keys; nothing when it is not there.
std::optional<double> number_at(const json::Value& value, std::initializer_list<const char*> path);
std::string text_at(const json::Value& value, const char* key);

}  // namespace bl::results::proof
