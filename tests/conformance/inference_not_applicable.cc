#include "conformance/inference_functions.h"

namespace bl::inference::conformance {

std::vector<NotApplicable> not_applicable() {
  return {};
}

}  // namespace bl::inference::conformance
