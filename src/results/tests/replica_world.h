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
#include "results/store_editor.h"
#include "results/tests/store_fixture.h"

/// A store and a lake beside it: both real, in folders of their own.
namespace bl::results::testing {

struct ReplicaWorld : StoreFixture {
  ReplicaWorld() {
    lake_folder = folder.path + "/lake-files";
    std::filesystem::create_directories(lake_folder);
    lake_limits.table.compact_files_min = 1'000;  // when a test wants it
    open_lake();
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
    return std::make_unique<Replicator>(*database, *lake, ids, clock, log, metrics, limits);
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

  std::unique_ptr<Disk> disk = make_real_disk();
  std::string lake_folder;
  lake::LakeLimits lake_limits;
  ReplicaLimits limits;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<Replicator> replicator;
  StoreResultEditor editor{*database, clock};
};

}  // namespace bl::results::testing
