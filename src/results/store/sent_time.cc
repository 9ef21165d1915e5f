#include "results/store/sent_time.h"

#include <limits>

namespace bl::results {
namespace {

constexpr std::int64_t k_micros_in_2000 = 946'684'800'000'000;  // where PostgreSQL counts from

}  // namespace

Result<Timestamp> sent_time_of(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  const auto micros = static_cast<std::int64_t>(number);
  using Limits = std::numeric_limits<std::int64_t>;
  if (bytes.size() != 8 || micros == Limits::min() || micros > Limits::max() - k_micros_in_2000) {
    return Error{Code::corrupt, "a stored time is none"};
  }
  return Timestamp{micros + k_micros_in_2000};
}

Result<Timestamp> sent_time_of(const store::Row& row, int column) {
  return sent_time_of(row.text(column));
}

}  // namespace bl::results
