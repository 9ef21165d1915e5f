#include <iterator>

#include "conformance/chart_json.h"

namespace bl::inference::conformance {

std::vector<Function> chart_functions() {
  std::vector<Function> all;
  for (auto functions : {name_functions(), plot_functions(), table_functions()})
    all.insert(all.end(), std::make_move_iterator(functions.begin()),
               std::make_move_iterator(functions.end()));
  return all;
}

}  // namespace bl::inference::conformance
