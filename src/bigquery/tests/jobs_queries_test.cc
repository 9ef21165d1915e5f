#include <gmock/gmock.h>

#include "bigquery/tests/job_world.h"

namespace bl::bigquery {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* k_people =
    R"([{"name":"name","type":"STRING"},{"name":"age","type":"INTEGER"}])";

class Queries : public testing::Test {
 protected:
  JobWorld world_;
};

TEST_F(Queries, a_query_reads_rows_that_were_just_appended) {
  world_.make_table("people", k_people, R"({"name":"Ann","age":41}
{"name":"Bob","age":null})");
  EXPECT_EQ(world_.answer("SELECT name, age FROM people ORDER BY name"), "Ann,41;Bob,null");
  EXPECT_EQ(world_.answer("SELECT COUNT(*) FROM `p.d.people` AS x WHERE x.age > 40"), "1");
}

TEST_F(Queries, every_type_comes_back_as_it_was_written) {
  world_.make_table(
      "kinds", R"([{"name":"b","type":"BYTES"},{"name":"f","type":"FLOAT"},
    {"name":"o","type":"BOOLEAN"},{"name":"n","type":"NUMERIC"},{"name":"g","type":"BIGNUMERIC"},
    {"name":"t","type":"TIMESTAMP"},{"name":"d","type":"DATE"},{"name":"i","type":"INTERVAL"},
    {"name":"j","type":"JSON"},{"name":"dt","type":"DATETIME"},{"name":"tm","type":"TIME"},
    {"name":"r","type":"RECORD","fields":[{"name":"x","type":"INTEGER"}]},
    {"name":"l","type":"STRING","mode":"REPEATED"}])",
      R"({"b":"AQI=","f":1.5,"o":true,"n":"12.25","g":"0.5",)"
      R"("t":"2024-08-01 10:00:00 UTC","d":"2024-08-02","i":"1-2 3 4:5:6","j":{"a":[1]},)"
      R"("dt":"2024-08-01T01:02:03","tm":"04:05:06","r":{"x":7},"l":["u","v"]})");
  EXPECT_EQ(world_.answer("SELECT * FROM kinds"),
            "AQI=,1.5,true,12.25,0.5,2024-08-01T10:00:00Z,2024-08-02,1-2 3 4:5:6,{\"a\":[1]},"
            "2024-08-01T01:02:03,04:05:06,{\"f\":[{\"v\":\"7\"}]},[{\"v\":\"u\"},{\"v\":\"v\"}]");
}

TEST_F(Queries, the_same_question_is_answered_once_while_the_rows_stay) {
  const TableHandle people = world_.make_table("people", k_people, R"({"name":"Ann","age":41})");
  const QueryRequest query = world_.request("SELECT COUNT(*) AS n FROM people");
  EXPECT_FALSE(world_.run(query)->cache_hit);
  const auto again = world_.run(query);
  EXPECT_TRUE(again->cache_hit);
  EXPECT_EQ(world_.cells(*again->rows), "1");

  ASSERT_OK(people->rows().append(batch_of(people->record().schema, R"({"name":"Bob"})")));
  const auto after = world_.run(query);
  EXPECT_FALSE(after->cache_hit);
  EXPECT_EQ(world_.cells(*after->rows), "2");

  QueryRequest uncached = query;
  uncached.use_cache = false;
  EXPECT_FALSE(world_.run(uncached)->cache_hit);
}

TEST_F(Queries, what_depends_on_the_time_is_asked_each_time) {
  const QueryRequest query = world_.request("SELECT CURRENT_TIMESTAMP() AS now");
  ASSERT_OK(world_.run(query));
  EXPECT_FALSE(world_.run(query)->cache_hit);
}

