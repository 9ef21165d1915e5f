// The catalog of a lake: what was published is what everybody reads. On SQLite and on PostgreSQL.
#include "lake/catalog.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "catalog_fixture.h"

namespace bl::lake {
namespace {

using columns::Type;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::points;
using testing::points_select;
using testing::schema_of;
using testing::TestLake;
using ColumnKind = columns::Kind;

class CatalogTest : public ::testing::TestWithParam<testing::Kind> {
 protected:
  TestLake lake_{GetParam()};
  std::unique_ptr<Catalog> catalog_ = lake_.open();

  PublisherToken points_taken() {
    EXPECT_TRUE(catalog_->create_table(points()).ok());
    return catalog_->take("points").value();
  }
  DataFile points_file(const std::string& name, int from, int count) {
    return lake_.file("points", name, points_select(from, count));
  }
  std::vector<std::string> keys(std::optional<std::int64_t> at = {}) {
    std::vector<std::string> out;
    const auto snapshot = catalog_->snapshot("points", at);
    if (!snapshot.ok()) return {snapshot.error().message};
    for (const DataFile& file : snapshot->files) {
      out.push_back(file.key);
    }
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(, CatalogTest,
                         ::testing::Values(testing::Kind::sqlite, testing::Kind::postgres),
                         [](const auto& kind) {
                           return kind.param == testing::Kind::sqlite ? "Sqlite" : "Postgres";
                         });

std::string key_of(const std::string& name) {
  std::string key = "tables/points/data/";
  key += name;
  return key + ".parquet";
}

TEST_P(CatalogTest, a_table_is_what_it_was_created_as) {
  const TableDefinition definition{
      "all_of_it",
      schema_of({{"b", ColumnKind::boolean, false},
                 {"i8", ColumnKind::int8},
                 {"i16", ColumnKind::int16},
                 {"i32", ColumnKind::int32},
                 {"i64", ColumnKind::int64, false},
                 {"f", ColumnKind::float32},
                 {"d", ColumnKind::float64},
                 {"money", Type::decimal(38, 9)},
                 {"it's \"text\"", ColumnKind::text},
                 {"bytes", ColumnKind::binary},
                 {"day", ColumnKind::date},
                 {"at", ColumnKind::timestamp},
                 {"clock", ColumnKind::time},
                 {"local", ColumnKind::naive_timestamp},
                 {"samples", Type::list(ColumnKind::float64)},
                 {"tags", Type::map(ColumnKind::text, ColumnKind::int64)},
                 {"where", Type::structure({{"x", ColumnKind::int64},
                                            {"ways", Type::list(ColumnKind::text)}})}}),
      {{"sort", "number, 'quoted'"}, {"layout", "monthly"}}};
  ASSERT_TRUE(catalog_->create_table(definition).ok());
  const CatalogSnapshot snapshot = catalog_->snapshot("all_of_it").value();
  EXPECT_EQ(snapshot.schema, definition.schema) << snapshot.schema.text();
  EXPECT_EQ(snapshot.properties, definition.properties);
  EXPECT_TRUE(snapshot.files.empty());
  EXPECT_TRUE(snapshot.watermarks.empty());
  EXPECT_GT(snapshot.at, Timestamp::from_seconds(1'700'000'000));
  EXPECT_THAT(catalog_->tables().value(), ElementsAre("all_of_it"));
  EXPECT_EQ(catalog_->create_table(definition).error().code, Code::conflict);
}

TEST_P(CatalogTest, names_and_types_that_no_lake_table_has_are_refused) {
  const auto refused = [&](std::string name, columns::Field field) {
    auto made = catalog_->create_table({std::move(name), schema_of({std::move(field)}), {}});
    return made.ok() ? Code::internal : made.error().code;
  };
  for (const char* name : {"", "Points", "1st", "a b", "a\"b", "é", "a-b"}) {
    EXPECT_EQ(refused(name, {"a", ColumnKind::int64}), Code::invalid) << name;
  }
  EXPECT_EQ(refused(std::string(64, 'a'), {"a", ColumnKind::int64}), Code::invalid);
  for (const ColumnKind kind : {ColumnKind::uint8, ColumnKind::uint64}) {
    EXPECT_EQ(refused("t", {"a", kind}), Code::invalid);
  }
  EXPECT_EQ(refused("t", {"a", Type::structure({{"x", ColumnKind::int64, false}})}), Code::invalid);
  EXPECT_EQ(catalog_->create_table({"t", columns::Schema(), {}}).error().code, Code::invalid);
  EXPECT_THAT(catalog_->tables().value(), ElementsAre());
  EXPECT_EQ(catalog_->snapshot("nobody").error().code, Code::not_found);
  EXPECT_EQ(catalog_->newest("nobody").error().code, Code::not_found);
  EXPECT_EQ(catalog_->take("nobody").error().code, Code::not_found);
  EXPECT_EQ(catalog_->history("nobody", 10).error().code, Code::not_found);
  EXPECT_EQ(catalog_->listed_files("nobody").error().code, Code::not_found);
}

TEST_P(CatalogTest, published_files_are_listed_with_their_statistics) {
  const PublisherToken token = points_taken();
  EXPECT_EQ(token.number, 1);
  const DataFile b = points_file("b", 0, 1000), a = points_file("a", 5000, 10);
  const auto id = catalog_->publish(token, {.id = "c1", .what = "flush", .added = {b, a}});
  ASSERT_TRUE(id.ok()) << id.error().message;

  const CatalogSnapshot snapshot = catalog_->snapshot("points").value();
  EXPECT_EQ(snapshot.id, *id);
  ASSERT_EQ(snapshot.files.size(), 2u);
  for (const auto& [listed, written] :
       {std::pair(snapshot.files[0], a), std::pair(snapshot.files[1], b)}) {
    EXPECT_EQ(listed.key, written.key);
    EXPECT_EQ(listed.rows, written.rows);
    EXPECT_EQ(listed.bytes, written.bytes);
    EXPECT_EQ(listed.footer_bytes, written.footer_bytes);
    ASSERT_EQ(listed.columns.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(listed.columns[i].path, written.columns[i].path);
      EXPECT_EQ(listed.columns[i].values, written.columns[i].values);
      EXPECT_EQ(listed.columns[i].nulls, written.columns[i].nulls);
      EXPECT_EQ(listed.columns[i].min, written.columns[i].min);
      EXPECT_EQ(listed.columns[i].max, written.columns[i].max);
    }
  }
  EXPECT_EQ(catalog_->newest("points").value(), *id);
  EXPECT_THAT(catalog_->listed_files("points").value(), ElementsAre(a.key, b.key));
}

TEST_P(CatalogTest, statistics_speak_as_the_writer_does) {
  const std::string select =
      "SELECT true AS flag, [1.5::DOUBLE] AS list, MAP {'k': 7::BIGINT} AS map, "
      "{'x': 3::BIGINT, 'deep': ['t']} AS s, DATE '2024-01-02' AS day, "
      "TIMESTAMPTZ '2024-01-02 03:04:05.5+00' AS at, 1.5::DECIMAL(38, 9) AS money, "
      "'abc'::BLOB AS bytes, 'é' AS word, NULL::BIGINT AS none, TIME '23:59:59.5' AS clock, "
      "TIMESTAMP '2024-01-02 03:04:05.25' AS local, [TIME '01:02:03'] AS clocks";
  ASSERT_TRUE(catalog_
                  ->create_table(
                      {"kinds",
                       schema_of({{"flag", ColumnKind::boolean},
                                  {"list", Type::list(ColumnKind::float64)},
                                  {"map", Type::map(ColumnKind::text, ColumnKind::int64)},
                                  {"s", Type::structure({{"x", ColumnKind::int64},
                                                         {"deep", Type::list(ColumnKind::text)}})},
                                  {"day", ColumnKind::date},
                                  {"at", ColumnKind::timestamp},
                                  {"money", Type::decimal(38, 9)},
                                  {"bytes", ColumnKind::binary},
                                  {"word", ColumnKind::text},
                                  {"none", ColumnKind::int64},
                                  {"clock", ColumnKind::time},
                                  {"local", ColumnKind::naive_timestamp},
                                  {"clocks", Type::list(ColumnKind::time)}}),
                       {}})
                  .ok());
  const auto token = catalog_->take("kinds").value();
  const DataFile file = lake_.file("kinds", "k", select);
  const auto id = catalog_->publish(token, {.id = "c1", .what = "flush", .added = {file}});
  ASSERT_TRUE(id.ok()) << id.error().message;
  const auto listed = catalog_->snapshot("kinds").value().files.at(0);
  ASSERT_EQ(listed.columns.size(), file.columns.size());
  for (std::size_t i = 0; i < listed.columns.size(); ++i) {
    const auto& is = listed.columns[i];
    const auto& was = file.columns[i];
    EXPECT_EQ(is.path, was.path);
    if (was.path[0] == "bytes") {
      EXPECT_EQ(is.min, std::nullopt);  // catalogs spell bytes in two ways
      continue;
    }
    EXPECT_EQ(is.min, was.min) << was.path[0];
    EXPECT_EQ(is.max, was.max) << was.path[0];
    EXPECT_EQ(is.nulls, was.nulls) << was.path[0];
  }
}

TEST_P(CatalogTest, a_replacement_is_one_snapshot_and_the_past_stays) {
  const auto token = points_taken();
  const auto before = catalog_->publish(
      token,
      {.id = "c1", .what = "flush", .added = {points_file("a", 0, 10), points_file("b", 10, 10)}});
  const auto after = catalog_->publish(token, {.id = "c2",
                                               .what = "compact",
                                               .added = {points_file("ab", 0, 20)},
                                               .removed = {key_of("a"), key_of("b")}});
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_GT(*after, *before);
  EXPECT_THAT(keys(), ElementsAre(key_of("ab")));
  EXPECT_THAT(keys(*before), ElementsAre(key_of("a"), key_of("b")));
  EXPECT_THAT(catalog_->listed_files("points").value(),
              ElementsAre(key_of("a"), key_of("ab"), key_of("b")));

  const auto history = catalog_->history("points", 10).value();
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[0].what, "compact");
  EXPECT_EQ(history[0].files, 1);
  EXPECT_EQ(history[0].rows, 20);
  EXPECT_EQ(history[1].what, "flush");
  EXPECT_EQ(history[1].files, 2);
  EXPECT_EQ(history[2].what, "created");
  EXPECT_EQ(history[2].files, 0);
  EXPECT_EQ(history[1].id, *before);
  EXPECT_GE(history[0].at, history[1].at);
  EXPECT_EQ(catalog_->history("points", 1)->size(), 1u);
}

TEST_P(CatalogTest, watermarks_and_notes_stay_until_they_are_replaced) {
  const auto token = points_taken();
  const auto first = catalog_->publish(token, {.id = "c1",
                                               .what = "flush",
                                               .watermarks = {{"j1", 7}, {"j2", 1}},
                                               .note = R"({"lag": 1.50, "by":"it's"})"});
  const auto second =
      catalog_->publish(token, {.id = "c2", .what = "flush", .watermarks = {{"j2", 9}}});
  ASSERT_TRUE(second.ok()) << second.error().message;
  const CatalogSnapshot now = catalog_->snapshot("points").value();
  EXPECT_EQ(now.watermarks, (Watermarks{{"j1", 7}, {"j2", 9}}));
  EXPECT_EQ(now.note, R"({"lag":1.50,"by":"it's"})");
  EXPECT_EQ(catalog_->snapshot("points", *first)->watermarks, (Watermarks{{"j1", 7}, {"j2", 1}}));

  // As another program reads it.
  testing::OfficialReader reader(catalog_->address());
  const auto info = json::parse(
      reader.text("SELECT commit_extra_info FROM ducklake_snapshots('lake') WHERE snapshot_id = " +
                  std::to_string(*second)));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->find("watermarks")->find("j2")->as_int64(), 9);
  EXPECT_EQ(info->find("before")->as_int64(), *first);
  EXPECT_EQ(info->find("table")->as_string(), "points");
}

TEST_P(CatalogTest, what_is_not_a_commit_changes_nothing) {
  const auto token = points_taken();
  const DataFile a = points_file("a", 0, 10);
  const auto first = catalog_->publish(token, {.id = "c1", .what = "flush", .added = {a}}).value();
  const auto code = [&](Commit commit) {
    const auto done = catalog_->publish(token, commit);
    return done.ok() ? Code::internal : done.error().code;
  };
  const DataFile b = points_file("b", 10, 10);
  DataFile elsewhere = b, gone = b, odd = b, empty = b;
  elsewhere.key = "tables/other/data/b.parquet";
  gone.key = key_of("never_written");
  odd.key = "tables/points/../x";
  empty.rows = 0;
  EXPECT_EQ(code({.id = "c2", .what = "flush", .added = {a}}), Code::conflict);
  EXPECT_EQ(code({.id = "c2", .what = "flush", .added = {b, b}}), Code::conflict);
  EXPECT_EQ(code({.id = "c2", .what = "flush", .added = {elsewhere}}), Code::invalid);
  EXPECT_EQ(code({.id = "c2", .what = "flush", .added = {odd}}), Code::invalid);
  EXPECT_EQ(code({.id = "c2", .what = "flush", .added = {empty}}), Code::invalid);
  EXPECT_EQ(code({.id = "c2", .what = "flush", .added = {b, gone}}), Code::not_found);
  EXPECT_EQ(code({.id = "c2", .what = "compact", .added = {b}, .removed = {key_of("z")}}),
            Code::not_found);
  EXPECT_EQ(code({.id = "", .what = "flush"}), Code::invalid);
  EXPECT_EQ(code({.id = "it's", .what = "flush"}), Code::invalid);
  EXPECT_EQ(code({.id = "c2", .what = "two words"}), Code::invalid);
  EXPECT_EQ(code({.id = "c2", .what = "flush", .note = "{"}), Code::invalid);
  const DataFile other = lake_.file("points", "other", "SELECT 1 AS another_column");
  EXPECT_NE(code({.id = "c2", .what = "flush", .added = {other}}), Code::internal);
  EXPECT_EQ(catalog_->newest("points").value(), first);
  EXPECT_THAT(keys(), ElementsAre(a.key));
  // And the catalog goes on.
  EXPECT_TRUE(catalog_->publish(token, {.id = "c2", .what = "flush", .added = {b}}).ok());
}

TEST_P(CatalogTest, who_took_a_table_last_publishes_it) {
  const auto old = points_taken();
  const auto other = lake_.open();
  const auto now = other->take("points").value();
  EXPECT_EQ(now.number, 2);
  const DataFile a = points_file("a", 0, 10);
  const auto refused = catalog_->publish(old, {.id = "c1", .what = "flush", .added = {a}});
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("number 2, this one 1"));
  EXPECT_EQ(catalog_->alter_table(old, {}, {{"a", "b"}}).error().code, Code::conflict);
  EXPECT_EQ(catalog_->drop_table(old).error().code, Code::conflict);
  EXPECT_TRUE(other->publish(now, {.id = "c1", .what = "flush", .added = {a}}).ok());
  EXPECT_THAT(keys(), ElementsAre(a.key));
}

TEST_P(CatalogTest, tables_do_not_hinder_each_other) {
  const auto points_token = points_taken();
  TableDefinition second = points();
  second.name = "others";
  ASSERT_TRUE(catalog_->create_table(second).ok());
  const auto others_token = catalog_->take("others").value();
  EXPECT_EQ(others_token.number, 1);
  const auto other = lake_.open();
  const auto publish = [](Catalog& catalog, const PublisherToken& token, int i) {
    return catalog
        .publish(token, {.id = token.table + std::to_string(i),
                         .what = "flush",
                         .watermarks = {{"j", static_cast<std::uint64_t>(i)}}})
        .ok();
  };
  std::thread beside([&] {
    for (int i = 1; i <= 8; ++i) EXPECT_TRUE(publish(*other, others_token, i));
  });
  for (int i = 1; i <= 8; ++i) EXPECT_TRUE(publish(*catalog_, points_token, i));
  beside.join();
  EXPECT_EQ(catalog_->snapshot("points")->watermarks.at("j"), 8u);
  EXPECT_EQ(catalog_->snapshot("others")->watermarks.at("j"), 8u);
  EXPECT_EQ(catalog_->history("others", 100)->size(), 9u);
}

TEST_P(CatalogTest, columns_and_properties_are_added) {
  const auto token = points_taken();
  ASSERT_TRUE(
      catalog_->publish(token, {.id = "c1", .what = "flush", .added = {points_file("a", 0, 10)}})
          .ok());
  const auto before = catalog_->newest("points").value();
  ASSERT_TRUE(
      catalog_
          ->alter_table(token, {{"unit", ColumnKind::text}, {"tags", Type::list(ColumnKind::text)}},
                        {{"sort", "number"}, {"gone", ""}})
          .ok());
  const CatalogSnapshot now = catalog_->snapshot("points").value();
  EXPECT_GT(now.id, before);
  EXPECT_EQ(now.schema.columns(), 4);
  EXPECT_EQ(now.properties, (std::map<std::string, std::string>{{"sort", "number"}}));
  EXPECT_EQ(now.files.size(), 1u);
  EXPECT_EQ(catalog_->snapshot("points", before)->schema.columns(), 2);
  EXPECT_TRUE(catalog_->snapshot("points", before)->properties.empty());
  EXPECT_EQ(catalog_->alter_table(token, {{"unit", ColumnKind::text}}, {}).error().code,
            Code::invalid);
  EXPECT_EQ(catalog_->alter_table(token, {{"x", ColumnKind::text, false}}, {}).error().code,
            Code::invalid);
  // Old and new files, as others read them.
  const DataFile b = lake_.file("points", "b",
                                "SELECT 10::BIGINT AS number, 1.0::DOUBLE AS value, 's' AS unit, "
                                "['t'] AS tags");
  ASSERT_TRUE(catalog_->publish(token, {.id = "c2", .what = "flush", .added = {b}}).ok());
  testing::OfficialReader reader(catalog_->address());
  EXPECT_EQ(reader.text("SELECT count(*) FROM lake.points"), "11");
  EXPECT_EQ(reader.text("SELECT count(unit) FROM lake.points"), "1");
}

TEST_P(CatalogTest, a_dropped_table_is_gone_and_its_publishers_stay_stale) {
  const auto token = points_taken();
  const auto shown =
      catalog_->publish(token, {.id = "c1", .what = "flush", .added = {points_file("a", 0, 10)}})
          .value();
  ASSERT_TRUE(catalog_->drop_table(token).ok());
  EXPECT_TRUE(catalog_->tables()->empty());
  EXPECT_EQ(catalog_->snapshot("points").error().code, Code::not_found);
  EXPECT_EQ(keys(shown).size(), 1u);
  EXPECT_EQ(catalog_->publish(token, {.id = "c2", .what = "flush"}).error().code, Code::not_found);
  ASSERT_TRUE(catalog_->create_table(points()).ok());
  EXPECT_EQ(catalog_->publish(token, {.id = "c2", .what = "flush"}).error().code, Code::conflict);
  EXPECT_GT(catalog_->take("points")->number, token.number);
  EXPECT_TRUE(keys().empty());
  EXPECT_EQ(catalog_->history("points", 10)->size(), 1u);
}

TEST_P(CatalogTest, an_official_engine_reads_the_same_rows) {
  const auto token = points_taken();
  ASSERT_TRUE(
      catalog_
          ->publish(token, {.id = "c1",
                            .what = "flush",
                            .added = {points_file("a", 0, 1000), points_file("b", 1000, 500)}})
          .ok());
  const auto before = catalog_->newest("points").value();
  ASSERT_TRUE(catalog_
                  ->publish(token, {.id = "c2",
                                    .what = "replace",
                                    .added = {points_file("c", 2000, 1)},
                                    .removed = {key_of("b")}})
                  .ok());
  testing::OfficialReader reader(catalog_->address());
  EXPECT_EQ(reader.text("SELECT count(*) FROM lake.points"), "1001");
  EXPECT_EQ(reader.text("SELECT sum(number) FROM lake.points"), std::to_string(999 * 500 + 2000));
  EXPECT_EQ(reader.text("SELECT max(value) FROM lake.points WHERE number >= 1500"), "1000.0");
  EXPECT_EQ(reader.text("SELECT count(*) FROM lake.points AT (VERSION => " +
                        std::to_string(before) + ")"),
            "1500");
}

TEST_P(CatalogTest, committed_tells_what_became_of_a_commit) {
  const auto token = points_taken();
  const auto id = catalog_->publish(token, {.id = "here", .what = "flush"}).value();
  EXPECT_EQ(catalog_->committed(token, "here").value(), id);
  EXPECT_EQ(catalog_->committed(token, "her").value(), std::nullopt);
  EXPECT_EQ(catalog_->committed(token, "never").value(), std::nullopt);
  EXPECT_EQ(catalog_->committed(token, "%").value(), std::nullopt);
  EXPECT_EQ(catalog_->newest("points").value(), id);
}

TEST_P(CatalogTest, snapshots_expire_and_give_their_files) {
  const auto token = points_taken();
  TableDefinition second = points();
  second.name = "quiet";
  ASSERT_TRUE(catalog_->create_table(second).ok());
  const auto publish = [&](const std::string& id, std::vector<DataFile> added,
                           std::vector<std::string> removed) {
    const auto done = catalog_->publish(token, {.id = id,
                                                .what = "replace",
                                                .added = std::move(added),
                                                .removed = std::move(removed),
                                                .watermarks = {{"j", 3}}});
    EXPECT_TRUE(done.ok()) << done.error().message;
    return *done;
  };
  const auto s1 = publish("c1", {points_file("a", 0, 10), points_file("b", 0, 10)}, {});
  const auto s2 = publish("c2", {points_file("c", 0, 10)}, {key_of("a")});
  const auto s3 = publish("c3", {points_file("d", 0, 10)}, {key_of("b")});
  const auto s4 = publish("c4", {}, {key_of("c")});
  const Timestamp later = lake_.world_.clock.now() + std::chrono::seconds(10);

  // A reader holds the second one.
  const std::vector<std::int64_t> held{s2};
  EXPECT_THAT(catalog_->expire(later, held).value(), ElementsAre(key_of("a")));
  EXPECT_THAT(keys(s2), ElementsAre(key_of("b"), key_of("c")));
  EXPECT_EQ(catalog_->snapshot("points", s1).error().code, Code::not_found);
  EXPECT_EQ(catalog_->snapshot("points", s3).error().code, Code::not_found);
  EXPECT_EQ(catalog_->newest("points").value(), s4);
  EXPECT_EQ(catalog_->newest("quiet").value(), catalog_->snapshot("quiet")->id);
  EXPECT_EQ(catalog_->snapshot("points")->watermarks.at("j"), 3u);

  // What was given is given again, until it is forgotten.
  EXPECT_THAT(catalog_->expire(later, {}).value(),
              ElementsAre(key_of("a"), key_of("b"), key_of("c")));
  catalog_.reset();
  catalog_ = lake_.open();
  EXPECT_THAT(catalog_->expired_files().value(),
              ElementsAre(key_of("a"), key_of("b"), key_of("c")));
  const std::vector<std::string> gone{key_of("a"), key_of("c")};
  ASSERT_TRUE(catalog_->forget_files(gone).ok());
  EXPECT_THAT(catalog_->expired_files().value(), ElementsAre(key_of("b")));
  EXPECT_THAT(keys(), ElementsAre(key_of("d")));
  EXPECT_THAT(catalog_->listed_files("points").value(), ElementsAre(key_of("d")));
  // A key that is to be removed is not published again.
  DataFile b = points_file("e", 0, 10);
  b.key = key_of("b");
  EXPECT_EQ(catalog_->publish(token, {.id = "c5", .what = "flush", .added = {b}}).error().code,
            Code::conflict);
}

TEST_P(CatalogTest, a_file_that_lives_again_is_not_given_to_be_removed) {
  const auto token = points_taken();
  const DataFile a = points_file("a", 0, 10), b = points_file("b", 0, 10);
  ASSERT_TRUE(catalog_->publish(token, {.id = "c1", .what = "flush", .added = {a}}).ok());
  ASSERT_TRUE(
      catalog_->publish(token, {.id = "c2", .what = "replace", .added = {b}, .removed = {a.key}})
          .ok());
  ASSERT_TRUE(
      catalog_->publish(token, {.id = "c3", .what = "rollback", .added = {a}, .removed = {b.key}})
          .ok());
  const Timestamp later = lake_.world_.clock.now() + std::chrono::seconds(10);
  EXPECT_THAT(catalog_->expire(later, {}).value(), ElementsAre(b.key));
  EXPECT_THAT(keys(), ElementsAre(a.key));
  testing::OfficialReader reader(catalog_->address());
  EXPECT_EQ(reader.text("SELECT count(*) FROM lake.points"), "10");
}

TEST_P(CatalogTest, young_snapshots_and_the_newest_of_a_table_stay) {
  const auto token = points_taken();
  const auto only = catalog_->publish(token, {.id = "c1", .what = "flush"}).value();
  EXPECT_TRUE(catalog_->expire(Timestamp::from_seconds(0), {})->empty());
  EXPECT_EQ(catalog_->history("points", 10)->size(), 2u);
  const Timestamp later = lake_.world_.clock.now() + std::chrono::seconds(10);
  EXPECT_TRUE(catalog_->expire(later, {})->empty());
  EXPECT_EQ(catalog_->history("points", 10)->size(), 1u);
  EXPECT_EQ(catalog_->newest("points").value(), only);

  CatalogOptions options = lake_.options();
  options.limits.expire_age_min = std::chrono::minutes(10);
  ASSERT_TRUE(catalog_->publish(token, {.id = "c2", .what = "flush"}).ok());
  const auto careful = lake_.try_open(options).value();
  EXPECT_TRUE(careful->expire(later, {})->empty());
  EXPECT_EQ(careful->snapshot("points", only)->id, only);
}

TEST_P(CatalogTest, any_snapshot_of_the_lake_shows_a_table) {
  const auto token = points_taken();
  const auto first =
      catalog_->publish(token, {.id = "c1", .what = "flush", .added = {points_file("a", 0, 10)}})
          .value();
  TableDefinition second = points();
  second.name = "others";
  ASSERT_TRUE(catalog_->create_table(second).ok());
  const auto between = catalog_->newest("others").value();
  EXPECT_EQ(catalog_->snapshot("points", between)->id, first);
  EXPECT_EQ(catalog_->snapshot("others", first).error().code, Code::not_found);
  EXPECT_EQ(catalog_->snapshot("points", between + 1'000).error().code, Code::not_found);
  EXPECT_EQ(catalog_->snapshot("points", -1).error().code, Code::not_found);
}

}  // namespace
}  // namespace bl::lake
