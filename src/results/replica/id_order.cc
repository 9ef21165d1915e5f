#include "results/replica/id_order.h"

#include <algorithm>
#include <limits>

namespace bl::results::replica {
namespace {

constexpr std::string_view k_digits = "0123456789abcdef";
constexpr std::size_t k_length = 32;
constexpr std::uint64_t k_sign = std::uint64_t{1} << 63;

std::optional<IdBits> bits_from(std::string digits) {
  digits.resize(k_length, '0');
  return bits_of(digits);
}

// The next one behind all that begin with these digits.
std::optional<IdBits> behind(std::string digits) {
  while (!digits.empty() && digits.back() == 'f') digits.pop_back();
  if (digits.empty()) return std::nullopt;
  digits.back() = k_digits[k_digits.find(digits.back()) + 1];
  return bits_from(std::move(digits));
}

}  // namespace

std::optional<IdBits> first_id_from(std::string_view text) {
  const std::string_view head = text.substr(0, k_length);
  const std::size_t odd = head.find_first_not_of(k_digits);
  if (odd == std::string_view::npos) {
    return text.size() > k_length ? behind(std::string(head)) : bits_from(std::string(head));
  }
  std::string digits(head.substr(0, odd));
  // The first digit behind the odd letter takes its place.
  const auto next = std::ranges::find_if(k_digits, [&](char digit) {
    return static_cast<unsigned char>(digit) > static_cast<unsigned char>(head[odd]);
  });
  if (next == k_digits.end()) return behind(std::move(digits));
  digits += *next;
  return bits_from(std::move(digits));
}

std::vector<HighRange> high_ranges(const std::optional<IdBits>& from,
                                   const std::optional<IdBits>& before) {
  const auto least = from ? static_cast<std::uint64_t>(from->high) : 0;
  // Where the second numbers decide, the first one is in the range.
  const auto greatest =
      before ? static_cast<std::uint64_t>(before->high) : std::numeric_limits<std::uint64_t>::max();
  std::vector<HighRange> ranges;
  const auto add = [&](std::uint64_t low, std::uint64_t high) {
    low = std::max(low, least);
    high = std::min(high, greatest);
    if (low <= high) {
      ranges.push_back({static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)});
    }
  };
  add(k_sign, std::numeric_limits<std::uint64_t>::max());
  add(0, k_sign - 1);
  return ranges;
}

std::int64_t low_order_of(std::int64_t low) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) ^ k_sign);
}

}  // namespace bl::results::replica
