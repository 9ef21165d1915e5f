#include "lake/delta/deletions.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>

#include "lake/delta/paths.h"

namespace bl::lake::delta {
namespace {

constexpr std::string_view k_z85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
constexpr std::size_t k_uuid_chars = 20;  // 16 bytes in Z85
constexpr std::uint32_t k_magic = 1681511377;
constexpr std::uint32_t k_with_runs = 12347, k_without_runs = 12346;
constexpr std::size_t k_offsets_from = 4;  // containers; fewer, with runs, have no offsets
constexpr std::size_t k_array_max = 4096;  // values; more are a bitmap
constexpr std::size_t k_bitmap_words = 1024;

Error broken(std::string_view what) {
  return {Code::corrupt, fmt::format("a deletion vector is damaged: {}", what)};
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

std::uint32_t big_endian(std::string_view four) {
  std::uint32_t out = 0;
  for (const char c : four) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

/// Little-endian numbers, one after the other; the first lack of bytes is remembered.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  T take() {
    T value{};
    if (bytes_.size() < sizeof(T)) {
      short_ = true;
      bytes_ = {};
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof(T));
    bytes_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view take_bytes(std::size_t count) {
    if (bytes_.size() < count) {
      short_ = true;
      count = 0;
    }
    const auto out = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return out;
  }
  bool is_short() const { return short_; }

 private:
  std::string_view bytes_;
  bool short_ = false;
};

/// One bitmap of 32-bit numbers, after another.
class Roaring {
 public:
  Roaring(Bytes& in, std::vector<std::int64_t>& rows, std::size_t rows_max)
      : in_(in), rows_(rows), rows_max_(rows_max) {}

  Result<void> read(std::int64_t high) {
    const auto cookie = in_.take<std::uint32_t>();
    const bool runs = (cookie & 0xffff) == k_with_runs;
    if (!runs && cookie != k_without_runs) return broken("no Roaring bitmap");
    const std::size_t containers = runs ? (cookie >> 16) + 1 : in_.take<std::uint32_t>();
    if (containers > 65'536) return broken("too many containers");
    const std::string_view is_run = runs ? in_.take_bytes((containers + 7) / 8) : "";
    std::vector<std::pair<std::uint16_t, std::size_t>> heads;
    for (std::size_t i = 0; i < containers && !in_.is_short(); ++i) {
      const auto key = in_.take<std::uint16_t>();
      heads.emplace_back(key, in_.take<std::uint16_t>() + std::size_t{1});
    }
    if (!runs || containers >= k_offsets_from) in_.take_bytes(containers * 4);
    if (in_.is_short()) return broken("cut");
    for (std::size_t i = 0; i < containers; ++i) {
      const std::int64_t base = high << 32 | static_cast<std::int64_t>(heads[i].first) << 16;
      const bool run = runs && ((is_run[i / 8] >> (i % 8)) & 1) != 0;
      BL_RETURN_IF_ERROR(container(base, heads[i].second, run));
    }
    return {};
  }

 private:
  Result<void> container(std::int64_t base, std::size_t count, bool run) {
    if (rows_.size() + (run ? 0 : count) > rows_max_) return over();
    if (run) {
      const auto runs = in_.take<std::uint16_t>();
      for (int i = 0; i < runs && !in_.is_short(); ++i) {
        const auto start = in_.take<std::uint16_t>();
        const auto more = in_.take<std::uint16_t>();
        if (rows_.size() + more + 1u > rows_max_) return over();
        for (std::int64_t at = start; at <= start + more; ++at) rows_.push_back(base + at);
      }
    } else if (count <= k_array_max) {
      for (std::size_t i = 0; i < count && !in_.is_short(); ++i) {
        rows_.push_back(base + in_.take<std::uint16_t>());
      }
    } else {
      for (std::size_t word = 0; word < k_bitmap_words; ++word) {
        const auto bits = in_.take<std::uint64_t>();
        for (int bit = 0; bit < 64; ++bit) {
          if ((bits >> bit & 1) != 0) {
            rows_.push_back(base + static_cast<std::int64_t>(word * 64) + bit);
          }
        }
      }
    }
    if (in_.is_short()) return broken("cut");
    return {};
  }

  Error over() const {
    return {Code::too_large, fmt::format("a deletion vector has more than {} rows", rows_max_)};
  }

  Bytes& in_;
  std::vector<std::int64_t>& rows_;
  const std::size_t rows_max_;
};

Result<std::vector<std::int64_t>> bitmaps(std::string_view data, std::size_t rows_max) {
  Bytes in(data);
  const auto magic = in.take<std::uint32_t>();
  if (magic != k_magic) {
    return Error{Code::unsupported,
                 fmt::format("not supported: a deletion vector of another format: {}", magic)};
  }
  std::vector<std::int64_t> rows;
  const auto count = in.take<std::uint64_t>();
  std::int64_t last = -1;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto high = static_cast<std::int64_t>(in.take<std::uint32_t>());
    if (in.is_short() || high <= last || high > 0x7fffffff) return broken("bitmaps out of order");
    last = high;
    BL_RETURN_IF_ERROR(Roaring(in, rows, rows_max).read(high));
  }
  return rows;
}

/// Of a file: its size, the data, a checksum.
Result<std::string_view> data_in(std::string_view file, const DeltaDeletions& deletions) {
  const std::int64_t offset = deletions.has_offset ? deletions.offset : 1;
  const auto size = static_cast<std::uint64_t>(deletions.size);
  if (offset < 0 || deletions.size < 0 || static_cast<std::uint64_t>(offset) > file.size() ||
      file.size() - static_cast<std::uint64_t>(offset) < 8 ||
      file.size() - static_cast<std::uint64_t>(offset) - 8 < size) {
    return broken("its place is behind the end of its file");
  }
  file.remove_prefix(static_cast<std::size_t>(offset));
  if (big_endian(file.substr(0, 4)) != size) return broken("its size is another in its file");
  const std::string_view data = file.substr(4, static_cast<std::size_t>(size));
  if (big_endian(file.substr(4 + data.size(), 4)) != crc32(data)) return broken("checksum");
  return data;
}

std::string uuid_text(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", static_cast<unsigned char>(bytes[i]));
  }
  return out;
}

}  // namespace

Result<std::string> decode_z85(std::string_view text) {
  if (text.size() % 5 != 0) return broken("its text is cut");
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 5) {
    std::uint64_t value = 0;
    for (const char c : text.substr(i, 5)) {
      const auto digit = k_z85.find(c);
      if (digit == std::string_view::npos) return broken("its text is not Z85");
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) return broken("its text is not Z85");
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  }
  return out;
}

