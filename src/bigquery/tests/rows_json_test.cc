#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/json.h"
#include "bigquery/cells.h"
#include "bigquery/json_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/tests/random_rows.h"
#include "bigquery/tests/rows_text.h"

namespace bl::bigquery {
namespace {

/// A table of one column `x`.
struct OneColumn {
  TableSchema schema;
  explicit OneColumn(const std::string& rest)
      : schema(schema_of(R"([{"name":"x",)" + rest + "}]")) {}

  RowsIn rows(const std::string& value) const {
    auto in = rows_from_ndjson(schema, R"({"x":)" + value + "}");
    EXPECT_TRUE(in.ok());
    return std::move(*in);
  }
  /// The cell that the value becomes, or the message of its fault.
  std::string cell(const std::string& value) const {
    const RowsIn in = rows(value);
    if (!in.faults.empty()) return in.faults[0].message;
    const std::string row = cells(in.batch, schema);
    return row.substr(11, row.size() - 14);  // {"f":[{"v":...}]}
  }
};

TEST(JsonRows, take_the_forms_that_clients_send) {
  const OneColumn whole(R"("type":"INT64")");
  EXPECT_EQ(whole.cell("7"), "\"7\"");
  EXPECT_EQ(whole.cell("\"-9223372036854775808\""), "\"-9223372036854775808\"");
  EXPECT_EQ(whole.cell("1e3"), "\"1000\"");
  EXPECT_EQ(whole.cell("null"), "null");
  const OneColumn real(R"("type":"FLOAT64")");
  EXPECT_EQ(real.cell("2"), "\"2.0\"");
  EXPECT_EQ(real.cell("\"NaN\""), "\"NaN\"");
  EXPECT_EQ(real.cell("\"-inf\""), "\"-Infinity\"");
  EXPECT_EQ(OneColumn(R"("type":"BOOL")").cell("\"TRUE\""), "\"true\"");
  EXPECT_EQ(OneColumn(R"("type":"STRING")").cell("12.50"), "\"12.50\"");
  EXPECT_EQ(OneColumn(R"("type":"STRING")").cell("true"), "\"true\"");
  EXPECT_EQ(OneColumn(R"("type":"BYTES")").cell("\"-_8\""), "\"+/8=\"");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")").cell("1.10"), "\"1.1\"");
  EXPECT_EQ(OneColumn(R"("type":"BIGNUMERIC")").cell("\"0.0000000000000000001\""),
            "\"0.0000000000000000001\"");
  EXPECT_EQ(OneColumn(R"("type":"TIMESTAMP")").cell("\"2024-08-01T10:00:00.5Z\""),
            "\"1722506400500000\"");
  EXPECT_EQ(OneColumn(R"("type":"TIMESTAMP")").cell("1722506400.5"), "\"1722506400500000\"");
  EXPECT_EQ(OneColumn(R"("type":"DATE")").cell("\"2024-8-1\""), "\"2024-08-01\"");
  EXPECT_EQ(OneColumn(R"("type":"TIME")").cell("\"1:2:3\""), "\"01:02:03\"");
  EXPECT_EQ(OneColumn(R"("type":"DATETIME")").cell("\"2024-08-01 1:2:3\""),
            "\"2024-08-01T01:02:03\"");
  EXPECT_EQ(OneColumn(R"("type":"INTERVAL")").cell("\"1-2 3 4:5:6\""), "\"1-2 3 4:5:6\"");
  const OneColumn json(R"("type":"JSON")");
  EXPECT_EQ(json.cell(R"("{\"b\": 1, \"a\": [1,2]}")"), R"("{\"b\":1,\"a\":[1,2]}")");
  EXPECT_EQ(json.cell(R"({"b": 1})"), R"("{\"b\":1}")");
  const OneColumn range(R"("type":"RANGE","rangeElementType":{"type":"DATE"})");
  EXPECT_EQ(range.cell("\"[2024-01-01, UNBOUNDED)\""), "\"[2024-01-01, UNBOUNDED)\"");
  EXPECT_EQ(range.cell(R"({"start":null,"end":"2024-01-01"})"), "\"[UNBOUNDED, 2024-01-01)\"");
}

TEST(JsonRows, lists_and_records) {
  const OneColumn list(R"("type":"INT64","mode":"REPEATED")");
  EXPECT_EQ(list.cell("[1,\"2\"]"), R"([{"v":"1"},{"v":"2"}])");
  EXPECT_EQ(list.cell("null"), "[]");
  const OneColumn record(
      R"("type":"RECORD","fields":[{"name":"a","type":"INT64"},
         {"name":"b","type":"STRING","mode":"REPEATED"}])");
  EXPECT_EQ(record.cell(R"({"B":["q"]})"), R"({"f":[{"v":null},{"v":[{"v":"q"}]}]})");
  EXPECT_EQ(record.cell("null"), "null");
}

TEST(JsonRows, faults_have_the_recorded_texts) {
  EXPECT_EQ(OneColumn(R"("type":"INT64")").cell("\"not-a-number\""),
            "Cannot convert value to integer (bad value): not-a-number");
  EXPECT_EQ(OneColumn(R"("type":"INT64")").cell("1.5"),
            "Cannot convert value to integer (bad value): 1.5");
  EXPECT_EQ(OneColumn(R"("type":"INT64")").cell("9223372036854775808"),
            "Cannot convert value to integer (bad value): 9223372036854775808");
  EXPECT_EQ(OneColumn(R"("type":"BOOL")").cell("1"),
            "Cannot convert value to boolean (bad value): 1");
  EXPECT_EQ(OneColumn(R"("type":"BYTES")").cell("\"*\""),
            "Could not decode base64 string to bytes.");
  EXPECT_EQ(OneColumn(R"("type":"STRING")").cell("{}"), "This field: x is not a record.");
  EXPECT_EQ(OneColumn(R"("type":"STRING")").cell("[]"),
            "Array specified for non-repeated field: x.");
  EXPECT_EQ(OneColumn(R"("type":"STRING","maxLength":"2")").cell("\"日本語\""),
            "Field x: STRING(2) has maximum length 2 but got a value with length 3");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC","precision":"3","scale":"1")").cell("\"99.95\""),
            "Invalid NUMERIC value: 99.95");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC","precision":"3","scale":"1")").cell("\"99.94\""),
            "\"99.9\"");
  EXPECT_EQ(OneColumn(R"("type":"INT64","mode":"REQUIRED")").cell("null"),
            "Only optional fields can be set to NULL. Field: x; Value: NULL");
  EXPECT_EQ(OneColumn(R"("type":"INT64","mode":"REPEATED")").cell("[1,null]"),
            "Only optional fields can be set to NULL. Field: x; Value: NULL");
  EXPECT_EQ(OneColumn(R"("type":"RANGE","rangeElementType":{"type":"DATE"})")
                .cell("\"[2024-01-02, 2024-01-01)\""),
            "The start of a RANGE is before its end.");
}

