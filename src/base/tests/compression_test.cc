#include "base/compression.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

namespace bl {
namespace {

constexpr std::size_t k_plenty = 64u << 20;

std::string text_of(std::size_t size) {
  std::mt19937_64 random(size);
  std::string text;
  while (text.size() < size) text += "value " + std::to_string(random() % 1000) + "; ";
  text.resize(size);
  return text;
}

/// A gzip member of `size` zeros, made in pieces: the bomb is small, also while it is built.
std::string gzip_bomb(std::size_t size) {
  auto compressor = Compressor::make(Encoding::gzip);
  std::string bomb;
  std::string zeros(1 << 20, '\0');
  for (std::size_t done = 0; done < size; done += zeros.size()) compressor->feed(zeros, bomb);
  compressor->finish(bomb);
  return bomb;
}

std::string name_of_choice(const ::testing::TestParamInfo<Encoding>& choice) {
  switch (choice.param) {
    case Encoding::gzip:
      return "gzip";
    case Encoding::zstd:
      return "zstd";
    case Encoding::identity:
      break;
  }
  return "identity";
}

class EachEncoding : public ::testing::TestWithParam<Encoding> {};
INSTANTIATE_TEST_SUITE_P(, EachEncoding,
                         ::testing::Values(Encoding::identity, Encoding::gzip, Encoding::zstd),
                         name_of_choice);

TEST_P(EachEncoding, what_goes_in_comes_out) {
  for (std::size_t size : {0, 1, 100, 16 << 10, (16 << 10) + 1, 1 << 20}) {
    std::string text = text_of(size);
    EXPECT_EQ(decompress(GetParam(), compress(GetParam(), text), k_plenty).value(), text);
  }
}

TEST_P(EachEncoding, exactly_the_limit_is_fine_and_one_byte_more_is_too_large) {
  std::string bytes = compress(GetParam(), text_of(50'000));
  EXPECT_TRUE(decompress(GetParam(), bytes, 50'000).ok());
  EXPECT_EQ(decompress(GetParam(), bytes, 49'999).error().code, Code::too_large);
  EXPECT_EQ(decompress(GetParam(), bytes, 0).error().code, Code::too_large);
}

TEST_P(EachEncoding, every_feed_of_a_compressor_can_be_read_at_once) {
  auto compressor = Compressor::make(GetParam());
  auto decompressor = Decompressor::make(GetParam(), k_plenty);
  std::string sent;
  std::string received;
  for (int i = 0; i < 50; ++i) {
    std::string line = "data: " + std::to_string(i) + "\n\n";
    std::string wire;
    compressor->feed(line, wire);
    sent += line;
    ASSERT_TRUE(decompressor->feed(wire, received).ok());
    ASSERT_EQ(received, sent);
  }
  std::string wire;
  compressor->finish(wire);
  ASSERT_TRUE(decompressor->feed(wire, received).ok());
  EXPECT_TRUE(decompressor->finish().ok());
  EXPECT_EQ(received, sent);
}

class RealEncoding : public EachEncoding {};
INSTANTIATE_TEST_SUITE_P(, RealEncoding, ::testing::Values(Encoding::gzip, Encoding::zstd),
                         name_of_choice);

TEST_P(RealEncoding, cut_anywhere_is_malformed) {
  std::string bytes = compress(GetParam(), text_of(300));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    auto result = decompress(GetParam(), std::string_view(bytes).substr(0, size), k_plenty);
    ASSERT_FALSE(result.ok()) << size;
    EXPECT_EQ(result.error().code, Code::malformed) << size;
  }
}

TEST_P(RealEncoding, other_bytes_after_the_end_are_malformed) {
  std::string bytes = compress(GetParam(), "hello") + "{}";
  auto result = decompress(GetParam(), bytes, k_plenty);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::malformed);
}

TEST_P(RealEncoding, several_members_or_frames_are_one_text) {
  std::string bytes = compress(GetParam(), "hello ") + compress(GetParam(), "world");
  EXPECT_EQ(decompress(GetParam(), bytes, k_plenty).value(), "hello world");
}

TEST_P(RealEncoding, plain_text_is_malformed) {
  EXPECT_EQ(decompress(GetParam(), "{\"a\": 1}", k_plenty).error().code, Code::malformed);
}

TEST_P(RealEncoding, bytes_fed_one_by_one_give_the_same) {
  std::string text = text_of(5'000);
  auto decompressor = Decompressor::make(GetParam(), k_plenty);
  std::string out;
  for (char c : compress(GetParam(), text)) {
    ASSERT_TRUE(decompressor->feed(std::string_view(&c, 1), out).ok());
  }
  EXPECT_TRUE(decompressor->finish().ok());
  EXPECT_EQ(out, text);
}

TEST(Gzip, a_bomb_stops_at_the_limit_and_allocates_no_more) {
  std::string bomb = gzip_bomb(256u << 20);
  ASSERT_LT(bomb.size(), 4u << 20);
  auto decompressor = Decompressor::make(Encoding::gzip, 1 << 20);
  std::string out;
  auto fed = decompressor->feed(bomb, out);
  ASSERT_FALSE(fed.ok());
  EXPECT_EQ(fed.error().code, Code::too_large);
  EXPECT_LE(out.size(), 1u << 20);
  EXPECT_LE(out.capacity(), (1u << 20) + 64);
}

TEST(Zstd, a_bomb_stops_at_the_limit_and_allocates_no_more) {
  std::string bomb = compress(Encoding::zstd, std::string(64u << 20, '\0'));
  ASSERT_LT(bomb.size(), 64u << 10);
  auto decompressor = Decompressor::make(Encoding::zstd, 1 << 20);
  std::string out;
  EXPECT_EQ(decompressor->feed(bomb, out).error().code, Code::too_large);
  EXPECT_LE(out.capacity(), (1u << 20) + 64);
}

TEST(Zstd, a_window_over_8_mib_is_refused) {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, 25);
  std::string frame(1024, '\0');
  ZSTD_outBuffer output = {frame.data(), frame.size(), 0};
  ZSTD_inBuffer input = {"abc", 3, 0};
  // Two calls, so that the frame cannot tell its size and must ask for the whole window.
  ASSERT_FALSE(ZSTD_isError(ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_flush)));
  ASSERT_EQ(ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_end), 0u);
  frame.resize(output.pos);
  EXPECT_EQ(decompress(Encoding::zstd, frame, k_plenty).error().code, Code::too_large);
}

std::string bytes_of(const std::vector<unsigned char>& bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(Zstd, a_frame_is_judged_alike_whole_and_in_pieces) {
  // It declares 256 bytes and holds none; the library's one-pass decoder would refuse it.
  const std::string frame = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x70, 0, 0, 1, 0, 0});
  std::string twice = frame;
  twice.append(frame);
  const auto whole = decompress(Encoding::zstd, twice, k_plenty);
  for (std::size_t piece = 1; piece <= twice.size(); ++piece) {
    auto decompressor = Decompressor::make(Encoding::zstd, k_plenty);
    std::string out;
    bool fine = true;
    for (std::size_t at = 0; fine && at < twice.size(); at += piece)
      fine = decompressor->feed(std::string_view(twice).substr(at, piece), out).ok();
    fine = fine && decompressor->finish().ok();
    EXPECT_EQ(fine, whole.ok()) << "pieces of " << piece;
  }
}

TEST(Zstd, a_beginning_that_is_none_is_malformed_in_any_pieces) {
  const std::string legacy = bytes_of({0x28, 0x25, 0xb5, 0x2f, 0xfd, 4, 0x50, 0, 0});
  const std::string without_first = bytes_of({0x25, 0xb5, 0x2f, 0xfd, 4, 0x50, 0, 0});
  EXPECT_EQ(decompress(Encoding::zstd, legacy, k_plenty).error().code, Code::malformed);
  EXPECT_EQ(decompress(Encoding::zstd, without_first, k_plenty).error().code, Code::malformed);
  const std::string skippable = bytes_of({0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2});
  std::string both = skippable;
  both.append(compress(Encoding::zstd, "x"));
  EXPECT_EQ(decompress(Encoding::zstd, both, k_plenty).value(), "x");
}

TEST(Gzip, a_wrong_checksum_is_malformed) {
  std::string bytes = compress(Encoding::gzip, "hello");
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);
  EXPECT_EQ(decompress(Encoding::gzip, bytes, k_plenty).error().code, Code::malformed);
}

TEST(ParseEncoding, knows_the_http_names_in_any_case) {
  EXPECT_EQ(parse_encoding("").value(), Encoding::identity);
  EXPECT_EQ(parse_encoding("identity").value(), Encoding::identity);
  EXPECT_EQ(parse_encoding("GZip").value(), Encoding::gzip);
  EXPECT_EQ(parse_encoding("x-gzip").value(), Encoding::gzip);
  EXPECT_EQ(parse_encoding("zstd").value(), Encoding::zstd);
}

TEST(ParseEncoding, refuses_others_by_name) {
  auto result = parse_encoding("br");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::unsupported_media);
  EXPECT_TRUE(result.error().message.ends_with(": br"));
  EXPECT_FALSE(parse_encoding("gzip, gzip").ok());
}

RC_GTEST_PROP(Compression, any_bytes_in_any_pieces_come_back, (const std::string& bytes)) {
  auto encoding = *rc::gen::element(Encoding::identity, Encoding::gzip, Encoding::zstd);
  std::string wire = compress(encoding, bytes);
  auto decompressor = Decompressor::make(encoding, bytes.size());
  std::string out;
  for (std::string_view rest = wire; !rest.empty();) {
    auto size = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
    RC_ASSERT(decompressor->feed(rest.substr(0, size), out).ok());
    rest.remove_prefix(size);
  }
  RC_ASSERT(decompressor->finish().ok());
  RC_ASSERT(out == bytes);
}

RC_GTEST_PROP(Compression, broken_bytes_never_crash_and_never_exceed_the_limit,
              (const std::string& bytes)) {
  std::string wire = compress(Encoding::gzip, bytes);
  auto at = *rc::gen::inRange<std::size_t>(0, wire.size());
  wire[at] = *rc::gen::arbitrary<char>();
  auto result = decompress(Encoding::gzip, wire, 100);
  if (result.ok()) RC_ASSERT(result.value().size() <= 100u);
}

}  // namespace
}  // namespace bl
