#include "results/replica/sources.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::results::replica {
namespace {

// More is a fault of ours: pages, histories and comparisons are far smaller.
constexpr std::int64_t k_rows_max = 4'000'000;
constexpr std::uint64_t k_bytes_max = 1ull << 30;

duck::Value value_of(const lake::Bound& bound) {
  return std::visit([](const auto& value) { return duck::Value(value); }, bound);
}

Error ours(Error error) {
  switch (error.code) {
    case Code::malformed:
    case Code::forbidden:
      error.code = Code::internal;
      break;
    case Code::not_found:  // a file that the catalog lists
      error.code = Code::io;
      break;
    default:
      break;
  }
  error.faults.clear();
  return std::move(error).with_context("reading the replica");
}

}  // namespace

std::string Where::place(duck::Value value) {
  values_.push_back(std::move(value));
  return "$" + std::to_string(values_.size());
}

void Where::add(const std::string& condition) {
  conditions_ += conditions_.empty() ? " WHERE " : " AND ";
  conditions_ += condition;
}

void Where::between(std::string_view column, std::optional<lake::Bound> low,
                    std::optional<lake::Bound> high) {
  const std::string name = duck::quoted_name(column);
  if (low && high && *low == *high) {
    add(name + " = " + place(value_of(*low)));
  } else {
    if (low) add(name + " >= " + place(value_of(*low)));
    if (high) add(name + " <= " + place(value_of(*high)));
  }
  ranges_.push_back({std::string(column), std::move(low), std::move(high)});
}

template <class T>
void Where::add_list(std::string_view column, std::vector<T> values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  // The bounds leave out groups of rows, which the list does not.
  between(column, lake::Bound(values.front()), lake::Bound(values.back()));
  if (values.size() == 1) return;
  add(fmt::format("{} IN (SELECT unnest({}))", duck::quoted_name(column),
                  place(duck::Value(std::move(values)))));
}
void Where::one_of(std::string_view column, std::vector<std::int64_t> values) {
  add_list(column, std::move(values));
}
void Where::one_of(std::string_view column, std::vector<std::string> values) {
  add_list(column, std::move(values));
}

std::string Where::text() const {
  return conditions_;
}

Result<Sources> Sources::pin(lake::Lake& lake, engine::Engine& engine) {
  Sources sources(engine);
  const auto add = [&](const Shape& shape) -> Result<void> {
    auto table = lake.table(std::string(shape.name));
    if (!table.ok()) {
      if (table.error().code != Code::not_found) return std::move(table).error();
      return Error{Code::unavailable,
                   "the replica of results was not made yet, the lake has no table " +
                       std::string(shape.name)};
    }
    sources.snapshots_.emplace(&shape, (*table)->snapshot());
    return {};
  };
  for (auto shape = all_shapes().rbegin(); shape != all_shapes().rend(); ++shape) {
    BL_RETURN_IF_ERROR(add(**shape));
  }
  BL_RETURN_IF_ERROR(add(repositories_shape()));
  return sources;
}

const lake::Snapshot& Sources::snapshot(const Shape& shape) const {
  return snapshots_.at(&shape);
}

Result<columns::Batch> Sources::ask(std::string sql, duck::Values values,
                                    std::vector<Part> parts) const {
  engine::Query query;
  query.sql = std::move(sql);
  query.parameters = std::move(values);
  query.limits.rows_max = k_rows_max;
  query.limits.bytes_max = k_bytes_max;
  for (Part& part : parts) {
    query.tables.push_back({.name = std::string(part.shape->name),
                            .snapshot = snapshot(*part.shape),
                            .ranges = std::move(part.ranges),
                            .opened_before = {}});
  }
  auto cursor = engine_->run(std::move(query));
  if (!cursor.ok()) return ours(std::move(cursor).error());
  std::vector<columns::Batch> batches;
  for (;;) {
    auto batch = (*cursor)->next();
    if (!batch.ok()) return ours(std::move(batch).error());
    if (!*batch) break;
    batches.push_back(**std::move(batch));
  }
  if ((*cursor)->statistics().is_truncated) {
    return Error{Code::too_large,
                 fmt::format("an answer of the replica has more than {} rows or {} bytes",
                             k_rows_max, k_bytes_max)};
  }
  if (batches.empty()) return columns::Batch::empty((*cursor)->schema());
  return columns::concatenate(batches);
}

Result<columns::Batch> Sources::select(const Shape& shape, std::string_view columns,
                                       const Where& where, std::string_view rest) const {
  return ask(fmt::format("SELECT {} FROM {}{} {}", columns, duck::quoted_name(shape.name),
                         where.text(), rest),
             where.values(), {{&shape, where.ranges()}});
}

}  // namespace bl::results::replica
