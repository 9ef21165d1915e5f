#include "results/proof/gates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "results/proof/families.h"

namespace bl::results::proof {
namespace {

using Outcome = ProofGate::Outcome;

const json::Array& items_of(const json::Value& document, const char* key) {
  static const json::Array k_none;
  const json::Value* found = document.find(key);
  return found != nullptr && found->is_array() ? found->items() : k_none;
}

bool truth_at(const json::Value& value, const char* key) {
  const json::Value* found = value.find(key);
  return found != nullptr && found->is_bool() && found->as_bool();
}

Outcome outcome_of(bool passed) {
  return passed ? Outcome::passed : Outcome::failed;
}

std::int64_t whole(std::optional<double> number) {
  return static_cast<std::int64_t>(number.value_or(0));
}

void append(std::string& text, const std::string& more) {
  text += (text.empty() ? "" : "; ") + more;
}

ProofGate correctness(const json::Value& document) {
  ProofGate gate{"correctness",
                 "every reading interface answers every request over the lake as over the store, "
                 "byte for byte",
                 ""};
  std::int64_t different = 0, asked = 0;
  bool all_there = true;
  for (const json::Value& one : items_of(document, "interfaces")) {
    if (!truth_at(one, "is_there")) {
      all_there = false;
      append(gate.evidence, text_at(one, "name") + ": no reader over the lake in this program");
      continue;
    }
    asked += whole(number_at(one, {"requests"}));
    different += whole(number_at(one, {"different"}));
    append(gate.evidence,
           fmt::format("{}: {} requests, {} different", text_at(one, "name"),
                       whole(number_at(one, {"requests"})), whole(number_at(one, {"different"}))));
  }
  if (gate.evidence.empty()) gate.evidence = "nothing was asked";
  gate.outcome = different > 0              ? Outcome::failed
                 : asked == 0 || !all_there ? Outcome::not_run
                                            : Outcome::passed;
  return gate;
}

// Warm, one reader; nothing: not measured.
const json::Value* measured(const json::Value& document, std::string_view variant,
                            std::string_view family) {
  for (const json::Value& one : items_of(document, "measurements")) {
    if (text_at(one, "variant") == variant && text_at(one, "family") == family &&
        text_at(one, "state") == "warm" && number_at(one, {"readers"}) == 1.0) {
      return &one;
    }
  }
  return nullptr;
}

bool has_rows(const json::Value& document, const GateRules& rules, ProofGate& gate) {
  const std::int64_t rows = whole(number_at(document, {"data", "rows"}));
  if (rows >= rules.rows_min) return true;
  gate.evidence = fmt::format("{} results; fewer than {} say nothing", rows, rules.rows_min);
  return false;
}

ProofGate performance(const json::Value& document, const GateRules& rules) {
  ProofGate gate{
      "performance",
      fmt::format("warm, one reader: broad questions at least {} times as fast as the store (p50); "
                  "targeted ones not slower (p95 at most {} times the store's)",
                  rules.broad_speedup_min, rules.targeted_p95_ratio_max),
      ""};
  if (!has_rows(document, rules, gate)) return gate;
  bool passed = true;
  std::size_t compared = 0;
  for (const Family& family : all_families()) {
    const json::Value* store = measured(document, "store", family.name);
    const json::Value* lake = nullptr;
    for (const char* variant : {"tiered", "ducklake_buckets", "ducklake_monthly"}) {
      if (lake == nullptr) lake = measured(document, variant, family.name);
    }
    if (store == nullptr || lake == nullptr) continue;
    ++compared;
    const bool is_broad = family.kind == Family::Kind::broad;
    const char* figure = is_broad ? "p50_ms" : "p95_ms";
    const double of_store = number_at(*store, {figure}).value_or(0);
    const double of_lake = number_at(*lake, {figure}).value_or(0);
    const bool good = is_broad ? of_store >= rules.broad_speedup_min * of_lake
                               : of_lake <= rules.targeted_p95_ratio_max * of_store;
    passed = passed && good;
    append(gate.evidence, fmt::format("{}: store {:.2f} ms, {} {:.2f} ms ({}), {}", family.name,
                                      of_store, text_at(*lake, "variant"), of_lake,
                                      is_broad ? "p50" : "p95", good ? "good" : "too slow"));
  }
  if (compared == 0) {
    gate.evidence = "nothing was measured on both sides";
    return gate;
  }
  gate.outcome = outcome_of(passed);
  return gate;
}

ProofGate freshness(const json::Value& document, const GateRules& rules) {
  ProofGate gate{"freshness",
                 fmt::format("while results are written, 95 of 100 can be read from the lake {} s "
                             "after they were acknowledged, and none is missing at the end",
                             rules.freshness_p95_s_max),
                 "not measured"};
  const json::Value* found = document.find("freshness");
  if (found == nullptr || found->is_null()) return gate;
  const double p95 = number_at(*found, {"p95_s"}).value_or(0);
  const bool whole_there = number_at(*found, {"written"}) == number_at(*found, {"in_lake"});
  gate.evidence = fmt::format(
      "{} results at {:.0f}/s beside {} refreshes, every {:.1f} s: p50 {:.2f} s, p95 {:.2f} s, "
      "most "
      "{:.2f} s; in the lake at the end: {}",
      whole(number_at(*found, {"written"})), number_at(*found, {"written_per_second"}).value_or(0),
      whole(number_at(*found, {"refreshes"})), number_at(*found, {"every_s"}).value_or(0),
      number_at(*found, {"p50_s"}).value_or(0), p95, number_at(*found, {"max_s"}).value_or(0),
      whole(number_at(*found, {"in_lake"})));
  gate.outcome = outcome_of(whole_there && p95 <= rules.freshness_p95_s_max);
  return gate;
}

ProofGate reconciliation(const json::Value& document) {
  ProofGate gate{"reconciliation",
                 "an undamaged replica shows no difference; rows that were taken away, doubled, "
                 "changed and moved to another month are all found, each by its kind, and a repair "
                 "leaves none",
                 "not run"};
  const json::Value* found = document.find("reconciliation");
  if (found == nullptr || found->is_null()) return gate;
  if (truth_at(*found, "too_few_rows")) {
    gate.evidence = "too few results in one file to damage";
    return gate;
  }
  const std::int64_t before = whole(number_at(*found, {"before"}));
  const std::int64_t after = whole(number_at(*found, {"after"}));
  bool passed = before == 0 && after == 0;
  gate.evidence = fmt::format("before: {} differences", before);
  for (const char* kind : {"missing", "doubled", "stale", "wrong month"}) {
    const std::int64_t injected = whole(number_at(*found, {"injected", kind}));
    const std::int64_t seen = whole(number_at(*found, {"found", kind}));
    passed = passed && injected > 0 && seen >= injected;
    append(gate.evidence, fmt::format("{}: {} injected, {} found", kind, injected, seen));
  }
  append(gate.evidence, fmt::format("after the repair: {} differences", after));
  gate.outcome = outcome_of(passed);
  return gate;
}

ProofGate operations(const json::Value& document) {
  ProofGate gate{
      "operations",
      "after a refresh was killed at every moment, after the catalog was lost, and after "
      "a copy was put back, every row is in the lake once and none differs",
      "not run"};
  const json::Value* found = document.find("operations");
  if (found == nullptr || found->is_null()) return gate;
  bool passed = true;
  gate.evidence.clear();
  for (const json::Value& drill : found->items()) {
    const bool good = truth_at(drill, "passed");
    passed = passed && good;
    append(gate.evidence, fmt::format("{}: {}", text_at(drill, "name"), text_at(drill, "what")));
  }
  if (found->items().empty()) {
    gate.evidence = "no program to run the drills with";
    return gate;
  }
  gate.outcome = outcome_of(passed);
  return gate;
}

ProofGate cost(const json::Value& document, const GateRules& rules) {
  ProofGate gate{"cost",
                 fmt::format("the slim facts take at most {} bytes a row", rules.bytes_per_row_max),
                 ""};
  if (!has_rows(document, rules, gate)) return gate;
  for (const json::Value& one : items_of(document, "variants")) {
    if (text_at(one, "name") != "tiered") continue;
    const double bytes = number_at(one, {"bytes_per_row"}).value_or(0);
    gate.evidence = fmt::format(
        "{:.1f} bytes a row as the replica lies; {:.1f} with samples and dimensions; "
        "{:.1f} CPU seconds for a million exported results",
        bytes, number_at(document, {"export", "bytes_per_row"}).value_or(0),
        number_at(document, {"export", "cpu_s_per_million"}).value_or(0));
    gate.outcome = outcome_of(bytes <= rules.bytes_per_row_max);
  }
  if (gate.evidence.empty()) gate.evidence = "the replica was not measured";
  return gate;
}

ProofGate cutover(const json::Value& document) {
  ProofGate gate{"cutover",
                 "under load each interface goes to shadow, to the lake and back by configuration, "
                 "and no answer changes",
                 "no program to start a server with"};
  const json::Value* found = document.find("cutover");
  if (found == nullptr || found->is_null()) return gate;
  gate.evidence = text_at(*found, "what");
  gate.outcome = outcome_of(truth_at(*found, "passed"));
  return gate;
}

}  // namespace

std::optional<double> number_at(const json::Value& value, std::initializer_list<const char*> path) {
  const json::Value* at = &value;
  for (const char* key : path) {
    at = at->find(key);
    if (at == nullptr) return std::nullopt;
  }
  if (!at->is_number()) return std::nullopt;
  return at->as_double();
}

std::string text_at(const json::Value& value, const char* key) {
  const json::Value* found = value.find(key);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

std::vector<ProofGate> judge(const json::Value& document, const GateRules& rules) {
  return {correctness(document),    performance(document, rules), freshness(document, rules),
          reconciliation(document), operations(document),         cost(document, rules),
          cutover(document)};
}

bool may_switch(const json::Value& document, std::span<const ProofGate> gates,
                std::string_view interface) {
  for (const ProofGate& gate : gates) {
    const bool matters = gate.name == "freshness" || gate.name == "reconciliation";
    if (matters && gate.outcome != Outcome::passed) return false;
  }
  for (const json::Value& one : items_of(document, "interfaces")) {
    if (text_at(one, "name") != interface) continue;
    return truth_at(one, "is_there") && number_at(one, {"requests"}).value_or(0) > 0 &&
           number_at(one, {"different"}) == 0.0;
  }
  return false;
}

}  // namespace bl::results::proof
