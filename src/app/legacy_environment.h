#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The variables of an old Conbench deployment, so that a container's settings carry over as they
/// are (spec/results-conbench.md 5.1, 5.2). They have the lowest precedence of the environment: a
/// variable of our own, BENCHLAKE_SECTION_KEY, goes before. docs/configuration.md lists them.
namespace bl::app {

/// What a variable sets; for the documentation and its test.
struct LegacyVariable {
  std::string_view name;
  std::string_view key;  ///< of the configuration; empty: known, and without effect here
  std::string_view what;
};
const std::vector<LegacyVariable>& legacy_variables();

struct LegacySettings {
  std::map<std::string, std::string> environment;  ///< with what follows from the old variables
  /// A sentence for each old variable that is set: which key it sets, or why not. Never a value.
  std::vector<std::string> notes;
};
/// Values that cannot be read are handed on as they are: the key's own check refuses them by name.
LegacySettings with_legacy_variables(std::map<std::string, std::string> environment);

}  // namespace bl::app
