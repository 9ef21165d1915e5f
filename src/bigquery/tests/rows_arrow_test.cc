#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/json.h"
#include "bigquery/arrow_rows.h"
#include "bigquery/cells.h"
#include "bigquery/json_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/tests/random_rows.h"
#include "bigquery/tests/rows_text.h"
#include "columns/builders.h"
#include "columns/ipc.h"

namespace bl::bigquery {
namespace {

using columns::IpcCompression;
using columns::Kind;
using columns::Type;

columns::Batch rows_of(const TableSchema& schema, std::string_view lines) {
  const RowsIn in = rows_from_ndjson(schema, lines).value();
  EXPECT_TRUE(in.faults.empty()) << (in.faults.empty() ? "" : in.faults[0].message);
  return in.batch;
}

/// What a reader of a stream makes of a schema's message and a batch's, one after the other.
struct Read {
  columns::Schema schema;
  columns::Batch batch;
};
Read read_stream(const std::string& schema, const std::string& batch) {
  auto reader = columns::IpcReader::open(schema + batch, {}).value();
  return {reader->schema(), reader->next().value().value()};
}

const char* const k_all_types =
    R"([{"name":"s","type":"STRING"},{"name":"y","type":"BYTES"},
        {"name":"i","type":"INT64","mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},
        {"name":"b","type":"BOOL"},{"name":"n","type":"NUMERIC"},
        {"name":"big","type":"BIGNUMERIC"},{"name":"ts","type":"TIMESTAMP"},
        {"name":"dt","type":"DATETIME"},{"name":"d","type":"DATE"},{"name":"t","type":"TIME"},
        {"name":"iv","type":"INTERVAL"},{"name":"j","type":"JSON"},
        {"name":"r","type":"RANGE","rangeElementType":{"type":"TIMESTAMP"}},
        {"name":"rec","type":"RECORD","mode":"REPEATED","fields":[
          {"name":"x","type":"BIGNUMERIC","mode":"REQUIRED"},
          {"name":"l","type":"INTERVAL","mode":"REPEATED"}]}])";
const char* const k_full_row =
    R"j({"s":"a","y":"/w==","i":1,"f":0.5,"b":true,"n":"1.5","big":"-2.25",
        "ts":"2024-08-01T00:00:00Z","dt":"2024-08-01T00:00:00","d":"2024-08-01","t":"1:2:3",
        "iv":"1-2 3 4:5:6.5","j":{"k":1},"r":"[2024-08-01, UNBOUNDED)",
        "rec":[{"x":"1"},{"x":"2","l":["0-1","0-0 1 0:0:1"]}]})j";

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

TEST(ArrowOut, has_bigquerys_types) {
  const auto messages = arrow_messages(schema_of(k_all_types), IpcCompression::none).value();
  const auto reader = columns::IpcReader::open(messages.schema_message(), {}).value();
  EXPECT_EQ(reader->schema().text(),
            "s: text, y: binary, i: int64 not null, f: float64, b: boolean, n: decimal(38, 9), "
            "big: decimal256(76, 38), ts: timestamp, dt: naive_timestamp, d: date, t: time, "
            "iv: month_day_nano_interval, j: text, r: struct<start: timestamp, end: timestamp>, "
            "rec: list<struct<x: decimal256(76, 38) not null, l: list<month_day_nano_interval> not "
            "null>> not null");
}

TEST(ArrowOut, a_schema_is_one_message_without_an_end_mark) {
  const auto messages =
      arrow_messages(schema_of(R"([{"name":"x","type":"INT64"}])"), IpcCompression::none).value();
  const std::string& bytes = messages.schema_message();
  std::uint32_t mark = 0;
  std::int32_t length = 0;
  std::memcpy(&mark, bytes.data(), 4);
  std::memcpy(&length, bytes.data() + 4, 4);
  EXPECT_EQ(mark, 0xffffffffu);
  EXPECT_EQ(bytes.size(), static_cast<std::size_t>(length) + 8);
}

TEST(ArrowOut, metadata_names_datetimes_and_json) {
  const auto messages =
      arrow_messages(schema_of(R"([{"name":"a","type":"DATETIME"},{"name":"b","type":"JSON"}])"),
                     IpcCompression::none);
  for (const char* text :
       {"ARROW:extension:name", "google:sqlType:datetime", "google:sqlType:json"}) {
    EXPECT_NE(messages->schema_message().find(text), std::string::npos) << text;
  }
}

TEST(ArrowOut, compression_makes_it_smaller_and_comes_back) {
  const TableSchema schema = schema_of(R"([{"name":"x","type":"STRING"}])");
  const columns::Batch batch = rows_of(schema, R"({"x":")" + std::string(100'000, 'a') + R"("})");
  const auto plain = arrow_messages(schema, IpcCompression::none).value();
  const std::size_t size = plain.batch_message(batch).value().size();
  for (const IpcCompression codec : {IpcCompression::lz4, IpcCompression::zstd}) {
    const auto messages = arrow_messages(schema, codec).value();
    const std::string message = messages.batch_message(batch).value();
    EXPECT_LT(message.size() * 10, size);
    EXPECT_EQ(read_stream(messages.schema_message(), message).batch, batch);
  }
}

