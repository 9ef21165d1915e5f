#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "results/model.h"

/// What makes two machines comparable (`results.hardware_keys`): the fields that enter a machine's
/// hash, and by it the fingerprints of its series. Conbench's own are the default: name, gpu_count,
/// cpu_core_count, cpu_thread_count, memory_bytes [2.4].
///
/// A stored row keeps its hash, whatever is set later: a machine that is known, to each of its 16
/// values, goes on with its series; a new row gets the hash of the keys, and begins new ones. A
/// cluster's hash is of its `info`, which its owner chooses; keys are for machines.
/// Threads: a plain value.
namespace bl::results {

class HardwareKeys {
 public:
  /// Conbench's, to the digit.
  HardwareKeys() = default;
  /// Fields of a machine with commas between, in any order: `cpu_model_name, cpu_core_count`. The
  /// name always counts; alone it is a list too. Empty: Conbench's. Errors: invalid, naming the
  /// part: no such field, a field twice.
  static Result<HardwareKeys> parse(std::string_view text);

  bool are_conbench() const { return fields_.empty(); }
  /// `name` first, then the others in a fixed order.
  std::vector<std::string_view> names() const;
  /// `m1-0-2-4-17179869184` with Conbench's keys; else the name, `-`, and the MD5 of the canonical
  /// JSON object of the fields without the name. What is missing is null.
  std::string hash_of(const Hardware& hardware) const;

 private:
  std::vector<std::string_view> fields_;  // in the order of the table; empty: Conbench's
};

}  // namespace bl::results
