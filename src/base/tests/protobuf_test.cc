// The wire of protobuf: what it reads, and how it breaks.
#include "base/protobuf.h"

#include <gtest/gtest.h>

namespace bl::protobuf {
namespace {

using namespace std::string_literals;

std::string fault_of(std::string_view bytes) {
  Reader reader(bytes);
  for (Field field; reader.next(field);) {
  }
  return reader.fault() ? reader.fault() : "";
}

TEST(ProtobufReader, ReadsWhatWasPut) {
  std::string out;
  put_int(out, 1, -1);
  put_fixed32(out, 2, 0x01020304);
  put_fixed64(out, 3, ~0ull);
  put_text(out, 4, "text");
  put_message(out, 5, [&] { put_element(out, 1, std::string(300, 'x')); });
  Reader reader(out);
  Field field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.value, ~0ull) << "a negative number has ten bytes";
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.value, 0x01020304u);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.value, ~0ull);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.bytes, "text");
  ASSERT_TRUE(reader.next(field));
  Reader inner(field);
  Field element;
  ASSERT_TRUE(inner.next(element));
  EXPECT_EQ(element.bytes.size(), 300u);
  EXPECT_EQ(out.substr(element.offset, 300), element.bytes) << "offsets are those of the whole";
  EXPECT_FALSE(inner.next(element));
  EXPECT_FALSE(reader.next(field));
  EXPECT_EQ(reader.fault(), nullptr);
}

TEST(ProtobufReader, DefaultsAreNotThere) {
  std::string out;
  put_int(out, 1, 0);
  put_fixed32(out, 2, 0);
  put_fixed64(out, 3, 0);
  put_text(out, 4, "");
  EXPECT_EQ(out, "");
}

TEST(ProtobufReader, GroupsArePassedOver) {
  // Field 1 begins, in it field 2 (a varint) and a group 3; then field 4.
  const std::string bytes = "\x0b\x10\x05\x1b\x1c\x0c\x20\x07";
  Reader reader(bytes);
  Field field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 4u);
  EXPECT_EQ(field.value, 7u);
  EXPECT_FALSE(reader.next(field));
  EXPECT_EQ(fault_of(bytes), "");
  EXPECT_EQ(fault_of("\x0b"), "ends within a group");
  EXPECT_EQ(fault_of("\x0b\x14"), "ends a group that did not begin");
  EXPECT_EQ(fault_of("\x0c"), "ends a group that did not begin");
  EXPECT_EQ(fault_of(std::string(65, '\x0b')), "has groups nested too deep");
}

TEST(ProtobufReader, BreaksByName) {
  EXPECT_EQ(fault_of("\x80"), "has a broken tag");
  EXPECT_EQ(fault_of("\x08\x80"), "has a broken number");
  EXPECT_EQ(fault_of("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "has a broken number");
  EXPECT_EQ(fault_of("\x0a\x80"), "has a broken length");
  EXPECT_EQ(fault_of("\x0a\x05text"), "ends within a field");
  EXPECT_EQ(fault_of("\x0d\x01\x02\x03"), "ends within a field");
  EXPECT_EQ(fault_of("\x00"s), "has a tag out of range");
  EXPECT_EQ(fault_of("\x0e"), "has a field of a kind that is not protobuf's");
  EXPECT_EQ(fault_of("\x80\x80\x80\x80\x10"), "has a tag out of range") << "2^29";
}

}  // namespace
}  // namespace bl::protobuf
