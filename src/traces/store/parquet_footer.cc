#include "traces/store/parquet_footer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace bl::traces::parquet {
namespace {

Error damaged(std::string_view what) {
  return {Code::corrupt, fmt::format("a file of spans is damaged: {}", what)};
}
Error foreign(std::string_view what) {
  return {Code::unsupported, fmt::format("a file of spans as we write none: {}", what)};
}

// Thrift's compact protocol
// ------------------------------------------------------------------------

enum class Wire : unsigned char {
  stop = 0,
  yes = 1,
  no = 2,
  byte = 3,
  int16 = 4,
  int32 = 5,
  int64 = 6,
  real = 7,
  binary = 8,
  list = 9,
  set = 10,
  map = 11,
  structure = 12,
};

// What is wrong shows in ok(); until then every answer is a harmless one.
class ThriftCursor {
 public:
  explicit ThriftCursor(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take_byte());
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
    return 0;
  }
  std::int64_t number() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::string_view binary() {
    const std::uint64_t size = varint();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  // Calls `each(field, wire)` for every field; it says whether it took the value.
  template <class Each>
  void structure(const Each& each) {
    if (++depth_ > k_depth_max) fail();
    std::int64_t field = 0;
    while (ok_) {
      const auto head = static_cast<unsigned char>(take_byte());
      if (head == 0) break;
      const int step = head >> 4;
      const auto wire = static_cast<Wire>(head & 0x0F);
      field = step == 0 ? number() : field + step;
      if (ok_ && !each(field, wire)) skip(wire);
    }
    --depth_;
  }
  // Calls `each(wire)` for every element, which takes it.
  template <class Each>
  void list(const Each& each) {
    const auto head = static_cast<unsigned char>(take_byte());
    std::uint64_t count = head >> 4;
    if (count == 15) count = varint();
    // An element takes a byte at least.
    if (count > rest_.size()) fail();
    for (std::uint64_t i = 0; i < count && ok_; ++i) each(static_cast<Wire>(head & 0x0F));
  }
  void skip(Wire wire) {
    switch (wire) {
      case Wire::yes:
      case Wire::no:
        return;
      case Wire::byte:
        take_byte();
        return;
      case Wire::int16:
      case Wire::int32:
      case Wire::int64:
        varint();
        return;
      case Wire::real:
        for (int i = 0; i < 8; ++i) take_byte();
        return;
      case Wire::binary:
        binary();
        return;
      case Wire::list:
      case Wire::set:
        if (++depth_ > k_depth_max) fail();
        // Truths of a list are bytes of their own.
        list([&](Wire element) {
          skip(element == Wire::yes || element == Wire::no ? Wire::byte : element);
        });
        --depth_;
        return;
      case Wire::structure:
        structure([](std::int64_t, Wire) { return false; });
        return;
      default:
        fail();
    }
  }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  static constexpr int k_depth_max = 16;

  char take_byte() {
    if (rest_.empty()) {
      fail();
      return 0;
    }
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return byte;
  }

  std::string_view rest_;
  bool ok_ = true;
  int depth_ = 0;
};

// The footer
// ---------------------------------------------------------------------------------------

constexpr std::int64_t k_int32 = 1, k_int64 = 2, k_byte_array = 6;
constexpr std::int64_t k_plain = 0, k_plain_dictionary = 2, k_rle = 3, k_rle_dictionary = 8;
constexpr std::int64_t k_uncompressed = 0, k_zstd = 6;
constexpr std::uint64_t k_chunk_bytes_max = 1u << 30;

struct SchemaNode {
  std::string name;
  std::int64_t type = -1, repetition = 0, children = 0;
};

SchemaNode schema_node(ThriftCursor& in) {
  SchemaNode out;
  in.structure([&](std::int64_t field, Wire) {
    if (field == 1) return out.type = in.number(), true;
    if (field == 3) return out.repetition = in.number(), true;
    if (field == 4) return out.name = in.binary(), true;
    if (field == 5) return out.children = in.number(), true;
    return false;
  });
  return out;
}

std::optional<std::int64_t> little(std::string_view bytes, Physical type) {
  if (type == Physical::int32 && bytes.size() == sizeof(std::int32_t)) {
    std::int32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  if (type == Physical::int64 && bytes.size() == sizeof(std::int64_t)) {
    std::int64_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  return std::nullopt;
}

struct ChunkFacts {
  std::int64_t type = -1, codec = -1, values = -1;
  std::int64_t packed = -1, unpacked = -1, data_at = -1, dictionary_at = -1;
  std::string_view least, greatest;
  bool is_foreign = false;  // encodings that we do not read, a file of its own, encrypted
};

void statistics(ThriftCursor& in, ChunkFacts& out) {
  in.structure([&](std::int64_t field, Wire) {
    if (field == 5) return out.greatest = in.binary(), true;
    if (field == 6) return out.least = in.binary(), true;
    return false;
  });
}

void column_metadata(ThriftCursor& in, ChunkFacts& out) {
  in.structure([&](std::int64_t field, Wire) {
    switch (field) {
      case 1:
        return out.type = in.number(), true;
      case 2:
        in.list([&](Wire) {
          const std::int64_t encoding = in.number();
          const bool is_known = encoding == k_plain || encoding == k_plain_dictionary ||
                                encoding == k_rle || encoding == k_rle_dictionary;
          out.is_foreign = out.is_foreign || !is_known;
        });
        return true;
      case 4:
        return out.codec = in.number(), true;
      case 5:
        return out.values = in.number(), true;
      case 6:
        return out.unpacked = in.number(), true;
      case 7:
        return out.packed = in.number(), true;
      case 9:
        return out.data_at = in.number(), true;
      case 11:
        return out.dictionary_at = in.number(), true;
      case 12:
        return statistics(in, out), true;
      default:
        return false;
    }
  });
}

ChunkFacts chunk_facts(ThriftCursor& in) {
  ChunkFacts out;
  in.structure([&](std::int64_t field, Wire) {
    if (field == 3) return column_metadata(in, out), true;
    // A file of its own; keys of encryption.
    if (field == 1 || field >= 8) out.is_foreign = true;
    return false;
  });
  return out;
}

struct GroupFacts {
  std::int64_t rows = -1;
  std::vector<ChunkFacts> chunks;
};

GroupFacts group_facts(ThriftCursor& in) {
  GroupFacts out;
  in.structure([&](std::int64_t field, Wire) {
    if (field == 1) return in.list([&](Wire) { out.chunks.push_back(chunk_facts(in)); }), true;
    if (field == 3) return out.rows = in.number(), true;
    return false;
  });
  return out;
}

Result<std::vector<Column>> columns_of(const std::vector<SchemaNode>& nodes) {
  if (nodes.empty()) return damaged("no columns");
  std::vector<Column> columns;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const SchemaNode& node = nodes[i];
    if (node.children != 0 || node.repetition > 1) return foreign("nested, " + node.name);
    Column column{node.name, Physical::int64, node.repetition == 1};
    if (node.type == k_int32) {
      column.type = Physical::int32;
    } else if (node.type == k_byte_array) {
      column.type = Physical::text;
    } else if (node.type != k_int64) {
      return foreign("another type, " + node.name);
    }
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<Chunk> chunk_of(const ChunkFacts& facts, const Column& column, std::int64_t rows,
                       std::uint64_t file_bytes) {
  const std::int64_t type = column.type == Physical::int32   ? k_int32
                            : column.type == Physical::int64 ? k_int64
                                                             : k_byte_array;
  if (facts.type != type || facts.values != rows) return damaged("a column, " + column.name);
  if (facts.is_foreign) return foreign("another encoding, " + column.name);
  if (facts.codec != k_zstd && facts.codec != k_uncompressed) {
    return foreign("another compression, " + column.name);
  }
  const std::int64_t at = facts.dictionary_at > 0 ? facts.dictionary_at : facts.data_at;
  if (at < 0 || facts.packed < 0 || facts.unpacked < 0) return damaged("places of " + column.name);
  const auto offset = static_cast<std::uint64_t>(at);
  const auto bytes = static_cast<std::uint64_t>(facts.packed);
  if (offset > file_bytes || bytes > file_bytes - offset) {
    return damaged("places of " + column.name);
  }
  const auto unpacked = static_cast<std::uint64_t>(facts.unpacked);
  if (bytes > k_chunk_bytes_max || unpacked > k_chunk_bytes_max) {
    return foreign("a very large column, " + column.name);
  }
  return Chunk{offset, static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(unpacked),
               facts.codec == k_zstd};
}

}  // namespace

std::optional<std::size_t> Footer::find(std::string_view column) const {
  const auto at = std::ranges::find(columns, column, &Column::name);
  if (at == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns.begin());
}

Result<Footer> read_footer(std::string_view bytes, std::uint64_t file_bytes) {
  ThriftCursor in(bytes);
  std::vector<SchemaNode> nodes;
  std::vector<GroupFacts> groups;
  in.structure([&](std::int64_t field, Wire) {
    if (field == 2) return in.list([&](Wire) { nodes.push_back(schema_node(in)); }), true;
    if (field == 4) return in.list([&](Wire) { groups.push_back(group_facts(in)); }), true;
    return false;
  });
  if (!in.ok()) return damaged("its footer");
  Footer footer;
  BL_TRY(footer.columns, columns_of(nodes));
  for (const GroupFacts& facts : groups) {
    constexpr std::int64_t k_rows_max = std::numeric_limits<std::int32_t>::max();
    if (facts.rows < 0 || facts.rows > k_rows_max) return damaged("its row groups");
    if (facts.chunks.size() != footer.columns.size()) return damaged("its row groups");
    Group group{facts.rows, {}};
    for (std::size_t i = 0; i < facts.chunks.size(); ++i) {
      BL_TRY(group.chunks.emplace_back(),
             chunk_of(facts.chunks[i], footer.columns[i], facts.rows, file_bytes));
      const auto least = little(facts.chunks[i].least, footer.columns[i].type);
      const auto greatest = little(facts.chunks[i].greatest, footer.columns[i].type);
      footer.all_bounds.push_back(least && greatest ? std::optional(Bounds{*least, *greatest})
                                                    : std::nullopt);
    }
    footer.groups.push_back(std::move(group));
  }
  return footer;
}

Result<PageHeader> take_page_header(std::string_view& bytes) {
  constexpr std::int64_t k_data_page = 0, k_dictionary_page = 2;
  constexpr std::int64_t k_most = k_chunk_bytes_max;
  ThriftCursor in(bytes);
  std::int64_t kind = -1, unpacked = -1, packed = -1, values = -1, encoding = -1, levels = k_rle;
  in.structure([&](std::int64_t field, Wire) {
    if (field == 1) return kind = in.number(), true;
    if (field == 2) return unpacked = in.number(), true;
    if (field == 3) return packed = in.number(), true;
    if (field != 5 && field != 7) return false;
    in.structure([&](std::int64_t inner, Wire) {
      if (inner == 1) return values = in.number(), true;
      if (inner == 2) return encoding = in.number(), true;
      if (field == 5 && inner == 3) return levels = in.number(), true;
      return false;
    });
    return true;
  });
  if (!in.ok()) return damaged("the header of a page");
  if (kind != k_data_page && kind != k_dictionary_page) return foreign("another kind of page");
  const auto is_within = [&](std::int64_t number) { return number >= 0 && number <= k_most; };
  if (!is_within(unpacked) || !is_within(packed) || !is_within(values)) {
    return damaged("the header of a page");
  }
  if (levels != k_rle) return foreign("levels of another encoding");
  PageHeader header;
  header.kind = kind == k_data_page ? PageHeader::Kind::data : PageHeader::Kind::dictionary;
  if (encoding == k_plain_dictionary || encoding == k_rle_dictionary) {
    // Of a dictionary's own page the older word for plain.
    const bool is_data = header.kind == PageHeader::Kind::data;
    header.encoding = is_data ? PageHeader::Encoding::dictionary : PageHeader::Encoding::plain;
  } else if (encoding != k_plain) {
    return foreign("a page of another encoding");
  }
  header.values = static_cast<std::uint32_t>(values);
  header.bytes = static_cast<std::uint32_t>(packed);
  header.unpacked = static_cast<std::uint32_t>(unpacked);
  bytes = in.rest();
  return header;
}

}  // namespace bl::traces::parquet
