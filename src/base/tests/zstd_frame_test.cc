#include "base/zstd_frame.h"

#include <gtest/gtest.h>

#include <string>

#include "base/compression.h"

namespace bl {
namespace {

TEST(ZstdFrame, is_unpacked_into_exactly_its_size) {
  const std::string text(10'000, 'x');
  const std::string frame = compress(Encoding::zstd, text);
  std::string out(text.size(), ' ');
  ASSERT_TRUE(unpack_zstd_frame(frame, out).ok());
  EXPECT_EQ(out, text);
  std::string other(text.size() - 1, ' ');
  EXPECT_EQ(unpack_zstd_frame(frame, other).error().code, Code::malformed);
  other.resize(text.size() + 1);
  EXPECT_EQ(unpack_zstd_frame(frame, other).error().code, Code::malformed);
}

TEST(ZstdFrame, that_is_cut_or_none_is_malformed) {
  const std::string frame = compress(Encoding::zstd, "some text, some text");
  std::string out(20, ' ');
  ASSERT_TRUE(unpack_zstd_frame(frame, out).ok());
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(unpack_zstd_frame(std::string_view(frame).substr(0, size), out).ok());
  }
}

}  // namespace
}  // namespace bl
