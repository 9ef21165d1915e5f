#include <gtest/gtest.h>

#include "base/json.h"
#include "bigquery/lake_schema.h"
#include "bigquery/model.h"
#include "bigquery/tests/rows_text.h"

namespace bl::bigquery {
namespace {

json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

Error refused(std::string_view fields) {
  const auto schema = schema_from_json(parsed(R"({"fields":)" + std::string(fields) + "}"));
  EXPECT_FALSE(schema.ok()) << fields;
  return schema.ok() ? Error{Code::internal, "accepted"} : schema.error();
}

TEST(TableSchema, reads_both_names_of_types_and_answers_the_older_ones) {
  const TableSchema schema = schema_of(
      R"([{"name":"a","type":"INT64"},{"name":"b","type":"integer","mode":"REQUIRED"},
          {"name":"c","type":"BOOL"},{"name":"d","type":"FLOAT64","mode":"NULLABLE"},
          {"name":"e","type":"STRUCT","mode":"REPEATED","fields":[{"name":"x","type":"JSON"}]}])");
  EXPECT_EQ(
      json::to_text(schema_to_json(schema)),
      R"({"fields":[{"name":"a","type":"INTEGER"},{"name":"b","type":"INTEGER","mode":"REQUIRED"},)"
      R"({"name":"c","type":"BOOLEAN"},{"name":"d","type":"FLOAT","mode":"NULLABLE"},)"
      R"({"name":"e","type":"RECORD","mode":"REPEATED","fields":[{"name":"x","type":"JSON"}]}]})");
}

TEST(TableSchema, keeps_all_that_it_says_of_a_field) {
  const std::string text =
      R"({"fields":[{"name":"s","type":"STRING","description":"words","maxLength":"5",)"
      R"("defaultValueExpression":"'x'"},)"
      R"({"name":"n","type":"NUMERIC","precision":"10","scale":"2"},)"
      R"({"name":"r","type":"RANGE","rangeElementType":{"type":"DATE"}}]})";
  const TableSchema schema = schema_from_json(parsed(text)).value();
  EXPECT_EQ(schema.fields[0].max_length, 5);
  EXPECT_EQ(schema.fields[1].scale, 2);
  EXPECT_EQ(schema.fields[2].range_of, FieldType::date);
  EXPECT_EQ(json::to_text(schema_to_json(schema)), text);
}

TEST(TableSchema, finds_columns_without_regard_to_case) {
  const TableSchema schema = schema_of(R"([{"name":"Total","type":"INT64"}])");
  ASSERT_NE(schema.find("tOTAL"), nullptr);
  EXPECT_EQ(schema.find("tOTAL")->name, "Total");
  EXPECT_EQ(schema.find("tot"), nullptr);
}

TEST(TableSchema, faults_name_the_place_and_the_value) {
  const Error wrong = refused(R"([{"name":"a","type":"INT64"},{"name":"b","type":"INTEGR"}])");
  EXPECT_EQ(wrong.code, Code::invalid);
  ASSERT_EQ(wrong.faults.size(), 1u);
  EXPECT_EQ(wrong.faults[0].path, "/fields/1/type");
  EXPECT_EQ(wrong.faults[0].value, R"("INTEGR")");
  EXPECT_EQ(refused(R"([{"name":"r","type":"RECORD","fields":[{"name":"x","type":"DATE"},
                        {"name":"X","type":"DATE"}]}])")
                .faults[0]
                .path,
            "/fields/0/fields/1/name");
}

TEST(TableSchema, refuses_by_name_what_is_not_supported) {
  EXPECT_EQ(refused(R"([{"name":"g","type":"GEOGRAPHY"}])").code, Code::unsupported);
  EXPECT_EQ(refused(R"([{"name":"g","type":"STRING","collation":"und:ci"}])").code,
            Code::unsupported);
  EXPECT_EQ(refused(R"([{"name":"g","type":"STRING","policyTags":{"names":["p"]}}])").code,
            Code::unsupported);
  EXPECT_EQ(refused(R"([{"name":"n","type":"BIGNUMERIC","precision":"40","scale":"2"}])").code,
            Code::unsupported);
  EXPECT_EQ(refused(R"([{"name":"t","type":"TIMESTAMP","timestampPrecision":"12"}])").code,
            Code::unsupported);
}

TEST(TableSchema, refuses_what_breaks_a_rule) {
  for (const char* fields :
       {R"(7)", R"([7])", R"([{"type":"DATE"}])", R"([{"name":"","type":"DATE"}])",
        R"([{"name":"a.b","type":"DATE"}])", R"([{"name":"_PARTITIONTIME","type":"DATE"}])",
        R"([{"name":"a","type":"DATE","mode":"OPTIONAL"}])", R"([{"name":"a","type":"RECORD"}])",
        R"([{"name":"a","type":"RECORD","fields":[]}])", R"([{"name":"a","type":"RANGE"}])",
        R"([{"name":"a","type":"RANGE","rangeElementType":{"type":"INT64"}}])",
        R"([{"name":"a","type":"INT64","maxLength":"3"}])",
        R"([{"name":"a","type":"NUMERIC","precision":"39","scale":"9"}])",
        R"([{"name":"a","type":"NUMERIC","scale":"2"}])",
        R"([{"name":"a","type":"STRING","maxLength":0}])",
        R"([{"name":"a","type":"DATE","fields":[{"name":"b","type":"DATE"}]}])"}) {
    EXPECT_EQ(refused(fields).code, Code::invalid) << fields;
  }
  EXPECT_FALSE(schema_from_json(parsed("{}")).ok());
}

