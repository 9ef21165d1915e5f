// What queries answer, run by the engine: the rules of GoogleSQL where SQL dialects differ.
#include "bigquery/tests/sql_engine.h"

#include <gmock/gmock.h>

namespace bl::bigquery::sql {
namespace {

using ::testing::HasSubstr;

class Queries : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    make_table(
        "item", "id INT64, name STRING, price NUMERIC, tags ARRAY<STRING>, seen TIMESTAMP",
        "(1, 'a', 1.5, ['x','y'], TIMESTAMP '2024-01-01 10:00:00+00'), (2, 'b', 2.25, [], NULL), "
        "(3, NULL, NULL, ['z'], TIMESTAMP '2024-01-02 10:00:00+00')");
    make_table("sale", "item INT64, count INT64", "(1, 10), (1, 20), (2, 5), (9, 1)");
  }
};

TEST_F(Queries, nulls_come_first_when_ascending) {
  EXPECT_EQ(answer("SELECT name FROM item ORDER BY name"), "NULL;a;b");
  EXPECT_EQ(answer("SELECT name FROM item ORDER BY name DESC"), "b;a;NULL");
  EXPECT_EQ(answer("SELECT name FROM item ORDER BY 1 NULLS LAST LIMIT 2 OFFSET 1"), "b;NULL");
}

TEST_F(Queries, names_are_found_in_any_case_and_by_backticks) {
  EXPECT_EQ(answer("SELECT ID FROM `p.d.item` WHERE Name = 'a'"), "1");
  EXPECT_EQ(answer("SELECT i.id FROM `p`.d.item AS i WHERE I.name = \"b\" -- comment"), "2");
  EXPECT_EQ(schema_of("SELECT ID, 1, price * 2 AS `Twice it`, 2 FROM item"),
            "ID INT64, f0_ INT64, Twice it NUMERIC, f1_ INT64");
}

TEST_F(Queries, joins) {
  EXPECT_EQ(answer("SELECT i.id, s.count FROM item i JOIN sale s ON i.id = s.item ORDER BY 2"),
            "2,5;1,10;1,20");
  EXPECT_EQ(
      answer("SELECT id, SUM(count) FROM item LEFT JOIN sale ON id = item GROUP BY id ORDER BY id"),
      "1,30;2,5;3,NULL");
  EXPECT_EQ(answer("SELECT COUNT(*) FROM item, sale"), "12");
  EXPECT_EQ(answer("SELECT * FROM (SELECT id, 'l' AS l FROM item) FULL JOIN (SELECT item AS id, "
                   "count FROM sale) "
                   "USING (id) ORDER BY id, count"),
            "1,l,10;1,l,20;2,l,5;3,l,NULL;9,NULL,1");
  EXPECT_EQ(answer("SELECT a.id FROM item a CROSS JOIN item b WHERE b.id = a.id + 1 ORDER BY 1"),
            "1;2");
}

TEST_F(Queries, grouping) {
  EXPECT_EQ(answer("SELECT item AS k, COUNT(*) n FROM sale GROUP BY k HAVING n > 1"), "1,2");
  EXPECT_EQ(answer("SELECT item, SUM(count) FROM sale GROUP BY ROLLUP(item) ORDER BY item"),
            "NULL,36;1,30;2,5;9,1");
  EXPECT_EQ(
      answer(
          "SELECT item, GROUPING(item) FROM sale GROUP BY GROUPING SETS ((item), ()) ORDER BY 1"),
      "NULL,1;1,0;2,0;9,0");
  EXPECT_EQ(answer("SELECT item + 1, COUNT(*) FROM sale GROUP BY ALL ORDER BY 1"), "2,2;3,1;10,1");
  EXPECT_EQ(answer("SELECT item + 1 FROM sale GROUP BY item + 1 ORDER BY item + 1"), "2;3;10");
  EXPECT_EQ(error_of("SELECT item, count FROM sale GROUP BY item"),
            "Expression references column count which is neither grouped nor aggregated at [1:14]");
  EXPECT_EQ(error_of("SELECT SUM(SUM(count)) FROM sale"),
            "Aggregate function SUM not allowed here at [1:12]");
}

