#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/disk.h"
#include "base/testing/temporary_folder.h"
#include "ops/model.h"
#include "store/open.h"

/// A store with rows in a folder.path() of its own, for tests of what operators do with it.
namespace bl::ops::testing {

inline const store::Migration k_notes{1, "notes", "CREATE TABLE note (id INTEGER, text TEXT)",
                                      "CREATE TABLE benchlake.note (id bigint, text text)"};

class SqlitePlace {
 public:
  SqlitePlace() { std::filesystem::create_directory(data()); }
  SqlitePlace(const SqlitePlace&) = delete;
  SqlitePlace& operator=(const SqlitePlace&) = delete;

  std::string data() const { return folder.at("data"); }
  std::string file() const { return data() + "/benchlake.db"; }
  StorePlace place() const { return place_of("sqlite://" + file(), {}).value(); }

  std::unique_ptr<store::Database> own() {
    auto database = store::open_database("sqlite://" + file(), {}, log, metrics).value();
    BL_CHECK(database->migrate(std::span(&k_notes, 1)).ok());
    return database;
  }
  /// Makes the store when it is not there, and closes it again.
  void write_notes(int count, const std::string& text = "note") { add_notes(*own(), count, text); }
  static void add_notes(store::Database& database, int count, const std::string& text = "note") {
    for (int i = 0; i < count; ++i) {
      BL_CHECK(database
                   .write([&](store::Connection& connection) -> Result<void> {
                     BL_RETURN_IF_ERROR(
                         connection.execute("INSERT INTO note VALUES ($1, $2)",
                                            {std::int64_t{i}, std::string_view(text)}));
                     return {};
                   })
                   .ok());
    }
  }
  /// The notes' text and number, or the error: "12 of note".
  std::string contents() {
    Metrics none;
    auto opened = store::open_database("sqlite://" + file(), {}, log, none);
    if (!opened.ok()) return opened.error().message;
    std::string words;
    const auto read = (*opened)->read([&](store::Connection& connection) {
      return connection.query(
          "SELECT count(*), min(text) FROM note", {}, [&](const store::Row& row) {
            words = std::to_string(row.integer(0)).append(" of ").append(row.text(1));
            return true;
          });
    });
    return read.ok() ? words : read.error().message;
  }

  TemporaryFolder folder;
  SystemClock clock;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
};

inline bool go_on(std::string_view, std::uint64_t, std::uint64_t) {
  return true;
}

}  // namespace bl::ops::testing