TEST_F(Queries, parameters_of_every_type_arrive) {
  const auto check = [&](const std::string& type, const std::string& value, const std::string& is,
                         const std::string& expression = "@p") {
    const std::string parameters =
        R"([{"name":"p","parameterType":)" + type + R"(,"parameterValue":)" + value + "}]";
    EXPECT_EQ(world_.answer(world_.request("SELECT " + expression, parameters)), is) << parameters;
  };
  check(R"({"type":"INT64"})", R"({"value":"-12"})", "-12");
  check(R"({"type":"FLOAT64"})", R"({"value":"NaN"})", "NaN");
  check(R"({"type":"FLOAT64"})", R"({"value":1.5})", "1.5");
  check(R"({"type":"BOOL"})", R"({"value":"true"})", "true");
  check(R"({"type":"STRING"})", R"({"value":"it's \"so\""})", "it's \"so\"");
  check(R"({"type":"BYTES"})", R"({"value":"AAEn"})", "AAEn");
  check(R"({"type":"NUMERIC"})", R"({"value":"1234.5"})", "1234.5");
  check(R"({"type":"BIGNUMERIC"})", R"({"value":"0.0000000000000000001"})",
        "0.0000000000000000001");
  check(R"({"type":"DATE"})", R"({"value":"2024-02-29"})", "2024-02-29");
  check(R"({"type":"DATETIME"})", R"({"value":"2024-02-29 10:11:12.5"})",
        "2024-02-29T10:11:12.500000");
  check(R"({"type":"TIME"})", R"({"value":"10:11:12"})", "10:11:12");
  check(R"({"type":"TIMESTAMP"})", R"({"value":"2024-02-29 12:00:00+02:00"})",
        "2024-02-29T10:00:00Z");
  check(R"({"type":"INTERVAL"})", R"({"value":"1-2 3 4:5:6"})", "1-2 3 4:5:6");
  check(R"({"type":"JSON"})", R"({"value":"{\"a\": 1}"})", "{\"a\": 1}");
  check(R"({"type":"STRING"})", R"({"value":null})", "null");
  check(R"({"type":"ARRAY","arrayType":{"type":"INT64"}})",
        R"({"arrayValues":[{"value":"1"},{"value":"2"}]})", "3",
        "(SELECT SUM(x) FROM UNNEST(@p) AS x)");
  check(R"({"type":"ARRAY","arrayType":{"type":"BYTES"}})", R"({"arrayValues":[{"value":"AAEn"}]})",
        R"([{"v":"AAEn"}])");
  check(R"({"type":"ARRAY","arrayType":{"type":"TIMESTAMP"}})",
        R"({"arrayValues":[{"value":"2024-02-29 12:00:00+02:00"}]})",
        R"([{"v":"2024-02-29T10:00:00Z"}])");
  check(R"({"type":"ARRAY","arrayType":{"type":"STRING"}})",
        R"({"arrayValues":[{"value":"a'b"},{"value":"[c, d]"}]})",
        R"([{"v":"a'b"},{"v":"[c, d]"}])");
  check(R"({"type":"ARRAY","arrayType":{"type":"FLOAT64"}})",
        R"({"arrayValues":[{"value":"inf"},{"value":"0.1"}]})",
        R"([{"v":"Infinity"},{"v":"0.1"}])");
  check(R"({"type":"ARRAY","arrayType":{"type":"NUMERIC"}})",
        R"({"arrayValues":[{"value":"123456789012345678901.5"}]})",
        R"([{"v":"123456789012345678901.5"}])");
  check(R"({"type":"STRUCT","structTypes":[{"name":"x","type":{"type":"INT64"}},
          {"name":"y","type":{"type":"ARRAY","arrayType":{"type":"STRING"}}}]})",
        R"({"structValues":{"x":{"value":"7"},"y":{"arrayValues":[{"value":"k"}]}}})", "7k",
        "CONCAT(CAST(@p.x AS STRING), @p.y[OFFSET(0)])");
  check(R"({"type":"RANGE","rangeElementType":{"type":"DATE"}})",
        R"({"rangeValue":{"start":{"value":"2024-01-01"},"end":{"value":null}}})",
        "[2024-01-01, UNBOUNDED)");
}

TEST_F(Queries, parameters_that_are_none_of_their_type_are_the_askers_fault) {
  const auto query = world_.request(
      "SELECT ?", R"([{"parameterType":{"type":"INT64"},"parameterValue":{"value":"x"}}])");
  EXPECT_EQ(world_.answer(query), "invalid: Invalid value for type INT64: 'x'");
  EXPECT_FALSE(
      query_parameters_of(json::parse(R"([{"parameterType":{"type":"NONSENSE"}}])").value()).ok());
}

TEST_F(Queries, faults_of_the_text_say_where) {
  EXPECT_THAT(world_.answer("SELEC 1"), HasSubstr("at [1:1]"));
  EXPECT_THAT(world_.answer("SELECT x FROM nowhere"), StartsWith("not_found: Not found: Table"));
  EXPECT_THAT(world_.answer("SELECT 1/0"), StartsWith("invalid: "));
}

TEST_F(Queries, a_plan_says_the_schema_and_runs_nothing) {
  world_.make_table("people", k_people, R"({"name":"Ann","age":41})");
  const auto plan =
      world_.parts->queries().plan(world_.request("SELECT age + 1 AS next FROM people"));
  ASSERT_OK(plan);
  EXPECT_EQ(plan->rows, nullptr);
  EXPECT_EQ(plan->schema.fields[0].name, "next");
  EXPECT_GT(plan->bytes_processed, 0u);
}

