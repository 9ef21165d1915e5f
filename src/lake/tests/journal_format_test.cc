// The bytes of docs/formats/journal.md.
#include "lake/journal/format.h"

#include <gtest/gtest.h>

namespace bl::lake {
namespace {

// The example of the page.
constexpr std::string_view k_example =
    "424c4a524e4c0001000102030405060708090a0b0c0d0e0f290000000000000000401e18240a0600"
    "000000000000000000000000000000003671bbf50816b605"
    "424c4750020000001e00000000000000290000000000000040822d18240a0600"
    "000102030405060713f949eac4ee0516"
    "050000000500000072756e2d3768656c6c6f00000000040000006c616b65bbd99cd43a096dad";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

JournalId example_id() {
  JournalId id;
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = std::byte(i);
  return id;
}

TEST(JournalFormat, the_example_is_what_is_written) {
  std::string bytes =
      encode(SegmentHeader{example_id(), 41, Timestamp::from_seconds(1'700'000'000)});
  GroupWriter group(example_id(), 41);
  group.add("run-7", "hello");
  group.add("", "lake");
  const std::size_t size = group.bytes();
  bytes += group.finish(Timestamp::from_seconds(1'700'000'001));
  EXPECT_EQ(bytes.size(), k_segment_header_bytes + size);
  EXPECT_EQ(bytes, from_hex(k_example));
}

TEST(JournalFormat, the_example_is_read) {
  const std::string bytes = from_hex(k_example);
  const auto segment = decode_segment_header(bytes);
  ASSERT_TRUE(segment.ok()) << segment.error().message;
  EXPECT_EQ(segment->id, example_id());
  EXPECT_EQ(segment->first, 41U);
  const std::string_view group = std::string_view(bytes).substr(k_segment_header_bytes);
  const auto header = decode_group_header(group, example_id());
  ASSERT_TRUE(header);
  const auto records = decode_group_body(*header, group.substr(k_group_header_bytes));
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].no, 41U);
  EXPECT_EQ((*records)[0].key, "run-7");
  EXPECT_EQ((*records)[0].payload, "hello");
  EXPECT_EQ((*records)[1].no, 42U);
  EXPECT_EQ((*records)[1].payload, "lake");
  EXPECT_EQ((*records)[1].at, Timestamp::from_seconds(1'700'000'001));
  EXPECT_FALSE(decode_group_header(group, JournalId{}));  // of another journal
}

// And its second one: the same group as object 7 of a chain.
constexpr std::string_view k_object_header =
    "424c4a4f424a0001000102030405060708090a0b0c0d0e0f070000000000000040822d18240a0600"
    "000000000000000000000000000000004eaf83c523a5b07d";

TEST(JournalFormat, the_example_of_an_object_is_what_is_written_and_read) {
  const std::string bytes = from_hex(k_object_header) + from_hex(k_example).substr(64);
  EXPECT_EQ(encode_object_header(example_id(), 7, Timestamp::from_seconds(1'700'000'001)),
            bytes.substr(0, k_segment_header_bytes));
  const auto object = decode_object(bytes, example_id(), 7);
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_EQ(object->first, 41U);
  ASSERT_EQ(object->records.size(), 2U);
  EXPECT_EQ(object->records[1].payload, "lake");
  EXPECT_FALSE(object->is_seal());
}

TEST(JournalFormat, an_object_is_read_in_its_place_and_whole_only) {
  const std::string bytes = from_hex(k_object_header) + from_hex(k_example).substr(64);
  EXPECT_EQ(decode_object(bytes, example_id(), 8).error().code, Code::corrupt);
  EXPECT_EQ(decode_object(bytes, JournalId{}, 7).error().code, Code::corrupt);
  EXPECT_EQ(decode_object(bytes + "x", example_id(), 7).error().code, Code::corrupt);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(decode_object(bytes.substr(0, size), example_id(), 7).error().code, Code::corrupt);
  }
}

TEST(JournalFormat, only_a_seal_has_the_bytes_of_a_seal) {
  const std::string seal = encode_seal(example_id(), 3, Timestamp::from_seconds(1));
  EXPECT_EQ(seal.size(), k_seal_bytes);
  EXPECT_TRUE(decode_object(seal, example_id(), 3)->is_seal());
  GroupWriter smallest(example_id(), 1);
  smallest.add("", "x");
  EXPECT_GT(k_segment_header_bytes + smallest.bytes(), k_seal_bytes);
}

TEST(JournalFormat, a_later_version_is_refused_by_name) {
  std::string bytes = from_hex(k_example).substr(0, k_segment_header_bytes);
  bytes[7] = 2;
  EXPECT_EQ(decode_segment_header(bytes).error().code, Code::unsupported);
  EXPECT_EQ(decode_segment_header(bytes.substr(0, 63)).error().code, Code::corrupt);
}

}  // namespace
}  // namespace bl::lake
