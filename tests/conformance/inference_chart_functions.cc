#include "conformance/inference_functions.h"

namespace bl::inference::conformance {

std::vector<Function> chart_functions() {
  return {};
}

}  // namespace bl::inference::conformance
