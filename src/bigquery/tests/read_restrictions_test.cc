// Row restrictions: what they leave, what is refused, and that no text reaches the engine.
#include <gmock/gmock.h>

#include "bigquery/row_restriction.h"
#include "bigquery/tests/read_world.h"

namespace bl::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(ReadTest, a_restriction_leaves_the_rows_that_it_is_true_for) {
  make_points_of({50, 30}, 20);
  const auto left = [&](const std::string& restriction) {
    const auto session = open({.table = "points", .restriction = restriction});
    EXPECT_TRUE(session.ok()) << session.error().message;
    return ids(*session).value();
  };
  EXPECT_THAT(left("id = 3 or id = 60 OR Id=90"), ElementsAre(3, 60, 90));
  EXPECT_THAT(left("name = 'point 55'"), ElementsAre(55));
  EXPECT_THAT(left("name IS NULL AND id BETWEEN 40 AND 60"), ElementsAre(42, 49, 56));
  EXPECT_THAT(left("id IN (1, 2, 500)"), ElementsAre(1, 2));
  EXPECT_THAT(left("name LIKE '%9' AND id < 20"), ElementsAre(9, 19));
  EXPECT_THAT(left("NULL"), ElementsAre());
  EXPECT_THAT(left("id > 98 AND CURRENT_DATE() >= DATE '2020-01-01'"), ElementsAre(99));
  EXPECT_THAT(left("id > 98 -- and so on"), ElementsAre(99));
  EXPECT_EQ(left("").size(), 100u);
}

TEST_F(ReadTest, a_restriction_reads_columns_that_are_not_selected) {
  make_points_of({10}, 10);
  EXPECT_THAT(rows_of({.table = "points", .fields = {"name"}, .restriction = "id IN (3, 13)"},
                      schema_of(R"([{"name":"name","type":"STRING"}])"))
                  .value(),
              ElementsAre(R"({"f":[{"v":"point 3"}]})", R"({"f":[{"v":"point 13"}]})"));
}

TEST_F(ReadTest, what_no_restriction_says_is_refused_with_its_place) {
  make_points_of({5}, 5);
  const auto error = [&](const std::string& restriction) {
    return open_error({.table = "points", .restriction = restriction});
  };
  EXPECT_EQ(error("nope = 1"),
            "invalid: Row restriction is invalid: Unrecognized name: nope at [1:1]");
  EXPECT_THAT(error("id ="), StartsWith("invalid: Row restriction is invalid: Syntax error"));
  EXPECT_THAT(error("id + 1"), HasSubstr("A row restriction has type INT64"));
  EXPECT_THAT(error("id = 'x'"), StartsWith("invalid: Row restriction is invalid: "));
  EXPECT_THAT(error("SUM(id) > 1"), HasSubstr("Aggregate"));
  EXPECT_THAT(error("id IN (SELECT 1)"), StartsWith("unsupported: "));
  EXPECT_THAT(error("EXISTS(SELECT 1)"), HasSubstr("a subquery in a row restriction"));
  EXPECT_THAT(error("ROW_NUMBER() OVER () = 1"), HasSubstr("a window function"));
  EXPECT_THAT(error("RAND() < 0.5"), HasSubstr("RAND in a row restriction"));
  EXPECT_THAT(error("id = @p"), HasSubstr("a parameter in a row restriction"));
  EXPECT_THAT(error("id = ?"), HasSubstr("a parameter in a row restriction"));
  EXPECT_THAT(error("CURRENT_DATE('Asia/Tokyo') > DATE '2020-01-01'"), StartsWith("unsupported: "));
}

TEST_F(ReadTest, texts_that_would_be_sql_elsewhere_are_values_or_errors) {
  make_points_of({5}, 5);
  for (const std::string hostile :
       {"1=1) UNION ALL SELECT 1, 'x' --", "TRUE; DROP TABLE points", "id = 1; SELECT 2",
        "TRUE) OR (TRUE", "read_csv('/etc/passwd') IS NULL", "getenv('HOME') = 'x'",
        "\"id\" = id UNION SELECT", "/* ", "$$x$$ = name", "id = 1 LIMIT 1", "id GROUP BY id",
        "1 = 1 FROM points", "pragma_version() IS NULL", "current_setting('threads') = 1",
        "\xff\xfe = 1", "name = 'unfinished", "`id` = `", "((((((((((id = 1"}) {
    const auto session = open({.table = "points", .restriction = hostile});
    ASSERT_FALSE(session.ok()) << hostile;
    EXPECT_THAT(session.error().code,
                ::testing::AnyOf(Code::invalid, Code::unsupported, Code::malformed))
        << hostile << ": " << session.error().message;
  }
  EXPECT_EQ(
      open_error({.table = "points", .restriction = std::string("TRUE\0 OR id", 11)}).substr(0, 7),
      "invalid");
  const std::string quoted = "name = 'x'' OR ''1''=''1' OR name = \"' OR 1=1 --\"";
  const auto session = open({.table = "points", .restriction = "name = \"' OR 1=1 --\""});
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_THAT(ids(*session).value(), ElementsAre());
  EXPECT_FALSE(open({.table = "points", .restriction = quoted}).ok()) << "'' ends a text";
}

TEST_F(ReadTest, what_a_row_makes_of_it_is_the_callers_error) {
  make_points_of({5}, 5);
  for (const std::string restriction : {"10 / id > 1", "CAST(name AS INT64) > 1"}) {
    const auto session = open({.table = "points", .restriction = restriction}).value();
    const auto read = this->read(session.streams[0]);
    ASSERT_FALSE(read.ok()) << restriction;
    EXPECT_EQ(read.error().code, Code::invalid) << read.error().message;
    EXPECT_THAT(read.error().message, StartsWith("The row restriction fails"));
  }
  EXPECT_TRUE(open({.table = "points", .restriction = "SAFE_DIVIDE(10, id) > 1"}).ok());
}

TEST(RowRestriction, is_written_from_its_tree) {
  const auto schema = schema_of(R"([{"name":"a","type":"INT64"},{"name":"s","type":"STRING"}])");
  const auto sql = [&](std::string_view text) {
    const auto made =
        sql::translate_restriction(text, schema, Timestamp::from_seconds(0),
                                   [](const TableField& field) { return "<" + field.name + ">"; });
    return made.ok() ? *made : made.error().message;
  };
  EXPECT_EQ(sql("a=1"), sql("  A  = /* here */ 1"));
  EXPECT_THAT(sql("a = 1"), HasSubstr("<a>"));
  EXPECT_THAT(sql("s = 'it\\'s'"), HasSubstr("'it''s'"));
  EXPECT_THAT(sql("CURRENT_TIMESTAMP() > TIMESTAMP '2020-01-01 00:00:00+00'"),
              HasSubstr("'1970-01-01T00:00:00Z'"));
}

}  // namespace
}  // namespace bl::bigquery
