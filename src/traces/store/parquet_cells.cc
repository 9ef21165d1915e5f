#include "traces/store/parquet_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/zstd_frame.h"

namespace bl::traces::parquet {
namespace {

constexpr std::uint32_t k_none = std::numeric_limits<std::uint32_t>::max();

Error damaged(const Column& column) {
  return {Code::corrupt, fmt::format("a file of spans is damaged, in the column: {}", column.name)};
}

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Numbers of some bits each: runs of one value, and packed ones (the format's RLE/bit-packed
// hybrid).
class PackedNumbers {
 public:
  PackedNumbers(std::string_view bytes, unsigned width) : rest_(bytes), width_(width) {}

  bool ok() const { return ok_; }
  // How many of the next ones are surely equal, 1 at least, and what they are. 0: no more.
  std::uint32_t run(std::uint32_t& value) {
    if (left_ == 0) begin_run();
    if (!ok_) return 0;
    value = is_packed_ ? packed() : repeated_;
    return is_packed_ ? 1 : left_;
  }
  void skip(std::uint64_t count) {
    while (count > 0 && ok_) {
      if (left_ == 0) begin_run();
      const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, left_));
      left_ -= part;
      bit_ += std::uint64_t{part} * width_;
      count -= part;
    }
  }

 private:
  void fail() {
    ok_ = false;
    left_ = 0;
  }
  void begin_run() {
    std::uint64_t head = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (rest_.empty() || shift > 35) return fail();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      head |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) break;
    }
    const std::uint64_t count = (head & 1) != 0 ? (head >> 1) * 8 : head >> 1;
    if (count == 0 || count > std::numeric_limits<std::uint32_t>::max()) return fail();
    is_packed_ = (head & 1) != 0;
    const std::uint64_t bytes = is_packed_ ? count / 8 * width_ : (width_ + 7) / 8;
    if (bytes > rest_.size()) return fail();
    run_ = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    bit_ = 0;
    left_ = static_cast<std::uint32_t>(count);
    repeated_ = 0;
    if (!is_packed_) std::memcpy(&repeated_, run_.data(), run_.size());
  }
  std::uint32_t packed() const {
    const std::size_t byte = bit_ / 8;
    std::uint64_t bits = 0;
    if (byte < run_.size()) {
      std::memcpy(&bits, run_.data() + byte, std::min(sizeof bits, run_.size() - byte));
    }
    return static_cast<std::uint32_t>((bits >> (bit_ % 8)) & ((std::uint64_t{1} << width_) - 1));
  }

  std::string_view rest_, run_;
  unsigned width_;
  std::uint64_t bit_ = 0;
  std::uint32_t left_ = 0, repeated_ = 0;
  bool is_packed_ = false, ok_ = true;
};

class ChunkReader {
 public:
  ChunkReader(const Column& column, const Chunk& chunk, Cells& out)
      : column_(column), chunk_(chunk), out_(out), unpacked_left_(chunk.unpacked) {}

  Result<void> read(std::string_view bytes, std::int64_t rows,
                    std::span<const std::uint32_t> wanted) {
    std::uint32_t row = 0;
    while (!wanted.empty()) {
      BL_TRY(const PageHeader header, take_page_header(bytes));
      if (header.bytes > bytes.size()) return damaged(column_);
      const std::string_view packed = bytes.substr(0, header.bytes);
      bytes.remove_prefix(header.bytes);
      if (header.kind == PageHeader::Kind::dictionary) {
        BL_TRY(const std::string_view page, unpack(header, packed));
        BL_RETURN_IF_ERROR(read_dictionary(header, page));
        continue;
      }
      if (header.values > static_cast<std::uint64_t>(rows) - row) return damaged(column_);
      const auto end = std::ranges::lower_bound(wanted, row + header.values);
      const auto here = wanted.first(static_cast<std::size_t>(end - wanted.begin()));
      if (!here.empty()) {
        BL_TRY(const std::string_view page, unpack(header, packed));
        BL_RETURN_IF_ERROR(read_page(header, page, row, here));
      }
      wanted = wanted.subspan(here.size());
      row += header.values;
    }
    return {};
  }

 private:
  Result<std::string_view> unpack(const PageHeader& header, std::string_view packed) {
    if (!chunk_.is_zstd) return packed;
    if (header.unpacked > unpacked_left_) return damaged(column_);
    unpacked_left_ -= header.unpacked;
    auto& memory = out_.pages.emplace_back(std::make_unique_for_overwrite<char[]>(header.unpacked));
    if (!unpack_zstd_frame(packed, {memory.get(), header.unpacked}).ok()) return damaged(column_);
    return std::string_view(memory.get(), header.unpacked);
  }

  // Plain values one behind the other.
  std::size_t width() const {
    return column_.type == Physical::int32 ? sizeof(std::int32_t) : sizeof(std::int64_t);
  }
  std::int64_t number(std::string_view values, std::size_t index) const {
    if (column_.type == Physical::int32) return load<std::int32_t>(values, index * width());
    return load<std::int64_t>(values, index * width());
  }
  Result<std::string_view> take_text(std::string_view& values) const {
    if (values.size() < sizeof(std::uint32_t)) return damaged(column_);
    const auto size = load<std::uint32_t>(values, 0);
    values.remove_prefix(sizeof size);
    if (size > values.size()) return damaged(column_);
    const std::string_view text = values.substr(0, size);
    values.remove_prefix(size);
    return text;
  }

