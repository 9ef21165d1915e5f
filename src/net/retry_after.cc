#include "net/retry_after.h"

namespace bl::net {

std::optional<int> retry_after_seconds(Code code) {
  switch (code) {
    case Code::overloaded:
    case Code::too_many:
      return 1;
    case Code::unavailable:
      return 5;
    default:
      return std::nullopt;
  }
}

}  // namespace bl::net
