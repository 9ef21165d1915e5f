#include "inference/store/run_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace bl::inference {
namespace {

using store::Blob;
using store::Null;
using store::Param;

void append_text(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

bool is_equal(const store::Row& row, int column, const Param& param) {
  if (row.is_null(column)) return std::holds_alternative<Null>(param);
  if (const auto* integer = std::get_if<std::int64_t>(&param)) {
    return row.integer(column) == *integer;
  }
  if (const auto* real = std::get_if<double>(&param)) return row.real(column) == *real;
  if (const auto* text = std::get_if<std::string_view>(&param)) return row.text(column) == *text;
  if (const auto* blob = std::get_if<Blob>(&param)) return row.text(column) == blob->bytes;
  return false;
}

using Rows = std::vector<std::vector<Param>>;

std::string key_of(const RunTable& table, const std::vector<Param>& row) {
  std::string key;
  for (std::size_t i = 0; i < table.keys(); ++i) append_key(key, row[i]);
  return key;
}

// Whoever writes a small part of a run looks its rows up; else reading the run is cheaper.
constexpr std::int64_t k_rows_read_for_one_looked_up = 4;

using EachStored = std::function<void(const store::Row&)>;

// The stored rows that may have one of the keys of `wanted`.
Result<void> for_each_stored(store::Connection& connection, const RunTable& table,
                             std::int64_t run_id, const Rows& rows,
                             const std::unordered_map<std::string, std::size_t>& wanted,
                             const EachStored& each) {
  std::int64_t stored = 0;
  BL_RETURN_IF_ERROR(connection.query(table.count(), {run_id}, [&](const store::Row& row) {
    stored = row.integer(0);
    return true;
  }));
  if (stored == 0) return {};
  const auto few = static_cast<std::int64_t>(wanted.size()) * k_rows_read_for_one_looked_up;
  if (!table.find() || stored <= few) {
    return connection.query(table.stored(), {run_id}, [&](const store::Row& row) {
      each(row);
      return true;
    });
  }
  store::ParamRows keys(table.keys() + 1);
  for (const auto& [key, number] : wanted) {
    std::vector<Param> params = {run_id};
    params.insert(params.end(), rows[number].begin(),
                  rows[number].begin() + static_cast<std::ptrdiff_t>(table.keys()));
    keys.add(params);
  }
  return connection.query_many(*table.find(), keys,
                               [&](std::size_t, const store::Row& row) { each(row); });
}

// Number of the last row of each key.
std::unordered_map<std::string, std::size_t> last_of_each(const RunTable& table, const Rows& rows) {
  std::unordered_map<std::string, std::size_t> last;
  last.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) last.insert_or_assign(key_of(table, rows[i]), i);
  return last;
}

}  // namespace

void append_key(std::string& key, const Param& param) {
  if (const auto* integer = std::get_if<std::int64_t>(&param)) {
    append_text(key, std::to_string(*integer));
  } else if (const auto* text = std::get_if<std::string_view>(&param)) {
    append_text(key, *text);
  } else {
    BL_CHECK(std::holds_alternative<Null>(param));  // no key has other types
    key += '-';
  }
}

void append_key(std::string& key, const store::Row& row, int column) {
  if (row.is_null(column)) {
    key += '-';
  } else {
    append_text(key, row.text(column));
  }
}

