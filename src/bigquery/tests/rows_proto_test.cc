#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/json.h"
#include "bigquery/cells.h"
#include "bigquery/json_rows.h"
#include "bigquery/proto_rows.h"
#include "bigquery/tests/proto_writer.h"
#include "bigquery/tests/random_rows.h"
#include "bigquery/tests/rows_text.h"

namespace bl::bigquery {
namespace {

using protobuf::put_element;
using protobuf::put_message;

/// A table of one column `x`, written by messages of one field.
struct OneColumn {
  TableSchema schema;
  TestField field;
  std::vector<std::string> nested, enums;

  explicit OneColumn(const std::string& rest, int type, std::string type_name = "")
      : schema(schema_of(R"([{"name":"x",)" + rest + "}]")),
        field{.name = "x",
              .number = 1,
              .type = type,
              .type_name = std::move(type_name),
              .column_name = ""} {}
  Result<ProtoPlan> plan() const {
    return ProtoPlan::compile(message_proto("Row", {field}, nested, enums), schema);
  }
  /// The cell that a row becomes, or the message of its first fault.
  std::string cell(const std::string& row) const {
    const auto made = plan();
    if (!made.ok()) return made.error().message;
    const std::string_view rows[] = {row};
    const RowsIn in = made->decode(rows, {}).value();
    if (!in.faults.empty()) return in.faults[0].message;
    const std::string text = cells(in.batch, schema);
    return text.substr(11, text.size() - 14);
  }
  std::string number(std::uint64_t value) const {
    std::string row;
    put_number(row, 1, value);
    return cell(row);
  }
  std::string bytes(std::string_view value) const {
    std::string row;
    put_element(row, 1, value);
    return cell(row);
  }
};

const std::string k_int64 = R"("type":"INT64")";

TEST(ProtoRows, numbers_of_every_kind) {
  const auto minus = static_cast<std::uint64_t>(std::int64_t{-1});
  EXPECT_EQ(OneColumn(k_int64, t_int64).number(minus), "\"-1\"");
  EXPECT_EQ(OneColumn(k_int64, t_int32).number(minus), "\"-1\"");
  EXPECT_EQ(OneColumn(k_int64, t_uint32).number(0xffffffff), "\"4294967295\"");
  EXPECT_EQ(OneColumn(k_int64, t_sint64).number(3), "\"-2\"");
  EXPECT_EQ(OneColumn(k_int64, t_enum, "Color").number(7), "\"7\"");
  EXPECT_EQ(OneColumn(R"("type":"BOOL")", t_uint64).number(2), "\"true\"");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_uint64).number(minus), "\"18446744073709551615\"");
  EXPECT_EQ(OneColumn(R"("type":"DATE")", t_int32).number(19936), "\"2024-08-01\"");
  std::string real;
  protobuf::put_fixed32(real, 1, std::bit_cast<std::uint32_t>(0.5f));
  EXPECT_EQ(OneColumn(R"("type":"FLOAT64")", t_float).cell(real), "\"0.5\"");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_float).cell(real), "\"0.5\"");
}

TEST(ProtoRows, texts_of_every_kind) {
  EXPECT_EQ(OneColumn(R"("type":"DATE")", t_string).bytes("2024-08-01"), "\"2024-08-01\"");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_string).bytes("1.50"), "\"1.5\"");
  EXPECT_EQ(OneColumn(R"("type":"JSON")", t_string).bytes("{\"a\": 1}"), "\"{\\\"a\\\":1}\"");
  EXPECT_EQ(OneColumn(R"("type":"INTERVAL")", t_string).bytes("1-2 3 4:5:6"), "\"1-2 3 4:5:6\"");
  EXPECT_EQ(OneColumn(R"("type":"BYTES")", t_string).bytes("ab"), "\"YWI=\"");
  EXPECT_EQ(OneColumn(R"("type":"STRING")", t_string).bytes("\xff"), "a text that is no UTF-8");
  EXPECT_EQ(OneColumn(R"("type":"BYTES")", t_string).bytes("\xff"), "\"/w==\"");
}