TEST_F(Queries, with_and_set_operations) {
  EXPECT_EQ(answer("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT * FROM a "
                   "UNION ALL SELECT * "
                   "FROM b ORDER BY x DESC"),
            "2;1");
  EXPECT_EQ(answer("WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4) "
                   "SELECT SUM(i) FROM n"),
            "10");
  EXPECT_EQ(answer("(SELECT 1 AS x UNION DISTINCT SELECT 1) EXCEPT DISTINCT SELECT 2"), "1");
  EXPECT_EQ(answer("SELECT 1 AS x UNION ALL SELECT 2.5 ORDER BY x"), "1.0;2.5");
  EXPECT_THAT(error_of("SELECT 1 UNION ALL SELECT 2 EXCEPT DISTINCT SELECT 1"),
              HasSubstr("without using parentheses"));
  EXPECT_THAT(error_of("SELECT 1 UNION ALL SELECT 'a'"),
              HasSubstr("incompatible types: INT64, STRING"));
}

TEST_F(Queries, windows_and_qualify) {
  EXPECT_EQ(answer("SELECT item, count, SUM(count) OVER (PARTITION BY item ORDER BY count) FROM "
                   "sale ORDER BY 1, 2"),
            "1,10,10;1,20,30;2,5,5;9,1,1");
  EXPECT_EQ(answer("SELECT item, count FROM sale WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION "
                   "BY item ORDER BY count "
                   "DESC) = 1 ORDER BY item"),
            "1,20;2,5;9,1");
  EXPECT_EQ(
      answer(
          "SELECT LAG(count, 1, 0) OVER w AS l FROM sale WINDOW w AS (ORDER BY count) ORDER BY l"),
      "0;1;5;10");
  EXPECT_EQ(answer("SELECT item, SUM(SUM(count)) OVER () FROM sale GROUP BY item ORDER BY 1"),
            "1,36;2,36;9,36");
  EXPECT_EQ(answer("SELECT SUM(count) OVER (ORDER BY count ROWS BETWEEN 1 PRECEDING AND CURRENT "
                   "ROW) AS s FROM sale "
                   "ORDER BY s"),
            "1;6;15;30");
}

TEST_F(Queries, arrays_and_unnest) {
  EXPECT_EQ(answer("SELECT id, t FROM item, UNNEST(tags) AS t ORDER BY 1, 2"), "1,x;1,y;3,z");
  EXPECT_EQ(answer("SELECT id, t, o FROM item i, i.tags t WITH OFFSET o ORDER BY 1, 3"),
            "1,x,0;1,y,1;3,z,0");
  EXPECT_EQ(answer("SELECT id, t FROM item LEFT JOIN UNNEST(tags) t ORDER BY 1, 2"),
            "1,x;1,y;2,NULL;3,z");
  EXPECT_EQ(answer("SELECT ARRAY(SELECT x * 2 FROM UNNEST([1, 2, 3]) AS x WHERE x > 1)"), "[4, 6]");
  EXPECT_EQ(answer("SELECT (SELECT COUNT(*) FROM UNNEST(tags)) FROM item ORDER BY id"), "2;0;1");
  EXPECT_EQ(answer("SELECT id FROM item WHERE 'x' IN UNNEST(tags)"), "1");
  EXPECT_EQ(
      answer("SELECT s.a, s.b FROM UNNEST([STRUCT(1 AS a, 'p' AS b), (2, 'q')]) AS s ORDER BY a"),
      "1,p;2,q");
  EXPECT_EQ(answer("SELECT * FROM UNNEST([STRUCT(1 AS a, 'p' AS b)])"), "1,p");
  EXPECT_EQ(value("[10, 20][OFFSET(1)]"), "20");
  EXPECT_EQ(value("[10, 20][SAFE_OFFSET(2)]"), "NULL");
  EXPECT_THAT(value("[10, 20][ORDINAL(3)]"), HasSubstr("out of bounds"));
  EXPECT_EQ(value("[1, NULL, 3]"), "[1, NULL, 3]");
}

