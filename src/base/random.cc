#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace bl {

std::uint64_t Random::next_u64() {
  std::array<std::byte, 8> bytes;
  fill(bytes);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  BL_CHECK(bound > 0);
  // The 2^64 mod bound lowest values would make the low remainders likelier: draw again.
  const std::uint64_t skewed = (0 - bound) % bound;
  std::uint64_t value = next_u64();
  while (value < skewed) value = next_u64();
  return value % bound;
}

void SystemRandom::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0) {
      BL_CHECK(errno == EINTR);  // the kernel promises no other failure for this call
      continue;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void SeededRandom::fill(std::span<std::byte> bytes) {
  std::lock_guard lock(mutex_);
  while (!bytes.empty()) {
    std::uint64_t word = engine_();
    const std::size_t count = std::min<std::size_t>(bytes.size(), 8);
    for (std::size_t i = 0; i < count; ++i) {
      bytes[i] = static_cast<std::byte>(word & 0xff);
      word >>= 8;
    }
    bytes = bytes.subspan(count);
  }
}

}  // namespace bl