TEST(ProtoRows, decimals_as_bytes) {
  // 1.5 of scale 9, and -1 of it; 2^-... of scale 38 needs 16 bytes: 0.5 = 5 * 10^37.
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_bytes).bytes(std::string("\x00\x2f\x68\x59", 4)),
            "\"1.5\"");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_bytes).bytes("\xff"), "\"-0.000000001\"");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_bytes).bytes(std::string(17, '\0')),
            "Invalid NUMERIC value: bytes");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_bytes).bytes(""), "Invalid NUMERIC value: bytes");
  EXPECT_EQ(OneColumn(R"("type":"NUMERIC")", t_bytes).bytes(std::string(15, '\xff') + "\x7f"),
            "Invalid NUMERIC value: bytes");
}

TEST(ProtoRows, packed_civil_times) {
  const std::uint64_t time = 250'000 | 9ull << 20 | 5ull << 26 | 7ull << 32;
  EXPECT_EQ(OneColumn(R"("type":"TIME")", t_int64).number(time), "\"07:05:09.250000\"");
  const std::uint64_t date = 1ull << 37 | 8ull << 42 | 2024ull << 46;
  EXPECT_EQ(OneColumn(R"("type":"DATETIME")", t_int64).number(time | date),
            "\"2024-08-01T07:05:09.250000\"");
  for (const std::uint64_t wrong : {std::uint64_t{60} << 20, std::uint64_t{24} << 32,
                                    std::uint64_t{1'000'000}, std::uint64_t{1} << 37}) {
    EXPECT_NE(OneColumn(R"("type":"TIME")", t_int64).number(wrong).find("Invalid TIME"),
              std::string::npos);
  }
  EXPECT_NE(OneColumn(R"("type":"DATETIME")", t_int64)
                .number(31ull << 37 | 2ull << 42 | 2024ull << 46)
                .find("Invalid DATETIME"),
            std::string::npos);
}

TEST(ProtoRows, enums_by_name_for_texts) {
  OneColumn color(R"("type":"STRING")", t_enum, ".pkg.Row.Color");
  color.enums = {enum_proto("Color", {{"RED", 1}, {"GREEN", -2}})};
  EXPECT_EQ(color.number(1), "\"RED\"");
  EXPECT_EQ(color.number(static_cast<std::uint64_t>(std::int64_t{-2})), "\"GREEN\"");
  EXPECT_EQ(color.number(3), "a value that the enum Color does not have: 3");
  color.field.type_name = "Shape";
  EXPECT_EQ(color.plan().error().code, Code::invalid);
}

TEST(ProtoRows, wrappers_and_instants) {
  const auto wrapped = [](std::uint64_t value) {
    std::string out;
    put_message(out, 1, [&] { put_number(out, 1, value); });
    return out;
  };
  std::string empty;
  put_element(empty, 1, "");
  const OneColumn whole(k_int64, t_message, ".google.protobuf.Int32Value");
  EXPECT_EQ(whole.cell(wrapped(7)), "\"7\"");
  EXPECT_EQ(whole.cell(empty), "\"0\"");
  EXPECT_EQ(whole.cell(""), "null");
  EXPECT_EQ(OneColumn(R"("type":"BOOL")", t_message, "google.protobuf.BoolValue").cell(wrapped(1)),
            "\"true\"");
  std::string instant;
  put_message(instant, 1, [&] {
    put_number(instant, 1, static_cast<std::uint64_t>(std::int64_t{-1}));
    put_number(instant, 2, 250'000'000);
  });
  EXPECT_EQ(
      OneColumn(R"("type":"TIMESTAMP")", t_message, ".google.protobuf.Timestamp").cell(instant),
      "\"-750000\"");
  EXPECT_EQ(OneColumn(R"("type":"INTERVAL")", t_message, ".google.protobuf.Duration").cell(instant),
            "\"0-0 0 -0:0:0.750\"");
}

