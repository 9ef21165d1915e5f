// IPC readers on any bytes: an error, or batches that may be read to the last value and written
// again.
#include <cstdlib>

#include "columns/ipc.h"
#include "columns/table.h"

namespace {

using bl::columns::Batch;
using bl::columns::Column;
using bl::columns::Kind;

constexpr std::size_t k_memory_bytes_max = 1u << 20;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Touches every value, as a user would.
std::uint64_t touch(const Column& column) {
  std::uint64_t sum = 0;
  for (std::int64_t row = 0; row < column.rows(); ++row) {
    if (column.is_null(row)) continue;
    switch (column.type().kind) {
      case Kind::boolean:
        sum += column.as<bool>().value()[row];
        break;
      case Kind::int32:
        sum += static_cast<std::uint64_t>(column.as<std::int32_t>().value()[row]);
        break;
      case Kind::int64:
        sum += static_cast<std::uint64_t>(column.as<std::int64_t>().value()[row]);
        break;
      case Kind::text:
        for (const char c : column.as<std::string_view>().value()[row]) sum += c != 0;
        break;
      case Kind::binary:
        for (const char c : column.as<bl::columns::Bytes>().value()[row].bytes) sum += c != 0;
        break;
      case Kind::list:
      case Kind::map:
        require(column.list_begin(row) >= 0 && column.list_size(row) >= 0);
        require(column.list_begin(row) + column.list_size(row) <= column.child(0).rows());
        break;
      default:
        break;
    }
  }
  for (int i = 0; i < static_cast<int>(column.type().children.size()); ++i) {
    sum += touch(column.child(i));
  }
  return sum;
}

std::uint64_t touch(const Batch& batch) {
  std::uint64_t sum = 0;
  for (int i = 0; i < batch.columns(); ++i) sum += touch(batch.column(i));
  return sum;
}

void read_stream(const std::string& bytes) {
  auto reader = bl::columns::IpcReader::open(
      bytes, {.memory_bytes_max = k_memory_bytes_max, .rows_max = 4096, .batches_max = 16});
  if (!reader.ok()) return;
  while (true) {
    auto batch = (*reader)->next();
    if (!batch.ok() || !*batch) return;
    require((*batch)->rows() <= 4096);
    static volatile std::uint64_t sink = 0;
    sink = sink + touch(**batch);
    const auto again =
        bl::columns::to_ipc((*reader)->schema(), {{**batch}}, bl::columns::IpcCompression::none);
    require(!again.ok() || !again->empty());
  }
}

using Known =
    bl::columns::Table<bl::columns::Is<"id", std::int64_t>,
                       bl::columns::Is<"name", std::optional<std::string_view>>,
                       bl::columns::Is<"ok", bool>,
                       bl::columns::Is<"samples", std::optional<bl::columns::List<double>>>>;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_stream(bytes);
  const auto batch = bl::columns::read_ipc_batch(
      bytes, Known::schema(), {.memory_bytes_max = k_memory_bytes_max, .rows_max = 4096});
  if (batch.ok()) (void)touch(*batch);
  return 0;
}