Result<std::string> deletions_path(const DeltaDeletions& deletions, std::string_view table) {
  if (deletions.storage == "i") return std::string();
  std::string path;
  if (deletions.storage == "p") {
    BL_TRY(path, canonical_path(deletions.place, table));
  } else if (deletions.storage == "u" && deletions.place.size() >= k_uuid_chars) {
    const std::size_t prefix = deletions.place.size() - k_uuid_chars;
    BL_TRY(const std::string uuid, decode_z85(std::string_view(deletions.place).substr(prefix)));
    path = deletions.place.substr(0, prefix);
    if (!path.empty()) path += '/';
    path += "deletion_vector_" + uuid_text(uuid) + ".bin";
  } else {
    return broken("it lies nowhere: " + deletions.storage);
  }
  BL_RETURN_IF_ERROR(check_below_table(path));
  return path;
}

Result<std::vector<std::int64_t>> deleted_rows(const DeltaDeletions& deletions,
                                               std::string_view file, std::size_t rows_max) {
  std::string inline_bytes;
  std::string_view data;
  if (deletions.storage == "i") {
    BL_TRY(inline_bytes, decode_z85(deletions.place));
    if (deletions.size < 0 || inline_bytes.size() < static_cast<std::size_t>(deletions.size)) {
      return broken("its text is cut");
    }
    data = std::string_view(inline_bytes).substr(0, static_cast<std::size_t>(deletions.size));
  } else {
    BL_TRY(data, data_in(file, deletions));
  }
  BL_TRY(auto rows, bitmaps(data, rows_max));
  if (static_cast<std::int64_t>(rows.size()) != deletions.cardinality) {
    return broken(
        fmt::format("{} rows, where the log says {}", rows.size(), deletions.cardinality));
  }
  return rows;
}

}  // namespace bl::lake::delta
