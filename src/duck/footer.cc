// A Parquet file's footer, in the words in which write_parquet() describes what it wrote.
//
// The engine gives one row for each column of each row group: its path as the file nests it (with
// the group that repeats in each list and map), and its minimum and maximum as texts of the file's
// type. Here the groups are merged, by the order of the values and not of their texts, and paths
// and texts become those that the engine gives when it writes (spec/lake-ducklake.md 1.3).
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "duck/parquet.h"

namespace bl::duck {
namespace {

using columns::Batch;

struct LeafColumn {
  std::vector<std::string> path;
  std::string type;  ///< the engine's, for example `DECIMAL(38,9)`
};

/// Makes paths of the nodes of a file's schema, which come parents first.
class Nodes {
 public:
  void add(std::string_view name, std::int64_t children, bool repeats, std::string_view type) {
    std::vector<std::string> path;
    if (!open_.empty()) path = open_.back().path;
    // The group that repeats has a name of the file's format, none of the column's.
    const bool has_own_name = !open_.empty() && !(repeats && children > 0);
    if (has_own_name) path.emplace_back(name);
    if (children > 0) {
      open_.push_back({std::move(path), children});
      return;
    }
    leaves_.push_back({std::move(path), std::string(type)});
    while (!open_.empty() && --open_.back().left == 0) open_.pop_back();
  }
  const std::vector<LeafColumn>& leaves() const { return leaves_; }

 private:
  struct Open {
    std::vector<std::string> path;
    std::int64_t left;
  };
  std::vector<Open> open_;
  std::vector<LeafColumn> leaves_;
};

Result<std::vector<LeafColumn>> leaves_of(Connection& connection, const std::string& path) {
  BL_TRY(Answer answer,
         connection.query("SELECT name, coalesce(num_children, 0)::BIGINT, "
                          "coalesce(repetition_type = 'REPEATED', false), "
                          "coalesce(duckdb_type, '')::VARCHAR FROM parquet_schema($1)",
                          {path}));
  BL_TRY(const Batch rows, answer.all());
  BL_TRY(const auto name, rows.column(0).as<std::string_view>());
  BL_TRY(const auto children, rows.column(1).as<std::int64_t>());
  BL_TRY(const auto repeats, rows.column(2).as<bool>());
  BL_TRY(const auto type, rows.column(3).as<std::string_view>());
  Nodes nodes;
  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    nodes.add(name[i], children[i], repeats[i], type[i]);
  }
  return nodes.leaves();
}

enum class Order : unsigned char { none, number, real, instant, bytes, boolean };

Order order_of(std::string_view type) {
  if (type == "BOOLEAN") return Order::boolean;
  if (type == "FLOAT" || type == "DOUBLE") return Order::real;
  if (type.starts_with("DECIMAL")) return Order::number;
  if (type.ends_with("INT") || type.ends_with("INTEGER")) return Order::number;
  if (type == "DATE" || type.starts_with("TIME")) return Order::instant;
  if (type == "VARCHAR" || type == "BLOB") return Order::bytes;
  return Order::none;
}

/// The engine shows bytes as text, what does not print as `\xFF`; hex digits are the catalog's way.
std::string hex_of_shown(std::string_view shown) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] == '\\' && i + 3 < shown.size() && shown[i + 1] == 'x') {
      out += shown.substr(i + 2, 2);
      i += 3;
      continue;
    }
    const auto byte = static_cast<unsigned char>(shown[i]);
    out += k_digits[byte >> 4];
    out += k_digits[byte & 15];
  }
  return out;
}

std::string written_text(std::string_view type, std::string_view text) {
  if (type == "BLOB") return hex_of_shown(text);
  if (type == "BOOLEAN") return text == "true" ? "1" : "0";
  return std::string(text);
}

/// -1, 0, 1: whole numbers and decimals, as long as they may be.
int compare_numbers(std::string_view a, std::string_view b) {
  const bool a_below = a.starts_with('-'), b_below = b.starts_with('-');
  if (a_below != b_below) return a_below ? -1 : 1;
  if (a_below) {
    a.remove_prefix(1);
    b.remove_prefix(1);
    std::swap(a, b);
  }
  // Both have the same digits behind the point.
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b) < 0 ? -1 : (a == b ? 0 : 1);
}

std::optional<double> real_of(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(number)) {
    return std::nullopt;
  }
  return number;
}

/// `2024-...`, `03:04:05`: years of four digits sort as their texts do.
bool is_plain_instant(std::string_view text) {
  if (text.size() < 8 || text.find("BC") != std::string_view::npos) return false;
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (!digit(0) || !digit(1)) return false;
  return text[2] == ':' || (digit(2) && digit(3) && text[4] == '-');
}

