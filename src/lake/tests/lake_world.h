#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "lake/lake.h"
#include "lake/testing/table_world.h"

namespace bl::lake {

/// A lake of real parts in a folder of its own: the disk, a SQLite catalog, Delta logs.
struct LakeOnDisk {
  LakeOnDisk() { std::filesystem::create_directories(folder); }
  ~LakeOnDisk() { std::filesystem::remove_all(folder); }

  LakeOptions options() {
    LakeOptions out;
    out.folder = folder + "/lake";
    out.objects = objects.empty() ? folder + "/objects" : objects;
    out.catalog = "sqlite://" + folder + "/catalog.sqlite";
    out.journal = journal;
    out.housekeeping = false;
    out.variables = variables;
    out.limits = limits;
    return out;
  }
  LakeWorld world() { return {*disk, clock, random, log, metrics}; }
  Result<std::unique_ptr<Lake>> try_open() { return Lake::open(options(), world()); }
  std::unique_ptr<Lake> open() {
    auto lake = try_open();
    if (!lake.ok()) ADD_FAILURE() << lake.error().message;
    BL_CHECK(lake.ok());
    return *std::move(lake);
  }
  static Layout layout() { return {.order = {{"name", false}, {"at", false}}, .group = ""}; }

  /// The numbers of all rows, in order.
  Result<std::vector<std::int64_t>> numbers(Lake& lake, const std::string& name = "points") {
    BL_TRY(const auto table, lake.table(name));
    const Snapshot snapshot = table->snapshot();
    IdSource ids(clock, random);
    DataFiles data(lake.store(), *disk, folder, ids, name);
    std::vector<const DataFile*> files;
    for (const DataFile& file : snapshot.files().files()) files.push_back(&file);
    BL_TRY(const LocalFiles local, data.fetch(files));
    BL_TRY(const auto connection, lake.engine().connect());
    BL_TRY(const Relation relation,
           relation_of(*connection, snapshot, files, local.paths(), "tail"));
    return numbers(*connection, relation.sql);
  }
  static Result<std::vector<std::int64_t>> numbers(duck::Connection& connection,
                                                   const std::string& from) {
    BL_TRY(duck::Answer answer, connection.query("SELECT no FROM " + from + " ORDER BY no"));
    BL_TRY(const columns::Batch batch, answer.all());
    BL_TRY(const auto no, batch.column(0).as<std::int64_t>());
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < batch.rows(); ++i) out.push_back(no[i]);
    return out;
  }

  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::unique_ptr<Disk> disk = make_real_disk();
  std::string folder =
      std::filesystem::temp_directory_path() / ("bl-lake-" + IdSource(clock, random).next());
  std::string objects;
  JournalKind journal = JournalKind::file;
  std::map<std::string, std::string> variables;
  LakeLimits limits;
};

}  // namespace bl::lake
