#include "lake/keyed_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace bl::lake {
namespace {

constexpr int k_attempts_max = 5;

template <class T>
ColumnRange range_of(std::string_view column, const std::vector<T>& keys) {
  const auto [low, high] = std::ranges::minmax(keys);
  return {std::string(column), Bound(low), Bound(high)};
}

// The keys as SQL's list of literals: replacing knows no parameters.
Result<std::string> list_of(const Keys& keys) {
  std::string list;
  if (const auto* numbers = std::get_if<std::vector<std::int64_t>>(&keys)) {
    for (const std::int64_t number : *numbers) {
      list += list.empty() ? "" : ", ";
      list += std::to_string(number);
    }
    return list;
  }
  for (const std::string& text : std::get<std::vector<std::string>>(keys)) {
    BL_TRY(const std::string quoted, duck::quoted_text(text));
    list += list.empty() ? "" : ", ";
    list += quoted;
  }
  return list;
}

// The files that hold a row of one of the keys.
Result<std::vector<const DataFile*>> files_with(Lake& lake, const Snapshot& snapshot,
                                                const KeyedPut& put) {
  const ColumnRange range =
      std::visit([&](const auto& some) { return range_of(put.key, some); }, put.keys);
  const auto candidates = snapshot.files().may_hold({&range, 1});
  std::vector<const DataFile*> holding;
  if (candidates.empty()) return holding;
  BL_TRY(const auto paths, paths_of(lake, candidates));
  BL_TRY(const auto connection, lake.engine().connect());
  duck::Values values{duck::Value(paths)};
  std::visit([&](const auto& some) { values.emplace_back(some); }, put.keys);
  BL_TRY(duck::Answer answer,
         connection->query(
             fmt::format("SELECT DISTINCT filename FROM read_parquet($1, filename = true, "
                         "hive_partitioning = false) WHERE {} IN (SELECT unnest($2))",
                         duck::quoted_name(put.key)),
             values));
  BL_TRY(const columns::Batch batch, answer.all());
  BL_TRY(const auto names, batch.column(0).as<std::string_view>());
  std::set<std::string_view> found;
  for (std::int64_t i = 0; i < batch.rows(); ++i) found.insert(names[i]);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (found.contains(paths[i])) holding.push_back(candidates[i]);
  }
  return holding;
}

// Where files have the keys, their other rows go along.
void make_again(ChangePart& part, std::string_view key, const std::string& keys) {
  part.select = fmt::format(
      "(SELECT * FROM removed_rows WHERE {} NOT IN ({}) UNION ALL SELECT * FROM new_rows)",
      duck::quoted_name(key), keys);
}

Result<PutDone> put_once(Lake& lake, Table& table, const KeyedPut& put) {
  PutDone done;
  std::map<std::string, ChangePart> groups;
  for (const KeyedPut::Part& part : put.parts) {
    auto& rows = groups[put.group_of ? part.group : ""].rows;
    for (const columns::Batch& batch : part.rows) {
      done.rows += batch.rows();
      rows.push_back(batch);
    }
  }
  std::string keys;
  if (!put.is_new) {
    const Snapshot snapshot = table.snapshot();
    BL_TRY(const auto files, files_with(lake, snapshot, put));
    for (const DataFile* file : files) {
      groups[put.group_of ? put.group_of(file->key) : ""].removed.push_back(file->key);
    }
    done.files_replaced = std::ssize(files);
    if (!files.empty()) {
      BL_TRY(keys, list_of(put.keys));
    }
  }
  if (groups.empty()) return done;
  Change change;
  change.what = done.files_replaced == 0 ? "append" : "replace";
  change.note = put.note;
  for (auto& [name, part] : groups) {
    if (put.group_of) part.group = name;
    if (!part.removed.empty()) make_again(part, put.key, keys);
    change.more.push_back(std::move(part));
  }
  static_cast<ChangePart&>(change) = std::move(change.more.front());
  change.more.erase(change.more.begin());
  BL_TRY([[maybe_unused]] const auto snapshot, table.replace(change));
  done.committed = true;
  return done;
}

}  // namespace

Result<std::shared_ptr<Table>> ensure_table(Lake& lake, const std::string& name,
                                            const columns::Schema& schema, const Layout& layout) {
  auto table = lake.table(name);
  if (!table.ok()) {
    if (table.error().code != Code::not_found) return table;
    return lake.create_table(name, schema, layout);
  }
  if ((*table)->schema() == schema) return table;
  return Error{Code::conflict, fmt::format("the lake has a table {} that is not the replica's, or "
                                           "of another version of it: {}",
                                           name, (*table)->schema().text())};
}

Result<std::vector<std::string>> paths_of(Lake& lake, std::span<const DataFile* const> files) {
  if (lake.store().kind() != "file") {
    return Error{Code::unsupported,
                 "the replica reads its lake from a disk of this machine, and "
                 "this lake lies elsewhere: " +
                     std::string(lake.store().kind())};
  }
  std::vector<std::string> paths;
  for (const DataFile* file : files) paths.push_back(lake.store().address(file->key));
  return paths;
}

Result<void> read_files(Lake& lake, const Snapshot& snapshot,
                        std::span<const DataFile* const> files, std::string_view select,
                        const duck::Values& values,
                        const std::function<Result<void>(const columns::Batch&)>& each) {
  if (files.empty()) return {};
  BL_TRY(const auto paths, paths_of(lake, files));
  BL_TRY(const auto connection, lake.engine().connect());
  BL_TRY(const Relation relation,
         relation_of(*connection, snapshot, files, paths, "benchlake_tail"));
  BL_TRY(duck::Answer answer,
         connection->query(fmt::format("WITH rows AS (SELECT * FROM {}) {}", relation.sql, select),
                           values));
  for (;;) {
    BL_TRY(const auto batch, answer.next());
    if (!batch) return {};
    BL_RETURN_IF_ERROR(each(*batch));
  }
}

Result<void> read_table(Lake& lake, const Snapshot& snapshot, std::string_view select,
                        const std::function<Result<void>(const columns::Batch&)>& each) {
  std::vector<const DataFile*> files;
  for (const DataFile& file : snapshot.files().files()) files.push_back(&file);
  return read_files(lake, snapshot, files, select, {}, each);
}

bool is_empty(const Keys& keys) {
  return std::visit([](const auto& some) { return some.empty(); }, keys);
}

Result<PutDone> put_rows(Lake& lake, Table& table, KeyedPut put) {
  if (is_empty(put.keys)) return PutDone();
  for (int attempt = 1;; ++attempt) {
    auto tried = put_once(lake, table, put);
    // Compaction took a file between the look and the commit: the rows are in another one now.
    const bool again =
        !tried.ok() && tried.error().code == Code::not_found && attempt < k_attempts_max;
    if (!again) return tried;
  }
}

}  // namespace bl::lake
