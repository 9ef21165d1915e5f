// INSERT, UPDATE, DELETE, MERGE and TRUNCATE over tables of a real lake.
#include <thread>

#include "bigquery/tests/changes_session.h"
#include "bigquery/tests/rows_text.h"

namespace bl::bigquery {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Changes : ::testing::Test {
  DoorWorld world;
  ChangesSession session{*world.tables, *world.lake, world.metrics};

  TableHandle make(const std::string& name, std::string_view schema) {
    return make_table(*world.tables, name, schema);
  }
  /// `id` and `v`, in files of one row each; the last row is in the journal only.
  TableHandle numbers(int rows) {
    TableHandle table = make("t", R"([{"name":"id","type":"INT64"},{"name":"v","type":"STRING"}])");
    for (int i = 1; i <= rows; ++i) {
      const std::string row = fmt::format(R"({{"id":{},"v":"v{}"}})", i, i);
      EXPECT_TRUE(table->rows().append(batch_of(table->record().schema, row)).ok());
      EXPECT_TRUE(i == rows || table->rows().flush().ok());
    }
    return table;
  }
  std::vector<std::string> all() {
    return session.texts("SELECT CONCAT(CAST(id AS STRING), v) FROM t");
  }
};

TEST_F(Changes, rows_of_files_and_of_the_journal_change_alike) {
  const TableHandle table = numbers(4);
  EXPECT_EQ(session.change("UPDATE t SET v = 'new' WHERE id IN (1, 4)"), "I0 U2 D0");
  EXPECT_THAT(all(), ElementsAre("1new", "2v2", "3v3", "4new"));
  EXPECT_EQ(session.change("DELETE FROM t WHERE id >= 3"), "I0 U0 D2");
  EXPECT_THAT(all(), ElementsAre("1new", "2v2"));
  EXPECT_EQ(session.change("DELETE FROM t WHERE id > 100"), "I0 U0 D0");
  EXPECT_EQ(session.change("INSERT INTO t (id, v) VALUES (7, 'x'), (8, NULL)"), "I2 U0 D0");
  EXPECT_THAT(all(), ElementsAre("1new", "2v2", "7x", "NULL"));
}

TEST_F(Changes, only_files_with_rows_that_change_are_written_anew) {
  const TableHandle table = numbers(4);
  EXPECT_EQ(session.change("UPDATE t SET v = 'new' WHERE id = 2"), "I0 U1 D0");
  const lake::Snapshot before = table->snapshot();
  EXPECT_EQ(session.change("DELETE FROM t WHERE id = 3"), "I0 U0 D1");
  const lake::Snapshot after = table->snapshot();
  int same = 0;
  for (const lake::DataFile& file : before.files().files()) {
    same += after.files().find(file.key) != nullptr ? 1 : 0;
  }
  EXPECT_EQ(same, 3) << "of four files";
}

TEST_F(Changes, a_merge_inserts_updates_and_deletes_in_one_commit) {
  const TableHandle table = numbers(4);
  const std::int64_t before = table->snapshot().id();
  EXPECT_EQ(
      session.change("MERGE t USING (SELECT * FROM UNNEST([STRUCT(1 AS id, 'one' AS v), (3, NULL), "
                     "(9, 'nine')])) AS s ON t.id = s.id WHEN MATCHED AND s.v IS NULL THEN DELETE "
                     "WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT ROW"),
      "I1 U1 D1");
  EXPECT_THAT(all(), ElementsAre("1one", "2v2", "4v4", "9nine"));
  EXPECT_GT(table->snapshot().id(), before);
  EXPECT_THAT(session.change("MERGE t USING (SELECT 1 AS id FROM UNNEST([1, 2])) AS s ON "
                             "t.id = s.id WHEN MATCHED THEN UPDATE SET v = 'twice'"),
              HasSubstr("at most one source row"));
  EXPECT_THAT(session.change("UPDATE t SET v = 'twice' FROM UNNEST([1, 1]) AS s WHERE t.id = s"),
              HasSubstr("at most one source row"));
  EXPECT_THAT(all(), ElementsAre("1one", "2v2", "4v4", "9nine"));
}

TEST_F(Changes, a_statement_reads_its_own_target_as_it_was) {
  const TableHandle table = numbers(3);
  EXPECT_EQ(session.change("INSERT INTO t SELECT id + 10, v FROM t"), "I3 U0 D0");
  EXPECT_EQ(session.change("UPDATE t SET id = id + (SELECT MAX(id) FROM t) WHERE TRUE"),
            "I0 U6 D0");
  EXPECT_THAT(session.texts("SELECT CAST(id AS STRING) FROM t"),
              ElementsAre("14", "15", "16", "24", "25", "26"));
  EXPECT_EQ(session.change("DELETE FROM t WHERE id < (SELECT AVG(id) FROM t)"), "I0 U0 D3");
  EXPECT_THAT(session.texts("SELECT CAST(id AS STRING) FROM t"), ElementsAre("24", "25", "26"));
}

TEST_F(Changes, truncate_takes_all_that_was_acknowledged) {
  const TableHandle table = numbers(4);
  EXPECT_EQ(session.change("TRUNCATE TABLE t"), "I0 U0 D4");
  EXPECT_THAT(all(), SizeIs(0));
  EXPECT_EQ(session.change("TRUNCATE TABLE t"), "I0 U0 D0");
}

TEST_F(Changes, every_type_is_kept_through_an_update_of_another_column) {
  const TableHandle table = make("t", R"([
      {"name":"id","type":"INT64"},{"name":"n","type":"NUMERIC","precision":"5","scale":"2"},
      {"name":"b","type":"BIGNUMERIC"},{"name":"dt","type":"DATETIME"},{"name":"t","type":"TIME"},
      {"name":"ts","type":"TIMESTAMP"},{"name":"d","type":"DATE"},{"name":"i","type":"INTERVAL"},
      {"name":"j","type":"JSON"},{"name":"by","type":"BYTES"},{"name":"f","type":"FLOAT64"},
      {"name":"r","type":"RANGE","rangeElementType":{"type":"DATE"}},
      {"name":"s","type":"RECORD","mode":"REPEATED","fields":[
        {"name":"x","type":"JSON"},{"name":"y","type":"INTERVAL","mode":"REPEATED"}]}])");
  const TableSchema& schema = table->record().schema;
  const columns::Batch row = batch_of(
      schema,
      R"({"id":1,"n":"123.45","b":"0.0000000000000000001","dt":"2024-01-02T03:04:05.678901",)"
      R"("t":"23:59:59.999999","ts":"2024-01-02T03:04:05.678901Z","d":"0001-01-01",)"
      R"("i":"1-2 3 4:5:6.7","j":"{\"a\":[1,null]}","by":"AP8=","f":"NaN",)"
      R"("r":{"start":"2024-01-01","end":null},)"
      R"("s":[{"x":"1","y":["0-1 0 0:0:0"]},{"x":null,"y":[]}]})");
  ASSERT_OK(table->rows().append(row));
  EXPECT_EQ(session.change("UPDATE t SET id = 2 WHERE id = 1"), "I0 U1 D0");
  EXPECT_EQ(session.change("INSERT INTO t SELECT * FROM t"), "I1 U0 D0");
  const auto columns = session.ask("SELECT * EXCEPT (id) FROM t");
  ASSERT_OK(columns);
  const auto one = session.ask("SELECT * FROM t LIMIT 1");
  ASSERT_OK(one);
  std::string expected = cells(row, schema);
  expected.replace(expected.find("\"1\""), 3, "\"2\"");
  EXPECT_EQ(cells(*one, schema), expected);
  EXPECT_EQ(columns->rows(), 2);
  EXPECT_EQ(session.texts("SELECT TO_JSON_STRING(t) FROM t")[0],
            session.texts("SELECT TO_JSON_STRING(t) FROM t")[1]);
}

