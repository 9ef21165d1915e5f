#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/formats.h"

namespace bl::formats {
namespace {

TEST(FormatNames, read_back_to_their_format) {
  for (const Format format : {Format::conbench, Format::google_benchmark, Format::asv}) {
    EXPECT_EQ(parse_format(name_of(format)).value(), format);
  }
}

TEST(FormatNames, an_unknown_one_is_refused_with_those_that_exist) {
  const auto format = parse_format("junit");
  ASSERT_FALSE(format.ok());
  EXPECT_EQ(format.error().code, Code::invalid);
  EXPECT_EQ(format.error().message,
            "unknown format, known are conbench, google-benchmark, asv: 'junit'");
}

TEST(Detect, knows_a_format_by_its_members) {
  EXPECT_EQ(detect(R"({"tags": {"name": "x"}})"), Format::conbench);
  EXPECT_EQ(detect(R"([{"tags": {"name": "x"}}, 7])"), Format::conbench);
  EXPECT_EQ(detect("\n\n{\"tags\": {}}\n{\"tags\": {}}\n"), Format::conbench);
  EXPECT_EQ(detect(R"({"context": {}, "benchmarks": []})"), Format::google_benchmark);
  EXPECT_EQ(detect(R"({"context": {}, "benchmarks": [{"real_time": NaN}]})"),
            Format::google_benchmark);
  EXPECT_EQ(detect(R"({"commit_hash": "a", "result_columns": [], "results": {}})"), Format::asv);
}

TEST(Detect, everything_else_is_nobodys) {
  for (const char* bytes : {"", "\n", "{", "[]", "{}", "7", "null", "[7]", "tags", "{\"tags\"\n",
                            R"({"benchmarks": []})", R"({"commit_hash": "a"})", "\xff\xfe"}) {
    EXPECT_EQ(detect(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace bl::formats
