#include <string>

#include "store/database.h"

namespace bl::store {

Result<void> Connection::query_many(const Sql& sql, const ParamRows& params,
                                    const std::function<void(std::size_t, const Row&)>& each) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    BL_RETURN_IF_ERROR(query(sql, params.row(i), [&](const Row& row) {
      each(i, row);
      return true;
    }));
  }
  return {};
}

Result<std::vector<std::int64_t>> Connection::execute_many(const Sql& sql,
                                                           const ParamRows& params) {
  std::vector<std::int64_t> changed;
  changed.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    BL_TRY(const std::int64_t rows, execute(sql, params.row(i)));
    changed.push_back(rows);
  }
  return changed;
}

Result<void> Connection::query_many_later(const Sql& sql, const ParamRows& params,
                                          std::function<void(std::size_t, const Row&)> each) {
  return query_many(sql, params, each);
}

Result<void> Connection::insert_many(const InsertInto& into, const ParamRows& rows) {
  const std::string text = insert_text(into, dialect());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    BL_RETURN_IF_ERROR(query_text(text, rows.row(i), [](const Row&) { return true; }));
  }
  return {};
}

std::string insert_text(const InsertInto& into, Dialect dialect) {
  std::string text = "insert into ";
  text += dialect == Dialect::sqlite ? into.table.sqlite : into.table.postgres;
  std::string values;
  for (std::size_t i = 0; i < into.columns.size(); ++i) {
    text += i == 0 ? " (" : ", ";
    text += into.columns[i].name;
    values += i == 0 ? "$" : ", $";
    values += std::to_string(i + 1);
  }
  return text + ") values (" + values + ")";
}

}  // namespace bl::store
