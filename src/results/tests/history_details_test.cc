#include "results/store/history_details.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/hash.h"

namespace bl::results::testing {
namespace {

std::string hex_of(std::string_view bytes) {
  return to_hex(std::as_bytes(std::span(bytes)));
}

PointDetails usual() {
  return {"s",
          "r",
          "m",
          "06b02489804870948000e1cf7a3965de",
          "c9c27cff2272bed02e5f59796cccbef55feceb66",
          "06b02489807979c38000d2180e1b49d4",
          "[7287210.368343342,7103171.197036082,7209981.483177586]",
          R"({"name":"commit: c9c27cff2272bed02e5f59796cccbef55feceb66"})",
          "{}"};
}

PointDetails unpacked(std::string_view packed, TextArena& texts) {
  auto details = unpack_details(packed, texts);
  EXPECT_TRUE(details.ok()) << details.error().message;
  return details.ok() ? *details : PointDetails{};
}

TEST(HistoryDetails, the_example_of_the_page_on_the_format_is_what_is_written) {
  const PointDetails details{
      "s", "r", "m", "0a", "0b", "x", "[0.25,0.5]", R"({"name":"commit: 0b"})", "{}"};
  EXPECT_EQ(hex_of(pack_details(details)),
            "0106017301"
            "72016d030a030b02780a5b302e32352c302e355d");
}

TEST(HistoryDetails, a_usual_point_takes_half_of_its_text) {
  const std::string packed = pack_details(usual());
  EXPECT_EQ(packed.size(), 2 + 2 + 2 + 2 + 17 + 21 + 17 + 1 + 3 * 8u);
  TextArena texts;
  EXPECT_EQ(unpacked(packed, texts), usual());
}

TEST(HistoryDetails, samples_keep_every_digit) {
  for (const char* data : {"[]",
                           "[1]",
                           "[1.0]",
                           "[0.1000]",
                           "[-0]",
                           "[-0.0]",
                           "[3,1,2]",
                           "[123456789012345678901]",
                           "[0.12345678901234567890123]",
                           "[1000000000000000000000000000000000000000000]",
                           "[0]",
                           "[null]",
                           "[16.000000000000004,17.000000000000007]",
                           "[0.30000000000000004]",
                           "[0.000000000000000000000000000000000123456789012345]",
                           "[1,null,2.5]",
                           "[\"1\"]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{}",
                           "",
                           "[",
                           "[nan]",
                           "[1e5,17.000000000000007]"}) {
    PointDetails details = usual();
    details.data = data;
    TextArena texts;
    EXPECT_EQ(unpacked(pack_details(details), texts).data, data);
  }
}

TEST(HistoryDetails, what_is_not_plain_hex_stays_text) {
  for (const char* id : {"", "a", "A0", "0g", "abc", "06B0", "unknown", "v1.2.3", "0a0"}) {
    PointDetails details = usual();
    details.result_id = details.commit_sha = details.info_id = id;
    TextArena texts;
    EXPECT_EQ(unpacked(pack_details(details), texts), details) << id;
  }
}

TEST(HistoryDetails, tags_that_do_not_name_the_commit_stay) {
  for (const char* tags : {"{}", R"({"name":"commit: 0b"})",
                           R"({"a":"b","name":"commit: c9c27cff2272bed02e5f59796cccbef55feceb66"})",
                           R"({"name":"nightly"})"}) {
    PointDetails details = usual();
    details.run_tags = tags;
    details.change_annotations = R"({"begins_distribution_change":true})";
    TextArena texts;
    EXPECT_EQ(unpacked(pack_details(details), texts), details) << tags;
  }
}

TEST(HistoryDetails, texts_may_be_long) {
  const std::string longest(300'000, 'x');
  PointDetails details = usual();
  details.run_id = details.commit_message = details.info_id = longest;
  TextArena texts;
  EXPECT_EQ(unpacked(pack_details(details), texts), details);
}

TEST(HistoryDetails, a_damaged_point_is_corrupt_and_nothing_else_happens) {
  const std::string packed = pack_details(usual());
  TextArena texts;
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const std::string_view cut = std::string_view(packed).substr(0, size);
    EXPECT_EQ(unpack_details(cut, texts).error().code, Code::corrupt) << size;
    const auto unit = unit_of_details(cut);
    EXPECT_EQ(unit.ok() ? *unit : "", size < 4 ? "" : usual().unit) << size;
  }
  EXPECT_EQ(unpack_details(packed + "x", texts).error().code, Code::corrupt);
  std::string other = packed;
  other[0] = 2;
  EXPECT_EQ(unpack_details(other, texts).error().code, Code::corrupt);
  other = packed;
  other[1] = static_cast<char>(other[1] | 8);
  EXPECT_EQ(unpack_details(other, texts).error().code, Code::corrupt);
  EXPECT_EQ(unpack_details(std::string("\x01\x00", 2) + std::string(9, '\xff'), texts).error().code,
            Code::corrupt);
}

RC_GTEST_PROP(HistoryDetails, whatever_is_packed_comes_back, ()) {
  const auto text = [] { return *rc::gen::arbitrary<std::string>(); };
  const auto id = [&] {
    return *rc::gen::oneOf(
        rc::gen::arbitrary<std::string>(),
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789abcdef"))));
  };
  std::string data = "[";
  for (const double sample : *rc::gen::arbitrary<std::vector<double>>()) {
    if (data.size() > 1) data += ',';
    data += std::to_string(sample);
  }
  data += ']';
  const std::string sha = id(), unit = text(), run = text(), message = text(), result = id(),
                    info = id(), annotations = text();
  std::string tags = R"({"name":"commit: )";
  tags += sha;
  tags += "\"}";
  if (*rc::gen::arbitrary<bool>()) tags = text();
  const PointDetails details{unit, run, message, result, sha, info, data, tags, annotations};
  TextArena texts;
  const auto again = unpack_details(pack_details(details), texts);
  RC_ASSERT(again.ok());
  RC_ASSERT(*again == details);
  RC_ASSERT(unit_of_details(pack_details(details)).ok());
}

}  // namespace
}  // namespace bl::results::testing