RunTable::RunTable(std::string_view name, std::initializer_list<std::string_view> keys,
                   std::initializer_list<std::string_view> values, const Options& options)
    : keys_(keys.size()), compared_(values.size() - options.not_compared) {
  names_.assign(keys.begin(), keys.end());
  names_.insert(names_.end(), values.begin(), values.end());
  for (const std::string& column : names_) columns_.push_back({column});
  columns_.push_back({"run_id"});
  std::string stored = "select id";
  std::string sets;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (i < keys_ + compared_) stored += fmt::format(", {}", names_[i]);
    if (i < keys_) continue;
    sets += fmt::format("{}{} = ${}", i == keys_ ? "" : ", ", names_[i], i - keys_ + 1);
  }
  const auto document =
      static_cast<std::size_t>(std::ranges::find(names_, "metrics") - names_.begin());
  std::string hot_names, hot_values, hot_sets;
  for (const std::string_view metric : options.hot) {
    hot_names += fmt::format(", {}", metric);
    hot_values += fmt::format(", json_extract(${}, '$.{}')", document + 1, metric);
    hot_sets +=
        fmt::format(", {} = json_extract(${}, '$.{}')", metric, document - keys_ + 1, metric);
  }
  const char* prefixes[] = {"bl_inference_", "benchlake.inference_"};
  for (int i = 0; i < 2; ++i) {
    table_[i] = fmt::format("{}{}", prefixes[i], name);
    count_[i] = fmt::format("select count(*) from {} where run_id = $1", table_[i]);
    const std::string_view find = i == 0 ? options.find_on_sqlite : options.find_on_postgres;
    if (!find.empty()) find_[i] = fmt::format("{} from {} where {}", stored, table_[i], find);
    stored_[i] = fmt::format("{} from {} where run_id = $1", stored, table_[i]);
    change_[i] = fmt::format("update {} set {}{} where id = ${}", table_[i], sets,
                             i == 0 ? hot_sets : "", values.size() + 1);
  }
  add_ = fmt::format("insert into {} ({}, run_id{}) values (", table_[0], fmt::join(names_, ", "),
                     hot_names);
  for (std::size_t i = 1; i <= columns_.size(); ++i) {
    add_ += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  }
  add_ += hot_values + ")";
}

Result<void> RunTable::add(store::Connection& connection, const store::ParamRows& rows) const {
  if (rows.empty()) return {};
  if (connection.dialect() == store::Dialect::postgres) {
    return connection.insert_many({table(), columns_}, rows);
  }
  BL_TRY([[maybe_unused]] const auto added, connection.execute_many(add_.c_str(), rows));
  return {};
}

std::optional<store::Sql> RunTable::find() const {
  if (find_[0].empty()) return std::nullopt;
  return store::Sql(find_[0].c_str(), find_[1].c_str());
}
store::Sql RunTable::count() const {
  return {count_[0].c_str(), count_[1].c_str()};
}
store::Sql RunTable::stored() const {
  return {stored_[0].c_str(), stored_[1].c_str()};
}
store::Sql RunTable::change() const {
  return {change_[0].c_str(), change_[1].c_str()};
}

Result<WriteCount> write_run_rows(store::Connection& connection, const RunTable& table,
                                  std::int64_t run_id, Rows& rows, const MergeStored& merge) {
  WriteCount count;
  if (rows.empty()) return count;
  const auto left = last_of_each(table, rows);
  count.repeated = static_cast<std::int64_t>(rows.size() - left.size());
  std::vector<bool> is_new(rows.size(), false);
  for (const auto& [key, number] : left) is_new[number] = true;

  std::vector<std::pair<std::size_t, std::int64_t>> changed;  // row, id
  Result<void> merged;
  std::string key;
  const auto compare = [&](const store::Row& row) {
    if (!merged.ok()) return;
    key.clear();
    for (std::size_t i = 0; i < table.keys(); ++i) {
      append_key(key, row, static_cast<int>(i) + 1);
    }
    const auto found = left.find(key);
    if (found == left.end()) return;
    std::vector<Param>& values = rows[found->second];
    is_new[found->second] = false;
    if (merge) merged = merge(found->second, row, std::span(values).subspan(table.keys()));
    bool equal = true;
    for (std::size_t i = table.keys(); equal && i < table.keys() + table.compared(); ++i) {
      equal = is_equal(row, static_cast<int>(i) + 1, values[i]);
    }
    if (equal) {
      ++count.unchanged;
    } else {
      changed.emplace_back(found->second, row.integer(0));
    }
  };
  BL_RETURN_IF_ERROR(for_each_stored(connection, table, run_id, rows, left, compare));
  BL_RETURN_IF_ERROR(std::move(merged));

  store::ParamRows added(table.columns() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_new[i]) continue;
    rows[i].push_back(run_id);
    added.add(rows[i]);
    rows[i].pop_back();
  }
  count.added = static_cast<std::int64_t>(added.size());
  count.changed = static_cast<std::int64_t>(changed.size());
  BL_RETURN_IF_ERROR(table.add(connection, added));
  if (changed.empty()) return count;
  store::ParamRows updates(table.columns() - table.keys() + 1);
  for (const auto& [number, id] : changed) {
    rows[number].push_back(id);
    updates.add(std::span(rows[number]).subspan(table.keys()));
    rows[number].pop_back();
  }
  BL_TRY([[maybe_unused]] const auto rows_changed,
         connection.execute_many(table.change(), updates));
  return count;
}

}  // namespace bl::inference