TEST_F(Queries, structs) {
  EXPECT_EQ(answer("SELECT s.b.c FROM (SELECT STRUCT(1 AS a, STRUCT('x' AS c) AS b) AS s)"), "x");
  EXPECT_EQ(answer("SELECT i.id FROM (SELECT AS STRUCT id, name FROM item WHERE id = 1) i"), "1");
  EXPECT_EQ(answer("SELECT x.* FROM (SELECT STRUCT(1 AS a, 2 AS b) AS x)"), "1,2");
  EXPECT_EQ(schema_of("SELECT STRUCT<a INT64, b STRING>(1, 'x') AS s, [STRUCT(1 AS z)] AS l, "
                      "(SELECT AS STRUCT 1 AS q) AS r"),
            "s STRUCT<a INT64, b STRING>, l ARRAY<STRUCT<z INT64>>, r STRUCT<q INT64>");
  EXPECT_EQ(answer("SELECT i.name FROM (SELECT i FROM item i WHERE id = 1)"), "a");
}

TEST_F(Queries, stars_with_changes) {
  EXPECT_EQ(
      answer("SELECT * EXCEPT (tags, seen) REPLACE (id * 10 AS id) FROM item ORDER BY id LIMIT 1"),
      "10,a,1.500000000");
  EXPECT_EQ(answer("SELECT s.* FROM item i JOIN sale s ON s.item = i.id WHERE i.id = 2"), "2,5");
  EXPECT_THAT(error_of("SELECT * EXCEPT (nothing) FROM item"),
              HasSubstr("does not exist at [1:8]"));
  EXPECT_THAT(error_of("SELECT id, id FROM item"), HasSubstr("Duplicate column names"));
}

TEST_F(Queries, subqueries) {
  EXPECT_EQ(answer("SELECT id FROM item i WHERE EXISTS(SELECT 1 FROM sale s WHERE s.item = i.id) "
                   "ORDER BY 1"),
            "1;2");
  EXPECT_EQ(answer("SELECT id FROM item WHERE id NOT IN (SELECT item FROM sale)"), "3");
  EXPECT_EQ(
      answer("SELECT id, (SELECT MAX(count) FROM sale WHERE item = id) FROM item ORDER BY id"),
      "1,20;2,5;3,NULL");
}

TEST_F(Queries, pivot_and_unpivot) {
  EXPECT_EQ(answer("SELECT * FROM sale PIVOT(SUM(count) FOR item IN (1 AS one, 2 AS two))"),
            "30,5");
  EXPECT_EQ(answer("SELECT * FROM (SELECT 1 AS id, 2 AS q1, CAST(NULL AS INT64) AS q2) UNPIVOT(v "
                   "FOR q IN (q1, q2 AS 'second'))"),
            "1,2,q1");
}

