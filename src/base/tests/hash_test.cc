#include "base/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "base/random.h"

namespace bl {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Hash, published_test_vectors) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), sha256_hex("abc"));
  EXPECT_EQ(xxh3_64(""), 0x2d06800538d394c2u);
}

TEST(Hash, fingerprint_of_the_contract) {
  EXPECT_EQ(md5_hex("case0ctx0m1-0-2-4-17179869184https://github.com/org/repo"),
            "9cdca36daa687c971208be35b6e2c33f");
}

TEST(Hash, a_nul_is_a_byte_like_any_other) {
  EXPECT_NE(md5_hex(std::string_view("a\0b", 3)), md5_hex("a"));
}

TEST(Base64Url, vectors_of_rfc_4648_without_padding) {
  EXPECT_EQ(base64url(bytes_of("")), "");
  EXPECT_EQ(base64url(bytes_of("f")), "Zg");
  EXPECT_EQ(base64url(bytes_of("fo")), "Zm8");
  EXPECT_EQ(base64url(bytes_of("foo")), "Zm9v");
  EXPECT_EQ(base64url(bytes_of("foobar")), "Zm9vYmFy");
  EXPECT_EQ(base64url(bytes_of("\xfb\xff\xfe")), "-__-");
}

TEST(Base64Url, decoding_reads_what_encoding_writes_and_nothing_else) {
  for (const char* text : {"", "f", "fo", "foo", "foobar", "\xfb\xff\xfe"}) {
    EXPECT_EQ(base64url_decode(base64url(bytes_of(text))), text);
  }
  for (const char* text : {"Z", "Zh", "Zm9", "Zg==", "Z g", "+/", "Zm9v\n"}) {
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
  }
}

TEST(EqualConstantTime, is_equality) {
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
  EXPECT_TRUE(equal_constant_time("", ""));
}

RC_GTEST_PROP(EqualConstantTime, agrees_with_equals, (std::string a, std::string b)) {
  RC_ASSERT(equal_constant_time(a, b) == (a == b));
  RC_ASSERT(equal_constant_time(a, a));
}

TEST(Hash, sha256_in_pieces_is_that_of_the_whole) {
  Sha256 pieces;
  EXPECT_EQ(Sha256().finish_hex(), sha256_hex(""));
  pieces.add("ab");
  pieces.add("");
  pieces.add("c");
  EXPECT_EQ(pieces.finish_hex(), sha256_hex("abc"));
}

TEST(Base64, IsPaddedAndReadEitherWay) {
  EXPECT_EQ(base64(bytes_of("")), "");
  EXPECT_EQ(base64(bytes_of("f")), "Zg==");
  EXPECT_EQ(base64(bytes_of("fo")), "Zm8=");
  EXPECT_EQ(base64(bytes_of("foo")), "Zm9v");
  EXPECT_EQ(base64(bytes_of("\xfb\xff\xfe")), "+//+");
  for (const char* text : {"+//+", "-__-"}) EXPECT_EQ(base64_decode(text), "\xfb\xff\xfe");
  for (const char* text : {"Zg==", "Zg"}) EXPECT_EQ(base64_decode(text), "f");
  for (const char* text : {"Zg=", "Z", "Zg==\n", "Zm9v====", "Z===", "a b"})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace bl
