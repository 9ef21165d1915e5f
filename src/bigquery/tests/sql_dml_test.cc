// DML as the rows that change, applied to a real engine; DDL as values.
#include "bigquery/tests/sql_engine.h"

#include <gmock/gmock.h>

namespace bl::bigquery::sql {
namespace {

using ::testing::HasSubstr;

class Changes : public SqlTest {
 protected:
  void SetUp() override {
    SqlTest::SetUp();
    make_table("t", "k INT64, v STRING DEFAULT 'none'", "(1, 'a'), (2, 'b'), (3, 'c')");
    make_table("s", "k INT64, v STRING", "(2, 'B'), (3, 'C'), (4, 'D')");
  }
  std::string all() { return answer("SELECT k, v FROM t ORDER BY k"); }
};

TEST_F(Changes, insert) {
  EXPECT_EQ(change("INSERT INTO t (k) VALUES (4), (5)"), "I2");
  EXPECT_EQ(change("INSERT t SELECT k + 10, UPPER(v) FROM s WHERE k = 2"), "I1");
  EXPECT_EQ(change("INSERT INTO t VALUES (6, DEFAULT)"), "I1");
  EXPECT_EQ(all(), "1,a;2,b;3,c;4,none;5,none;6,none;12,B");
  EXPECT_THAT(change("INSERT INTO t VALUES (1)"),
              HasSubstr("wrong column count; Has 1, expected 2"));
  EXPECT_THAT(change("INSERT INTO t (k) VALUES ('x')"),
              HasSubstr("cannot be inserted into column k"));
}

TEST_F(Changes, update) {
  EXPECT_EQ(change("UPDATE t SET v = CONCAT(v, '!') WHERE k > 1"), "U2");
  EXPECT_EQ(change("UPDATE t SET v = s.v FROM s WHERE t.k = s.k AND s.k = 3"), "U1");
  EXPECT_EQ(all(), "1,a;2,b!;3,C");
  EXPECT_THAT(change("UPDATE t SET v = s.v FROM s WHERE TRUE"),
              HasSubstr("must match at most one source row"));
  EXPECT_THAT(change("UPDATE t SET v = 'x'"), HasSubstr("Expected keyword WHERE"));
}

TEST_F(Changes, delete_and_truncate) {
  EXPECT_EQ(change("DELETE FROM t WHERE k IN (SELECT k FROM s)"), "D2");
  EXPECT_EQ(all(), "1,a");
  EXPECT_EQ(change("TRUNCATE TABLE t"), "D1");
  EXPECT_EQ(all(), "");
}

TEST_F(Changes, merge_with_every_clause) {
  EXPECT_EQ(change("MERGE t USING s ON t.k = s.k "
                   "WHEN MATCHED AND s.k = 3 THEN DELETE "
                   "WHEN MATCHED THEN UPDATE SET v = s.v "
                   "WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v) "
                   "WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v = 'gone'"),
            "D1 I1 U2");
  EXPECT_EQ(all(), "1,gone;2,B;4,D");
}

TEST_F(Changes, merge_with_rows_and_queries) {
  EXPECT_EQ(change("MERGE INTO t AS x USING (SELECT k * 2 AS k, v FROM s) AS y ON x.k = y.k "
                   "WHEN NOT MATCHED THEN INSERT ROW"),
            "I3");
  EXPECT_EQ(all(), "1,a;2,b;3,c;4,B;6,C;8,D");
  EXPECT_EQ(change("MERGE t USING s ON FALSE WHEN NOT MATCHED BY SOURCE AND t.k > 2 THEN DELETE"),
            "D4");
  EXPECT_THAT(change("MERGE t USING s ON TRUE WHEN MATCHED THEN UPDATE SET v = s.v"),
              HasSubstr("must match at most one source row"));
}

TEST_F(Changes, required_columns_are_never_null) {
  make_table("r", "k INT64 NOT NULL, l ARRAY<INT64>");
  EXPECT_THAT(change("INSERT INTO r VALUES (NULL, [1])"),
              HasSubstr("Required field k cannot be null"));
  EXPECT_EQ(change("INSERT INTO r (k) VALUES (1)"), "I1");
  EXPECT_EQ(answer("SELECT l FROM r"), "[]");
}

TEST_F(Changes, create_table) {
  const auto made = translate(
      "CREATE TABLE IF NOT EXISTS x.y (a INT64 NOT NULL OPTIONS(description='key'), b NUMERIC(10, "
      "2), "
      "c ARRAY<STRUCT<d DATE, e STRING(5)>>) PARTITION BY DATE(a) CLUSTER BY b "
      "OPTIONS(expiration_ms=1)",
      options_, tables_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  const Ddl& ddl = *made->ddl;
  EXPECT_EQ(made->kind, StatementKind::create_table);
  EXPECT_EQ(ddl.name, (TableName{"p", "x", "y"}));
  EXPECT_TRUE(ddl.if_not_exists);
  EXPECT_EQ(ddl.schema.fields[0].mode, FieldMode::required);
  EXPECT_EQ(ddl.schema.fields[0].description, "key");
  EXPECT_EQ(ddl.schema.fields[1].scale, 2);
  EXPECT_EQ(ddl.schema.fields[2].mode, FieldMode::repeated);
  EXPECT_EQ(ddl.schema.fields[2].fields[0].type, FieldType::date);
  EXPECT_EQ(ddl.cluster_by, std::vector<std::string>{"b"});
  EXPECT_EQ(ddl.partition_by, "DATE(`a`)");
  EXPECT_EQ(made->sql, "");
}

TEST_F(Changes, other_ddl) {
  const auto as =
      translate("CREATE OR REPLACE TABLE y AS SELECT k, v AS w FROM t", options_, tables_);
  ASSERT_TRUE(as.ok()) << as.error().message;
  EXPECT_EQ(as->schema.fields[1].name, "w");
  EXPECT_EQ(rows_of("SELECT CAST(count(*) AS VARCHAR) FROM (" + as->sql + ")"), "3");
  const auto view = translate("CREATE VIEW w AS SELECT k FROM t;", options_, tables_);
  ASSERT_TRUE(view.ok()) << view.error().message;
  EXPECT_EQ(view->ddl->view, "SELECT k FROM t");
  const auto drop = translate("DROP SCHEMA IF EXISTS `q.z` CASCADE", options_, tables_);
  ASSERT_TRUE(drop.ok()) << drop.error().message;
  EXPECT_EQ(drop->ddl->name, (TableName{"q", "z", ""}));
  EXPECT_TRUE(drop->ddl->cascade && drop->ddl->if_exists);
  const auto alter = translate(
      "ALTER TABLE t ADD COLUMN IF NOT EXISTS n FLOAT64, ADD COLUMN m BOOL", options_, tables_);
  ASSERT_TRUE(alter.ok()) << alter.error().message;
  EXPECT_EQ(alter->ddl->schema.fields.size(), 2u);
  EXPECT_THAT(error_of("CREATE TABLE z AS SELECT 1"), HasSubstr("without a name"));
  EXPECT_EQ(translate("DROP TABLE my-project.d.t", options_, tables_).value().ddl->name.project,
            "my-project");
}

}  // namespace
}  // namespace bl::bigquery::sql
