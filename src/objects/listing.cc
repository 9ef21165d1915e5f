#include "objects/listing.h"

namespace bl::objects {

Result<void> for_each_object(ObjectStore& store, const std::string& prefix,
                             const std::function<Result<void>(const ObjectInfo&)>& each) {
  ListRequest request{prefix, {}, k_list_count_max};
  while (true) {
    BL_TRY(const Listing page, store.list(request));
    for (const ObjectInfo& object : page.objects) BL_RETURN_IF_ERROR(each(object));
    if (!page.next) return {};
    request.after = *page.next;
  }
}

}  // namespace bl::objects
