#include "lake/table/records.h"

#include <fmt/format.h>

#include <cstring>

#include "columns/ipc.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_magic = "BLR\x01";
constexpr std::size_t k_header_bytes = 8;

}  // namespace

Result<void> append_record(const columns::Batch& batch, std::string& out) {
  out += k_magic;
  const auto columns = static_cast<std::uint32_t>(batch.columns());
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(columns >> shift);
  return columns::append_ipc_batch(batch, columns::IpcCompression::none, out);
}

Result<columns::Batch> batch_of_record(std::string_view payload, const columns::Schema& schema) {
  if (payload.size() < k_header_bytes || !payload.starts_with(k_magic)) {
    return Error{Code::corrupt, "a record of a journal that holds no rows of a table"};
  }
  std::uint32_t columns = 0;
  for (int i = 3; i >= 0; --i) {
    columns = columns << 8 |
              static_cast<unsigned char>(payload[k_magic.size() + static_cast<std::size_t>(i)]);
  }
  if (columns != static_cast<std::uint32_t>(schema.columns())) {
    return Error{Code::corrupt, fmt::format("rows of {} columns in the journal of a table of {}",
                                            columns, schema.columns())};
  }
  auto batch = columns::read_ipc_batch(payload.substr(k_header_bytes), schema, {});
  if (!batch.ok()) return Error{Code::corrupt, std::move(batch).error().message};
  return batch;
}

}  // namespace bl::lake
