// Work: both sides compared. A table is compared by what its rows come to; only what differs is
// looked at row by row.
#include "results/replica/work.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <unordered_map>

#include "store/both_dialects.h"

namespace bl::results::replica {
namespace {

using store::Connection;
using store::Row;
using Kind = ReplicaFinding::Kind;

// What the rows of each key come to; a key may have several.
using KeySums = std::unordered_map<std::string, RowSum>;

Result<void> add_keys(const columns::Batch& batch, const Shape& shape, KeySums& sums) {
  BL_TRY(const auto hashes, row_hashes(batch));
  BL_TRY(const auto column, batch.column(shape.key));
  BL_TRY(const auto keys, column.as<std::string_view>());
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    sums[std::string(keys[i])].add(hashes[static_cast<std::size_t>(i)]);
  }
  return {};
}

Result<void> add_sum(const columns::Batch& batch, RowSum& sum) {
  BL_TRY(const auto hashes, row_hashes(batch));
  for (const std::uint64_t hash : hashes) sum.add(hash);
  return {};
}

// One result of a month as both sides have it.
struct Twin {
  RowSum store, lake;
  bool is_misplaced = false;
};
using Twins = std::map<std::int64_t, Twin>;

Result<void> add_twins(const columns::Batch& batch, std::optional<std::int64_t> lake_month,
                       Twins& twins) {
  BL_TRY(const auto hashes, row_hashes(batch));
  BL_TRY(const auto number_column, batch.column("result_no"));
  BL_TRY(const auto month_column, batch.column("month"));
  BL_TRY(const auto numbers, number_column.as<std::int64_t>());
  BL_TRY(const auto months, month_column.as<std::int64_t>());
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    Twin& twin = twins[numbers[i]];
    (lake_month ? twin.lake : twin.store).add(hashes[static_cast<std::size_t>(i)]);
    if (lake_month && *lake_month != months[i]) twin.is_misplaced = true;
  }
  return {};
}

Result<void> add_ids(const columns::Batch& batch, std::map<std::int64_t, std::string>& ids) {
  BL_TRY(const auto number_column, batch.column("result_no"));
  BL_TRY(const auto high_column, batch.column("id_high"));
  BL_TRY(const auto low_column, batch.column("id_low"));
  BL_TRY(const auto odd_column, batch.column("id_text"));
  BL_TRY(const auto numbers, number_column.as<std::int64_t>());
  BL_TRY(const auto high, high_column.as<std::int64_t>());
  BL_TRY(const auto low, low_column.as<std::int64_t>());
  BL_TRY(const auto odd, odd_column.as<std::string_view>());
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    ids[numbers[i]] =
        high.is_null(i) ? std::string(odd.get(i).value_or("")) : id_of({high[i], low[i]});
  }
  return {};
}

std::optional<Kind> kind_of(const Twin& twin) {
  if (twin.lake.count > std::max<std::int64_t>(twin.store.count, 1)) return Kind::doubled;
  if (twin.lake.count > twin.store.count) return Kind::surplus;
  if (twin.lake.count < twin.store.count) return Kind::missing;
  if (twin.is_misplaced) return Kind::wrong_month;
  if (twin.lake != twin.store) return Kind::stale;
  return std::nullopt;
}

}  // namespace

// In pages, so that a driver that keeps an answer whole keeps a page of it.
Result<void> Work::read_small(const Shape& shape,
                              const std::function<Result<void>(const columns::Batch&)>& each) {
  StoreRows reader({&shape}, repositories_, database_.dialect(),
                   {.batch_rows_max = limits_.page_rows});
  const std::string by(shape.page_by);
  const std::string sql = reader.select(by) + " where " + by + " > $1 order by " + by + " limit $2";
  const int extra = reader.extra_column();
  const bool is_number = by.ends_with("_no");
  std::int64_t number = std::numeric_limits<std::int64_t>::min();
  std::string text;
  for (bool is_end = false; !is_end;) {
    std::int64_t last_number = 0, read = 0;
    std::string last_text;
    BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
      reader.clear();
      read = 0;
      const std::array<store::Param, 2> params{
          is_number ? store::Param(number) : store::Param(std::string_view(text)),
          store::Param(limits_.page_rows)};
      return reader.add_all(connection, sql, params, [&](const Row& row) {
        ++read;
        if (is_number) {
          last_number = row.integer(extra);
        } else {
          last_text = row.text(extra);
        }
      });
    }));
    is_end = read < limits_.page_rows;
    number = last_number;
    text = std::move(last_text);
    BL_TRY(const auto batches, reader.take());
    for (const columns::Batch& batch : batches) BL_RETURN_IF_ERROR(each(batch));
  }
  return {};
}

