#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columns/type.h"

/// How the rows of a table lie in its files.
namespace bl::lake {

/// `tables/TABLE/data/`: where the files of a table lie.
std::string data_folder(std::string_view table);

/// Kept with the table as properties of the catalog. Files keep the layout they were written with.
struct Layout {
  struct Order {
    std::string column;
    bool is_descending = false;
    bool operator==(const Order&) const = default;
  };
  /// The order of rows within a file; nulls last. Empty: as they came.
  std::vector<Order> order;
  /// An SQL expression over the columns, of our own, never of a user: the rows of one value lie in
  /// files of their own, in a folder of that name (`strftime(at, '%Y-%m')` -> `2026-01`). Empty:
  /// all rows together.
  std::string group;
  std::int64_t row_group_rows = 24'576;

  bool operator==(const Layout&) const = default;
};

/// `layout.order` (`repository, -at`), `layout.group`, `layout.row_group_rows`.
std::map<std::string, std::string> properties_of(const Layout& layout);
/// Properties of others are passed over. Errors: invalid (a column that the schema has not, with
/// its name; rows that are no positive number).
Result<Layout> layout_of(const std::map<std::string, std::string>& properties,
                         const columns::Schema& schema);

/// `ORDER BY "a", "b" DESC NULLS LAST`, or nothing.
std::string order_by(const Layout& layout);

}  // namespace bl::lake
