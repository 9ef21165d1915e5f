#include "inference/ingest/json_rows.h"

#include <gmock/gmock.h>

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Rows {
  std::vector<std::string> rows;   // `path text`
  std::vector<std::string> skips;  // paths
};

Rows rows_of(std::string_view text) {
  Rows out;
  SkipTracker tracker;
  for_each_json_row(
      text, "a.json",
      [&](const json::Value& row, const std::string& path) {
        out.rows.push_back(path + " " + json::to_text(row));
      },
      tracker);
  for (const Skip& skip : tracker.examples()) out.skips.push_back(skip.path);
  EXPECT_EQ(tracker.count(SkipReason::malformed), tracker.total());
  return out;
}

TEST(JsonRows, are_those_of_an_array_or_the_one_that_there_is) {
  EXPECT_THAT(rows_of(R"({"a":1})").rows, ElementsAre(R"(a.json {"a":1})"));
  EXPECT_THAT(rows_of(R"([1, [2], "x"])").rows,
              ElementsAre("a.json#/0 1", "a.json#/1 [2]", R"(a.json#/2 "x")"));
  EXPECT_THAT(rows_of("[]").rows, IsEmpty());
  EXPECT_THAT(rows_of("[]").skips, IsEmpty());
}

TEST(JsonRows, of_a_damaged_array_are_read_one_by_one) {
  const Rows rows = rows_of(R"( [ {"a":"]},{\"["}, {"b":NaN}, {"c":[1,{"d":2}]} ,, 3 ])");
  EXPECT_THAT(rows.rows, ElementsAre(R"(a.json#/0 {"a":"]},{\"["})",
                                     R"(a.json#/2 {"c":[1,{"d":2}]})", "a.json#/4 3"));
  EXPECT_THAT(rows.skips, ElementsAre("a.json#/1", "a.json#/3"));
}

TEST(JsonRows, of_an_array_that_is_cut_off_are_read_as_far_as_they_are_whole) {
  for (const char* cut : {R"([{"a":1},{"b")", R"([{"a":1},{"b":"x)", R"([{"a":1},{"b":"x\)",
                          R"([{"a":1},{"b":2)", R"([{"a":1},{"b":[)"}) {
    EXPECT_THAT(rows_of(cut).rows, ElementsAre(R"(a.json#/0 {"a":1})")) << cut;
    EXPECT_THAT(rows_of(cut).skips, ElementsAre("a.json#/1")) << cut;
  }
  EXPECT_THAT(rows_of(R"([{"a":1})").rows, ElementsAre(R"(a.json#/0 {"a":1})"));
}

TEST(JsonRows, of_what_is_no_JSON_there_are_none) {
  for (const char* text : {"", "NaN", "{", "text", "\xff"}) {
    EXPECT_THAT(rows_of(text).rows, IsEmpty()) << text;
    EXPECT_THAT(rows_of(text).skips, ElementsAre("a.json")) << text;
  }
}

}  // namespace
}  // namespace bl::inference
