#include "bigquery/rows/proto_values.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "base/numbers.h"
#include "base/utf8.h"
#include "bigquery/model/names.h"
#include "bigquery/proto_rows.h"
#include "bigquery/rows/wide.h"

namespace bl::bigquery {
namespace {

using protobuf::Field;
using protobuf::Type;

constexpr std::int64_t k_second_micros = 1'000'000;

std::int64_t whole(const ProtoFieldPlan& field, const Field& part) {
  switch (field.source) {
    case ProtoSource::whole32:
    case ProtoSource::signed_fixed32:
    case ProtoSource::name:
      return static_cast<std::int32_t>(part.value);
    case ProtoSource::unsigned32:
      return static_cast<std::uint32_t>(part.value);
    case ProtoSource::zigzag:
      return static_cast<std::int64_t>((part.value >> 1) ^ (~(part.value & 1) + 1));
    default:
      return static_cast<std::int64_t>(part.value);
  }
}

double real(const ProtoFieldPlan& field, const Field& part) {
  if (field.source == ProtoSource::float64) return std::bit_cast<double>(part.value);
  return std::bit_cast<float>(static_cast<std::uint32_t>(part.value));
}

bool is_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<std::uint64_t>(text[i]) & 0x80;
  return (seen & 0x8080808080808080u) == 0;
}

/// Seconds and nanoseconds, cut to microseconds; nullopt when out of range.
std::optional<std::int64_t> seconds_nanos(std::string_view message) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  protobuf::Reader reader(message);
  Field part;
  while (reader.next(part)) {
    if (part.type != Type::varint) return std::nullopt;
    if (part.number == 1) seconds = static_cast<std::int64_t>(part.value);
    if (part.number == 2) nanos = static_cast<std::int32_t>(part.value);
  }
  constexpr std::int64_t k_seconds_max = 316'224'000'000;  // 87,840,000 hours; years 1 to 9999
  if (reader.fault() != nullptr || std::abs(nanos) >= 1'000'000'000 || seconds > k_seconds_max ||
      seconds < -k_seconds_max) {
    return std::nullopt;
  }
  return seconds * k_second_micros + nanos / 1000;
}

/// From the low bit up: microseconds 20 bits, second 6, minute 6, hour 5.
std::optional<std::int64_t> civil_time(std::uint64_t packed) {
  const auto take = [&packed](int bits) {
    const auto value = static_cast<std::int64_t>(packed & ((std::uint64_t{1} << bits) - 1));
    packed >>= bits;
    return value;
  };
  const std::int64_t micros = take(20);
  const std::int64_t second = take(6);
  const std::int64_t minute = take(6);
  const std::int64_t hour = packed > 31 ? 24 : take(5);
  if (micros >= k_second_micros || second > 59 || minute > 59 || hour > 23) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * k_second_micros + micros;
}

/// The same, then day 5 bits, month 4, year 14.
std::optional<std::int64_t> civil_datetime(std::uint64_t packed) {
  const auto time = civil_time(packed & ((std::uint64_t{1} << 37) - 1));
  const std::chrono::year_month_day date{
      std::chrono::year{static_cast<int>(packed >> 46 & 0x3fff)},
      std::chrono::month{static_cast<unsigned>(packed >> 42 & 0xf)},
      std::chrono::day{static_cast<unsigned>(packed >> 37 & 0x1f)}};
  const int year = static_cast<int>(date.year());
  if (!time || !date.ok() || year < 1 || year > 9999 || packed >> 60 != 0) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count() * k_day_micros + *time;
}

std::optional<columns::Decimal> decimal_of_bytes(std::string_view bytes, FieldType type) {
  if (bytes.empty() || bytes.size() > (type == FieldType::numeric ? 16u : 32u)) {
    return std::nullopt;
  }
  std::uint64_t words[4];
  std::memset(words, static_cast<signed char>(bytes.back()) < 0 ? 0xff : 0, sizeof words);
  std::memcpy(words, bytes.data(), bytes.size());
  return rescaled(words, type == FieldType::numeric ? 9 : 38, scale_of(type));
}

void put_number(RowBuilder& builder, FieldColumn& column, const ProtoFieldPlan& field,
                const Field& part) {
  const FieldType type = column.field().type;
  if (field.source == ProtoSource::bytes && !field.is_string) {
    return put_decimal(builder, column, decimal_of_bytes(part.bytes, type), "bytes");
  }
  std::string text;
  if (field.source == ProtoSource::bytes) {
    text = part.bytes;
  } else if (field.source == ProtoSource::float32 || field.source == ProtoSource::float64) {
    const double value = real(field, part);
    char room[k_literal_chars_max];
    text.assign(room, write_float(room, value));
  } else {
    text = field.is_unsigned64 ? std::to_string(part.value) : std::to_string(whole(field, part));
  }
  put_decimal(builder, column, parse_decimal(text, scale_of(type)), text);
}

void refuse(RowBuilder& builder, FieldColumn& column, std::string message) {
  column.put_null();
  builder.fault(std::move(message));
}

