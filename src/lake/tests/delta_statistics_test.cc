// A file's statistics in the log: exact counts, bounds that are never narrower than the rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/tests/delta_world.h"

namespace bl::lake {
namespace {

using columns::Kind;
using columns::Schema;
using columns::Type;
using ::testing::HasSubstr;
using namespace testing;

DeltaMetadata table_of(std::vector<columns::Field> fields) {
  DeltaMetadata table;
  table.schema = Schema::make(std::move(fields)).value();
  table.schema_text = delta_schema_text(table.schema).value();
  return table;
}

duck::ParquetFile file_of(std::vector<duck::ColumnStatistics> columns) {
  return {"x", 10, 1'000, 100, std::move(columns)};
}

/// The statistics of one column with those bounds.
std::string said(Type type, const std::string& min, const std::string& max,
                 std::optional<bool> nan = std::nullopt) {
  const auto file = file_of({{{"c"}, 1, 9, 1, min, max, nan}});
  const auto table = table_of({{"c", std::move(type)}});
  return delta_file(file, "x", table, {}).value().statistics;
}

TEST(Statistics, speak_deltas_words) {
  EXPECT_EQ(said(Kind::int64, "-5", "9007199254740993"),
            R"({"numRecords":10,"minValues":{"c":-5},"maxValues":{"c":9007199254740993},)"
            R"("nullCount":{"c":1}})");
  EXPECT_THAT(said(Type::decimal(5, 2), "1.50", "99.99"), HasSubstr(R"({"c":1.50})"));
  EXPECT_THAT(said(Kind::date, "2024-01-01", "2024-12-31"), HasSubstr(R"({"c":"2024-12-31"})"));
  const std::string time =
      said(Kind::timestamp, "2024-01-01 00:00:00.123456+00", "2024-01-01 00:00:00.123456+00");
  EXPECT_THAT(time, HasSubstr(R"("minValues":{"c":"2024-01-01T00:00:00.123Z"})"));
  EXPECT_THAT(time, HasSubstr(R"("maxValues":{"c":"2024-01-01T00:00:00.124Z"})")) << "rounded up";
  EXPECT_THAT(said(Kind::timestamp, "1969-12-31 23:59:59.9995+00", "1970-01-01 00:00:00+00"),
              HasSubstr(R"({"c":"1969-12-31T23:59:59.999Z"})"));
}

TEST(Statistics, leave_out_what_they_cannot_say) {
  for (const auto& none : {said(Kind::boolean, "false", "true"), said(Kind::binary, "a", "b"),
                           said(Kind::float64, "-inf", "inf"), said(Kind::float64, "1", "2", true),
                           said(Kind::date, "0044-03-15 (BC)", "0044-03-15 (BC)")}) {
    EXPECT_EQ(none, R"({"numRecords":10,"minValues":{},"maxValues":{},"nullCount":{"c":1}})");
  }
}

TEST(Statistics, cut_long_texts_to_bounds_that_hold) {
  const std::string a32(32, 'a');
  EXPECT_THAT(said(Kind::text, a32, a32), HasSubstr("\"maxValues\":{\"c\":\"" + a32 + "\"}"));
  const std::string cut = said(Kind::text, a32 + "z", a32 + "z");
  EXPECT_THAT(cut, HasSubstr("\"minValues\":{\"c\":\"" + a32 + "\"}"));
  EXPECT_THAT(cut, HasSubstr("\"maxValues\":{\"c\":\"" + std::string(31, 'a') + "b\"}"));
  const std::string highest = "\xF4\x8F\xBF\xBF";  // the last code point has none above it
  std::string all;
  for (int i = 0; i < 33; ++i) all += highest;
  EXPECT_THAT(said(Kind::text, all, all), HasSubstr(R"("maxValues":{})"));
  EXPECT_THAT(said(Kind::text, "a", "a" + all), HasSubstr(R"("maxValues":{"c":"b"})"));
  std::string before_surrogates(31, 'a');
  before_surrogates += "\xED\x9F\xBF";
  EXPECT_THAT(said(Kind::text, "a", before_surrogates + "x"), HasSubstr("\xEE\x80\x80"));
}

TEST(Statistics, follow_structs_and_stop_at_their_limit) {
  const auto table = table_of({{"s", Type::structure({{"x", Kind::int32}, {"y", Kind::int32}})},
                               {"l", Type::list(Kind::int32)},
                               {"z", Kind::int32}});
  const auto file = file_of({{{"s", "x"}, 1, 10, 0, "1", "2", {}},
                             {{"s", "y"}, 1, 10, 0, "3", "4", {}},
                             {{"l", "list", "element"}, 1, 10, 0, "5", "6", {}},
                             {{"z"}, 1, 10, 0, "7", "8", {}}});
  EXPECT_THAT(delta_file(file, "x", table, {})->statistics,
              HasSubstr(R"("minValues":{"s":{"x":1,"y":3},"z":7})"));
  EXPECT_THAT(delta_file(file, "x", table, {}, {.columns_max = 1})->statistics,
              HasSubstr(R"("minValues":{"s":{"x":1}})"));
  const auto other = table_of({{"s", Kind::int64}});
  EXPECT_EQ(code_of(delta_file(file, "x", other, {})), "invalid");
}

TEST(Statistics, of_others_are_read_as_far_as_they_are_usable) {
  DeltaFile file;
  file.statistics = R"({"numRecords":3,"minValues":{"a":1,"s":{"b":"x"}},"maxValues":{"a":null},)"
                    R"("nullCount":{"a":0,"s":{"b":2}},"tightBounds":true})";
  const auto known = delta_statistics(file);
  EXPECT_EQ(known.rows, 3);
  ASSERT_EQ(known.columns.size(), 2u);
  EXPECT_EQ(known.columns[0].min, "1");
  EXPECT_EQ(known.columns[0].max, std::nullopt);
  EXPECT_EQ(known.columns[1].path, (std::vector<std::string>{"s", "b"}));
  EXPECT_EQ(known.columns[1].nulls, 2);
  for (const char* unusable : {"", "{", "7", R"({"stats_json":"{\"numRecords\":5}"})",
                               R"({"numRecords":-1})", R"({"numRecords":"3"})"}) {
    file.statistics = unusable;
    EXPECT_EQ(delta_statistics(file).rows, std::nullopt) << unusable;
  }
}

}  // namespace
}  // namespace bl::lake