TEST(ArrowOut, a_slice_carries_its_own_rows_only) {
  const TableSchema schema = schema_of(k_all_types);
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += one_line(k_full_row) + "\n{\"i\":2}\n";
  const columns::Batch batch = rows_of(schema, lines);
  const auto messages = arrow_messages(schema, IpcCompression::none).value();
  const std::string slice = messages.batch_message(batch.slice(1001, 2)).value();
  EXPECT_LT(slice.size(), 8000u);
  const auto plan = ArrowPlan::compile(messages.schema_message(), schema).value();
  EXPECT_EQ(cells(plan.decode(slice, {}).value().batch, schema),
            cells(batch.slice(1001, 2), schema));
}

TEST(ArrowOut, an_interval_that_arrow_cannot_hold_is_an_error) {
  const TableSchema schema = schema_of(R"([{"name":"x","type":"INTERVAL"}])");
  const columns::Batch batch = rows_of(schema, R"({"x":"0-0 0 87840000:0:0"})");
  EXPECT_EQ(arrow_messages(schema, IpcCompression::none)->batch_message(batch).error().code,
            Code::invalid);
}

TEST(ArrowRows, come_back_as_they_went_out) {
  const TableSchema schema = schema_of(k_all_types);
  const columns::Batch batch = rows_of(schema, one_line(k_full_row) + "\n{\"i\":2}");
  const auto messages = arrow_messages(schema, IpcCompression::lz4).value();
  const auto plan = ArrowPlan::compile(messages.schema_message(), schema).value();
  const RowsIn in = plan.decode(messages.batch_message(batch).value(), {}).value();
  EXPECT_TRUE(in.faults.empty());
  EXPECT_EQ(in.batch, batch);
}

/// A batch of one column `x` as somebody else writes it.
template <class T, class... Values>
columns::Batch one_column(Type type, Values... values) {
  columns::ColumnBuilder<T> builder;
  (builder.append(values), ...);
  std::vector<columns::ColumnData> data;
  const std::int64_t rows = builder.rows();
  data.push_back(builder.take());
  const auto schema = columns::Schema::make({{"X", std::move(type)}}).value();
  return columns::Batch::make(schema, rows, std::move(data)).value();
}

std::string through(const columns::Batch& batch, const std::string& rest) {
  const TableSchema schema = schema_of(R"([{"name":"x",)" + rest + "}]");
  const auto header = columns::to_ipc(batch.schema(), {}, IpcCompression::none).value();
  const auto plan = ArrowPlan::compile(header, schema);
  if (!plan.ok()) return plan.error().message;
  std::string message;
  EXPECT_TRUE(columns::append_ipc_batch(batch, IpcCompression::none, message).ok());
  const auto in = plan->decode(message, {});
  if (!in.ok()) return in.error().message;
  std::string out = cells(in->batch, schema);
  for (const RowFault& fault : in->faults) out += "; " + fault.message;
  return out;
}

TEST(ArrowRows, take_other_widths_and_texts) {
  EXPECT_EQ(through(one_column<std::int8_t>(Kind::int8, -3), R"("type":"INT64")"),
            R"({"f":[{"v":"-3"}]})");
  EXPECT_EQ(through(one_column<float>(Kind::float32, 0.5f), R"("type":"FLOAT64")"),
            R"({"f":[{"v":"0.5"}]})");
  EXPECT_EQ(through(one_column<std::int32_t>(Kind::int32, 19936), R"("type":"DATE")"),
            R"({"f":[{"v":"2024-08-01"}]})");
  EXPECT_EQ(through(one_column<std::string_view>(Kind::text, "2024-8-1"), R"("type":"DATE")"),
            R"({"f":[{"v":"2024-08-01"}]})");
  EXPECT_EQ(through(one_column<std::string_view>(Kind::text, "1-2"), R"("type":"INTERVAL")"),
            R"({"f":[{"v":"1-2 0 0:0:0"}]})");
  EXPECT_EQ(through(one_column<columns::Decimal>(Type::decimal(10, 2), columns::Decimal{150, 0}),
                    R"("type":"BIGNUMERIC")"),
            R"({"f":[{"v":"1.5"}]})");
}

TEST(ArrowRows, values_out_of_range_are_faults_of_their_rows) {
  EXPECT_EQ(through(one_column<columns::Date>(Kind::date, columns::Date{1},
                                              columns::Date{k_date_days_max + 1}),
                    R"("type":"DATE")"),
            R"({"f":[{"v":"1970-01-02"}]}; Invalid DATE value: 2932897)");
  // What Arrow itself has no such value for makes the whole batch a broken one.
  EXPECT_TRUE(through(one_column<columns::TimeOfDay>(Kind::time, columns::TimeOfDay{k_day_micros}),
                      R"("type":"TIME")")
                  .starts_with("broken Arrow IPC data"));
  EXPECT_EQ(through(one_column<std::string_view>(Kind::text, "abc"),
                    R"("type":"STRING","maxLength":"2")"),
            "; Field x: STRING(2) has maximum length 2 but got a value with length 3");
  EXPECT_EQ(
      through(one_column<columns::Decimal>(Type::decimal(38, 0), columns::Decimal{0, 1 << 30}),
              R"("type":"NUMERIC","precision":5)"),
      "; Invalid NUMERIC value: a decimal of too many digits");
  EXPECT_EQ(through(one_column<std::string_view>(Kind::text, "{"), R"("type":"JSON")"),
            "; Invalid JSON value: {");
}