  Result<void> read_dictionary(const PageHeader& header, std::string_view page) {
    if (has_dictionary_) return damaged(column_);
    has_dictionary_ = true;
    if (column_.type != Physical::text) {
      if (header.values > page.size() / width()) return damaged(column_);
      for (std::uint32_t i = 0; i < header.values; ++i) numbers_.push_back(number(page, i));
      return {};
    }
    for (std::uint32_t i = 0; i < header.values; ++i) {
      BL_TRY(texts_.emplace_back(), take_text(page));
    }
    return {};
  }

  Result<void> read_page(const PageHeader& header, std::string_view page, std::uint32_t first,
                         std::span<const std::uint32_t> wanted) {
    BL_RETURN_IF_ERROR(find_places(header, page, first, wanted));
    if (header.encoding == PageHeader::Encoding::dictionary) return read_by_dictionary(page);
    if (column_.type == Physical::text) return read_plain_texts(page);
    const std::size_t count = page.size() / width();
    for (const std::uint32_t place : places_) {
      if (place != k_none && place >= count) return damaged(column_);
      put(place == k_none ? 0 : number(page, place), place == k_none);
    }
    return {};
  }

  // Where among the values that are there each wanted row has its own; k_none: it is null.
  Result<void> find_places(const PageHeader& header, std::string_view& page, std::uint32_t first,
                           std::span<const std::uint32_t> wanted) {
    places_.clear();
    if (!column_.is_optional) {
      for (const std::uint32_t row : wanted) places_.push_back(row - first);
      return {};
    }
    if (page.size() < sizeof(std::uint32_t)) return damaged(column_);
    const auto size = load<std::uint32_t>(page, 0);
    page.remove_prefix(sizeof size);
    if (size > page.size()) return damaged(column_);
    PackedNumbers levels(page.substr(0, size), 1);
    page.remove_prefix(size);
    std::uint32_t row = 0, place = 0;
    while (places_.size() < wanted.size() && row < header.values) {
      std::uint32_t is_there = 0;
      const std::uint32_t count = std::min(levels.run(is_there), header.values - row);
      if (count == 0) return damaged(column_);
      while (places_.size() < wanted.size() && wanted[places_.size()] - first < row + count) {
        const std::uint32_t at = wanted[places_.size()] - first;
        places_.push_back(is_there != 0 ? place + (at - row) : k_none);
      }
      levels.skip(count);
      row += count;
      if (is_there != 0) place += count;
    }
    return {};
  }

  Result<void> read_by_dictionary(std::string_view page) {
    const std::size_t known = column_.type == Physical::text ? texts_.size() : numbers_.size();
    if (page.empty()) return put_nulls();
    const auto width = static_cast<unsigned char>(page.front());
    if (width > 32) return damaged(column_);
    PackedNumbers indices(page.substr(1), width);
    std::uint32_t at = 0;
    for (const std::uint32_t place : places_) {
      std::uint32_t index = k_none;
      if (place != k_none) {
        indices.skip(place - at);
        at = place;
        if (indices.run(index) == 0 || index >= known) return damaged(column_);
      }
      if (column_.type == Physical::text) {
        put(index == k_none ? std::string_view() : texts_[index], index == k_none);
      } else {
        put(index == k_none ? 0 : numbers_[index], index == k_none);
      }
    }
    return {};
  }

  // A page of nulls alone has no values.
  Result<void> put_nulls() {
    for (const std::uint32_t place : places_) {
      if (place != k_none) return damaged(column_);
      if (column_.type == Physical::text) {
        put(std::string_view(), true);
      } else {
        put(0, true);
      }
    }
    return {};
  }

  Result<void> read_plain_texts(std::string_view page) {
    std::uint32_t next = 0;
    for (const std::uint32_t place : places_) {
      if (place == k_none) {
        put(std::string_view(), true);
        continue;
      }
      std::string_view text;
      for (; next <= place; ++next) {
        BL_TRY(text, take_text(page));
      }
      put(text, false);
    }
    return {};
  }

  void put(std::int64_t number, bool is_null) {
    out_.numbers.push_back(number);
    mark(is_null);
  }
  void put(std::string_view text, bool is_null) {
    out_.texts.push_back(text);
    mark(is_null);
  }
  void mark(bool is_null) {
    if (!is_null && out_.is_null.empty()) return;
    out_.is_null.resize(out_.size() - 1, false);
    out_.is_null.push_back(is_null);
  }

  const Column& column_;
  const Chunk& chunk_;
  Cells& out_;
  std::uint64_t unpacked_left_;
  bool has_dictionary_ = false;
  std::vector<std::int64_t> numbers_;
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> places_;
};

}  // namespace

Result<Cells> read_cells(const Column& column, const Chunk& chunk, std::string_view bytes,
                         std::int64_t rows, std::span<const std::uint32_t> wanted) {
  Cells out;
  if (column.type == Physical::text) {
    out.texts.reserve(wanted.size());
  } else {
    out.numbers.reserve(wanted.size());
  }
  ChunkReader reader(column, chunk, out);
  BL_RETURN_IF_ERROR(reader.read(bytes, rows, wanted));
  if (out.size() != wanted.size()) return damaged(column);
  return out;
}

}  // namespace bl::traces::parquet
