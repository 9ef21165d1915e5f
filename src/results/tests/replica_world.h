#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lake/lake.h"
#include "results/replica.h"
#include "results/replica/lake_rows.h"
#include "results/replica/store_rows.h"
#include "results/store_backfill.h"
#include "results/store_editor.h"
#include "results/tests/store_fixture.h"

/// A store and a lake beside it: both real, in folders of their own.
namespace bl::results::testing {

/// A store of which the n-th read fails. One thread.
class FaultyDatabase final : public store::Database {
 public:
  explicit FaultyDatabase(store::Database& inner) : inner_(inner) {}
  void fail_at(int read) {
    reads_ = 0;
    fail_at_ = read;
  }
  int reads() const { return reads_; }
  store::Dialect dialect() const override { return inner_.dialect(); }
  Result<void> read(const std::function<Result<void>(store::Connection&)>& work) override {
    if (++reads_ == fail_at_) return Error{Code::io, "the test lets this read fail"};
    return inner_.read(work);
  }
  Result<void> write(const std::function<Result<void>(store::Connection&)>& work) override {
    return inner_.write(work);
  }
  Result<void> migrate(std::span<const store::Migration> migrations) override {
    return inner_.migrate(migrations);
  }

 private:
  store::Database& inner_;
  int reads_ = 0, fail_at_ = 0;
};

struct ReplicaWorld : StoreFixture {
  ReplicaWorld() {
    lake_folder = folder.path + "/lake-files";
    std::filesystem::create_directories(lake_folder);
    lake_limits.table.compact_files_min = 1'000;  // when a test wants it
    finish_backfill();
    open_lake();
  }

  /// PostgreSQL: whose results are not numbered yet is not exported.
  void finish_backfill() {
    Backfill backfill(*database, clock, metrics);
    while (!backfill.walk_is_done().value()) BL_CHECK(backfill.step().ok());
  }

  void open_lake(Disk* through = nullptr) {
    replicator.reset();
    lake.reset();
    lake::LakeOptions options;
    options.folder = lake_folder + "/lake";
    options.objects = lake_folder + "/objects";
    options.catalog = "sqlite://" + lake_folder + "/catalog.sqlite";
    options.housekeeping = false;
    options.delta = false;
    options.limits = lake_limits;
    auto opened = lake::Lake::open(
        options, {through == nullptr ? *disk : *through, clock, random, log, metrics});
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    BL_CHECK(opened.ok());
    lake = *std::move(opened);
    replicator = make_replicator();
  }
  std::unique_ptr<Replicator> make_replicator() {
    return std::make_unique<Replicator>(faulty, *lake, ids, clock, log, metrics, limits);
  }

  /// Every year is sealed as soon as it is in the lake, into files of a few rows.
  void seal_at_once() {
    limits.sealed_after_months = -1'200;
    limits.sealed_rows_per_file = 3;
    replicator = make_replicator();
  }

  ReplicaRound refresh() {
    auto round = replicator->refresh();
    if (!round.ok()) ADD_FAILURE() << round.error().message;
    return round.ok() ? *round : ReplicaRound{};
  }
  /// All of the first column, in order, of a query over the rows of a table; texts.
  std::vector<std::string> lake_values(const replica::Shape& shape, const std::string& expression,
                                       const std::string& behind = "") {
    std::vector<std::string> out;
    auto table = lake->table(std::string(shape.name));
    if (!table.ok()) return out;
    const auto read = replica::read_table(
        *lake, (*table)->snapshot(),
        "SELECT CAST(" + expression + " AS VARCHAR) FROM rows " + behind + " ORDER BY 1",
        [&](const columns::Batch& batch) -> Result<void> {
          BL_TRY(const auto texts, batch.column(0).as<std::string_view>());
          for (std::int64_t i = 0; i < batch.rows(); ++i) {
            out.emplace_back(texts.get(i).value_or("-"));
          }
          return {};
        });
    if (!read.ok()) ADD_FAILURE() << read.error().message;
    return out;
  }
  /// The ids of the lake's results, in order.
  std::vector<std::string> lake_ids() {
    std::vector<std::string> out;
    auto table = lake->table("results").value();
    const auto read = replica::read_table(
        *lake, table->snapshot(), "SELECT id_high, id_low, id_text FROM rows",
        [&](const columns::Batch& batch) -> Result<void> {
          BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
          BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
          BL_TRY(const auto odd, batch.column(2).as<std::string_view>());
          for (std::int64_t i = 0; i < batch.rows(); ++i) {
            out.push_back(odd.is_null(i) ? replica::id_of({high[i], low[i]}) : std::string(odd[i]));
          }
          return {};
        });
    if (!read.ok()) ADD_FAILURE() << read.error().message;
    std::ranges::sort(out);
    return out;
  }
  /// What the comparison finds, as texts.
  std::vector<std::string> differences() {
    auto check = replicator->check(ReplicaRepair::no);
    if (!check.ok()) {
      ADD_FAILURE() << check.error().message;
      return {"error"};
    }
    std::vector<std::string> out;
    for (const ReplicaFinding& one : check->findings) {
      out.push_back(one.table + " " + name_of(one.kind));
    }
    if (check->small_rows_wrong > 0) {
      out.push_back(std::to_string(check->small_rows_wrong) + " small rows");
    }
    return out;
  }
  std::int64_t files(const replica::Shape& shape) {
    return std::ssize(lake->table(std::string(shape.name)).value()->snapshot().files().files());
  }

  FaultyDatabase faulty{*database};
  std::unique_ptr<Disk> disk = make_real_disk();
  std::string lake_folder;
  lake::LakeLimits lake_limits;
  ReplicaLimits limits;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<Replicator> replicator;
  StoreResultEditor editor{*database, clock};
};

}  // namespace bl::results::testing