TEST(ArrowRows, types_that_a_column_does_not_take_are_refused_by_name) {
  EXPECT_EQ(through(one_column<std::string_view>(Kind::text, "1"), R"("type":"INT64")"),
            "a type that a column of type INT64 does not take, x: text");
  EXPECT_EQ(
      through(one_column<std::int64_t>(Kind::int64, 1), R"("type":"INT64","mode":"REPEATED")"),
      "a List and a REPEATED column belong together: X");
}

TEST(ArrowRows, columns_that_the_table_has_not_are_a_conflict) {
  const auto batch = one_column<std::int64_t>(Kind::int64, 1);
  const auto header = columns::to_ipc(batch.schema(), {}, IpcCompression::none).value();
  EXPECT_EQ(ArrowPlan::compile(header, schema_of(R"([{"name":"y","type":"INT64"}])")).error().code,
            Code::conflict);
}

TEST(ArrowRows, missing_columns_are_null_a_fault_or_the_default) {
  const TableSchema schema = schema_of(R"([{"name":"x","type":"INT64"},{"name":"y","type":"INT64"},
                    {"name":"z","type":"INT64","mode":"REQUIRED","defaultValueExpression":"3"}])");
  const auto batch = one_column<std::int64_t>(Kind::int64, 1);
  const auto header = columns::to_ipc(batch.schema(), {}, IpcCompression::none).value();
  const auto plan = ArrowPlan::compile(header, schema).value();
  EXPECT_EQ(plan.decode(batch, {}).value().faults,
            (std::vector<RowFault>{{0, "z", "Missing required field: z."}}));
  MissingValues missing;
  missing.default_of = {{"z", true}};
  missing.defaults = [](const TableField&) -> Result<json::Value> {
    return json::Value::string("3");
  };
  EXPECT_EQ(cells(plan.decode(batch, missing).value().batch, schema),
            R"({"f":[{"v":"1"},{"v":null},{"v":"3"}]})");
}

TEST(ArrowRows, nulls_within_lists_and_of_required_columns_are_faults) {
  columns::ColumnBuilder<std::int64_t> numbers;
  numbers.append(1);
  numbers.append_null();
  columns::ColumnData list;
  columns::Offsets offsets;
  offsets.push(1);
  offsets.push(2);
  list.rows = 2;
  list.buffers.push_back(offsets.take());
  list.children.push_back(numbers.take());
  std::vector<columns::ColumnData> data;
  data.push_back(std::move(list));
  const auto schema = columns::Schema::make({{"x", Type::list(Kind::int64)}}).value();
  const auto batch = columns::Batch::make(schema, 2, std::move(data)).value();
  EXPECT_EQ(through(batch, R"("type":"INT64","mode":"REPEATED")"),
            R"({"f":[{"v":[{"v":"1"}]}]}; )"
            "Only optional fields can be set to NULL. Field: x; Value: NULL");
}

TEST(ArrowRows, broken_messages_are_errors) {
  const TableSchema schema = schema_of(R"([{"name":"x","type":"INT64"}])");
  EXPECT_EQ(ArrowPlan::compile("no arrow", schema).error().code, Code::malformed);
  const auto messages = arrow_messages(schema, IpcCompression::none).value();
  const auto plan = ArrowPlan::compile(messages.schema_message(), schema).value();
  EXPECT_EQ(plan.decode("no arrow", {}).error().code, Code::malformed);
  EXPECT_EQ(plan.decode(messages.schema_message(), {}).error().code, Code::malformed);
}

RC_GTEST_PROP(ArrowRows, go_out_and_come_in, (std::uint64_t seed)) {
  RandomRows random(seed);
  const TableSchema schema = random.schema();
  std::string lines;
  for (std::int64_t i = random.below(20); i >= 0; --i) {
    lines += json::to_text(row_to_json(schema.fields, random.row(schema.fields))) + "\n";
  }
  const columns::Batch all = rows_of(schema, lines);
  const std::int64_t from = random.below(all.rows());
  const columns::Batch batch = all.slice(from, random.below(all.rows() - from) + 1);
  const auto messages =
      arrow_messages(schema, static_cast<IpcCompression>(random.below(3))).value();
  const auto plan = ArrowPlan::compile(messages.schema_message(), schema);
  RC_ASSERT(plan.ok());
  const RowsIn in = plan->decode(messages.batch_message(batch).value(), {}).value();
  RC_ASSERT(in.faults.empty());
  RC_ASSERT(in.batch == batch);
}

}  // namespace
}  // namespace bl::bigquery
