#include "inference/replica/comparison.h"

#include <fmt/format.h>

#include "columns/batch_row.h"
#include "inference/replica/run_rows.h"
#include "lake/keyed_rows.h"
#include "store/both_dialects.h"

namespace bl::inference::replica {
namespace {

using Kind = SweepDifference::Kind;

// The same cells give the same text, and others another one.
std::string text_of_row(const store::Row& row, const Shape& shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    const int at = static_cast<int>(i);
    if (row.is_null(at)) {
      text += '-';
    } else if (shape.columns[i].kind == columns::Kind::text) {
      text += fmt::format("{}:{}", row.text(at).size(), row.text(at));
    } else if (shape.columns[i].kind == columns::Kind::float64) {
      text += fmt::format("{} ", row.real(at));
    } else {
      text += fmt::format("{} ", row.integer(at));
    }
  }
  return text;
}

// Calls `each` with the row's own number, its run, and its text.
template <class Each>
Result<void> for_each_text(const columns::Batch& batch, const Shape& shape, const Each& each) {
  const int own = *batch.schema().find(shape.row);
  const int run = *batch.schema().find(k_run);
  return columns::for_each_row<store::Row>(batch, [&](const store::Row& row) -> Result<void> {
    each(row.integer(own), row.integer(run), text_of_row(row, shape));
    return {};
  });
}

}  // namespace

void Comparison::find(const Shape& shape, Kind kind, std::int64_t run) {
  wrong_.insert(run);
  ++check_.found;
  if (check_.findings.size() >= findings_max_) return;
  const auto id = github_ids_.find(run);
  check_.findings.push_back(
      {kind, std::string(shape.name), run, id == github_ids_.end() ? 0 : id->second});
}

Result<Comparison::Stored> Comparison::read_store(std::span<const std::int64_t> runs) {
  Stored stored;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    stored = {};
    stored.moved.insert(runs.begin(), runs.end());
    BL_RETURN_IF_ERROR(connection.query_text(
        store::in_dialect(fmt::format("select id, changed, is_newest, github_run_id from "
                                      "@inference_run where id in ({})",
                                      fmt::join(runs, ", ")),
                          connection.dialect()),
        {}, [&](const store::Row& row) {
          const std::int64_t run = row.integer(0);
          if (row.integer(2) != 0 && row.integer(1) == marks_.at(run)) stored.moved.erase(run);
          github_ids_[run] = row.integer(3);
          return true;
        }));
    for (const Shape* shape : all_shapes()) {
      BL_TRY(const auto batches, read_rows(connection, *shape, runs));
      for (const columns::Batch& batch : batches) {
        BL_RETURN_IF_ERROR(
            for_each_text(batch, *shape, [&](std::int64_t own, std::int64_t run, std::string text) {
              stored.rows[shape].try_emplace(own, run, std::move(text));
            }));
      }
    }
    return {};
  }));
  return stored;
}

Result<void> Comparison::compare_table(const Shape& shape, const Stored& stored,
                                       std::span<const std::int64_t> runs) {
  static const Rows k_none;
  const auto found = stored.rows.find(&shape);
  const Rows& wanted = found == stored.rows.end() ? k_none : found->second;
  std::set<std::int64_t> seen;
  BL_TRY(const auto table, table_of(lake_, shape));
  BL_RETURN_IF_ERROR(lake::read_table(
      lake_, table->snapshot(),
      fmt::format("SELECT * FROM rows WHERE {} IN ({})", k_run, fmt::join(runs, ", ")),
      [&](const columns::Batch& batch) {
        return for_each_text(batch, shape,
                             [&](std::int64_t own, std::int64_t run, const std::string& text) {
                               if (stored.moved.contains(run)) return;
                               const auto row = wanted.find(own);
                               const bool is_doubled = !seen.insert(own).second;
                               if (row == wanted.end() || is_doubled) {
                                 find(shape, Kind::surplus, run);
                               } else if (row->second != std::pair(run, text)) {
                                 find(shape, Kind::stale, run);
                               }
                             });
      }));
  for (const auto& [own, row] : wanted) {
    ++check_.rows;
    if (!seen.contains(own) && !stored.moved.contains(row.first)) {
      find(shape, Kind::missing, row.first);
    }
  }
  return {};
}

Result<void> Comparison::compare(std::span<const std::int64_t> runs) {
  check_.runs += std::ssize(runs);
  BL_TRY(const Stored stored, read_store(runs));
  for (const Shape* shape : all_shapes()) {
    BL_RETURN_IF_ERROR(compare_table(*shape, stored, runs));
  }
  return {};
}

Result<void> Comparison::look_for_strangers() {
  for (const Shape* shape : all_shapes()) {
    BL_TRY(const auto table, table_of(lake_, *shape));
    BL_RETURN_IF_ERROR(lake::read_table(lake_, table->snapshot(),
                                        fmt::format("SELECT DISTINCT {} FROM rows", k_run),
                                        [&](const columns::Batch& batch) {
                                          return columns::for_each_row<store::Row>(
                                              batch, [&](const store::Row& row) -> Result<void> {
                                                if (!marks_.contains(row.integer(0)))
                                                  find(*shape, Kind::surplus, row.integer(0));
                                                return {};
                                              });
                                        }));
  }
  return {};
}

}  // namespace bl::inference::replica