TEST(ProtoRows, presence_is_proto2s) {
  const OneColumn whole(k_int64, t_int64);
  EXPECT_EQ(whole.cell(""), "null");
  EXPECT_EQ(whole.number(0), "\"0\"");
  std::string twice;
  put_number(twice, 1, 1);
  put_number(twice, 1, 2);
  EXPECT_EQ(whole.cell(twice), "\"2\"");
  OneColumn required(k_int64, t_int64);
  required.field.label = l_required;
  EXPECT_EQ(required.cell(""), "a required field of the writer's schema is missing");
  EXPECT_EQ(OneColumn(k_int64 + R"(,"mode":"REQUIRED")", t_int64).cell(""),
            "Missing required field: x.");
}

TEST(ProtoRows, messages_merge) {
  OneColumn record(
      R"("type":"RECORD","fields":[{"name":"a","type":"INT64"},
         {"name":"b","type":"INT64","mode":"REPEATED"}])",
      t_message, "Item");
  record.nested = {message_proto(
      "Item",
      {{.name = "a", .number = 1, .type_name = "", .column_name = ""},
       {.name = "b", .number = 2, .type_name = "", .label = l_repeated, .column_name = ""}})};
  std::string row;
  for (const std::uint64_t value : {1, 2, 3}) {
    put_message(row, 1, [&] {
      if (value != 3) put_number(row, 1, value);
      put_number(row, 2, value);
    });
  }
  EXPECT_EQ(record.cell(row), R"({"f":[{"v":"2"},{"v":[{"v":"1"},{"v":"2"},{"v":"3"}]}]})");
}

TEST(ProtoRows, numbers_may_be_packed) {
  OneColumn list(k_int64 + R"(,"mode":"REPEATED")", t_sint32);
  list.field.label = l_repeated;
  std::string row;
  put_message(row, 1, [&] {
    protobuf::put_varint(row, 1);
    protobuf::put_varint(row, 300);
  });
  put_number(row, 1, 4);
  EXPECT_EQ(list.cell(row), R"([{"v":"-1"},{"v":"150"},{"v":"2"}])");
  std::string cut;
  put_element(cut, 1, "\x01\x80");
  EXPECT_EQ(list.cell(cut), "packed numbers are cut");
}

TEST(ProtoRows, fields_without_a_column_are_a_conflict) {
  OneColumn other(k_int64, t_int64);
  other.field.name = "y";
  EXPECT_EQ(other.plan().error().code, Code::conflict);
  EXPECT_NE(other.plan().error().message.find(": y"), std::string::npos);
  other.field.column_name = "X";
  EXPECT_EQ(other.number(5), "\"5\"");
}

TEST(ProtoRows, what_a_writer_schema_does_not_have_is_no_row) {
  const OneColumn whole(k_int64, t_int64);
  std::string row;
  put_number(row, 9, 1);
  EXPECT_EQ(whole.cell(row), "a field that the writer's schema does not have: 9");
  std::string text;
  put_element(text, 1, "abc");
  EXPECT_EQ(whole.cell(text), "the value is not of the kind that the writer's schema says");
  EXPECT_EQ(whole.cell("\x08"), "the message has a broken number at byte 1");
}

