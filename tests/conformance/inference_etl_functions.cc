#include "conformance/inference_functions.h"

namespace bl::inference::conformance {

std::vector<Function> etl_functions() {
  return {};
}

}  // namespace bl::inference::conformance