TEST(TableSchema, is_bounded) {
  std::string deep = R"([{"name":"a","type":"DATE"}])";
  for (int i = 0; i < 15; ++i) deep = R"([{"name":"a","type":"RECORD","fields":)" + deep + "}]";
  EXPECT_EQ(refused(deep).code, Code::invalid);
  std::string many = "[";
  for (int i = 0; i < 10'001; ++i) {
    many += (i == 0 ? "" : ",");
    many += R"({"name":"c)" + std::to_string(i) + R"(","type":"DATE"})";
  }
  EXPECT_NE(refused(many + "]").message.find("more fields than"), std::string::npos);
}

const char* const k_all_types =
    R"([{"name":"s","type":"STRING"},{"name":"y","type":"BYTES"},
        {"name":"i","type":"INT64","mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},
        {"name":"b","type":"BOOL"},{"name":"n","type":"NUMERIC","precision":5},
        {"name":"big","type":"BIGNUMERIC"},{"name":"ts","type":"TIMESTAMP"},
        {"name":"dt","type":"DATETIME"},{"name":"d","type":"DATE"},{"name":"t","type":"TIME"},
        {"name":"iv","type":"INTERVAL"},{"name":"j","type":"JSON"},
        {"name":"r","type":"RANGE","rangeElementType":{"type":"TIMESTAMP"}},
        {"name":"rec","type":"RECORD","mode":"REPEATED","fields":[
          {"name":"x","type":"DATE","mode":"REQUIRED"},
          {"name":"l","type":"STRING","mode":"REPEATED"}]}])";

TEST(LakeSchema, keeps_each_type_as_the_header_says) {
  const auto lake = lake_schema_of(schema_of(k_all_types)).value();
  EXPECT_EQ(lake.text(),
            "s: text, y: binary, i: int64, f: float64, b: boolean, n: decimal(38, 9), "
            "big: decimal(38, 19), ts: timestamp, dt: naive_timestamp, d: date, t: time, "
            "iv: struct<months: int32, days: int32, micros: int64>, j: text, "
            "r: struct<start: timestamp, end: timestamp>, "
            "rec: list<struct<x: date, l: list<text>>>");
}

TEST(LakeSchema, goes_back_exactly) {
  const TableSchema schema = schema_of(k_all_types);
  EXPECT_EQ(table_schema_of(lake_schema_of(schema).value()).value(), schema);
}

TEST(LakeSchema, without_metadata_the_columns_speak) {
  using columns::Kind;
  using columns::Type;
  const auto schema =
      columns::Schema::make({{"a", Kind::int32, false},
                             {"b", Type::list(Kind::float32)},
                             {"c", Type::decimal(18, 3)},
                             {"d", Type::decimal(38, 0)},
                             {"e", Type::structure({{"start", Kind::date}, {"end", Kind::date}})},
                             {"f", Type::structure({{"x", Kind::text}})}});
  const TableSchema table = table_schema_of(*schema).value();
  EXPECT_EQ(json::to_text(schema_to_json(table)),
            R"({"fields":[{"name":"a","type":"INTEGER","mode":"REQUIRED"},)"
            R"({"name":"b","type":"FLOAT","mode":"REPEATED"},)"
            R"({"name":"c","type":"NUMERIC","mode":"NULLABLE"},)"
            R"({"name":"d","type":"BIGNUMERIC","mode":"NULLABLE"},)"
            R"({"name":"e","type":"RANGE","mode":"NULLABLE","rangeElementType":{"type":"DATE"}},)"
            R"({"name":"f","type":"RECORD","mode":"NULLABLE","fields":)"
            R"([{"name":"x","type":"STRING","mode":"NULLABLE"}]}]})");
  const auto map = columns::Schema::make({{"m", Type::map(Kind::text, Kind::text)}});
  EXPECT_EQ(table_schema_of(*map).error().code, Code::unsupported);
}

TEST(LakeSchema, metadata_that_does_not_fit_the_columns_is_not_believed) {
  const auto other = columns::Schema::make(
      {{"a", columns::Kind::text}},
      {{std::string(k_schema_metadata), R"({"fields":[{"name":"a","type":"INT64"}]})"}});
  EXPECT_EQ(table_schema_of(*other).value().fields[0].type, FieldType::text);
}

}  // namespace
}  // namespace bl::bigquery
