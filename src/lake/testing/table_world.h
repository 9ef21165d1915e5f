#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "columns/table.h"
#include "lake/file_journal.h"
#include "lake/table.h"
#include "lake/table/data_files.h"
#include "lake/testing/memory_catalog.h"
#include "objects/testing/faulty_store.h"
#include "objects/testing/memory_store.h"

namespace bl::lake {

inline const Timestamp k_test_start = Timestamp::from_seconds(1'700'000'000);

using Points = columns::Table<columns::Is<"no", std::int64_t>, columns::Is<"at", Timestamp>,
                              columns::Is<"name", std::string_view>,
                              columns::Is<"value", std::optional<double>>>;

/// Rows with the numbers [from, from + count).
inline columns::Batch points(std::int64_t from, std::int64_t count = 1) {
  Points::Builder builder;
  for (std::int64_t no = from; no < from + count; ++no) {
    const std::string name = "series-" + std::to_string(no % 7);
    BL_CHECK(builder.append(no, k_test_start + std::chrono::seconds(no), std::string_view(name),
                            static_cast<double>(no) / 2));
  }
  return builder.finish().value();
}

/// What a table needs around it: everything in memory but the scratch folder.
struct TableWorld {
  ManualClock clock{k_test_start};
  SeededRandom random{7};
  Metrics metrics;
  std::string said;  // by the log
  Log log{clock, LogLevel::warning, [this](std::string_view line) { said += line; }};
  IdSource ids{clock, random};
  std::string scratch = std::filesystem::temp_directory_path() /
                        ("bl-lake-" + IdSource(SystemClock(), k_system).next());
  std::unique_ptr<Disk> real_disk = make_real_disk();
  std::unique_ptr<MemoryDisk> journal_disk = std::make_unique<MemoryDisk>();
  objects::testing::MemoryStore memory{clock, *real_disk};
  objects::testing::FaultyStore store{memory, *real_disk, {}};
  testing::MemoryCatalog catalog{clock};
  std::unique_ptr<duck::Database> engine = duck::Database::open({}).value();
  TableLimits limits;
  KeyKeeper* keeper = nullptr;
  Layout layout{.order = {{"name", false}, {"at", true}}, .group = "", .row_group_rows = 2'048};

  TableWorld() { std::filesystem::create_directories(scratch); }
  ~TableWorld() { std::filesystem::remove_all(scratch); }

  TableParts parts() {
    return {catalog, store, *engine, *real_disk, scratch, ids, clock, log, metrics, keeper};
  }
  void create(const std::string& name = "points") {
    const auto created = catalog.create_table({name, Points::schema(), properties_of(layout)});
    ASSERT_TRUE(created.ok()) << created.error().message;
  }
  Result<std::unique_ptr<Table>> open(Disk& disk, const std::string& name = "points",
                                      std::unique_ptr<Mirror> mirror = nullptr) {
    BL_TRY(auto journal, open_file_journal(disk, "journals/" + name, JournalLimits{}, clock, random,
                                           log, metrics));
    return Table::open(parts(), name, std::move(journal), std::move(mirror), limits);
  }
  std::unique_ptr<Table> open() {
    auto table = open(*journal_disk);
    BL_CHECK(table.ok());
    return *std::move(table);
  }

  /// The numbers of all rows, in order.
  Result<std::vector<std::int64_t>> numbers(const Snapshot& snapshot,
                                            const std::string& table = "points") {
    DataFiles data(memory, *real_disk, scratch, ids, table);
    std::vector<const DataFile*> files;
    for (const DataFile& file : snapshot.files().files()) files.push_back(&file);
    BL_TRY(const LocalFiles local, data.fetch(files));
    BL_TRY(const auto connection, engine->connect());
    BL_TRY(const Relation relation,
           relation_of(*connection, snapshot, files, local.paths(), "tail"));
    BL_TRY(duck::Answer answer,
           connection->query("SELECT no FROM " + relation.sql + " ORDER BY no"));
    BL_TRY(const columns::Batch batch, answer.all());
    BL_TRY(const auto no, batch.column(0).as<std::int64_t>());
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < batch.rows(); ++i) out.push_back(no[i]);
    return out;
  }

  static inline SystemRandom k_system;
};

/// `from`, `from` + 1, ... `count` of them.
inline std::vector<std::int64_t> counting(std::int64_t from, std::int64_t count) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back(from + i);
  return out;
}

}  // namespace bl::lake
