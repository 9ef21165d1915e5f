// The parser: what it takes, that the printer gives it back, and where it stops.
#include "bigquery/sql/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bl::bigquery::sql {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string> k_statements{
    "SELECT 1",
    "SELECT 'a\\'b', \"c\", r'\\d', b'\\xff', '''x'y''', 0x1F, 1.5e3, .5, NULL, TRUE, @p, ?",
    "SELECT a.b.c, t.*, * EXCEPT (x) REPLACE (1 AS y) FROM `p-q.d.t` AS t, u.v w",
    "SELECT 5 .a, -5 .a.*, 1 .*, 1e5 .a, (5).a FROM t",
    "SELECT -a + b * c / d - (e + f), NOT a AND b OR c, a || b || (c || d) FROM t",
    "SELECT a BETWEEN 1 AND 2, a NOT IN (1, 2), a IN UNNEST(b), a IN (SELECT 1), a LIKE 'x%', a IS "
    "NOT NULL, "
    "a IS DISTINCT FROM b, a NOT LIKE ANY ('x', 'y'), a & b | c ^ d << 1 FROM t",
    "SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE a WHEN 1 THEN 2 END, CAST(a AS ARRAY<STRUCT<x "
    "INT64, STRING>>), "
    "SAFE_CAST(a AS NUMERIC(10, 2)), EXTRACT(WEEK(MONDAY) FROM d AT TIME ZONE 'UTC'), INTERVAL 1 "
    "DAY, DATE '2024-01-01' FROM t",
    "SELECT [1, 2], ARRAY<INT64>[], ARRAY(SELECT 1), STRUCT(1 AS a, 2), STRUCT<a INT64>(1), (1, "
    "2), a[OFFSET(0)], a[0].b, "
    "(SELECT 1), EXISTS(SELECT 1), RANGE<DATE> '[2024-01-01, UNBOUNDED)' FROM t",
    "SELECT SUM(DISTINCT x), COUNT(*), ARRAY_AGG(x IGNORE NULLS ORDER BY y DESC NULLS FIRST LIMIT "
    "3), SAFE.LOG(1), "
    "SUM(x) OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING), "
    "RANK() OVER w, "
    "ANY_VALUE(x HAVING MAX y), CURRENT_DATE FROM t WINDOW w AS (ORDER BY a)",
    "SELECT DISTINCT AS STRUCT a FROM t JOIN u USING (k) LEFT JOIN v ON a = b FULL JOIN (w CROSS "
    "JOIN x) ON TRUE",
    "SELECT x, o FROM UNNEST([1]) AS x WITH OFFSET AS o WHERE x > 1 GROUP BY x, ROLLUP(a, (b, c)) "
    "HAVING y QUALIFY z",
    "SELECT a FROM t GROUP BY GROUPING SETS (a, (a, b), (), CUBE(c))",
    "SELECT a FROM t GROUP BY ALL ORDER BY 1 DESC, a NULLS LAST LIMIT 10 OFFSET @skip",
    "WITH RECURSIVE a AS (SELECT 1), b AS (SELECT 2) SELECT * FROM a UNION ALL (SELECT 1 ORDER BY "
    "1 LIMIT 1) UNION ALL SELECT 3",
    "(SELECT 1) EXCEPT DISTINCT (SELECT 2)",
    "SELECT * FROM t PIVOT(SUM(x) AS s FOR k IN (1 AS one, 2)) AS p, u UNPIVOT INCLUDE NULLS (v "
    "FOR n IN (a, b AS 'bee'))",
    "INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 'x')",
    "INSERT t SELECT * FROM u",
    "UPDATE t AS x SET a = 1, b.c = DEFAULT FROM u WHERE x.k = u.k",
    "DELETE FROM t WHERE TRUE",
    "MERGE t USING (SELECT 1) AS s ON t.a = s.b WHEN MATCHED AND x THEN UPDATE SET a = 1 WHEN NOT "
    "MATCHED THEN INSERT (a) "
    "VALUES (1) WHEN NOT MATCHED BY SOURCE THEN DELETE",
    "TRUNCATE TABLE d.t",
    "CREATE OR REPLACE TABLE d.t (a INT64 NOT NULL DEFAULT 1 OPTIONS(description='x'), b "
    "ARRAY<STRING>) PARTITION BY DATE(c) "
    "CLUSTER BY a, b OPTIONS(x=1) AS SELECT 1 AS a",
    "CREATE VIEW v (x) AS SELECT 1",
    "CREATE SCHEMA IF NOT EXISTS s OPTIONS(location='EU')",
    "DROP TABLE IF EXISTS t",
    "DROP SCHEMA s CASCADE",
    "ALTER TABLE t ADD COLUMN a INT64, ADD COLUMN b STRING",
};