void put_enum_name(RowBuilder& builder, FieldColumn& column, const ProtoFieldPlan& field,
                   const Field& part) {
  const auto name = field.names->values.find(whole(field, part));
  if (name == field.names->values.end()) {
    return refuse(builder, column,
                  fmt::format("a value that the enum {} does not have: {}", field.names->name,
                              whole(field, part)));
  }
  put_checked_text(builder, column, name->second);
}

void put_instant(RowBuilder& builder, FieldColumn& column, const ProtoFieldPlan& field,
                 const Field& part) {
  const FieldType type = column.field().type;
  const auto value = proto_instant(type, field, part);
  if (!value) {
    return refuse(
        builder, column,
        fmt::format("Invalid {} value: {}", sql_name_of(type),
                    field.source == ProtoSource::bytes ? builder.quoted(part.bytes)
                                                       : std::to_string(whole(field, part))));
  }
  if (type == FieldType::date) {
    column.put(static_cast<std::int32_t>(*value));
  } else {
    column.put(*value);
  }
}

}  // namespace

bool unwrap(std::string_view message, Field& inner) {
  protobuf::Reader reader(message);
  Field part;
  while (reader.next(part)) {
    if (part.number != 1) continue;
    if (part.type != inner.type) return false;
    inner = part;
  }
  return reader.fault() == nullptr;
}

bool take_packed(std::string_view& rest, Type wire, std::uint64_t& value) {
  value = 0;
  if (wire != Type::varint) {
    const std::size_t size = wire == Type::fixed64 ? 8 : 4;
    if (rest.size() < size) return false;
    std::memcpy(&value, rest.data(), size);
    rest.remove_prefix(size);
    return true;
  }
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest.empty()) return false;
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::optional<std::int64_t> proto_instant(FieldType type, const ProtoFieldPlan& field,
                                          const Field& part) {
  if (field.source == ProtoSource::seconds_nanos) {
    const auto micros = seconds_nanos(part.bytes);
    const bool is_good =
        micros && Timestamp{*micros} >= k_timestamp_min && Timestamp{*micros} <= k_timestamp_max;
    return is_good ? micros : std::nullopt;
  }
  const bool is_text = field.source == ProtoSource::bytes;
  switch (type) {
    case FieldType::date: {
      if (is_text) {
        const auto date = parse_date(part.bytes);
        return date ? std::optional<std::int64_t>(date->days) : std::nullopt;
      }
      const std::int64_t days = whole(field, part);
      if (days < k_date_days_min || days > k_date_days_max) return std::nullopt;
      return days;
    }
    case FieldType::datetime: {
      if (!is_text) return civil_datetime(static_cast<std::uint64_t>(whole(field, part)));
      const auto datetime = parse_datetime(part.bytes);
      return datetime ? std::optional<std::int64_t>(datetime->micros) : std::nullopt;
    }
    case FieldType::time: {
      if (!is_text) return civil_time(static_cast<std::uint64_t>(whole(field, part)));
      const auto time = parse_time(part.bytes);
      return time ? std::optional<std::int64_t>(time->micros) : std::nullopt;
    }
    default: {
      const std::int64_t micros = whole(field, part);
      if (Timestamp{micros} < k_timestamp_min || Timestamp{micros} > k_timestamp_max) {
        return std::nullopt;
      }
      return micros;
    }
  }
}

void put_proto_value(RowBuilder& builder, FieldColumn& column, const ProtoFieldPlan& field,
                     const Field& part) {
  if (field.is_string && !is_ascii(part.bytes) && !is_utf8(part.bytes)) {
    return refuse(builder, column, "a text that is no UTF-8");
  }
  switch (column.field().type) {
    case FieldType::boolean:
      return column.put_bool(part.value != 0);
    case FieldType::int64:
      return column.put(whole(field, part));
    case FieldType::float64:
      return column.put(real(field, part));
    case FieldType::text:
      if (field.source == ProtoSource::name) return put_enum_name(builder, column, field, part);
      return put_checked_text(builder, column, part.bytes);
    case FieldType::bytes:
      return put_checked_text(builder, column, part.bytes);
    case FieldType::numeric:
    case FieldType::bignumeric:
      return put_number(builder, column, field, part);
    case FieldType::interval: {
      if (field.source != ProtoSource::seconds_nanos) break;
      const auto micros = seconds_nanos(part.bytes);
      if (!micros || !is_in_range({0, 0, *micros})) {
        return refuse(builder, column, "Invalid INTERVAL value: a Duration out of range");
      }
      return column.put_interval({0, 0, *micros});
    }
    case FieldType::timestamp:
    case FieldType::datetime:
    case FieldType::date:
    case FieldType::time:
      return put_instant(builder, column, field, part);
    default:
      break;
  }
  put_text_value(builder, column, part.bytes);
}

std::vector<bool> defaulted_columns(const TableSchema& schema, const MissingValues& missing) {
  std::vector<bool> out;
  for (const TableField& field : schema.fields) {
    const auto said = missing.default_of.find(lower(field.name));
    out.push_back(said == missing.default_of.end() ? missing.are_defaults : said->second);
  }
  return out;
}

}  // namespace bl::bigquery
