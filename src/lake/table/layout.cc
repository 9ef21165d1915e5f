#include "lake/layout.h"

#include <fmt/format.h>

#include <charconv>

#include "duck/connection.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_order = "layout.order";
constexpr std::string_view k_group = "layout.group";
constexpr std::string_view k_row_group_rows = "layout.row_group_rows";
constexpr std::string_view k_between = ", ";

Result<std::vector<Layout::Order>> parse_order(std::string_view text,
                                               const columns::Schema& schema) {
  std::vector<Layout::Order> order;
  while (!text.empty()) {
    const auto end = text.find(k_between);
    std::string_view column = text.substr(0, end);
    text = end == std::string_view::npos ? "" : text.substr(end + k_between.size());
    const bool is_descending = column.starts_with('-');
    if (is_descending) column.remove_prefix(1);
    if (!schema.find(column)) {
      return Error{Code::invalid,
                   "a table is ordered by a column that it has not: " + std::string(column)};
    }
    order.push_back({std::string(column), is_descending});
  }
  return order;
}

}  // namespace

std::string data_folder(std::string_view table) {
  return fmt::format("tables/{}/data/", table);
}

std::map<std::string, std::string> properties_of(const Layout& layout) {
  std::string order;
  for (const auto& one : layout.order) {
    if (!order.empty()) order += k_between;
    if (one.is_descending) order += '-';
    order += one.column;
  }
  return {{std::string(k_order), order},
          {std::string(k_group), layout.group},
          {std::string(k_row_group_rows), std::to_string(layout.row_group_rows)}};
}

Result<Layout> layout_of(const std::map<std::string, std::string>& properties,
                         const columns::Schema& schema) {
  Layout layout;
  for (const auto& [name, text] : properties) {
    if (name == k_order) {
      BL_TRY(layout.order, parse_order(text, schema));
    } else if (name == k_group) {
      layout.group = text;
    } else if (name == k_row_group_rows) {
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), layout.row_group_rows);
      if (error != std::errc() || end != text.data() + text.size() || layout.row_group_rows < 1) {
        return Error{Code::invalid, "the rows of a row group are a positive number: " + text};
      }
    }
  }
  return layout;
}

std::string order_by(const Layout& layout) {
  std::string sql;
  for (const auto& one : layout.order) {
    sql += sql.empty() ? "ORDER BY " : ", ";
    sql += duck::quoted_name(one.column);
    sql += one.is_descending ? " DESC NULLS LAST" : " NULLS LAST";
  }
  return sql;
}

}  // namespace bl::lake