TEST_F(Queries, parameters) {
  options_.parameters = {{{.name = "low", .type = FieldType::int64}},
                         {{.name = "names", .type = FieldType::text, .mode = FieldMode::repeated}}};
  const auto made =
      translate("SELECT id FROM item WHERE id > @LOW AND name IN UNNEST(@names) AND @low > 0",
                options_, tables_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  ASSERT_EQ(made->parameters.size(), 2u);
  EXPECT_EQ(made->parameters[1].index, 1u);
  auto answered =
      connection_->query(made->sql, {std::int64_t{1}, std::vector<std::string>{"b", "c"}});
  ASSERT_TRUE(answered.ok()) << answered.error().message;
  EXPECT_EQ(answered->all().value().rows(), 1);
  EXPECT_EQ(error_of("SELECT @other"), "Query parameter 'other' not found at [1:8]");
}

TEST_F(Queries, views_are_read_in_place) {
  tables_.tables[{"p", "d", "v"}] = {{}, "SELECT id AS k, price FROM item"};
  EXPECT_EQ(answer("SELECT k FROM v WHERE price > 2"), "2");
  const auto made = translate("SELECT k FROM v", options_, tables_);
  ASSERT_EQ(made.value().tables.size(), 1u);
  EXPECT_EQ(made.value().tables[0].relation, "p.d.item");
  tables_.tables[{"p", "d", "loop"}] = {{}, "SELECT * FROM loop"};
  EXPECT_THAT(error_of("SELECT * FROM loop"), HasSubstr("nested more than 16 deep"));
}

TEST_F(Queries, numbers_keep_their_type) {
  EXPECT_EQ(schema_of("SELECT 1 / 2 AS a, NUMERIC '1' / 3 AS b, AVG(price) AS c, SUM(id) AS d, "
                      "price * 1.5 AS e FROM item "
                      "GROUP BY price"),
            "a FLOAT64, b NUMERIC, c NUMERIC, d INT64, e NUMERIC");
  EXPECT_EQ(value("NUMERIC '2' / 3"), "0.666666667");
  EXPECT_EQ(value("NUMERIC '-2' / 3"), "-0.666666667");
  EXPECT_EQ(answer("SELECT AVG(price), SUM(price) FROM item"), "1.875000000,3.750000000");
  EXPECT_THAT(value("1 / 0"), HasSubstr("division by zero"));
  EXPECT_THAT(value("9223372036854775807 + 1"), HasSubstr("Overflow"));
  EXPECT_EQ(value("SAFE.SUBSTR('abc', 1, -1)"), "NULL");
  EXPECT_EQ(value("0x1F"), "31");
}

TEST_F(Queries, faults_have_places) {
  EXPECT_EQ(error_of("SELECT nothing FROM item"), "Unrecognized name: nothing at [1:8]");
  EXPECT_EQ(error_of("SELECT\n  i.nothing FROM item i"),
            "Name nothing not found inside i at [2:3]");
  EXPECT_EQ(error_of("SELECT 1 FROM missing"), "Not found: Table p:d.missing at [1:15]");
  EXPECT_EQ(error_of("SELEC 1"), "Syntax error: Unexpected identifier \"SELEC\" at [1:1]");
  EXPECT_EQ(error_of("SELECT FROM item"), "Syntax error: Unexpected keyword FROM at [1:8]");
  EXPECT_EQ(error_of("SELECT 1 +"), "Syntax error: Unexpected end of script at [1:11]");
  EXPECT_EQ(error_of("SELECT id = 'a' FROM item"),
            "No matching signature for operator = for argument types: INT64, STRING at [1:11]");
  EXPECT_EQ(error_of("SELECT NOPE(1)"), "Function not found: NOPE at [1:8]");
  EXPECT_EQ(error_of("SELECT LENGTH(1)"),
            "No matching signature for function LENGTH for argument types: INT64 at [1:8]");
  EXPECT_EQ(error_of("SELECT 'open"), "Syntax error: Unclosed string literal at [1:8]");
  EXPECT_THAT(error_of("SELECT id FROM item a, item b"), HasSubstr("ambiguous"));
}

TEST_F(Queries, what_is_refused_is_named) {
  for (const auto& [text, name] : std::vector<std::pair<std::string, std::string>>{
           {"DECLARE x INT64", "scripting (DECLARE)"},
           {"SELECT 1; SELECT 2", "scripting (more than one statement)"},
           {"BEGIN TRANSACTION", "transactions"},
           {"SELECT ST_GEOGPOINT(1, 2)", "function ST_GEOGPOINT"},
           {"SELECT CAST('x' AS GEOGRAPHY)", "GEOGRAPHY"},
           {"SELECT * FROM `d.t_*`", "wildcard tables"},
           {"SELECT * FROM d.INFORMATION_SCHEMA.TABLES", "INFORMATION_SCHEMA"},
           {"SELECT * FROM item FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()",
            "FOR SYSTEM_TIME AS OF"},
           {"SELECT * FROM item TABLESAMPLE SYSTEM (10 PERCENT)", "TABLESAMPLE"},
           {"SELECT * FROM ML.PREDICT(MODEL m, (SELECT 1))", "table functions"},
           {"CREATE MODEL m AS SELECT 1", "ML (CREATE MODEL)"},
           {"CREATE OR REPLACE FUNCTION f() AS (1)", "CREATE FUNCTION"},
           {"EXPORT DATA OPTIONS() AS SELECT 1", "EXPORT DATA"},
           {"SELECT CAST(1 AS STRING FORMAT '9')", "CAST with FORMAT"},
           {"SELECT FARM_FINGERPRINT('a')", "function FARM_FINGERPRINT"},
           {"SELECT @@x", "system variables"}}) {
    const auto made = translate(text, options_, tables_);
    ASSERT_FALSE(made.ok()) << text;
    EXPECT_EQ(made.error().code, Code::unsupported) << text;
    EXPECT_THAT(made.error().message, HasSubstr(name)) << text;
  }
}

}  // namespace
}  // namespace bl::bigquery::sql