TEST_F(Changes, what_the_fields_forbid_changes_nothing) {
  const TableHandle table = make("t", R"([{"name":"id","type":"INT64","mode":"REQUIRED"},
      {"name":"v","type":"STRING","maxLength":"3"},
      {"name":"n","type":"NUMERIC","precision":"3"}])");
  EXPECT_EQ(session.change("INSERT INTO t VALUES (1, 'abc', 999)"), "I1 U0 D0");
  EXPECT_THAT(session.change("UPDATE t SET v = 'abcd' WHERE TRUE"),
              HasSubstr("Field v: STRING(3) has maximum length 3 but got a value with length 4"));
  EXPECT_THAT(session.change("INSERT INTO t VALUES (2, 'abcd', 1)"), HasSubstr("maximum length"));
  EXPECT_THAT(session.change("UPDATE t SET n = 1000 WHERE TRUE"), StartsWith("invalid"));
  EXPECT_THAT(session.change("UPDATE t SET id = NULL WHERE TRUE"),
              HasSubstr("Required field id cannot be null"));
  EXPECT_THAT(session.change("INSERT INTO t (v) VALUES ('a')"),
              HasSubstr("Required field id cannot be null"));
  EXPECT_THAT(session.texts("SELECT CONCAT(CAST(id AS STRING), v, CAST(n AS STRING)) FROM t"),
              ElementsAre("1abc999"));
}

