#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "lake/lake.h"
#include "results/replica/tables.h"

/// The replica as one call of a reader sees it. Private to the replica.
namespace bl::results::replica {

/// Conditions of a statement, their values, and the ranges by which files are left out.
class Where {
 public:
  /// `$n` of a value.
  std::string place(duck::Value value);
  void add(const std::string& condition);
  /// Both are included; an absent one bounds nothing.
  void between(std::string_view column, std::optional<lake::Bound> low,
               std::optional<lake::Bound> high);
  void equal(std::string_view column, const lake::Bound& value) { between(column, value, value); }
  /// The column is one of those; there is at least one.
  void one_of(std::string_view column, std::vector<std::int64_t> values);
  void one_of(std::string_view column, std::vector<std::string> values);

  /// ` WHERE a AND b`, or nothing.
  std::string text() const;
  const duck::Values& values() const { return values_; }
  const std::vector<lake::ColumnRange>& ranges() const { return ranges_; }

 private:
  template <class T>
  void add_list(std::string_view column, std::vector<T> values);

  std::string conditions_;
  duck::Values values_;
  std::vector<lake::ColumnRange> ranges_;
};

/// All tables of the replica, pinned, results first: whatever they name is in the others then. One
/// thread. A few microseconds to make.
class Sources {
 public:
  /// A table that a question reads, and which of its rows.
  struct Part {
    const Shape* shape;
    std::vector<lake::ColumnRange> ranges = {};
  };

  /// Errors: unavailable (the replica was not made yet).
  static Result<Sources> pin(lake::Lake& lake, engine::Engine& engine);

  const lake::Snapshot& snapshot(const Shape& shape) const;
  /// All rows of an answer. Errors: too_large (more than an answer may have), those of the engine;
  /// its complaints about our SQL are internal.
  Result<columns::Batch> ask(std::string sql, duck::Values values, std::vector<Part> parts) const;
  /// `SELECT columns FROM shape WHERE ... rest`. The rows of one table.
  Result<columns::Batch> select(const Shape& shape, std::string_view columns, const Where& where,
                                std::string_view rest = {}) const;

 private:
  explicit Sources(engine::Engine& engine) : engine_(&engine) {}
  engine::Engine* engine_;
  std::map<const Shape*, lake::Snapshot> snapshots_;
};

}  // namespace bl::results::replica
