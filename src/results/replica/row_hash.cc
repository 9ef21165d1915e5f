#include "results/replica/row_hash.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include "base/hash.h"

namespace bl::results::replica {
namespace {

using columns::Kind;

template <class T>
void append_bytes(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));  // little-endian, as all machines that this runs on
  out.append(bytes, sizeof(T));
}

using AppendValue = std::function<void(std::string&, std::int64_t row)>;

template <class T, class Append>
Result<AppendValue> reader(const columns::Column& column, Append append) {
  BL_TRY(const auto view, column.as<T>());
  return AppendValue([view, append](std::string& out, std::int64_t row) {
    if (view.is_null(row)) {
      out += '\0';
      return;
    }
    out += '\1';
    append(out, view[row]);
  });
}

Result<AppendValue> reader_of(const columns::Column& column) {
  switch (column.type().kind) {
    case Kind::boolean:
      return reader<bool>(column, [](std::string& out, bool value) { out += value ? '\1' : '\0'; });
    case Kind::int64:
      return reader<std::int64_t>(column, append_bytes<std::int64_t>);
    case Kind::timestamp:
      return reader<Timestamp>(
          column, [](std::string& out, Timestamp value) { append_bytes(out, value.micros); });
    case Kind::float64:
      return reader<double>(column, [](std::string& out, double value) {
        append_bytes(out, std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
      });
    case Kind::text:
      return reader<std::string_view>(column, [](std::string& out, std::string_view value) {
        append_bytes(out, static_cast<std::uint32_t>(value.size()));
        out += value;
      });
    default:
      break;
  }
  return Error{Code::invalid, "no row of the replica has this type: " + column.type().text()};
}

}  // namespace

Result<std::vector<std::uint64_t>> row_hashes(const columns::Batch& batch) {
  std::vector<AppendValue> readers;
  std::vector<columns::Column> kept;
  for (int i = 0; i < batch.columns(); ++i) kept.push_back(batch.column(i));
  for (const columns::Column& column : kept) {
    BL_TRY(readers.emplace_back(), reader_of(column));
  }
  std::vector<std::uint64_t> hashes;
  hashes.reserve(static_cast<std::size_t>(batch.rows()));
  std::string bytes;
  for (std::int64_t row = 0; row < batch.rows(); ++row) {
    bytes.clear();
    for (const AppendValue& append : readers) append(bytes, row);
    hashes.push_back(xxh3_64(bytes));
  }
  return hashes;
}

}  // namespace bl::results::replica
