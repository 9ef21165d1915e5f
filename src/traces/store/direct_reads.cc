#include "traces/store/direct_reads.h"

#include <algorithm>
#include <bit>
#include <future>
#include <numeric>

#include "columns/builders.h"
#include "traces/columns.h"
#include "traces/store/parquet_cells.h"

namespace bl::traces {
namespace {

// Neighbouring groups are one request up to this.
constexpr std::uint64_t k_run_bytes_max = 4u << 20;
constexpr std::size_t k_rows_beside_min = 1'000;

std::int64_t high_of(const TraceId& id) {
  return std::bit_cast<std::int64_t>(id.high);
}
std::int64_t low_of(const TraceId& id) {
  return std::bit_cast<std::int64_t>(id.low);
}

struct Extent {
  std::uint64_t begin = 0, end = 0;
};
Extent extent_of(const parquet::Group& group, std::span<const std::size_t> columns) {
  const auto& first = group.chunks[columns.empty() ? 0 : columns[0]];
  Extent extent{first.offset, 0};
  const auto add = [&](const parquet::Chunk& chunk) {
    extent.begin = std::min(extent.begin, chunk.offset);
    extent.end = std::max(extent.end, chunk.offset + chunk.bytes);
  };
  if (columns.empty()) {
    std::ranges::for_each(group.chunks, add);
  } else {
    for (const std::size_t column : columns) add(group.chunks[column]);
  }
  return extent;
}

// Keeps the rows whose number is one that is wanted.
template <class Wanted>
Result<void> keep(std::string_view column, Rows& rows, const CellsOf& cells, const Wanted& wanted) {
  if (rows.empty()) return {};
  BL_TRY(const parquet::Cells found, cells(span_column(column), rows));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!found.is_null.empty() && found.is_null[i]) continue;
    if (wanted(found.numbers[i], i)) rows[kept++] = rows[i];
  }
  rows.resize(kept);
  return {};
}

Rows all_rows(std::int64_t count) {
  Rows rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Result<Rows> rows_of(const DirectQuery& query, std::int64_t count, const CellsOf& cells) {
  Rows rows = all_rows(count);
  // Of each row that stays, which id's high half it has: the first of those that share it.
  std::vector<std::size_t> whose;
  BL_RETURN_IF_ERROR(keep("trace_high", rows, cells, [&](std::int64_t high, std::size_t) {
    const auto at = std::ranges::lower_bound(query.ids, high, {}, high_of);
    if (at == query.ids.end() || high_of(*at) != high) return false;
    whose.push_back(static_cast<std::size_t>(at - query.ids.begin()));
    return true;
  }));
  BL_RETURN_IF_ERROR(keep("trace_low", rows, cells, [&](std::int64_t low, std::size_t i) {
    for (std::size_t at = whose[i]; at < query.ids.size(); ++at) {
      if (high_of(query.ids[at]) != high_of(query.ids[whose[i]])) return false;
      if (low_of(query.ids[at]) == low) return true;
    }
    return false;
  }));
  BL_RETURN_IF_ERROR(keep("hour", rows, cells, [&](std::int64_t hour, std::size_t) {
    return hour >= query.hours.first && hour <= query.hours.last;
  }));
  if (query.starts) {
    BL_RETURN_IF_ERROR(keep("start_ns", rows, cells, [&](std::int64_t start, std::size_t) {
      return query.starts->contains(start);
    }));
  }
  if (query.condition == nullptr) return rows;
  return rows_that_meet(*query.condition, std::move(rows), cells);
}

template <class T, class From>
columns::ColumnData column_of(const std::vector<From>& values, const std::vector<bool>& is_null) {
  columns::ColumnBuilder<T> builder;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_null.empty() && is_null[i]) {
      builder.append_null();
    } else {
      builder.append(static_cast<T>(values[i]));
    }
  }
  return builder.take();
}

Result<columns::Batch> batch_of(const CellsOf& cells_of, const parquet::Footer& footer,
                                const Rows& rows, const DirectColumns& columns) {
  std::vector<columns::ColumnData> data;
  for (const std::size_t place : columns.places) {
    BL_TRY(const parquet::Cells cells, cells_of(place, rows));
    switch (footer.columns[place].type) {
      case parquet::Physical::int32:
        data.push_back(column_of<std::int32_t>(cells.numbers, cells.is_null));
        break;
      case parquet::Physical::int64:
        data.push_back(column_of<std::int64_t>(cells.numbers, cells.is_null));
        break;
      case parquet::Physical::text:
        data.push_back(column_of<std::string_view>(cells.texts, cells.is_null));
        break;
    }
  }
  return columns::Batch::make(columns.schema, std::ssize(rows), std::move(data));
}

template <class T>
Result<void> add_numbers(const columns::Column& column, const Rows& rows, parquet::Cells& out) {
  BL_TRY(const auto values, column.as<T>());
  for (const std::uint32_t row : rows) {
    out.is_null.push_back(values.is_null(row));
    out.numbers.push_back(out.is_null.back() ? 0 : std::int64_t{values[row]});
  }
  return {};
}

}  // namespace

void sort_ids(std::vector<TraceId>& ids) {
  std::ranges::sort(ids, {}, [](const TraceId& id) { return std::pair(high_of(id), low_of(id)); });
}

DirectColumns direct_columns(std::string_view names) {
  DirectColumns out;
  std::vector<columns::Field> fields;
  const auto& all = SpanTable::schema().fields();
  const auto is_named = [&](const std::string& name) {
    for (std::string_view rest = names; !rest.empty();) {
      const std::size_t end = std::min(rest.find(", "), rest.size());
      if (rest.substr(0, end) == name) return true;
      rest.remove_prefix(std::min(end + 2, rest.size()));
    }
    return names == "*";
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!is_named(all[i].name)) continue;
    // Whoever reads the batch says where none may be null.
    fields.push_back({all[i].name, all[i].type, true});
    out.places.push_back(i);
  }
  out.schema = columns::Schema::make(std::move(fields)).value();
  return out;
}