TEST_F(Changes, many_new_rows_go_to_files_and_few_to_the_journal) {
  const TableHandle table = numbers(1);
  const ChangeLimits limits{.append_bytes_max = 1'000};
  EXPECT_EQ(session.change("INSERT INTO t VALUES (2, 'b')", limits), "I1 U0 D0");
  EXPECT_EQ(table->snapshot().files().files().size(), 0u);
  EXPECT_EQ(session.change("INSERT INTO t SELECT x, 'many' FROM UNNEST(GENERATE_ARRAY(1, 1000)) x",
                           limits),
            "I1000 U0 D0");
  EXPECT_EQ(table->snapshot().files().rows(), 1'000);
  EXPECT_EQ(table->snapshot().rows(), 1'002);
}

TEST_F(Changes, more_rows_than_the_limit_are_refused_whole) {
  const TableHandle table = numbers(4);
  EXPECT_THAT(session.change("UPDATE t SET v = '' WHERE TRUE", {.rows_max = 3}),
              StartsWith("too_large: a statement changes at most 3 rows"));
  EXPECT_THAT(all(), ElementsAre("1v1", "2v2", "3v3", "4v4"));
}

TEST_F(Changes, a_statement_of_another_schema_or_of_a_cancelled_client_changes_nothing) {
  const TableHandle table = numbers(2);
  const auto statement = session.translated("UPDATE t SET v = '' WHERE TRUE");
  ASSERT_OK(statement);
  auto control = std::make_shared<engine::QueryControl>();
  control->cancel();
  EXPECT_EQ(session.apply(*statement, {}, control).error().code, Code::cancelled);
  ASSERT_OK(world.tables->change({"p", "d", "t"}, [](TableRecord& record) -> Result<void> {
    record.schema.fields.push_back({.name = "more", .type = FieldType::int64});
    return {};
  }));
  EXPECT_EQ(session.apply(*statement).error().code, Code::conflict);
  EXPECT_THAT(all(), ElementsAre("1v1", "2v2"));
  EXPECT_EQ(session.change("UPDATE t SET more = 7 WHERE id = 1"), "I0 U1 D0");
  EXPECT_THAT(session.texts("SELECT CAST(more AS STRING) FROM t"), ElementsAre("7", "NULL"));
}

TEST_F(Changes, the_lakes_own_tables_and_names_that_numbers_need_are_refused) {
  make("f", R"([{"name":"file_row_number","type":"INT64"}])");
  EXPECT_THAT(session.change("DELETE FROM f WHERE TRUE"),
              StartsWith("unsupported: not supported: UPDATE, DELETE and MERGE of a table with"));
  EXPECT_EQ(session.change("INSERT INTO f VALUES (1)"), "I1 U0 D0");
  const TableSchema schema = schema_from(R"([{"name":"id","type":"INT64"}])");
  ASSERT_OK(world.lake->create_table("own", lake_schema_of(schema).value(), {}));
  EXPECT_THAT(session.change("DELETE FROM benchlake.own WHERE TRUE"), StartsWith("forbidden"));
  EXPECT_THAT(session.change("INSERT INTO benchlake.own VALUES (1)"), StartsWith("forbidden"));
  EXPECT_THAT(session.change("DELETE FROM nowhere WHERE TRUE"), StartsWith("not_found"));
}

TEST_F(Changes, updates_of_many_threads_are_none_lost) {
  const TableHandle table = numbers(2);
  EXPECT_EQ(session.change("UPDATE t SET id = 0 WHERE TRUE"), "I0 U2 D0");
  constexpr int k_threads = 4, k_each = 6;
  std::vector<std::thread> threads;
  for (int t = 0; t < k_threads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < k_each; ++i) {
        EXPECT_EQ(session.change("UPDATE t SET id = id + 1 WHERE TRUE"), "I0 U2 D0");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(session.texts("SELECT CAST(id AS STRING) FROM t"), ElementsAre("24", "24"));
}

}  // namespace
}  // namespace bl::bigquery
