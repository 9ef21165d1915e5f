#include "results/store/text_array.h"

#include "base/json.h"
#include "store/row_set.h"

namespace bl::results {
std::string text_array(std::span<const std::string_view> texts, store::Dialect dialect) {
  const bool is_sqlite = dialect == store::Dialect::sqlite;
  std::string array(1, is_sqlite ? '[' : '{');
  for (const std::string_view text : texts) {
    if (array.size() > 1) array += ',';
    if (is_sqlite) {
      json::append_quoted(array, text);
    } else {
      store::append_array_element(array, text);
    }
  }
  array += is_sqlite ? ']' : '}';
  return array;
}

}  // namespace bl::results
