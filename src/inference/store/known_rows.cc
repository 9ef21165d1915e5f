#include "inference/store/known_rows.h"

#include <numeric>

#include "inference/store/run_rows.h"

namespace bl::inference {

KnownRows::Wanted KnownRows::missing_of(const Wanted& wanted) {
  Wanted missing;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, row] : wanted) {
    if (!ids_.contains(key)) missing.emplace(key, row);
  }
  return missing;
}

Result<void> KnownRows::load(store::Database& database) {
  std::unordered_map<std::string, std::int64_t> ids;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    ids.clear();
    return connection.query(read_, {}, [&](const store::Row& row) {
      const auto columns = row.integer(1);
      std::string key;
      for (int column = 2; column < 2 + columns; ++column) append_key(key, row, column);
      ids.insert_or_assign(std::move(key), row.integer(0));
      return true;
    });
  }));
  const std::lock_guard lock(mutex_);
  ids_.merge(ids);
  return {};
}

Result<std::int64_t> KnownRows::add(store::Database& database, const Wanted& missing) {
  store::ParamRows rows(missing.begin()->second->size());
  for (const auto& [key, row] : missing) rows.add(*row);
  std::int64_t added = 0;
  BL_RETURN_IF_ERROR(database.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const auto changed, connection.execute_many(add_, rows));
    added = std::accumulate(changed.begin(), changed.end(), std::int64_t{0});
    return {};
  }));
  return added;
}

Result<KnownRows::Found> KnownRows::ids_of(store::Database& database,
                                           const std::vector<std::vector<store::Param>>& rows) {
  Found found;
  std::vector<std::string> keys(rows.size());
  Wanted wanted;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const store::Param& value : rows[i]) append_key(keys[i], value);
    wanted.emplace(keys[i], &rows[i]);
  }
  found.distinct = static_cast<std::int64_t>(wanted.size());
  Wanted missing = missing_of(wanted);
  if (!missing.empty()) {  // others may have added them
    BL_RETURN_IF_ERROR(load(database));
    missing = missing_of(missing);
  }
  if (!missing.empty()) {
    BL_TRY(found.added, add(database, missing));
    BL_RETURN_IF_ERROR(load(database));
  }
  const std::lock_guard lock(mutex_);
  found.ids.reserve(rows.size());
  for (const std::string& key : keys) {
    const auto known = ids_.find(key);
    if (known == ids_.end()) return Error{Code::internal, "a row is neither new nor there"};
    found.ids.push_back(known->second);
  }
  return found;
}

}  // namespace bl::inference