TEST(JsonRows, a_bad_row_is_named_and_left_out) {
  const TableSchema schema = schema_of(R"([{"name":"id","type":"INT64","mode":"REQUIRED"},
                    {"name":"r","type":"RECORD","fields":[{"name":"n","type":"INT64"}]}])");
  const RowsIn in = rows_from_ndjson(schema, R"({"id":1,"r":{"n":1}}

{"r":{"n":"x","m":2},"q":3}
[1]
{"id":2
{"ID":3,"id":4}
{"id":5})")
                        .value();
  EXPECT_EQ(cells(in.batch, schema),
            R"({"f":[{"v":"1"},{"v":{"f":[{"v":"1"}]}}]} {"f":[{"v":"5"},{"v":null}]})");
  EXPECT_EQ(in.bad, (std::vector<std::int64_t>{1, 2, 3, 4}));
  const std::vector<RowFault> first(in.faults.begin(), in.faults.begin() + 5);
  EXPECT_EQ(first,
            (std::vector<RowFault>{{1, "r.n", "Cannot convert value to integer (bad value): x"},
                                   {1, "r.m", "no such field: r.m."},
                                   {1, "q", "no such field: q."},
                                   {1, "id", "Missing required field: id."},
                                   {2, "", "A row is a JSON object."}}));
  EXPECT_EQ(in.faults.back(), (RowFault{4, "id", "Field specified more than once: id."}));
}

TEST(JsonRows, unknown_values_may_be_passed_over) {
  const TableSchema schema = schema_of(R"([{"name":"id","type":"INT64"}])");
  JsonRowOptions options;
  options.ignore_unknown_values = true;
  const RowsIn in = rows_from_ndjson(schema, R"({"id":1,"q":{"a":[1]}})", options).value();
  EXPECT_TRUE(in.faults.empty());
  EXPECT_EQ(cells(in.batch, schema), R"({"f":[{"v":"1"}]})");
}

TEST(JsonRows, a_missing_value_becomes_its_default) {
  const TableSchema schema =
      schema_of(R"([{"name":"id","type":"INT64","mode":"REQUIRED","defaultValueExpression":"7"},
                    {"name":"s","type":"STRING","defaultValueExpression":"'x'"}])");
  JsonRowOptions options;
  options.defaults = [](const TableField& field) -> Result<json::Value> {
    if (field.name == "s") return Error{Code::invalid, "no such function"};
    return json::Value::string("7");
  };
  const RowsIn in = rows_from_ndjson(schema, "{\"s\":null}\n{\"id\":8}", options).value();
  EXPECT_EQ(cells(in.batch, schema), R"({"f":[{"v":"7"},{"v":null}]})");
  ASSERT_EQ(in.faults.size(), 1u);
  EXPECT_EQ(in.faults[0].message, "The default value cannot be had: no such function");
}

