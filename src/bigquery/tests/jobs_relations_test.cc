// What the lake keeps, as the engine's SQL wants it, and back: a real engine says whether it fits.
#include "bigquery/jobs/relations.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "bigquery/json_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/sql/types.h"
#include "bigquery/tests/random_rows.h"
#include "bigquery/tests/rows_text.h"
#include "duck/database.h"

namespace bl::bigquery {
namespace {

using ::testing::HasSubstr;

struct EngineSession {
  std::unique_ptr<duck::Database> database = duck::Database::open({}).value();
  std::unique_ptr<duck::Connection> connection = database->connect().value();

  Result<columns::Batch> ask(const std::string& sql) {
    BL_TRY(duck::Answer answer, connection->query(sql));
    return answer.all();
  }
  /// What a wrapped query gives: its cells, or the error.
  std::string answer(const std::string& sql, const TableSchema& schema) {
    auto rows = ask(lake_answer(sql, schema));
    if (rows.ok()) rows = lake_rows(*rows, lake_schema_of(schema).value());
    return rows.ok() ? cells(*rows, schema) : rows.error().message;
  }
  /// `type type ...` of the relation's columns.
  std::string types(const std::string& items, const TableSchema& schema) {
    std::string types;
    for (const TableField& field : schema.fields) {
      const std::string of = fmt::format("SELECT typeof({}) FROM (SELECT {} FROM kept) LIMIT 1",
                                         sql::engine_name(field.name), items);
      const auto rows = ask(of);
      if (!rows.ok()) return rows.error().message;
      types += std::string(rows->column(0).as<std::string_view>().value()[0]) + " ";
    }
    return types;
  }
};

std::string wanted_types(EngineSession& session, const TableSchema& schema) {
  std::string types;
  for (const TableField& field : schema.fields) {
    const auto rows = session.ask(
        fmt::format("SELECT typeof(CAST(NULL AS {}))", sql::engine_type(sql::type_of(field))));
    types += std::string(rows.value().column(0).as<std::string_view>().value()[0]) + " ";
  }
  return types;
}

void come_back(EngineSession& session, std::uint32_t seed) {
  RandomRows random(seed);
  const TableSchema schema = random.schema();
  std::vector<json::Value> values;
  for (std::int64_t i = random.below(20); i >= 0; --i) {
    values.push_back(row_to_json(schema.fields, random.row(schema.fields)));
  }
  std::vector<const json::Value*> pointers;
  for (const json::Value& value : values) pointers.push_back(&value);
  const RowsIn in = rows_from_json(schema, pointers).value();
  RC_ASSERT(in.faults.empty());

  const auto offered = session.connection->offer("kept", in.batch.schema(), {in.batch}).value();
  const std::string items = relation_columns(schema, in.batch.schema());
  RC_ASSERT(session.types(items, schema) == wanted_types(session, schema));
  const std::string relation = fmt::format("SELECT * FROM (SELECT {} FROM kept)", items);
  RC_ASSERT(session.answer(relation, schema) == cells(in.batch, schema));
}

TEST(Relations, rows_come_back_as_they_were_in_the_lake) {
  // One for all cases, closed before main ends: the engine keeps state of threads, which is gone
  // when static objects are. RapidCheck's own fixtures run no SetUpTestSuite.
  EngineSession session;
  EXPECT_TRUE(rc::check([&](std::uint32_t seed) { come_back(session, seed); }));
}

TEST(Relations, what_the_lake_keeps_narrower_becomes_the_only_width_that_there_is) {
  const auto lake = columns::Schema::make({{"i", columns::Kind::int32},
                                           {"f", columns::Kind::float32},
                                           {"d", columns::Type::decimal(10, 2)}})
                        .value();
  const TableSchema schema = table_schema_of(lake).value();
  EngineSession session;
  const auto made = session.ask(
      "SELECT CAST(7 AS INTEGER) AS i, CAST(0.5 AS FLOAT) AS f, CAST(1.25 AS DECIMAL(10, 2)) AS d");
  const auto kept = session.connection->offer("kept", lake, {made->with_schema(lake).value()});
  const std::string items = relation_columns(schema, lake);
  EXPECT_EQ(session.types(items, schema), "BIGINT DOUBLE DECIMAL(38,9) ");
  EXPECT_EQ(session.answer("SELECT " + items + " FROM kept", schema),
            R"({"f":[{"v":"7"},{"v":"0.5"},{"v":"1.25"}]})");
}

TEST(Relations, a_column_that_the_snapshot_has_not_is_null_or_the_empty_array) {
  const TableSchema before = schema_of(R"([{"name":"a","type":"INT64"}])");
  const TableSchema after = schema_of(
      R"([{"name":"a","type":"INT64"},{"name":"b","type":"STRING"},
          {"name":"c","type":"INT64","mode":"REPEATED"}])");
  const auto lake = lake_schema_of(before).value();
  EngineSession session;
  const auto rows = rows_from_ndjson(before, R"({"a":1})").value().batch;
  const auto kept = session.connection->offer("kept", lake, {rows});
  const std::string items = relation_columns(after, lake);
  EXPECT_EQ(session.answer("SELECT " + items + " FROM kept", after),
            R"({"f":[{"v":"1"},{"v":null},{"v":[]}]})");
}

TEST(Relations, columns_are_passed_on_as_they_are_where_nothing_is_to_do) {
  const TableSchema schema = schema_of(
      R"([{"name":"a","type":"INT64"},{"name":"t","type":"TIMESTAMP"},{"name":"n","type":"NUMERIC"},
          {"name":"r","type":"RECORD","fields":[{"name":"x","type":"DATE"}]}])");
  EXPECT_EQ(relation_columns(schema, lake_schema_of(schema).value()), R"("a", "t", "n", "r")");
}

