// Our protobuf against that of protobuf's own library: otlp_golden.tsv, by otlp_golden.py.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

TEST(OtlpGolden, EveryRequestHasTheBytesOfTheLibrary) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source ? source : ".") + "/src/traces/tests/otlp_golden.tsv");
  ASSERT_TRUE(file) << "run the test in the repository's root, or set BL_TEST_SOURCE";
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const std::size_t tab = line.find('\t');
    const std::string json = line.substr(0, tab), bytes = bytes_of(line.substr(tab + 1));
    const auto by_json = decode_otlp_json(json, k_any_spans_now);
    ASSERT_TRUE(by_json.ok()) << by_json.error().message;
    EXPECT_EQ(by_json->rejected, 0);
    EXPECT_EQ(encode_otlp_json(by_json->spans), json);
    EXPECT_EQ(encode_otlp_protobuf(by_json->spans), bytes) << json;
    const auto by_protobuf = decode_otlp_protobuf(bytes, k_any_spans_now);
    ASSERT_TRUE(by_protobuf.ok()) << by_protobuf.error().message;
    EXPECT_EQ(by_protobuf->spans, by_json->spans) << json;
  }
  EXPECT_GE(lines, 28);
}

}  // namespace
}  // namespace bl::traces