std::vector<GroupRun> runs_of(const parquet::Footer& footer, std::span<const std::size_t> groups,
                              std::span<const std::size_t> columns) {
  std::vector<GroupRun> runs;
  Extent run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Extent extent = extent_of(footer.groups[groups[i]], columns);
    const bool is_next = !runs.empty() && groups[i] == groups[i - 1] + 1 &&
                         extent.begin >= run.begin && extent.end - run.begin <= k_run_bytes_max;
    if (is_next) {
      runs.back().last = i;
      run.end = std::max(run.end, extent.end);
    } else {
      runs.push_back({i, i});
      run = extent;
    }
  }
  return runs;
}

Result<void> each_group(objects::ObjectStore& store, const lake::DataFile& file,
                        const parquet::Footer& footer, std::span<const std::size_t> groups,
                        std::span<const std::size_t> columns,
                        const std::function<Result<void>(std::size_t, const CellsOf&)>& each) {
  for (const GroupRun& run : runs_of(footer, groups, columns)) {
    Extent extent = extent_of(footer.groups[groups[run.first]], columns);
    for (std::size_t i = run.first; i <= run.last; ++i) {
      extent.end = std::max(extent.end, extent_of(footer.groups[groups[i]], columns).end);
    }
    const std::uint64_t size = extent.end - extent.begin;
    BL_TRY(const std::string bytes, store.get_range(file.key, {extent.begin, size}));
    if (bytes.size() != size) {
      return Error{Code::corrupt, "a file of spans ends before its row groups do: " + file.key};
    }
    for (std::size_t i = run.first; i <= run.last; ++i) {
      const parquet::Group& group = footer.groups[groups[i]];
      const CellsOf cells = [&](std::size_t column, const Rows& rows) {
        const parquet::Chunk& chunk = group.chunks[column];
        const auto part = std::string_view(bytes).substr(chunk.offset - extent.begin, chunk.bytes);
        return parquet::read_cells(footer.columns[column], chunk, part, group.rows, rows);
      };
      BL_RETURN_IF_ERROR(each(groups[i], cells));
    }
  }
  return {};
}

Result<void> read_directly(objects::ObjectStore& store, const lake::DataFile& file,
                           const parquet::Footer& footer, std::span<const std::size_t> groups,
                           const DirectQuery& query, const DirectColumns& columns,
                           const std::function<Result<void>(const columns::Batch&)>& each) {
  // What is done with many rows is done beside the reading of the next ones.
  std::future<Result<void>> behind;
  const auto wait = [&]() -> Result<void> {
    if (!behind.valid()) return {};
    return behind.get();
  };
  BL_RETURN_IF_ERROR(
      each_group(store, file, footer, groups, {},
                 [&](std::size_t group, const CellsOf& cells) -> Result<void> {
                   BL_TRY(const Rows rows, rows_of(query, footer.groups[group].rows, cells));
                   if (rows.empty()) return {};
                   BL_TRY(const columns::Batch batch, batch_of(cells, footer, rows, columns));
                   BL_RETURN_IF_ERROR(wait());
                   if (rows.size() < k_rows_beside_min) return each(batch);
                   behind = std::async(std::launch::async, [&each, batch] { return each(batch); });
                   return {};
                 }));
  return wait();
}

std::vector<std::size_t> columns_of(const ScanQuery& query) {
  std::vector<std::size_t> columns{span_column("trace_high"), span_column("trace_low"),
                                   span_column("start_ns")};
  add_columns_of(query.condition, columns);
  std::ranges::sort(columns);
  columns.erase(std::ranges::unique(columns).begin(), columns.end());
  return columns;
}

CellsOf cells_of(const columns::Batch& batch) {
  return [&batch](std::size_t place, const Rows& rows) -> Result<parquet::Cells> {
    const columns::Field& field = SpanTable::schema().fields()[place];
    BL_TRY(const columns::Column column, batch.column(field.name));
    parquet::Cells out;
    if (field.type == columns::Kind::int32) {
      BL_RETURN_IF_ERROR(add_numbers<std::int32_t>(column, rows, out));
    } else if (field.type == columns::Kind::int64) {
      BL_RETURN_IF_ERROR(add_numbers<std::int64_t>(column, rows, out));
    } else {
      BL_TRY(const auto texts, column.as<std::string_view>());
      for (const std::uint32_t row : rows) {
        out.is_null.push_back(texts.is_null(row));
        out.texts.push_back(out.is_null.back() ? std::string_view() : texts[row]);
      }
    }
    return out;
  };
}

Result<void> scan_rows(std::int64_t count, const ScanQuery& query, bool are_within,
                       const CellsOf& cells, const EachStart& each) {
  Rows rows = all_rows(count);
  const auto is_within = [&](std::int64_t start, std::size_t) {
    return query.starts.contains(start);
  };
  if (!are_within) BL_RETURN_IF_ERROR(keep("start_ns", rows, cells, is_within));
  BL_TRY(rows, rows_that_meet(query.condition, std::move(rows), cells));
  if (rows.empty()) return {};
  BL_TRY(const parquet::Cells high, cells(span_column("trace_high"), rows));
  BL_TRY(const parquet::Cells low, cells(span_column("trace_low"), rows));
  BL_TRY(const parquet::Cells start, cells(span_column("start_ns"), rows));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    each({std::bit_cast<std::uint64_t>(high.numbers[i]),
          std::bit_cast<std::uint64_t>(low.numbers[i])},
         start.numbers[i]);
  }
  return {};
}

}  // namespace bl::traces
