#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columns/batch.h"
#include "duck/database.h"
#include "lake/ducklake/errors.h"
#include "lake/ducklake/place.h"

/// SQL to an attached catalog. Private to this folder.
namespace bl::lake {

/// The rows of an answer, as texts.
class Rows {
 public:
  static Result<Rows> of(const columns::Batch& batch);
  std::int64_t count() const { return batch_.rows(); }
  std::optional<std::string_view> text(std::int64_t row, int column) const {
    return columns_[static_cast<std::size_t>(column)].get(row);
  }
  /// Of null and of what is no number: nullopt.
  std::optional<std::int64_t> number(std::int64_t row, int column) const;
  /// Of `true` and `1`: true; of null and the others: false.
  bool flag(std::int64_t row, int column) const;

 private:
  explicit Rows(columns::Batch batch) : batch_(std::move(batch)) {}
  columns::Batch batch_;
  std::vector<columns::View<std::string_view>> columns_;
};

/// Two connections: one that changes the lake in transactions, one that looks into the tables of
/// the catalog's own database, in its own SQL, each time in a transaction of its own: within the
/// first one it would keep a lock that hinders the commit. One thread at a time.
class CatalogSession {
 public:
  /// `catalog`: the name under which the engine has the catalog's own database. Keep the place
  /// longer.
  static Result<std::unique_ptr<CatalogSession>> open(std::unique_ptr<duck::Database> engine,
                                                      const CatalogPlace& place,
                                                      std::string catalog,
                                                      std::chrono::milliseconds time_max);

  /// The engine's SQL on the changing connection. Errors: in our codes (errors.h).
  Result<std::int64_t> run(std::string_view sql, const duck::Values& values = {});
  /// All columns must be texts.
  Result<Rows> query(std::string_view sql, const duck::Values& values = {});
  /// The catalog's database's SQL. `outer`: what of its columns, in the engine's SQL.
  Result<Rows> look(const std::string& sql, std::string_view outer = "COLUMNS(*)::VARCHAR");
  /// The same of a database that is attached under another name.
  Result<Rows> look_at(std::string_view database, const std::string& sql,
                       std::string_view outer = "COLUMNS(*)::VARCHAR");
  /// Forgets the last error.
  void begin() { fate_ = Fate::refused; }
  void set_fate(Fate fate) { fate_ = fate; }
  /// The engine failed at its own fault: nothing more is to be had of it.
  bool broken() const { return broken_; }
  void give_up() { broken_ = true; }
  /// What the last error since begin() means.
  Fate fate() const { return fate_; }

 private:
  CatalogSession(const CatalogPlace& place, std::string catalog, std::chrono::milliseconds time_max)
      : place_(place), catalog_(std::move(catalog)), time_max_(time_max) {}
  Error noted(Error error);

  const CatalogPlace& place_;
  const std::string catalog_;
  const std::chrono::milliseconds time_max_;
  std::unique_ptr<duck::Database> engine_;
  std::unique_ptr<duck::Connection> changing_, looking_;
  Fate fate_ = Fate::refused;
  bool broken_ = false;
};

}  // namespace bl::lake
