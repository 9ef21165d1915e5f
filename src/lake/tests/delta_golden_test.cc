// Tables that others made, with their expected rows (shared/data/delta-golden): each is read to
// exactly those, or refused by a named error. Those without expected rows are replayed to the state
// that their log says, or refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "lake/tests/delta_world.h"

namespace bl::lake {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing;

class GoldenTables : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("BENCHLAKE_SHARED");
    if (shared == nullptr || !fs::exists(std::string(shared) + "/data/delta-golden")) {
      GTEST_SKIP() << "the golden tables are missing: BENCHLAKE_SHARED";
    }
  }
  /// Unpacks a table; its folder, or of one table within it.
  std::string unpack(const std::string& name) {
    const char* shared = std::getenv("BENCHLAKE_SHARED");
    BL_CHECK(shared != nullptr);
    const std::string archive = std::string(shared) + "/data/delta-golden/" + name + ".tar.zst";
    BL_CHECK(fs::exists(archive));
    const std::string command =
        fmt::format("tar --zstd -xf '{}' -C '{}' 2>/dev/null", archive, setting_.folder.path());
    BL_CHECK(std::system(command.c_str()) == 0);
    return setting_.folder.at(name);
  }

  Result<std::shared_ptr<const DeltaSnapshot>> open(const std::string& folder) {
    store_ = setting_.local(folder);
    BL_TRY(log_, DeltaLog::open(setting_.world(*store_), ""));
    return log_->snapshot();
  }

  /// Rows that one has and the other has not, both ways.
  std::int64_t differences(const DeltaSnapshot& snapshot, const std::string& expected) {
    const auto rows = delta_rows(snapshot, delta_place(*store_, ""));
    EXPECT_TRUE(rows.ok()) << message_of(rows);
    if (!rows.ok()) return -1;
    std::string names;
    for (const auto& field : snapshot.metadata->schema.fields()) {
      if (field.name == passed_over_) continue;
      names += (names.empty() ? "" : ", ") + duck::quoted_name(field.name);
    }
    const std::string wanted =
        fmt::format("SELECT {} FROM read_parquet({}, hive_partitioning = false)", names,
                    duck::quoted_text(expected + "/*.parquet").value());
    const auto minus = [&](const std::string& a, const std::string& b) {
      return fmt::format("SELECT {0} FROM ({1}) EXCEPT ALL SELECT {0} FROM ({2})", names, a, b);
    };
    return setting_.count(fmt::format("SELECT (SELECT count(*) FROM ({})) + (SELECT count(*) FROM "
                                      "({})) AS n",
                                      minus(rows->sql, wanted), minus(wanted, rows->sql)),
                          rows->values);
  }

  DeltaSetting setting_;
  std::unique_ptr<objects::ObjectStore> store_;
  std::unique_ptr<DeltaLog> log_;
  std::string passed_over_;  ///< a column that is not compared
};

TEST_F(GoldenTables, every_table_with_expected_rows_gives_them) {
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  ASSERT_NE(shared, nullptr);
  int read = 0;
  for (const auto& entry : fs::directory_iterator(std::string(shared) + "/data/delta-golden")) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(".tar.zst")) continue;
    name.resize(name.size() - 8);
    SCOPED_TRACE(name);
    const std::string folder = unpack(name);
    if (!fs::exists(folder + "/expected")) continue;
    const auto snapshot = open(folder + "/delta");
    EXPECT_TRUE(snapshot.ok()) << message_of(snapshot);
    if (!snapshot.ok()) continue;
    // Its writer's zone was not UTC, and the log does not say which: the next test.
    passed_over_ = name == "data-reader-partition-values" ? "as_timestamp" : "";
    EXPECT_EQ(differences(**snapshot, folder + "/expected"), 0);
    ++read;
  }
  EXPECT_EQ(read, 48);
}

TEST_F(GoldenTables, a_time_without_zone_in_a_partition_is_utc) {
  const auto snapshot = open(unpack("data-reader-partition-values") + "/delta").value();
  const auto rows = delta_rows(*snapshot, delta_place(*store_, "")).value();
  EXPECT_EQ(setting_.count("SELECT count(*) AS n FROM (" + rows.sql +
                               ") WHERE as_timestamp = TIMESTAMPTZ '2021-09-08 11:11:11Z'",
                           rows.values),
            2);
}

struct LogOnly {
  const char* name;
  const char* code;      ///< `ok`: replayed
  const char* sentence;  ///< a part of the error
  std::vector<std::string> files;
};

TEST_F(GoldenTables, logs_without_rows_are_replayed_or_refused_by_name) {
  const std::vector<LogOnly> all{
      {"canonicalized-paths-normal-a", "ok", "", {}},
      {"canonicalized-paths-normal-b", "ok", "", {}},
      {"canonicalized-paths-special-a", "ok", "", {}},
      {"canonicalized-paths-special-b", "ok", "", {}},
      {"checkpoint", "ok", "", {"15"}},
      {"data-reader-absolute-paths-escaped-chars", "corrupt", "has no metaData", {}},
      {"delete-re-add-same-file-different-transactions", "ok", "", {"foo", "bar"}},
      {"deltalog-commit-info", "corrupt", "schemaString", {}},
      {"deltalog-state-reconstruction-from-checkpoint-missing-metadata",
       "corrupt",
       "has no metaData",
       {}},
      {"deltalog-state-reconstruction-without-metadata", "corrupt", "has no metaData", {}},
      {"log-replay-special-characters-b", "ok", "", {"special p@#h"}},
      {"no-delta-log-folder", "not_found", "no Delta table", {}},
      {"hive", "not_found", "no Delta table", {}},
      {"update-deleted-directory", "corrupt", "schemaString", {}},
      {"versions-not-contiguous", "corrupt", "no version 1, though it has version 2", {}},
  };
  for (const auto& one : all) {
    SCOPED_TRACE(one.name);
    const auto snapshot = open(unpack(one.name) + "/delta");
    EXPECT_EQ(code_of(snapshot), one.code) << message_of(snapshot);
    if (!snapshot.ok()) {
      EXPECT_THAT(message_of(snapshot), HasSubstr(one.sentence));
    } else {
      EXPECT_THAT(paths_of(**snapshot), ::testing::ElementsAreArray(one.files));
    }
  }
}

}  // namespace
}  // namespace bl::lake