// A submission makes its dimensions before its result, and may end between the two: the changes of
// results bring such a row when one names it.
Result<void> Work::keep_named(const Shape& shape, std::set<std::string>& keys) {
  if (keys.empty() || shape.named_by.empty()) return {};
  BL_TRY(const auto results, open_table(lake_, results_shape()));
  std::set<std::string> named;
  BL_RETURN_IF_ERROR(read_table(lake_, results->snapshot(),
                                fmt::format("SELECT DISTINCT {} AS id FROM rows", shape.named_by),
                                [&](const columns::Batch& batch) -> Result<void> {
                                  BL_TRY(const auto ids, batch.column(0).as<std::string_view>());
                                  for (std::int64_t i = 0; i < batch.rows(); ++i) {
                                    if (const std::string id(ids[i]); keys.contains(id))
                                      named.insert(id);
                                  }
                                  return {};
                                }));
  keys = std::move(named);
  return {};
}

Result<std::int64_t> Work::compare_small(const Shape& shape, ReplicaRepair repair) {
  BL_TRY(const auto table, open_table(lake_, shape));
  KeySums ours, theirs;
  BL_RETURN_IF_ERROR(
      read_table(lake_, table->snapshot(), "SELECT * FROM rows",
                 [&](const columns::Batch& batch) { return add_keys(batch, shape, ours); }));
  BL_RETURN_IF_ERROR(read_small(
      shape, [&](const columns::Batch& batch) { return add_keys(batch, shape, theirs); }));
  std::set<std::string> wrong, missing;
  for (const auto& [key, sum] : theirs) {
    const auto found = ours.find(key);
    if (found == ours.end()) missing.insert(key);
    if (found != ours.end() && found->second != sum) wrong.insert(key);
  }
  if (repair == ReplicaRepair::no) BL_RETURN_IF_ERROR(keep_named(shape, missing));
  wrong.merge(missing);
  for (const auto& [key, sum] : ours) {
    if (!theirs.contains(key)) wrong.insert(key);
  }
  const auto count = std::ssize(wrong);
  if (repair == ReplicaRepair::no) return count;
  const auto some_max = static_cast<std::size_t>(limits_.small_rows_max);
  while (!wrong.empty()) {
    std::set<std::string> some;
    while (!wrong.empty() && some.size() < some_max) some.insert(wrong.extract(wrong.begin()));
    BL_RETURN_IF_ERROR(put_by_texts(shape, some));
  }
  return count;
}

Result<std::set<std::int64_t>> Work::months() {
  std::set<std::int64_t> months;
  for (const Shape* shape : {&results_shape(), &samples_shape()}) {
    BL_TRY(const auto table, open_table(lake_, *shape));
    for (const lake::DataFile& file : table->snapshot().files().files()) {
      const auto group = group_of_file(shape->name, file.key);
      if (!group) continue;
      for (auto month = group->first_month; month <= group->last_month; ++month) {
        months.insert(month);
      }
    }
  }
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    ExportPlace at = k_before_all;
    for (;;) {
      BL_TRY(const auto first, first_behind(connection, at));
      if (!first) return {};
      const std::int64_t month = month_of(*first);
      months.insert(month);
      at = {begin_of(next_month(month)).micros, ""};
    }
  }));
  return months;
}

Result<void> Work::read_month(
    std::int64_t month,
    const std::function<Result<void>(const columns::Batch&, const columns::Batch&)>& each) {
  StoreRows reader({&results_shape(), &samples_shape()}, repositories_, database_.dialect(),
                   {.batch_rows_max = limits_.page_rows});
  const Timestamp end = begin_of(next_month(month));
  ExportPlace at{begin_of(month).micros, ""};
  for (bool is_end = false; !is_end;) {
    ExportPlace next = at;
    BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
      reader.clear();
      next = at;
      BL_TRY(const std::int64_t read, read_page(connection, reader, next, end));
      is_end = read < limits_.page_rows;
      return {};
    }));
    at = next;
    BL_TRY(const auto results, reader.take(0));
    BL_TRY(const auto samples, reader.take(1));
    for (std::size_t i = 0; i < results.size(); ++i) {
      BL_RETURN_IF_ERROR(each(results[i], samples[i]));
    }
  }
  return {};
}

