#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "duck/database.h"
#include "duck/parquet.h"
#include "lake/open_catalog.h"
#include "objects/open.h"
#include "store/testing/postgres_server.h"

/// A lake on the machine's disk, with its catalog in SQLite or in a real PostgreSQL.
namespace bl::lake::testing {

/// The machine's clock and disk: other programs take part.
struct RealWorld {
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  std::unique_ptr<Disk> disk = make_real_disk();

  objects::World world() {
    return {clock, random, *disk, metrics, [](std::chrono::milliseconds pause) {
              std::this_thread::sleep_for(pause);
              return true;
            }};
  }
  double metric(const std::string& name, const MetricLabels& labels = {}) const {
    for (const MetricSample& sample : metrics.samples(name)) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
    return 0;
  }
};

enum class Kind { sqlite, postgres };

/// A file of a table in a store, with the rows of a SELECT; `scratch`: where it may lie before.
inline DataFile data_file(objects::ObjectStore& store, duck::Database& writer, Disk& disk,
                          const std::string& scratch, const std::string& table,
                          const std::string& name, const std::string& select) {
  std::string key = "tables/";
  key.append(table).append("/data/").append(name).append(".parquet");
  const std::string path = scratch + ".tmp";
  const auto connection = writer.connect().value();
  auto written = duck::write_parquet(*connection, disk, select, {}, path, {.field_ids = true});
  if (!written.ok()) ADD_FAILURE() << written.error().message;
  BL_CHECK(written.ok());
  const auto put = store.put_file_if_absent(key, path);
  if (!put.ok()) ADD_FAILURE() << put.error().message;
  std::filesystem::remove(path);
  return {key, written->rows, written->bytes, written->footer_bytes, written->columns};
}

/// One lake of a test.
class TestLake {
 public:
  explicit TestLake(Kind kind) : kind_(kind) {
    store_ = objects::open_store(objects_place(), {}, world_.world()).value();
    writer_ = duck::Database::open({}).value();
    if (kind_ == Kind::postgres) {
      database_ = store::testing::PostgresServer::shared().create_database();
    }
  }

  std::string objects_place() const { return folder_.at("objects"); }
  std::string catalog_file() const { return folder_.at("catalog/lake.sqlite"); }
  std::string catalog_uri() const {
    if (kind_ == Kind::sqlite) return "sqlite://" + catalog_file();
    return store::testing::PostgresServer::shared().uri(database_);
  }
  CatalogOptions options() const {
    CatalogOptions options;
    options.catalog = catalog_uri();
    options.objects = objects_place();
    options.limits.expire_age_min = std::chrono::milliseconds(-60'000);
    return options;
  }
  Result<std::unique_ptr<Catalog>> try_open() { return try_open(options()); }
  Result<std::unique_ptr<Catalog>> try_open(CatalogOptions options) {
    return open_catalog(std::move(options), *store_, world_.world());
  }
  std::unique_ptr<Catalog> open() {
    auto opened = try_open();
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    BL_CHECK(opened.ok());
    return std::move(opened).value();
  }

  /// A file in the store with the rows of a SELECT.
  DataFile file(const std::string& table, const std::string& name, const std::string& select) {
    return data_file(*store_, *writer_, *world_.disk, folder_.at(name), table, name, select);
  }

  Kind kind_;
  TemporaryFolder folder_;
  RealWorld world_;
  std::unique_ptr<objects::ObjectStore> store_;
  std::unique_ptr<duck::Database> writer_;
  std::string database_;
};

inline columns::Schema schema_of(std::vector<columns::Field> fields) {
  return columns::Schema::make(std::move(fields)).value();
}

/// `points`: a number and a value.
inline TableDefinition points() {
  return {"points",
          schema_of({{"number", columns::Kind::int64, false}, {"value", columns::Kind::float64}}),
          {}};
}

inline std::string points_select(int from, int count) {
  std::string sql = "SELECT range AS number, range * 0.5::DOUBLE AS value FROM range(";
  sql += std::to_string(from);
  sql += ", ";
  sql += std::to_string(from + count);
  return sql + ")";
}

/// Another program: an engine of its own with the official extension, which knows nothing of ours.
class OfficialReader {
 public:
  explicit OfficialReader(const std::string& address) {
    duck::DatabaseOptions options;
    options.extensions = {
        address.starts_with("ducklake:sqlite") ? "sqlite_scanner" : "postgres_scanner", "ducklake"};
    database_ = duck::Database::open(std::move(options)).value();
    connection_ = database_->connect().value();
    std::string attach = "ATTACH " + duck::quoted_text(address).value();
    attach += " AS lake";
    if (!address.starts_with("ducklake:sqlite")) attach += " (METADATA_SCHEMA 'benchlake_lake')";
    run(attach);
  }
  Result<std::int64_t> try_run(const std::string& sql) { return connection_->run(sql); }
  void run(const std::string& sql) {
    const auto done = try_run(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.error().message;
  }
  std::string text(const std::string& sql) {
    auto answer = connection_->query("SELECT (" + sql + ")::VARCHAR");
    if (!answer.ok()) return answer.error().message;
    const auto batch = answer->all();
    if (!batch.ok()) return batch.error().message;
    const auto cell = batch->column(0).as<std::string_view>().value().get(0);
    return cell ? std::string(*cell) : "null";
  }

 private:
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
};

}  // namespace bl::lake::testing
