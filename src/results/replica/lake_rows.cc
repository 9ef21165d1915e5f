#include "results/replica/lake_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/numbers.h"

namespace bl::results::replica {
namespace {

constexpr int k_attempts_max = 5;
constexpr std::string_view k_sealed_mark = "-b";

std::vector<const lake::DataFile*> all_files(const lake::Snapshot& snapshot) {
  std::vector<const lake::DataFile*> files;
  for (const lake::DataFile& file : snapshot.files().files()) files.push_back(&file);
  return files;
}

template <class T>
lake::ColumnRange range_of(std::string_view column, const std::vector<T>& keys) {
  const auto [low, high] = std::ranges::minmax(keys);
  return {std::string(column), lake::Bound(low), lake::Bound(high)};
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
Result<std::vector<const lake::DataFile*>> files_with(lake::Lake& lake,
                                                      const lake::Snapshot& snapshot,
                                                      const Shape& shape, const Keys& keys) {
  const lake::ColumnRange range =
      std::visit([&](const auto& some) { return range_of(shape.key, some); }, keys);
  const auto candidates = snapshot.files().may_hold({&range, 1});
  std::vector<const lake::DataFile*> holding;
  if (candidates.empty()) return holding;
  BL_TRY(const auto paths, paths_of(lake, candidates));
  BL_TRY(const auto connection, lake.engine().connect());
  duck::Values values{duck::Value(paths)};
  std::visit([&](const auto& some) { values.emplace_back(some); }, keys);
  BL_TRY(duck::Answer answer,
         connection->query(
             fmt::format("SELECT DISTINCT filename FROM read_parquet($1, filename = true, "
                         "hive_partitioning = false) WHERE {} IN (SELECT unnest($2))",
                         duck::quoted_name(shape.key)),
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

std::optional<int> month_column(const Shape& shape) {
  return shape.layout.group.empty() ? std::nullopt : shape.schema().find("month");
}

// The rows by their month; of a table without months all under 0.
Result<std::map<std::int64_t, std::vector<columns::Batch>>> by_month(
    const Shape& shape, const std::vector<columns::Batch>& rows) {
  std::map<std::int64_t, std::vector<columns::Batch>> months;
  const auto column = month_column(shape);
  for (const columns::Batch& batch : rows) {
    if (!column) {
      months[0].push_back(batch);
      continue;
    }
    BL_TRY(const auto month, batch.column(*column).as<std::int64_t>());
    // Rows mostly come in the order of time: slices of neighbours.
    for (std::int64_t from = 0, i = 1; i <= batch.rows(); ++i) {
      if (i < batch.rows() && month[i] == month[from]) continue;
      months[month[from]].push_back(batch.slice(from, i - from));
      from = i;
    }
  }
  return months;
}

// Where files have the keys, their other rows go along.
void make_again(lake::ChangePart& part, const Shape& shape, const std::string& keys) {
  part.select = fmt::format(
      "(SELECT * FROM removed_rows WHERE {} NOT IN ({}) UNION ALL SELECT * FROM new_rows)",
      duck::quoted_name(shape.key), keys);
}

Result<PutDone> put_once(lake::Lake& lake, const Put& put) {
  const Shape& shape = *put.shape;
  PutDone done;
  BL_TRY(const auto table, open_table(lake, shape));
  BL_TRY(auto rows, by_month(shape, put.rows));
  for (const columns::Batch& batch : put.rows) done.rows += batch.rows();

  std::map<std::string, lake::ChangePart> groups;
  for (auto& [month, some] : rows) {
    groups[month == 0 ? "" : std::to_string(month)].rows = std::move(some);
  }
  std::string keys;
  if (!put.is_new) {
    const lake::Snapshot snapshot = table->snapshot();
    BL_TRY(const auto files, files_with(lake, snapshot, shape, put.keys));
    for (const lake::DataFile* file : files) {
      const auto group = group_of_file(shape.name, file->key);
      groups[group ? group->name : ""].removed.push_back(file->key);
    }
    done.files_replaced = std::ssize(files);
    if (!files.empty()) {
      BL_TRY(keys, list_of(put.keys));
    }
  }
  if (groups.empty()) return done;
  lake::Change change;
  change.what = done.files_replaced == 0 ? "append" : "replace";
  change.note = put.note;
  for (auto& [name, part] : groups) {
    part.group = name;
    if (!part.removed.empty()) make_again(part, shape, keys);
    change.more.push_back(std::move(part));
  }
  static_cast<lake::ChangePart&>(change) = std::move(change.more.front());
  change.more.erase(change.more.begin());
  BL_TRY([[maybe_unused]] const auto snapshot, table->replace(change));
  done.committed = true;
  return done;
}

}  // namespace

Result<std::vector<std::string>> paths_of(lake::Lake& lake,
                                          std::span<const lake::DataFile* const> files) {
  if (lake.store().kind() != "file") {
    return Error{Code::unsupported,
                 "the replica reads its lake from a disk of this machine, and "
                 "this lake lies elsewhere: " +
                     std::string(lake.store().kind())};
  }
  std::vector<std::string> paths;
  for (const lake::DataFile* file : files) paths.push_back(lake.store().address(file->key));
  return paths;
}

bool is_empty(const Keys& keys) {
  return std::visit([](const auto& some) { return some.empty(); }, keys);
}

Result<std::shared_ptr<lake::Table>> open_table(lake::Lake& lake, const Shape& shape) {
  auto table = lake.table(std::string(shape.name));
  if (!table.ok()) {
    if (table.error().code != Code::not_found) return table;
    return lake.create_table(std::string(shape.name), shape.schema(), shape.layout);
  }
  if ((*table)->schema() == shape.schema()) return table;
  return Error{Code::conflict, fmt::format("the lake has a table {} that is not the replica's, or "
                                           "of another version of it: {}",
                                           shape.name, (*table)->schema().text())};
}

std::string data_folder(std::string_view table) {
  return fmt::format("tables/{}/data/", table);
}

std::optional<FileGroup> group_of_file(std::string_view table, std::string_view key) {
  const std::string folder = data_folder(table);
  if (!key.starts_with(folder)) return std::nullopt;
  key.remove_prefix(folder.size());
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view name = key.substr(0, slash);
  if (const auto month = parse_int64(name)) return FileGroup{std::string(name), *month, *month};
  const auto year = parse_int64(name.substr(0, name.find(k_sealed_mark)));
  if (!year || name.find(k_sealed_mark) == std::string_view::npos) return std::nullopt;
  return FileGroup{std::string(name), *year * 100 + 1, *year * 100 + 12};
}

Result<void> read_files(lake::Lake& lake, const lake::Snapshot& snapshot,
                        std::span<const lake::DataFile* const> files, std::string_view select,
                        const duck::Values& values,
                        const std::function<Result<void>(const columns::Batch&)>& each) {
  if (files.empty()) return {};
  BL_TRY(const auto paths, paths_of(lake, files));
  BL_TRY(const auto connection, lake.engine().connect());
  BL_TRY(const lake::Relation relation,
         lake::relation_of(*connection, snapshot, files, paths, "benchlake_tail"));
  BL_TRY(duck::Answer answer,
         connection->query(fmt::format("WITH rows AS (SELECT * FROM {}) {}", relation.sql, select),
                           values));
  for (;;) {
    BL_TRY(const auto batch, answer.next());
    if (!batch) return {};
    BL_RETURN_IF_ERROR(each(*batch));
  }
}

Result<void> read_table(lake::Lake& lake, const lake::Snapshot& snapshot, std::string_view select,
                        const std::function<Result<void>(const columns::Batch&)>& each) {
  return read_files(lake, snapshot, all_files(snapshot), select, {}, each);
}

Result<PutDone> put(lake::Lake& lake, Put put) {
  PutDone done;
  if (is_empty(put.keys)) return done;
  for (int attempt = 1;; ++attempt) {
    auto tried = put_once(lake, put);
    // Compaction took a file between the look and the commit: the rows are in another one now.
    const bool again =
        !tried.ok() && tried.error().code == Code::not_found && attempt < k_attempts_max;
    if (!again) return tried;
  }
}

}  // namespace bl::results::replica
