#pragma once

#include <array>

#include "columns/batch.h"

/// 128-bit numbers, as decimals are. Private to this folder.
namespace bl::bigquery {

__extension__ using Wide = __int128;
__extension__ using WideUnsigned = unsigned __int128;

inline Wide wide(columns::Decimal value) {
  return static_cast<Wide>(
      (static_cast<WideUnsigned>(static_cast<std::uint64_t>(value.high)) << 64) | value.low);
}
inline columns::Decimal decimal_of(Wide value) {
  const auto bits = static_cast<WideUnsigned>(value);
  return {static_cast<std::uint64_t>(bits), static_cast<std::int64_t>(bits >> 64)};
}
inline WideUnsigned magnitude(Wide value) {
  return value < 0 ? -static_cast<WideUnsigned>(value) : static_cast<WideUnsigned>(value);
}

/// 10^0 to 10^38.
inline constexpr std::array<WideUnsigned, 39> k_powers_of_ten = [] {
  std::array<WideUnsigned, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

}  // namespace bl::bigquery