void expect_round_trip(const Statement& parsed) {
  const std::string printed = to_googlesql(parsed);
  const auto again = parse_statement(printed);
  ASSERT_TRUE(again.ok()) << printed << "\n" << again.error().message;
  Statement same = *again;
  // A view's text is what stood there.
  same.query_text = parsed.query_text;
  EXPECT_TRUE(same == parsed) << printed << "\n" << to_googlesql(same);
}

TEST(GoogleSqlParser, printed_trees_parse_equal) {
  for (const std::string& text : k_statements) {
    const auto parsed = parse_statement(text);
    ASSERT_TRUE(parsed.ok()) << text << "\n" << parsed.error().message;
    expect_round_trip(*parsed);
  }
}

/// Random expressions, as text: parentheses where they are needed and where they are not.
rc::Gen<std::string> expression_text(int depth) {
  const auto leaf = rc::gen::element<std::string>("1", "a", "t.b", "'x'", "NULL", "@p", "2.5",
                                                  "TRUE", "[1, 2]", "(a, b)");
  if (depth == 0) return leaf;
  return rc::gen::exec([depth, leaf]() -> std::string {
    const auto inner = [depth] { return *expression_text(depth - 1); };
    const auto safe = [&] { return "(" + inner() + ")"; };
    switch (*rc::gen::inRange(0, 9)) {
      case 0:
        return *leaf;
      case 1:
        return safe() +
               *rc::gen::element<std::string>(" + ", " = ", " AND ", " OR ", " || ", " << ",
                                              " LIKE ") +
               safe();
      case 2:
        return "f(" + inner() + ", " + inner() + ")";
      case 3:
        return "CASE WHEN " + inner() + " THEN " + inner() + " ELSE " + inner() + " END";
      case 4:
        return safe() + " IN (" + inner() + ", " + inner() + ")";
      case 5:
        return "NOT " + safe();
      case 6:
        return "(SELECT " + inner() + " FROM t WHERE " + inner() + ")";
      case 7:
        return safe() + "[OFFSET(" + inner() + ")]";
      default:
        return "a OR b AND " + safe() + " OR c";
    }
  });
}

RC_GTEST_PROP(GoogleSqlParserProperty, printed_expressions_parse_equal, ()) {
  const std::string text = *expression_text(3);
  const auto parsed = parse_expression(text);
  RC_ASSERT(parsed.ok());
  const auto again = parse_expression(to_googlesql(*parsed));
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == *parsed);
}

TEST(GoogleSqlParser, dashes_stand_in_names_without_backticks_only) {
  const auto table = [](const std::string& path) {
    return parse_statement("DROP TABLE " + path).ok();
  };
  EXPECT_TRUE(table("my-project.d.t"));
  EXPECT_TRUE(table("my-project-123.d.t"));
  EXPECT_TRUE(table("my-1e5x.d.t"));
  EXPECT_TRUE(table("`my-project`.d.t"));
  EXPECT_FALSE(table("my-`project.d`.t"));
  EXPECT_FALSE(table("`my`-project.d.t"));
  EXPECT_FALSE(table("my-1.5.d.t"));
  EXPECT_FALSE(table("my - project.d.t"));
}

TEST(GoogleSqlParser, limits_are_reached) {
  const auto error = [](const std::string& text) { return parse_statement(text).error().message; };
  EXPECT_THAT(error("SELECT " + std::string(100'000, '(')), HasSubstr("nested more than 200 deep"));
  std::string chain = "SELECT 1";
  for (int i = 0; i < 1000; ++i) chain += " + 1";
  EXPECT_THAT(error(chain), HasSubstr("nested more than 200 deep"));
  EXPECT_THAT(error("SELECT '" + std::string(1u << 20, 'x') + "'"),
              HasSubstr("longer than 1048576 bytes"));
  SqlLimits few;
  few.nodes_max = 10;
  EXPECT_THAT(parse_statement("SELECT 1,2,3,4,5,6,7,8,9,10,11", few).error().message,
              HasSubstr("more than 10 expressions"));
  // A chain of ANDs is one node, however long.
  std::string conditions = "SELECT a = 1";
  for (int i = 0; i < 1000; ++i) conditions += " OR a = 1";
  EXPECT_TRUE(parse_statement(conditions).ok());
}

TEST(GoogleSqlParser, texts_have_the_escapes_of_the_reference) {
  EXPECT_EQ(parse_expression("'a\\n\\x41\\101\\u00e9\\U0001F600'")->text, "a\nAAé😀");
  EXPECT_EQ(parse_expression("r'a\\n'")->text, "a\\n");
  EXPECT_EQ(parse_expression("b'\\xff\\000'")->text, std::string("\xff\0", 2));
  EXPECT_THAT(parse_expression("'\\q'").error().message,
              HasSubstr("Illegal escape sequence at [1:2]"));
  EXPECT_THAT(parse_expression("/* open").error().message, HasSubstr("Unclosed comment at [1:1]"));
}

}  // namespace
}  // namespace bl::bigquery::sql
