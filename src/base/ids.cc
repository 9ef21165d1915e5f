#include "base/ids.h"

#include <array>

namespace bl {
namespace {

constexpr int k_fraction_bits = 24;
constexpr std::uint64_t k_ticks_max = (std::uint64_t{1} << 60) - 1;  // 36 bits of seconds
constexpr std::uint32_t k_counter_end = 1u << 14;
constexpr std::uint64_t k_random_mask = (std::uint64_t{1} << 48) - 1;

/// Whole seconds and 1/2^24 of them since 1970, held within what 60 bits can say.
std::uint64_t ticks_of(Timestamp time) {
  if (time.micros <= 0) return 0;
  const auto micros = static_cast<std::uint64_t>(time.micros);
  const std::uint64_t seconds = micros / 1'000'000;
  const std::uint64_t fraction = ((micros % 1'000'000) << k_fraction_bits) / 1'000'000;
  return std::min(seconds << k_fraction_bits | fraction, k_ticks_max);
}

void put_hex(char* at, std::uint64_t value) {
  constexpr char k_digits[] = "0123456789abcdef";
  for (int i = 15; i >= 0; --i) {
    at[i] = k_digits[value & 0xf];
    value >>= 4;
  }
}

std::string layout(std::uint64_t ticks, std::uint32_t counter, std::uint64_t random48) {
  std::array<char, 32> text;
  // 48 bits of instant, version 7, 12 bits of instant; variant 10, counter, random.
  put_hex(text.data(), (ticks >> 12) << 16 | std::uint64_t{7} << 12 | (ticks & 0xfff));
  put_hex(text.data() + 16,
          std::uint64_t{2} << 62 | static_cast<std::uint64_t>(counter) << 48 | random48);
  return {text.data(), text.size()};
}

}  // namespace

std::string IdSource::next() {
  const std::uint64_t now = ticks_of(clock_.now());
  const std::uint64_t random48 = random_.next_u64() & k_random_mask;
  std::lock_guard lock(mutex_);
  if (now > ticks_) {
    ticks_ = now;
    counter_ = 0;
  } else if (++counter_ == k_counter_end) {
    ++ticks_;
    counter_ = 0;
  }
  return layout(ticks_, counter_, random48);
}

std::string id_floor(Timestamp time) {
  return layout(ticks_of(time), 0, 0);
}

bool is_id(std::string_view text) {
  if (text.size() != 32) return false;
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace bl
