#include "store/row_set.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/hash.h"
#include "base/numbers.h"

namespace bl::store {
namespace {

struct Element {
  std::string& array;

  void operator()(Null) const { array += "NULL"; }
  void operator()(std::int64_t value) const { array += std::to_string(value); }
  void operator()(double value) const { append_postgres_number(array, value); }
  void operator()(std::string_view value) const { append_array_element(array, value); }
  void operator()(Blob value) const {
    array += R"("\\x)";
    array += to_hex(std::as_bytes(std::span(value.bytes)));
    array += '"';
  }
};

// An array literal for each column.
std::vector<std::string> columns_of(const ParamRows& rows) {
  std::vector<std::string> columns(rows.columns(), "{");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<const Param> row = rows.row(i);
    for (std::size_t column = 0; column < row.size(); ++column) {
      if (i > 0) columns[column] += ',';
      std::visit(Element{columns[column]}, row[column]);
    }
  }
  for (std::string& column : columns) column += '}';
  return columns;
}

std::vector<Param> params_of(const std::vector<std::string>& columns) {
  return {columns.begin(), columns.end()};
}

}  // namespace

Result<void> query_rows(Connection& connection, const Sql& sql, int columns, const ParamRows& rows,
                        const std::function<void(std::size_t, const Row&)>& each) {
  if (rows.empty()) return {};
  if (connection.dialect() == Dialect::sqlite) return connection.query_many(sql, rows, each);
  const std::vector<std::string> arrays = columns_of(rows);
  return connection.query(sql, params_of(arrays), [&](const Row& row) {
    each(static_cast<std::size_t>(row.integer(columns - 1)) - 1, row);
    return true;
  });
}

Result<std::int64_t> execute_rows(Connection& connection, const Sql& sql, const ParamRows& rows) {
  if (rows.empty()) return 0;
  if (connection.dialect() == Dialect::sqlite) {
    BL_TRY(const auto changed, connection.execute_many(sql, rows));
    return std::accumulate(changed.begin(), changed.end(), std::int64_t{0});
  }
  const std::vector<std::string> arrays = columns_of(rows);
  return connection.execute(sql, params_of(arrays));
}

Result<void> query_rows_later(Connection& connection, const Sql& sql, int columns,
                              const ParamRows& rows,
                              std::function<void(std::size_t, const Row&)> each) {
  if (rows.empty()) return {};
  if (connection.dialect() == Dialect::sqlite) {
    return connection.query_many_later(sql, rows, std::move(each));
  }
  const std::vector<std::string> arrays = columns_of(rows);
  ParamRows once(arrays.size());
  once.add(params_of(arrays));
  return connection.query_many_later(
      sql, once, [columns, each = std::move(each)](std::size_t, const Row& row) {
        each(static_cast<std::size_t>(row.integer(columns - 1)) - 1, row);
      });
}

Result<void> execute_rows_later(Connection& connection, const Sql& sql, const ParamRows& rows) {
  return query_rows_later(connection, sql, 0, rows, [](std::size_t, const Row&) {});
}

Result<void> execute_row_sets_later(Connection& connection, const char* sql,
                                    std::initializer_list<ParamRows> sets) {
  std::vector<std::string> arrays;
  for (const ParamRows& rows : sets) {
    std::vector<std::string> columns = columns_of(rows);
    std::ranges::move(columns, std::back_inserter(arrays));
  }
  ParamRows once(arrays.size());
  once.add(params_of(arrays));
  return connection.query_many_later(sql, once, [](std::size_t, const Row&) {});
}

Result<std::vector<std::int64_t>> insert_rows(Connection& connection, const Sql& sql,
                                              const ParamRows& rows) {
  if (connection.dialect() == Dialect::sqlite) return connection.execute_many(sql, rows);
  std::vector<std::int64_t> inserted(rows.size(), 0);
  BL_RETURN_IF_ERROR(
      query_rows(connection, sql, 1, rows, [&](std::size_t i, const Row&) { inserted[i] = 1; }));
  return inserted;
}

void append_array_element(std::string& array, std::string_view text) {
  array += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

void append_postgres_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_json_number(out, value);
  } else {
    out += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
  }
}

}  // namespace bl::store
