// What a catalog says when it is locked, lost, damaged, another's, or when nobody says how a commit
// ended.
#include <gmock/gmock.h>
#include <fstream>
#include <set>

#include "catalog_fixture.h"
#include "store/testing/wire_proxy.h"

namespace bl::lake {
namespace {

using store::testing::PostgresServer;
using store::testing::WireProxy;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::points;
using testing::points_select;
using testing::TestLake;

/// Another program at the same catalog file.
class ForeignSqlite {
 public:
  explicit ForeignSqlite(const std::string& path) {
    duck::DatabaseOptions options;
    options.extensions = {"sqlite_scanner"};
    database_ = duck::Database::open(std::move(options)).value();
    connection_ = database_->connect().value();
    run("ATTACH '" + path + "' AS other (TYPE sqlite)");
  }
  void run(const std::string& sql) {
    const auto done = connection_->run(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.error().message;
  }

 private:
  std::unique_ptr<duck::Database> database_;
  std::unique_ptr<duck::Connection> connection_;
};

class SqliteFaults : public ::testing::Test {
 protected:
  TestLake lake_{testing::Kind::sqlite};

  /// A lake with a table and a file in it, closed.
  PublisherToken make() {
    const auto catalog = lake_.open();
    EXPECT_TRUE(catalog->create_table(points()).ok());
    const auto token = catalog->take("points").value();
    const auto a = lake_.file("points", "a", points_select(0, 10));
    EXPECT_TRUE(catalog->publish(token, {.id = "c1", .what = "flush", .added = {a}}).ok());
    return token;
  }
  Error refusal() {
    auto opened = lake_.try_open();
    return opened.ok() ? Error{Code::internal, "it opened"} : std::move(opened).error();
  }
};

TEST_F(SqliteFaults, another_programs_lock_is_waited_for_within_a_limit) {
  const auto token = make();
  CatalogOptions options = lake_.options();
  options.limits.wait_max = std::chrono::milliseconds(300);
  const auto catalog = lake_.try_open(options).value();
  ForeignSqlite other(lake_.catalog_file());
  other.run("BEGIN");
  other.run("UPDATE other.main.ducklake_metadata SET \"value\" = \"value\"");
  const auto refused = catalog->publish(token, {.id = "c2", .what = "flush"});
  EXPECT_EQ(refused.error().code, Code::timeout);
  EXPECT_THAT(refused.error().message, HasSubstr("locked"));
  other.run("COMMIT");
  EXPECT_TRUE(catalog->publish(token, {.id = "c2", .what = "flush"}).ok());
}

TEST_F(SqliteFaults, a_commit_that_readers_hindered_hinders_no_reader) {
  const auto token = make();
  CatalogOptions options = lake_.options();
  options.limits.wait_max = std::chrono::milliseconds(300);
  const auto catalog = lake_.try_open(options).value();
  auto reader = std::make_unique<testing::OfficialReader>(catalog->address());
  reader->run("BEGIN");
  EXPECT_EQ(reader->text("SELECT count(*) FROM lake.points"), "10");
  // While the reader's transaction is open SQLite lets nobody commit.
  const auto refused = catalog->publish(token, {.id = "c2", .what = "flush"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::timeout) << refused.error().message;
  EXPECT_EQ(testing::OfficialReader(catalog->address()).text("SELECT count(*) FROM lake.points"),
            "10");
  EXPECT_EQ(reader->text("SELECT count(*) FROM lake.points"), "10");
  reader->run("COMMIT");
  const auto done = catalog->publish(token, {.id = "c2", .what = "flush"});
  EXPECT_TRUE(done.ok()) << done.error().message;
}

TEST_F(SqliteFaults, another_process_changing_it_is_waited_for_within_a_limit) {
  const auto token = make();
  CatalogOptions options = lake_.options();
  options.limits.wait_max = std::chrono::milliseconds(200);
  const auto catalog = lake_.try_open(options).value();
  auto held = lake_.world_.disk->lock(lake_.catalog_file() + ".lock", "a test").value();
  const auto refused = catalog->publish(token, {.id = "c2", .what = "flush"});
  EXPECT_EQ(refused.error().code, Code::timeout);
  EXPECT_EQ(lake_.world_.metric("bl_lake_catalog_limit_hits_total", {{"limit", "wait_max"}}), 1);
  EXPECT_TRUE(catalog->snapshot("points").ok());  // readers go on
  held.reset();
  EXPECT_TRUE(catalog->publish(token, {.id = "c2", .what = "flush"}).ok());
}

TEST_F(SqliteFaults, a_stale_transaction_of_the_engine_does_not_commit) {
  const auto token = make();
  CatalogOptions options = lake_.options();
  options.limits.wait_max = std::chrono::milliseconds(300);
  const auto catalog = lake_.try_open(options).value();
  // The old owner, in the middle of its transaction, as the extension runs it.
  auto old = std::make_unique<testing::OfficialReader>(catalog->address());
  old->run("BEGIN");
  old->run("UPDATE lake.publishers.points SET token = token");
  const auto taken = catalog->take("points");
  const auto late = old->try_run("COMMIT");
  old.reset();
  // SQLite lets one of them end: the old one before the new one took the table, or not at all.
  EXPECT_FALSE(taken.ok() && late.ok());
  EXPECT_TRUE(taken.ok() || taken.error().code == Code::timeout) << taken.error().message;
  const auto now = catalog->take("points");
  ASSERT_TRUE(now.ok()) << now.error().message;
  EXPECT_EQ(now->number, token.number + (taken.ok() ? 2 : 1));
  EXPECT_EQ(catalog->publish(token, {.id = "c2", .what = "flush"}).error().code, Code::conflict);
}

TEST_F(SqliteFaults, a_lost_catalog_is_not_begun_anew_without_being_told) {
  make();
  std::filesystem::remove(lake_.catalog_file());
  const Error lost = refusal();
  EXPECT_EQ(lost.code, Code::corrupt);
  EXPECT_THAT(lost.message, HasSubstr("is gone"));
  EXPECT_FALSE(std::filesystem::exists(lake_.catalog_file()));
  std::ofstream(lake_.catalog_file());  // an empty file is none either
  EXPECT_EQ(refusal().code, Code::corrupt);

  CatalogOptions options = lake_.options();
  options.creation = CatalogCreation::anew;
  const auto anew = lake_.try_open(options);
  ASSERT_TRUE(anew.ok()) << anew.error().message;
  EXPECT_TRUE((*anew)->tables()->empty());
  EXPECT_TRUE(lake_.try_open().ok());
}

TEST_F(SqliteFaults, a_catalog_that_goes_while_it_is_open_takes_no_commit) {
  const auto token = make();
  const auto catalog = lake_.open();
  std::filesystem::remove(lake_.catalog_file());
  EXPECT_EQ(catalog->publish(token, {.id = "c2", .what = "flush"}).error().code, Code::corrupt);
}

TEST_F(SqliteFaults, where_none_may_be_made_there_is_none) {
  CatalogOptions options = lake_.options();
  options.creation = CatalogCreation::never;
  EXPECT_EQ(lake_.try_open(options).error().code, Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(lake_.catalog_file()));
}

TEST_F(SqliteFaults, a_cut_or_damaged_catalog_is_named) {
  make();
  const auto bytes = read_file(*lake_.world_.disk, lake_.catalog_file(), 64u << 20).value();
  const auto put = [&](const std::string& content) {
    std::ofstream(lake_.catalog_file(), std::ios::binary) << content;
  };
  put(bytes.substr(0, bytes.size() / 2));
  auto opened = lake_.try_open();
  // What opens, because its first pages are whole, says so when it is read.
  const Code code = opened.ok() ? (*opened)->snapshot("points").error().code : opened.error().code;
  EXPECT_EQ(code, Code::corrupt) << (opened.ok() ? "" : opened.error().message);
  put("this is no database, and longer than the header of one: " + std::string(4096, 'x'));
  EXPECT_EQ(refusal().code, Code::corrupt);
  EXPECT_THAT(refusal().message, HasSubstr(lake_.catalog_file()));
  put(bytes);
  EXPECT_TRUE(lake_.try_open().ok());
}

TEST_F(SqliteFaults, a_catalog_of_a_later_version_is_refused_by_name) {
  make();
  {
    ForeignSqlite other(lake_.catalog_file());
    other.run(
        "UPDATE other.main.ducklake_metadata SET \"value\" = '1.1' WHERE \"key\" = 'version'");
  }
  EXPECT_EQ(refusal().code, Code::unsupported);
  EXPECT_THAT(refusal().message, HasSubstr("version 1.1"));
}

TEST_F(SqliteFaults, another_products_file_is_refused_and_left_alone) {
  std::filesystem::create_directories(lake_.folder_.at("catalog"));
  {
    ForeignSqlite other(lake_.catalog_file());
    other.run("CREATE TABLE other.main.songs(title VARCHAR)");
  }
  const auto before = read_file(*lake_.world_.disk, lake_.catalog_file(), 1u << 20).value();
  EXPECT_EQ(refusal().code, Code::unsupported);
  EXPECT_EQ(read_file(*lake_.world_.disk, lake_.catalog_file(), 1u << 20).value(), before);
}

TEST_F(SqliteFaults, the_catalog_of_another_lake_is_refused) {
  make();
  TestLake other(testing::Kind::sqlite);
  {
    const auto catalog = other.open();
  }
  std::filesystem::copy_file(other.catalog_file(), lake_.catalog_file(),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(refusal().code, Code::conflict);
}

TEST_F(SqliteFaults, a_lake_that_was_moved_is_where_it_is) {
  make();
  lake_.store_.reset();
  const std::string there = lake_.folder_.at("moved");
  std::filesystem::rename(lake_.objects_place(), there);
  lake_.store_ = objects::open_store(there, {}, lake_.world_.world()).value();
  CatalogOptions options = lake_.options();
  options.objects = there;
  const auto catalog = lake_.try_open(options).value();
  EXPECT_EQ(catalog->snapshot("points")->files.size(), 1u);
  testing::OfficialReader reader(catalog->address());
  EXPECT_EQ(reader.text("SELECT count(*) FROM lake.points"), "10");
}

TEST_F(SqliteFaults, rows_that_others_deleted_are_refused_not_shown) {
  make();
  const auto catalog = lake_.open();
  {
    testing::OfficialReader other(catalog->address());
    other.run("DELETE FROM lake.points WHERE number = 3");
  }
  const auto token = catalog->take("points").value();
  ASSERT_TRUE(catalog->publish(token, {.id = "c2", .what = "flush"}).ok());
  EXPECT_EQ(catalog->snapshot("points").error().code, Code::unsupported);
}

TEST(CatalogAddress, places_that_are_none_are_refused_without_secrets) {
  TestLake lake(testing::Kind::sqlite);
  CatalogOptions options = lake.options();
  for (const char* address : {"", "x", "sqlite://relative.db", "sqlite::memory:", "mysql://h/d",
                              "postgres://u:hidden@h", "postgres://u:hidden@h/a/b"}) {
    options.catalog = address;
    const auto opened = lake.try_open(options);
    ASSERT_FALSE(opened.ok()) << address;
    EXPECT_THAT(opened.error().code, AnyOf(Code::invalid, Code::unsupported)) << address;
    EXPECT_THAT(opened.error().message, Not(HasSubstr("hidden")));
  }
  options.catalog = "postgres://u:hidden@127.0.0.1:1/d";
  const auto nobody = lake.try_open(options);
  EXPECT_EQ(nobody.error().code, Code::unavailable) << nobody.error().message;
  EXPECT_THAT(nobody.error().message, Not(HasSubstr("hidden")));
}

class PostgresFaults : public ::testing::Test {
 protected:
  PostgresServer& server_ = PostgresServer::shared();
  TestLake lake_{testing::Kind::postgres};
  std::unique_ptr<Catalog> catalog_ = lake_.open();
  PublisherToken token_ = taken();

  PublisherToken taken() {
    EXPECT_TRUE(catalog_->create_table(points()).ok());
    return catalog_->take("points").value();
  }
  std::string sql(const std::string& statement) { return server_.run(lake_.database_, statement); }
};

TEST_F(PostgresFaults, a_stale_transaction_of_the_engine_does_not_commit) {
  testing::OfficialReader old(catalog_->address());
  old.run("BEGIN");
  old.run("UPDATE lake.publishers.points SET token = token");
  const auto now = catalog_->take("points");
  ASSERT_TRUE(now.ok()) << now.error().message;
  const auto late = old.try_run("COMMIT");
  ASSERT_FALSE(late.ok());
  EXPECT_THAT(late.error().message, HasSubstr("conflict"));
  EXPECT_EQ(now->number, token_.number + 1);
}

TEST_F(PostgresFaults, a_catalog_of_a_later_version_or_of_others_is_refused) {
  sql("update benchlake_lake.ducklake_metadata set value = '1.1' where key = 'version'");
  const auto later = lake_.try_open();
  EXPECT_EQ(later.error().code, Code::unsupported);
  EXPECT_THAT(later.error().message, HasSubstr("version 1.1"));
  sql("drop schema benchlake_lake cascade");
  EXPECT_EQ(lake_.try_open().error().code, Code::corrupt);  // lost
  sql("create schema benchlake_lake");
  sql("create table benchlake_lake.songs(title text)");
  EXPECT_EQ(lake_.try_open().error().code, Code::unsupported);
}

TEST_F(PostgresFaults, a_restart_of_the_server_is_survived) {
  ASSERT_TRUE(catalog_->publish(token_, {.id = "c1", .what = "flush"}).ok());
  sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
      "and pid <> pg_backend_pid()");
  EXPECT_TRUE(catalog_->snapshot("points").ok());
  const auto done = catalog_->publish(token_, {.id = "c2", .what = "flush"});
  EXPECT_TRUE(done.ok()) << done.error().message;
}

TEST_F(PostgresFaults, a_backend_killed_during_commit_has_not_committed) {
  sql("create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(30); "
      "return null; end $$");
  sql("create constraint trigger slow after insert on benchlake_lake.ducklake_snapshot_changes "
      "deferrable initially deferred for each row when (new.commit_message = 'points: flush') "
      "execute function slow()");
  std::thread killer([&] {
    for (int i = 0; i < 600; ++i) {
      const std::string killed =
          sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = "
              "current_database() and wait_event = 'PgSleep' and query ilike 'commit%'");
      if (killed == "t") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    sql("drop trigger slow on benchlake_lake.ducklake_snapshot_changes");
  });
  const auto done = catalog_->publish(token_, {.id = "c1", .what = "flush"});
  killer.join();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::unavailable) << done.error().message;
  EXPECT_EQ(catalog_->committed(token_, "c1").value(), std::nullopt);
  EXPECT_EQ(lake_.world_.metric("bl_lake_catalog_looked_up_total"), 1);
  EXPECT_TRUE(catalog_->publish(token_, {.id = "c1", .what = "flush"}).ok());
}

TEST_F(PostgresFaults, wherever_the_wire_breaks_a_commit_is_whole_and_its_answer_true) {
  WireProxy proxy(server_.port());
  CatalogOptions options = lake_.options();
  options.catalog = server_.tcp_uri(lake_.database_, proxy.port());
  const auto catalog = lake_.try_open(options).value();
  const auto token = catalog->take("points").value();
  std::set<std::string> kept;
  int cuts = 0, found = 0;
  std::int64_t last_pieces = 0;
  const auto publish = [&](std::int64_t n, WireProxy::Where where) {
    std::string id = where == WireProxy::Where::after ? "a" : "b";
    id += std::to_string(n);
    proxy.cut_at_piece(n, where);
    const auto done = catalog->publish(token, {.id = id, .what = "flush", .watermarks = {{id, 1}}});
    const bool has_cut = proxy.has_cut();
    last_pieces = proxy.pieces();
    proxy.forward();
    if (has_cut) ++cuts;
    const auto there = catalog_->committed(token, id).value();
    if (done.ok()) {
      EXPECT_EQ(there, *done) << id;
      kept.insert(id);
      if (has_cut) ++found;
    } else if (done.error().code != Code::outcome_unknown) {
      EXPECT_EQ(there, std::nullopt) << id << done.error().message;
    } else if (there) {
      kept.insert(id);
    }
    return has_cut;
  };
  // The commit stands among the last pieces: each of them, and a sample of those before.
  ASSERT_FALSE(publish(1'000'000, WireProxy::Where::after));
  const std::int64_t all = last_pieces;
  const std::int64_t step = getenv("BENCHLAKE_FAULTS_ALL") != nullptr ? 1 : 7;
  for (std::int64_t n = 0; n < all; n += n < all - 10 ? step : 1) {
    publish(n, WireProxy::Where::after);
    if (n % 14 == 0) publish(n, WireProxy::Where::half);
  }
  EXPECT_GT(cuts, 10);
  EXPECT_GT(found, 0);
  std::set<std::string> shown;
  const CatalogSnapshot now = catalog_->snapshot("points").value();
  for (const auto& [id, at] : now.watermarks) shown.insert(id);
  EXPECT_EQ(shown, kept);
}

}  // namespace
}  // namespace bl::lake