TEST_F(Queries, an_answer_goes_into_a_table) {
  QueryRequest query = world_.request("SELECT 1 AS x, 'a' AS s");
  query.destination = Destination{.name = {"p", "d", "made"}, .write = WriteDisposition::empty};
  EXPECT_EQ(world_.answer(query), "1,a");
  EXPECT_EQ(world_.answer("SELECT * FROM made"), "1,a");
  EXPECT_EQ(world_.answer(query), "conflict: Already Exists: Table p:d.made");

  query.destination->write = WriteDisposition::append;
  query.text = "SELECT 'b' AS s, 2 AS x";  // by name, whatever the order
  EXPECT_EQ(world_.answer(query), "2,b");
  EXPECT_EQ(world_.answer("SELECT * FROM made ORDER BY x"), "1,a;2,b");

  query.text = "SELECT 'no number' AS x";
  EXPECT_THAT(world_.answer(query), HasSubstr("Field x has changed type from INT64 to STRING"));

  query.destination->write = WriteDisposition::truncate;
  query.text = "SELECT 3.5 AS other";
  EXPECT_EQ(world_.answer(query), "3.5");
  EXPECT_EQ(world_.answer("SELECT * FROM made"), "3.5");

  query.destination =
      Destination{.name = {"p", "d", "missing"}, .create = CreateDisposition::never};
  EXPECT_THAT(world_.answer(query), StartsWith("not_found: "));
}

TEST_F(Queries, tables_are_made_and_dropped_by_statements) {
  EXPECT_EQ(world_.run(world_.request("CREATE SCHEMA other"))->ddl_operation, "CREATE");
  EXPECT_EQ(world_.run(world_.request("CREATE SCHEMA IF NOT EXISTS other"))->ddl_operation, "SKIP");
  EXPECT_EQ(world_
                .run(world_.request("CREATE TABLE other.t (a INT64 NOT NULL, b ARRAY<STRING>) "
                                    "OPTIONS (description = 'it is')"))
                ->ddl_operation,
            "CREATE");
  EXPECT_EQ(world_.answer("CREATE TABLE other.t (a INT64)"),
            "conflict: Already Exists: Table p:other.t");
  ASSERT_OK(world_.run(world_.request("ALTER TABLE other.t ADD COLUMN c DATE")));
  EXPECT_EQ(world_.answer("SELECT a, b, c FROM other.t"), "");
  EXPECT_EQ(world_.run(world_.request("CREATE OR REPLACE TABLE other.t AS SELECT 5 AS five"))
                ->ddl_operation,
            "REPLACE");
  EXPECT_EQ(world_.answer("SELECT * FROM other.t"), "5");
  ASSERT_OK(
      world_.run(world_.request("CREATE VIEW other.v AS SELECT five + 1 AS six FROM p.other.t")));
  EXPECT_EQ(world_.answer("SELECT * FROM other.v"), "6");
  EXPECT_THAT(world_.answer("DROP TABLE other.v"), HasSubstr("DROP VIEW"));
  EXPECT_EQ(world_.run(world_.request("DROP VIEW other.v"))->ddl_operation, "DROP");
  EXPECT_EQ(world_.run(world_.request("DROP TABLE IF EXISTS other.v"))->ddl_operation, "SKIP");
  EXPECT_THAT(world_.answer("DROP SCHEMA other"), StartsWith("conflict: "));
  EXPECT_EQ(world_.run(world_.request("DROP SCHEMA other CASCADE"))->ddl_operation, "DROP");
  EXPECT_THAT(world_.answer("SELECT * FROM other.t"), StartsWith("not_found: "));
}

TEST_F(Queries, who_may_only_read_changes_nothing) {
  QueryRequest query = world_.request("CREATE TABLE t (a INT64)");
  query.may_write = false;
  EXPECT_THAT(world_.answer(query), StartsWith("forbidden: Access Denied"));
  query.text = "SELECT 1";
  EXPECT_EQ(world_.answer(query), "1");
}

TEST_F(Queries, a_query_that_is_cancelled_ends) {
  auto control = std::make_shared<engine::QueryControl>();
  control->cancel();
  const auto outcome = world_.parts->queries().run(world_.request("SELECT 1"), control);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::cancelled);
}

}  // namespace
}  // namespace bl::bigquery
