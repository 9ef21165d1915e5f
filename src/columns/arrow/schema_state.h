#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "columns/type.h"

namespace arrow {
class Schema;
}

namespace bl::columns {

/// What a Schema shares. The Arrow schema is made when it is first asked for, or kept as it came.
struct Schema::State {
  std::vector<Field> fields;
  Metadata metadata;
  std::map<std::string, int, std::less<>> by_name;
  mutable std::once_flag once;
  mutable std::shared_ptr<::arrow::Schema> native;  // set under `once`, or before sharing
};

}  // namespace bl::columns
