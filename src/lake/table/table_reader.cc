#include "lake/table.h"

namespace bl::lake {

Result<std::unique_ptr<TableReader>> TableReader::open(Catalog& catalog, const std::string& name) {
  std::unique_ptr<TableReader> reader(new TableReader(catalog, name));
  BL_RETURN_IF_ERROR(reader->refresh());
  return reader;
}

Snapshot TableReader::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {files_, {}};
}

std::set<std::int64_t> TableReader::held() const {
  return pins_.held();
}

Result<bool> TableReader::refresh() {
  BL_TRY(const std::int64_t newest, catalog_.newest(name_));
  {
    const std::lock_guard lock(mutex_);
    if (files_ != nullptr && files_->id() == newest) return false;
  }
  BL_TRY(CatalogSnapshot snapshot, catalog_.snapshot(name_));
  auto files = std::make_shared<const FileSet>(std::move(snapshot));
  pins_.add(files);
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
  return true;
}

}  // namespace bl::lake