TEST(Answers, keep_their_order) {
  const TableSchema schema = schema_of(R"([{"name":"n","type":"INT64"}])");
  EngineSession session;
  const auto rows = session.ask(
      lake_answer("SELECT range AS x FROM range(100000) ORDER BY hash(range), range", schema));
  const auto expected =
      session.ask("SELECT range AS n FROM range(100000) ORDER BY hash(range), range");
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_TRUE(*rows == *expected);
}

TEST(Answers, a_null_array_is_the_empty_one_and_a_null_within_is_refused) {
  const TableSchema schema = schema_of(
      R"([{"name":"a","type":"INT64","mode":"REPEATED"},
          {"name":"r","type":"RECORD","mode":"REPEATED",
           "fields":[{"name":"i","type":"INTERVAL"}]}])");
  EngineSession session;
  const auto answer = [&](const std::string& a, const std::string& r) {
    return session.answer(
        fmt::format("SELECT CAST({} AS BIGINT[]), CAST({} AS STRUCT(i INTERVAL)[])", a, r), schema);
  };
  EXPECT_EQ(answer("NULL", "NULL"), R"({"f":[{"v":[]},{"v":[]}]})");
  EXPECT_EQ(answer("[2]", "[{'i': INTERVAL 3 MONTH}]"),
            R"({"f":[{"v":[{"v":"2"}]},{"v":[{"v":{"f":[{"v":"0-3 0 0:0:0"}]}}]}]})");
  EXPECT_THAT(answer("[2, NULL]", "NULL"), HasSubstr("null element; error in writing field a"));
  EXPECT_THAT(answer("NULL", "[NULL]"), HasSubstr("null element; error in writing field r"));
}

TEST(Answers, what_a_field_forbids_ends_the_query) {
  const TableSchema schema = schema_of(
      R"([{"name":"s","type":"STRING","maxLength":"2"},{"name":"b","type":"BYTES","maxLength":"2"},
          {"name":"n","type":"NUMERIC","precision":"3","scale":"1"},
          {"name":"r","type":"RECORD","fields":[{"name":"x","type":"INT64","mode":"REQUIRED"}]}])");
  EngineSession session;
  const auto answer = [&](const std::string& s, const std::string& b, const std::string& n,
                          const std::string& r) {
    return session.answer(
        fmt::format("SELECT CAST({} AS VARCHAR), CAST({} AS BLOB), CAST({} AS DECIMAL(38, 9)), "
                    "CAST({} AS STRUCT(x BIGINT))",
                    s, b, n, r),
        schema);
  };
  EXPECT_EQ(answer("'éé'", "'ab'", "12.34", "{'x': 1}"),
            R"({"f":[{"v":"éé"},{"v":"YWI="},{"v":"12.3"},{"v":{"f":[{"v":"1"}]}}]})");
  EXPECT_EQ(answer("NULL", "NULL", "NULL", "NULL"),
            R"({"f":[{"v":null},{"v":null},{"v":null},{"v":null}]})");
  EXPECT_THAT(answer("'abc'", "NULL", "NULL", "NULL"),
              HasSubstr("Field s: STRING(2) has maximum length 2 but got a value with length 3"));
  EXPECT_THAT(answer("NULL", "'abc'", "NULL", "NULL"),
              HasSubstr("Field b: BYTES(2) has maximum length 2 but got a value with length 3"));
  EXPECT_THAT(answer("NULL", "NULL", "123.4", "NULL"), HasSubstr("DECIMAL(3,1)"));
  EXPECT_THAT(answer("NULL", "NULL", "NULL", "{'x': NULL}"),
              HasSubstr("Required field x cannot be null"));
}

}  // namespace
}  // namespace bl::bigquery
