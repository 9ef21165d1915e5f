#include "engine/relation_files.h"

#include <algorithm>

namespace bl::engine {

Result<TableFiles> files_of(const NamedTable& table, const objects::ObjectStore& store) {
  if (store.kind() != "file") {
    return Error{Code::unsupported,
                 "not supported: SQL over a lake that is no local folder but on " +
                     std::string(store.kind())};
  }
  TableFiles out;
  out.files = table.snapshot.files().may_hold(table.ranges);
  out.skipped = static_cast<std::int64_t>(table.snapshot.files().files().size()) -
                static_cast<std::int64_t>(out.files.size());
  if (table.opened_before) {
    std::stable_sort(out.files.begin(), out.files.end(),
                     [&](const auto* a, const auto* b) { return table.opened_before(*a, *b); });
  }
  out.paths.reserve(out.files.size());
  for (const lake::DataFile* file : out.files) out.paths.push_back(store.address(file->key));
  if (table.row_number) out.numbers = lake::row_numbers(table.snapshot, out.files);
  return out;
}

}  // namespace bl::engine
