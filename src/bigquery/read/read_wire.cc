#include "bigquery/read/read_wire.h"

#include <fmt/format.h>

#include <bit>

#include "base/protobuf.h"
#include "base/utf8.h"

namespace bl::bigquery::read {
namespace {

using protobuf::Field;
using protobuf::Type;

/// Hands every field to `each`, which gives false where its type is another.
template <class Each>
Result<void> read_fields(protobuf::Reader reader, std::string_view message, const Each& each) {
  Field field;
  while (reader.next(field)) {
    Result<bool> fits = each(field);
    if (!fits.ok()) return std::move(fits).error();
    if (!*fits) {
      return Error{Code::malformed, fmt::format("a {} has a field of another type: {} at byte {}",
                                                message, field.number, field.offset)};
    }
  }
  if (reader.fault() == nullptr) return {};
  return Error{Code::malformed,
               fmt::format("a {} {} at byte {}", message, reader.fault(), reader.fault_offset())};
}

Result<bool> take_text(const Field& field, std::string& to) {
  if (field.type != Type::bytes) return false;
  if (!is_utf8(field.bytes)) {
    return Error{Code::malformed, fmt::format("a text is no UTF-8: field {} at byte {}",
                                              field.number, field.offset)};
  }
  to = field.bytes;
  return true;
}
Result<bool> take_int(const Field& field, std::int64_t& to) {
  if (field.type != Type::varint) return false;
  to = static_cast<std::int64_t>(field.value);
  return true;
}
/// Of an int32 or an enum: its lower half.
Result<bool> take_int32(const Field& field, std::int64_t& to) {
  if (field.type != Type::varint) return false;
  to = static_cast<std::int32_t>(field.value);
  return true;
}
Result<bool> take_double(const Field& field, double& to) {
  if (field.type != Type::fixed64) return false;
  to = std::bit_cast<double>(field.value);
  return true;
}

Result<Timestamp> read_timestamp(const Field& message) {
  std::int64_t seconds = 0, nanos = 0;
  BL_RETURN_IF_ERROR(
      read_fields(protobuf::Reader(message), "Timestamp", [&](const Field& field) -> Result<bool> {
        if (field.number == 1) return take_int(field, seconds);
        if (field.number == 2) return take_int32(field, nanos);
        return true;
      }));
  const bool is_known = seconds >= k_timestamp_min.micros / 1'000'000 &&
                        seconds <= k_timestamp_max.micros / 1'000'000 && nanos >= 0 &&
                        nanos < 1'000'000'000;
  if (!is_known) {
    return Error{Code::invalid, fmt::format("no time of the years 1 to 9999: {} s", seconds)};
  }
  return Timestamp{seconds * 1'000'000 + nanos / 1'000};
}

Result<bool> read_modifiers(const Field& message, CreateRequest& request) {
  if (message.type != Type::bytes) return false;
  BL_RETURN_IF_ERROR(read_fields(protobuf::Reader(message), "TableModifiers",
                                 [&](const Field& field) -> Result<bool> {
                                   if (field.number != 1) return true;
                                   if (field.type != Type::bytes) return false;
                                   BL_TRY(request.snapshot_time, read_timestamp(field));
                                   return true;
                                 }));
  request.table_modifiers = request.table_modifiers.value_or("") + std::string(message.bytes);
  return true;
}

Result<bool> read_arrow_options(const Field& message, CreateRequest& request) {
  if (message.type != Type::bytes) return false;
  BL_RETURN_IF_ERROR(read_fields(protobuf::Reader(message), "ArrowSerializationOptions",
                                 [&](const Field& field) -> Result<bool> {
                                   if (field.number == 2) {
                                     return take_int32(field, request.buffer_compression);
                                   }
                                   if (field.number == 3) {
                                     return take_int32(field, request.picos_precision);
                                   }
                                   return true;
                                 }));
  return true;
}

Result<bool> read_options(const Field& message, CreateRequest& request) {
  if (message.type != Type::bytes) return false;
  BL_RETURN_IF_ERROR(read_fields(
      protobuf::Reader(message), "TableReadOptions", [&](const Field& field) -> Result<bool> {
        switch (field.number) {
          case 1:
            return take_text(field, request.selected_fields.emplace_back());
          case 2:
            return take_text(field, request.row_restriction);
          case 3:
            return read_arrow_options(field, request);
          case 5:
            return take_double(field, request.sample_percentage.emplace());
          case 6:
            return take_int32(field, request.response_codec);
          default:
            return true;
        }
      }));
  request.read_options = request.read_options.value_or("") + std::string(message.bytes);
  return true;
}

Result<bool> read_session(const Field& message, CreateRequest& request) {
  if (message.type != Type::bytes) return false;
  BL_RETURN_IF_ERROR(read_fields(protobuf::Reader(message), "ReadSession",
                                 [&](const Field& field) -> Result<bool> {
                                   switch (field.number) {
                                     case 3:
                                       return take_int32(field, request.data_format);
                                     case 6:
                                       return take_text(field, request.table);
                                     case 7:
                                       return read_modifiers(field, request);
                                     case 8:
                                       return read_options(field, request);
                                     case 13:
                                       return take_text(field, request.trace_id);
                                     default:
                                       return true;
                                   }
                                 }));
  return true;
}

void put_double(std::string& out, std::uint32_t field, double value) {
  protobuf::put_fixed64(out, field, std::bit_cast<std::uint64_t>(value));
}
void put_schema(std::string& out, std::uint32_t field, std::string_view message) {
  protobuf::put_message(out, field, [&] { protobuf::put_text(out, 1, message); });
}
std::size_t varint_bytes(std::uint64_t value) {
  std::string bytes;
  protobuf::put_varint(bytes, value);
  return bytes.size();
}

}  // namespace

Result<CreateRequest> read_create_request(std::string_view bytes) {
  CreateRequest request;
  BL_RETURN_IF_ERROR(read_fields(protobuf::Reader(bytes), "CreateReadSessionRequest",
                                 [&](const Field& field) -> Result<bool> {
                                   switch (field.number) {
                                     case 1:
                                       return take_text(field, request.parent);
                                     case 2:
                                       return read_session(field, request);
                                     case 3:
                                       return take_int32(field, request.max_stream_count);
                                     case 4:
                                       return take_int32(field, request.preferred_min_stream_count);
                                     default:
                                       return true;
                                   }
                                 }));
  return request;
}

Result<ReadRequest> read_read_request(std::string_view bytes) {
  ReadRequest request;
  BL_RETURN_IF_ERROR(read_fields(protobuf::Reader(bytes), "ReadRowsRequest",
                                 [&](const Field& field) -> Result<bool> {
                                   if (field.number == 1) return take_text(field, request.stream);
                                   if (field.number == 2) return take_int(field, request.offset);
                                   return true;
                                 }));
  return request;
}

Result<SplitRequest> read_split_request(std::string_view bytes) {
  SplitRequest request;
  BL_RETURN_IF_ERROR(read_fields(protobuf::Reader(bytes), "SplitReadStreamRequest",
                                 [&](const Field& field) -> Result<bool> {
                                   if (field.number == 1) return take_text(field, request.stream);
                                   if (field.number == 2) {
                                     return take_double(field, request.fraction);
                                   }
                                   return true;
                                 }));
  return request;
}

std::string session_message(const SessionAnswer& answer, const CreateRequest& request) {
  std::string out;
  protobuf::put_text(out, 1, answer.name);
  protobuf::put_message(out, 2, [&] {
    protobuf::put_int(out, 1, answer.expires.micros / 1'000'000);
    protobuf::put_int(out, 2, answer.expires.micros % 1'000'000 * 1'000);
  });
  protobuf::put_int(out, 3, request.data_format);
  put_schema(out, 5, answer.schema_message);
  protobuf::put_text(out, 6, request.table);
  if (request.table_modifiers) protobuf::put_element(out, 7, *request.table_modifiers);
  if (request.read_options) protobuf::put_element(out, 8, *request.read_options);
  for (const std::string& stream : answer.streams) {
    protobuf::put_message(out, 10, [&] { protobuf::put_text(out, 1, stream); });
  }
  protobuf::put_int(out, 12, answer.bytes);
  protobuf::put_text(out, 13, request.trace_id);
  protobuf::put_int(out, 14, answer.rows);
  protobuf::put_int(out, 15, answer.file_bytes);
  return out;
}

std::string rows_message(const RowsAnswer& answer) {
  std::string out;
  out.reserve(answer.batch_message.size() + answer.schema_message.size() + 96);
  protobuf::put_message(out, 2, [&] {
    protobuf::put_message(out, 2, [&] {
      put_double(out, 1, answer.progress_before);
      put_double(out, 2, answer.progress);
    });
  });
  // The one long member: its length is known, so that its bytes are copied once.
  const std::size_t size = answer.batch_message.size();
  protobuf::put_tag(out, 4, Type::bytes);
  protobuf::put_varint(out, 1 + varint_bytes(size) + size);
  protobuf::put_element(out, 1, answer.batch_message);
  protobuf::put_int(out, 6, answer.rows);
  if (!answer.schema_message.empty()) put_schema(out, 8, answer.schema_message);
  return out;
}

std::string split_message(std::string_view primary, std::string_view remainder) {
  std::string out;
  protobuf::put_message(out, 1, [&] { protobuf::put_text(out, 1, primary); });
  protobuf::put_message(out, 2, [&] { protobuf::put_text(out, 1, remainder); });
  return out;
}

}  // namespace bl::bigquery::read
