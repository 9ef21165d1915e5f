#include "conformance/inference_functions.h"

namespace bl::inference::conformance {

std::vector<NotApplicable> not_applicable() {
  return {
      {"db_postgresOptionsForUrl",
       "options of another program's driver; ours: docs/configuration.md"},
      {"db_shouldUseNeon", "chooses between two drivers; there is one here"},
  };
}

}  // namespace bl::inference::conformance