TEST(ProtoRows, kinds_that_a_column_does_not_take_are_refused_by_name) {
  EXPECT_EQ(OneColumn(k_int64, t_string).plan().error().message,
            "a kind that a column of type INT64 does not take, x: string");
  EXPECT_FALSE(OneColumn(k_int64, t_uint64).plan().ok());
  EXPECT_FALSE(OneColumn(R"("type":"TIMESTAMP")", t_string).plan().ok());
  EXPECT_FALSE(OneColumn(R"("type":"FLOAT64")", t_int64).plan().ok());
  EXPECT_FALSE(OneColumn(R"("type":"STRING")", t_bytes).plan().ok());
  EXPECT_FALSE(OneColumn(k_int64 + R"(,"mode":"REPEATED")", t_int64).plan().ok());
  EXPECT_FALSE(
      OneColumn(R"("type":"RECORD","fields":[{"name":"a","type":"DATE"}])", t_message, "No")
          .plan()
          .ok());
  EXPECT_EQ(ProtoPlan::compile("\x0a\xff", {}).error().code, Code::malformed);
}

TEST(ProtoRows, a_bad_row_is_named_and_left_out) {
  const TableSchema schema =
      schema_of(R"([{"name":"id","type":"INT64","mode":"REQUIRED"},{"name":"d","type":"DATE"}])");
  const auto plan = ProtoPlan::compile(
      message_proto(
          "Row",
          {{.name = "ID", .number = 1, .type_name = "", .column_name = ""},
           {.name = "d", .number = 2, .type = t_string, .type_name = "", .column_name = ""}}),
      schema);
  std::string good;
  put_number(good, 1, 1);
  std::string bad;
  put_element(bad, 2, "yesterday");
  const std::string_view rows[] = {good, bad, good};
  const RowsIn in = plan->decode(rows, {}).value();
  EXPECT_EQ(in.batch.rows(), 2);
  EXPECT_EQ(in.bad, std::vector<std::int64_t>{1});
  EXPECT_EQ(in.faults, (std::vector<RowFault>{{1, "d", "Invalid DATE value: yesterday"},
                                              {1, "id", "Missing required field: id."}}));
}

TEST(ProtoRows, missing_values_are_null_or_the_default_as_the_request_says) {
  const TableSchema schema = schema_of(R"([{"name":"a","type":"INT64","defaultValueExpression":"1"},
                    {"name":"B","type":"INT64","defaultValueExpression":"2"}])");
  const auto plan = ProtoPlan::compile(
      message_proto("Row", {{.name = "a", .number = 1, .type_name = "", .column_name = ""}}),
      schema);
  MissingValues missing;
  missing.defaults = [](const TableField& field) -> Result<json::Value> {
    return json::Value::string(field.default_expression);
  };
  const std::string_view rows[] = {""};
  const auto row = [&] { return cells(plan->decode(rows, missing).value().batch, schema); };
  EXPECT_EQ(row(), R"({"f":[{"v":null},{"v":null}]})");
  missing.default_of = {{"b", true}};
  EXPECT_EQ(row(), R"({"f":[{"v":null},{"v":"2"}]})");
  missing.are_defaults = true;
  missing.default_of = {{"b", false}};
  EXPECT_EQ(row(), R"({"f":[{"v":"1"},{"v":null}]})");
}

RC_GTEST_PROP(ProtoRows, become_what_the_same_rows_as_json_become, (std::uint64_t seed)) {
  RandomRows random(seed);
  const TableSchema schema = random.schema();
  RandomProto proto(random, schema.fields);
  std::vector<json::Value> rows;
  std::vector<std::string> messages;
  for (std::int64_t i = random.below(20); i >= 0; --i) {
    const Sample row = random.row(schema.fields);
    rows.push_back(row_to_json(schema.fields, row));
    messages.push_back(proto.row(row));
  }
  std::vector<const json::Value*> pointers;
  for (const json::Value& row : rows) pointers.push_back(&row);
  const std::vector<std::string_view> views(messages.begin(), messages.end());
  const auto plan = ProtoPlan::compile(proto.descriptor(), schema);
  RC_ASSERT((plan.ok() ? "" : plan.error().message) == "");
  const RowsIn in = plan->decode(views, {}).value();
  RC_ASSERT(in.faults.empty());
  RC_ASSERT(in.batch == rows_from_json(schema, pointers).value().batch);
}

}  // namespace
}  // namespace bl::bigquery
