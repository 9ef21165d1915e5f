#include "objects/object_store.h"

#include <fmt/format.h>

#include "objects/key.h"

namespace bl::objects {

Result<void> check_list(const ListRequest& request) {
  if (request.count_max == 0 || request.count_max > k_list_count_max) {
    return Error{Code::invalid, fmt::format("a page of objects has 1 to {} of them, not {}",
                                            k_list_count_max, request.count_max)};
  }
  BL_RETURN_IF_ERROR(check_prefix(request.prefix));
  return check_prefix(request.after);
}

}  // namespace bl::objects