Result<void> Work::read_lake_month(const Shape& shape, std::int64_t month,
                                   const std::function<Result<void>(const columns::Batch&)>& each) {
  BL_TRY(const auto table, open_table(lake_, shape));
  const lake::Snapshot snapshot = table->snapshot();
  std::vector<const lake::DataFile*> open, sealed;
  for (const lake::DataFile& file : snapshot.files().files()) {
    const auto group = group_of_file(shape.name, file.key);
    if (group && group->holds(month)) (group->is_sealed() ? sealed : open).push_back(&file);
  }
  BL_RETURN_IF_ERROR(read_files(lake_, snapshot, open, "SELECT * FROM rows", {}, each));
  // Rows that strayed into the file of another year are told with its first month.
  std::string select = fmt::format("SELECT * FROM rows WHERE \"month\" = {}", month);
  if (month % 100 == 1) {
    select += fmt::format(" OR \"month\" NOT BETWEEN {} AND {}", month, month + 11);
  }
  return read_files(lake_, snapshot, sealed, select, {}, each);
}

Result<Work::Month> Work::compare_month(std::int64_t month) {
  Month found;
  BL_RETURN_IF_ERROR(read_month(
      month, [&](const columns::Batch& results, const columns::Batch& samples) -> Result<void> {
        BL_RETURN_IF_ERROR(add_sum(results, found.results.store));
        return add_sum(samples, found.samples.store);
      }));
  for (const auto& [shape, sums] :
       {std::pair{&results_shape(), &found.results}, {&samples_shape(), &found.samples}}) {
    const auto add = [&, sums = sums](const columns::Batch& batch) -> Result<void> {
      BL_TRY(const auto column, batch.column("month"));
      BL_TRY(const auto months, column.as<std::int64_t>());
      for (std::int64_t i = 0; i < batch.rows(); ++i) sums->misplaced += months[i] != month;
      return add_sum(batch, sums->lake);
    };
    BL_RETURN_IF_ERROR(read_lake_month(*shape, month, add));
  }
  return found;
}

Result<std::vector<ReplicaFinding>> Work::differences(std::int64_t month) {
  Twins results, samples;
  std::map<std::int64_t, std::string> ids;
  BL_RETURN_IF_ERROR(
      read_lake_month(results_shape(), month, [&](const columns::Batch& batch) -> Result<void> {
        BL_RETURN_IF_ERROR(add_ids(batch, ids));
        return add_twins(batch, month, results);
      }));
  BL_RETURN_IF_ERROR(read_lake_month(samples_shape(), month, [&](const columns::Batch& batch) {
    return add_twins(batch, month, samples);
  }));
  BL_RETURN_IF_ERROR(read_month(
      month, [&](const columns::Batch& facts, const columns::Batch& details) -> Result<void> {
        BL_RETURN_IF_ERROR(add_ids(facts, ids));
        BL_RETURN_IF_ERROR(add_twins(facts, std::nullopt, results));
        return add_twins(details, std::nullopt, samples);
      }));
  std::vector<ReplicaFinding> findings;
  for (const auto& [shape, twins] :
       {std::pair{&results_shape(), &results}, {&samples_shape(), &samples}}) {
    for (const auto& [number, twin] : *twins) {
      const auto kind = kind_of(twin);
      if (!kind) continue;
      const auto id = ids.find(number);
      findings.push_back(
          {*kind, std::string(shape->name), month, number, id == ids.end() ? "" : id->second});
    }
  }
  return findings;
}

Result<std::set<std::string>> Work::on_their_way() {
  Changes changes;
  BL_RETURN_IF_ERROR(database_.read([&](Connection& connection) -> Result<void> {
    LogPlace end;
    end.seq = std::numeric_limits<std::int64_t>::max();
    BL_TRY(changes, read_changes(connection, place_, end, limits_.changes_max));
    return {};
  }));
  std::set<std::string> ids = std::move(changes.inserted);
  ids.merge(changes.changed);
  if (!changes.commits.empty()) {
    BL_RETURN_IF_ERROR(add_results_of_commits(changes.commits, ids));
  }
  return ids;
}

}  // namespace bl::results::replica
