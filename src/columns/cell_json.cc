#include "columns/cell_json.h"

#include <fmt/format.h>

#include <cmath>

#include "base/hash.h"
#include "base/numbers.h"

namespace bl::columns {
namespace {

__extension__ using Wide = __int128;
__extension__ using WideUnsigned = unsigned __int128;

constexpr std::int64_t k_exact_max = 1ll << 53;  // what every reader of JSON has exactly
constexpr std::int64_t k_day_micros = 86'400'000'000;
constexpr std::size_t k_date_chars = 10;

template <class T>
void write_whole(json::Writer& writer, T value) {
  if constexpr (std::is_unsigned_v<T>) {
    if (value <= static_cast<std::uint64_t>(k_exact_max)) {
      writer.value(static_cast<std::uint64_t>(value));
    } else {
      writer.value(std::to_string(value));
    }
  } else {
    if (value <= k_exact_max && value >= -k_exact_max) {
      writer.value(static_cast<std::int64_t>(value));
    } else {
      writer.value(std::to_string(value));
    }
  }
}

void write_double(json::Writer& writer, double value) {
  if (std::isnan(value)) {
    writer.value("NaN");
  } else if (std::isinf(value)) {
    writer.value(value > 0 ? "Infinity" : "-Infinity");
  } else {
    writer.value(value);
  }
}

/// -12345 of scale 2 is -123.45.
void write_decimal(json::Writer& writer, Decimal decimal, int scale) {
  const auto value = static_cast<Wide>(
      (static_cast<WideUnsigned>(static_cast<std::uint64_t>(decimal.high)) << 64) | decimal.low);
  const bool is_negative = value < 0;
  auto rest = is_negative ? -static_cast<WideUnsigned>(value) : static_cast<WideUnsigned>(value);
  const bool is_exact = rest <= static_cast<WideUnsigned>(k_exact_max);
  std::string digits;
  for (int i = 0; rest > 0 || i <= scale; ++i, rest /= 10) {
    if (i == scale && scale > 0) digits += '.';
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  if (is_negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  if (is_exact) {
    writer.raw(digits);
  } else {
    writer.value(digits);
  }
}

/// What no calendar has is a count of microseconds; the engine's two infinities are words.
std::string instant_text(std::int64_t micros, const char* zone) {
  if (micros == std::numeric_limits<std::int64_t>::max()) return "infinity";
  if (micros == -std::numeric_limits<std::int64_t>::max()) return "-infinity";
  const Timestamp time{micros};
  if (time < k_timestamp_min || time > k_timestamp_max) return std::to_string(micros);
  return to_iso_naive(time) + zone;
}

std::string date_text(Date date) {
  const Timestamp time{static_cast<std::int64_t>(date.days) * k_day_micros};
  if (time < k_timestamp_min || time > k_timestamp_max) return std::to_string(date.days);
  return to_rfc3339(time).substr(0, k_date_chars);
}

std::string time_text(TimeOfDay time) {
  const std::string text = to_iso_naive(Timestamp{time.micros});
  return text.substr(k_date_chars + 1);
}

template <class T, class Write>
CellWriter plain(const Column& column, Write write) {
  return [column, view = column.as<T>().value(), write](json::Writer& writer, std::int64_t row) {
    if (view.is_null(row)) {
      writer.null();
    } else {
      write(writer, view[row]);
    }
  };
}

template <class T>
CellWriter whole(const Column& column) {
  return plain<T>(column, [](json::Writer& writer, T value) { write_whole(writer, value); });
}

CellWriter list_writer(const Column& column) {
  return [column, element = cell_writer(column.child(0))](json::Writer& writer, std::int64_t row) {
    if (column.is_null(row)) {
      writer.null();
      return;
    }
    writer.begin_array();
    const std::int64_t begin = column.list_begin(row);
    for (std::int64_t i = begin; i < begin + column.list_size(row); ++i) element(writer, i);
    writer.end_array();
  };
}

CellWriter map_writer(const Column& column) {
  return [column, key = cell_writer(column.child(0)), value = cell_writer(column.child(1))](
             json::Writer& writer, std::int64_t row) {
    if (column.is_null(row)) {
      writer.null();
      return;
    }
    writer.begin_array();
    const std::int64_t begin = column.list_begin(row);
    for (std::int64_t i = begin; i < begin + column.list_size(row); ++i) {
      writer.begin_object().key("key");
      key(writer, i);
      writer.key("value");
      value(writer, i);
      writer.end_object();
    }
    writer.end_array();
  };
}

CellWriter struct_writer(const Column& column) {
  std::vector<CellWriter> members;
  for (std::size_t i = 0; i < column.type().children.size(); ++i) {
    members.push_back(cell_writer(column.child(static_cast<int>(i))));
  }
  return [column, members](json::Writer& writer, std::int64_t row) {
    if (column.is_null(row)) {
      writer.null();
      return;
    }
    writer.begin_object();
    for (std::size_t i = 0; i < members.size(); ++i) {
      writer.key(column.type().children[i].name);
      members[i](writer, row);
    }
    writer.end_object();
  };
}

CellWriter text_writer(const Column& column) {
  switch (column.type().kind) {
    case Kind::text:
      return plain<std::string_view>(
          column, [](json::Writer& writer, std::string_view text) { writer.value(text); });
    case Kind::binary:
      return plain<Bytes>(column, [](json::Writer& writer, Bytes bytes) {
        writer.value(base64url(std::as_bytes(std::span(bytes.bytes))));
      });
    case Kind::date:
      return plain<Date>(column,
                         [](json::Writer& writer, Date date) { writer.value(date_text(date)); });
    case Kind::time:
      return plain<TimeOfDay>(
          column, [](json::Writer& writer, TimeOfDay time) { writer.value(time_text(time)); });
    case Kind::timestamp:
      return plain<Timestamp>(column, [](json::Writer& writer, Timestamp time) {
        writer.value(instant_text(time.micros, "Z"));
      });
    case Kind::naive_timestamp:
      return plain<NaiveTimestamp>(column, [](json::Writer& writer, NaiveTimestamp time) {
        writer.value(instant_text(time.micros, ""));
      });
    default:
      // An engine refuses answers with other types by name.
      return [](json::Writer& writer, std::int64_t) { writer.null(); };
  }
}

}  // namespace

CellWriter cell_writer(const Column& column) {
  switch (column.type().kind) {
    case Kind::boolean:
      return plain<bool>(column, [](json::Writer& writer, bool value) { writer.value(value); });
    case Kind::int8:
      return whole<std::int8_t>(column);
    case Kind::int16:
      return whole<std::int16_t>(column);
    case Kind::int32:
      return whole<std::int32_t>(column);
    case Kind::int64:
      return whole<std::int64_t>(column);
    case Kind::uint8:
      return whole<std::uint8_t>(column);
    case Kind::uint16:
      return whole<std::uint16_t>(column);
    case Kind::uint32:
      return whole<std::uint32_t>(column);
    case Kind::uint64:
      return whole<std::uint64_t>(column);
    case Kind::float32:
      return plain<float>(column, write_double);
    case Kind::float64:
      return plain<double>(column, write_double);
    case Kind::decimal:
      return plain<Decimal>(column,
                            [scale = column.type().scale](json::Writer& writer, Decimal decimal) {
                              write_decimal(writer, decimal, scale);
                            });
    case Kind::list:
      return list_writer(column);
    case Kind::map:
      return map_writer(column);
    case Kind::structure:
      return struct_writer(column);
    default:
      return text_writer(column);
  }
}

void write_columns(json::Writer& writer, const Schema& schema) {
  writer.begin_array();
  for (const Field& field : schema.fields()) {
    writer.begin_object().member("name", field.name).member("type", field.type.text()).end_object();
  }
  writer.end_array();
}

}  // namespace bl::columns