/// Is a < b? nullopt: nobody knows.
std::optional<bool> less(Order order, std::string_view a, std::string_view b) {
  switch (order) {
    case Order::number:
      return compare_numbers(a, b) < 0;
    case Order::real: {
      const auto x = real_of(a), y = real_of(b);
      if (!x || !y) return std::nullopt;
      return *x < *y;
    }
    case Order::instant:
      if (!is_plain_instant(a) || !is_plain_instant(b)) return std::nullopt;
      return a < b;
    case Order::bytes:
    case Order::boolean:
      return a < b;
    case Order::none:
      return std::nullopt;
  }
  return std::nullopt;
}

/// The statistics of one column, as its row groups come.
struct Merged {
  ColumnStatistics column;
  std::string type;
  bool bounded = true;  ///< every group with values has said its bounds

  void add(std::int64_t bytes, std::int64_t all, std::optional<std::int64_t> nulls,
           std::optional<std::string_view> min, std::optional<std::string_view> max) {
    const std::int64_t values = all - nulls.value_or(0);
    column.bytes += static_cast<std::uint64_t>(bytes);
    column.nulls += nulls.value_or(0);
    column.values += values;
    if (values == 0) return;
    if (!min || !max) bounded = false;
    if (bounded) bounded = widen(column.min, *min, false) && widen(column.max, *max, true);
    if (!bounded) column.min = column.max = std::nullopt;
  }

 private:
  bool widen(std::optional<std::string>& bound, std::string_view text, bool up) {
    const Order order = order_of(type);
    std::string written = written_text(type, text);
    if (!bound) {
      bound = std::move(written);
      return order != Order::none;
    }
    const auto wider = up ? less(order, *bound, written) : less(order, written, *bound);
    if (wider.value_or(false)) bound = std::move(written);
    return wider.has_value();
  }
};

Result<ParquetFile> file_facts(Connection& connection, const std::string& path) {
  BL_TRY(Answer answer,
         connection.query("SELECT num_rows::BIGINT AS rows, file_size_bytes::BIGINT AS bytes, "
                          "footer_size::BIGINT AS footer FROM parquet_file_metadata($1)",
                          {path}));
  BL_TRY(const Batch row, answer.all(1));
  if (row.rows() != 1) return Error{Code::not_found, "no such file: " + path};
  BL_TRY(const auto rows, row.column(0).as<std::int64_t>());
  BL_TRY(const auto bytes, row.column(1).as<std::int64_t>());
  BL_TRY(const auto footer, row.column(2).as<std::int64_t>());
  ParquetFile file;
  file.path = path;
  file.rows = rows[0];
  file.bytes = static_cast<std::uint64_t>(bytes[0]);
  file.footer_bytes = static_cast<std::uint64_t>(footer[0]);
  return file;
}

}  // namespace

Result<ParquetFile> read_footer(Connection& connection, const std::string& path) {
  BL_TRY(ParquetFile file, file_facts(connection, path));
  BL_TRY(const std::vector<LeafColumn> leaves, leaves_of(connection, path));
  std::vector<Merged> merged;
  for (const LeafColumn& leaf : leaves) {
    merged.push_back({ColumnStatistics{.path = leaf.path}, leaf.type});
  }
  BL_TRY(Answer answer,
         connection.query("SELECT column_id, total_compressed_size::BIGINT, num_values::BIGINT, "
                          "stats_null_count::BIGINT, coalesce(stats_min_value, stats_min), "
                          "coalesce(stats_max_value, stats_max) FROM parquet_metadata($1)",
                          {path}));
  BL_TRY(const Batch groups, answer.all());
  BL_TRY(const auto column, groups.column(0).as<std::int64_t>());
  BL_TRY(const auto bytes, groups.column(1).as<std::int64_t>());
  BL_TRY(const auto all, groups.column(2).as<std::int64_t>());
  BL_TRY(const auto nulls, groups.column(3).as<std::int64_t>());
  BL_TRY(const auto min, groups.column(4).as<std::string_view>());
  BL_TRY(const auto max, groups.column(5).as<std::string_view>());
  for (std::int64_t i = 0; i < groups.rows(); ++i) {
    const auto at = static_cast<std::size_t>(column[i]);
    if (column[i] < 0 || at >= merged.size()) {
      return Error{Code::corrupt, "a file with more columns than its schema: " + path};
    }
    merged[at].add(bytes[i], all[i], nulls.get(i), min.get(i), max.get(i));
  }
  for (Merged& one : merged) file.columns.push_back(std::move(one.column));
  std::ranges::sort(file.columns, {}, &ColumnStatistics::path);
  return file;
}

}  // namespace bl::duck