TEST(JsonRows, memory_is_bounded_whatever_a_row_says) {
  std::string fields = R"([{"name":"r","type":"RECORD","mode":"REPEATED","fields":[)";
  for (int i = 0; i < 100; ++i) {
    fields += (i == 0 ? "" : ",");
    fields += R"({"name":"c)" + std::to_string(i) + R"(","type":"INT64"})";
  }
  std::string row = R"({"r":[{})";
  for (int i = 0; i < 10'000; ++i) row += ",{}";
  JsonRowOptions options;
  options.limits.memory_bytes_max = 1 << 20;
  const auto in = rows_from_ndjson(schema_of(fields + "]}]"), row + "]}", options);
  ASSERT_FALSE(in.ok());
  EXPECT_EQ(in.error().code, Code::too_large);
}

TEST(JsonRows, faults_of_a_row_are_bounded) {
  std::string row = "{";
  for (int i = 0; i < 100; ++i) row += "\"u" + std::to_string(i) + "\":1,";
  const RowsIn in =
      rows_from_ndjson(schema_of(R"([{"name":"id","type":"INT64"}])"), row + "\"id\":1}").value();
  EXPECT_EQ(in.faults.size(), 10u);
}

TEST(JsonRows, columns_are_found_in_any_order_among_many) {
  std::string fields = "[";
  std::string row = "{";
  for (int i = 0; i < 40; ++i) {
    fields += (i == 0 ? "" : ",");
    fields += R"({"name":"C)" + std::to_string(i) + R"(","type":"INT64"})";
    row += (i == 0 ? "" : ",");
    row += "\"c" + std::to_string(39 - i) + "\":" + std::to_string(39 - i);
  }
  const TableSchema schema = schema_of(fields + "]");
  const RowsIn in = rows_from_ndjson(schema, row + "}").value();
  EXPECT_TRUE(in.faults.empty());
  EXPECT_NE(cells(in.batch, schema).find(R"({"v":"0"},{"v":"1"},{"v":"2"})"), std::string::npos);
}

TEST(Cells, three_forms_of_timestamps) {
  const TableSchema schema = schema_of(R"([{"name":"x","type":"TIMESTAMP"}])");
  const RowsIn in = rows_from_ndjson(schema, R"({"x":"2024-08-01T10:00:00.250Z"})").value();
  EXPECT_EQ(cells(in.batch, schema, TimestampForm::seconds), R"({"f":[{"v":"1.72250640025E9"}]})");
  EXPECT_EQ(cells(in.batch, schema, TimestampForm::micros), R"({"f":[{"v":"1722506400250000"}]})");
  EXPECT_EQ(cells(in.batch, schema, TimestampForm::iso),
            R"({"f":[{"v":"2024-08-01T10:00:00.250000Z"}]})");
}

TEST(Cells, refuse_columns_of_another_table) {
  const TableSchema schema = schema_of(R"([{"name":"x","type":"TIMESTAMP"}])");
  const auto other =
      columns::Batch::empty(columns::Schema::make({{"x", columns::Kind::text}}).value());
  EXPECT_EQ(CellWriter::make(other, schema, TimestampForm::iso).error().code, Code::invalid);
  EXPECT_EQ(CellWriter::make(other, {}, TimestampForm::iso).error().code, Code::invalid);
}

TEST(Cells, of_a_slice_are_those_of_its_rows) {
  const TableSchema schema = schema_of(
      R"([{"name":"x","type":"RECORD","fields":[{"name":"l","type":"INT64","mode":"REPEATED"},
          {"name":"v","type":"INTERVAL"}]}])");
  const RowsIn in = rows_from_ndjson(schema, R"({"x":{"l":[1,2]}}
{"x":{"l":[3],"v":"1-0"}}
{"x":null})")
                        .value();
  EXPECT_EQ(cells(in.batch.slice(1, 2), schema),
            R"({"f":[{"v":{"f":[{"v":[{"v":"3"}]},{"v":"1-0 0 0:0:0"}]}}]} {"f":[{"v":null}]})");
}

RC_GTEST_PROP(JsonRows, go_in_and_come_out_as_cells, (std::uint64_t seed)) {
  RandomRows random(seed);
  const TableSchema schema = random.schema();
  std::vector<json::Value> rows;
  std::string expected;
  for (std::int64_t i = random.below(20); i >= 0; --i) {
    const Sample row = random.row(schema.fields);
    rows.push_back(row_to_json(schema.fields, row));
    if (!expected.empty()) expected += ' ';
    expected += row_to_cells(schema.fields, row);
  }
  std::vector<const json::Value*> pointers;
  std::string lines;
  for (const json::Value& row : rows) {
    pointers.push_back(&row);
    lines += json::to_text(row) + "\n";
  }
  const RowsIn in = rows_from_json(schema, pointers).value();
  RC_ASSERT(in.faults.empty());
  RC_ASSERT(cells(in.batch, schema) == expected);
  RC_ASSERT(rows_from_ndjson(schema, lines).value().batch == in.batch);
  RC_ASSERT(table_schema_of(in.batch.schema()).value() == schema);
}

}  // namespace
}  // namespace bl::bigquery
