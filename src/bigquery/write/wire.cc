#include "bigquery/write/wire.h"

#include <fmt/format.h>

#include <functional>

#include "base/protobuf.h"
#include "bigquery/write/faults.h"

namespace bl::bigquery::write {
namespace {

using protobuf::Field;
using protobuf::Reader;
using protobuf::Type;

/// Calls `each` for every field; it says "not of this type" by false.
Result<void> read_fields(Reader reader, std::string_view message,
                         const std::function<bool(const Field&)>& each) {
  Field field;
  while (reader.next(field)) {
    if (!each(field)) {
      return Error{Code::malformed,
                   fmt::format("a field of {} is of another type: {}", message, field.number)};
    }
  }
  if (reader.fault() != nullptr) {
    return Error{Code::malformed, fmt::format("a message {} {}, at byte {}", message,
                                              reader.fault(), reader.fault_offset())};
  }
  return {};
}

bool take(const Field& field, std::string& out) {
  out.assign(field.bytes);
  return field.type == Type::bytes;
}
bool take(const Field& field, std::string_view& out) {
  out = field.bytes;
  return field.type == Type::bytes;
}
bool take(const Field& field, int& out) {
  out = static_cast<int>(field.value);
  return field.type == Type::varint;
}
// An Int64Value.
bool take(const Field& field, std::optional<std::int64_t>& out) {
  if (field.type != Type::bytes) return false;
  out = 0;
  bool fits = true;
  const auto read = read_fields(Reader(field), "Int64Value", [&](const Field& value) {
    if (value.number != 1) return true;
    out = static_cast<std::int64_t>(value.value);
    return fits = value.type == Type::varint;
  });
  return read.ok() && fits;
}

// The one bytes field of a message, the last of them.
bool take_within(const Field& field, std::uint32_t number, std::optional<std::string_view>& out) {
  if (field.type != Type::bytes) return false;
  return read_fields(Reader(field), "rows",
                     [&](const Field& inner) {
                       if (inner.number != number) return true;
                       std::string_view bytes;
                       if (!take(inner, bytes)) return false;
                       out = bytes;
                       return true;
                     })
      .ok();
}

bool take_proto_rows(const Field& field, AppendRequest& out) {
  if (field.type != Type::bytes) return false;
  if (out.form != RowsForm::proto) out.writer_schema.reset(), out.batch.reset();
  out.form = RowsForm::proto;
  return read_fields(Reader(field), "ProtoData",
                     [&](const Field& data) {
                       if (data.number == 1) return take_within(data, 1, out.writer_schema);
                       if (data.number != 2) return true;
                       if (data.type != Type::bytes) return false;
                       return read_fields(Reader(data), "ProtoRows",
                                          [&](const Field& row) {
                                            if (row.number != 1) return true;
                                            out.rows.push_back(row.bytes);
                                            return row.type == Type::bytes;
                                          })
                           .ok();
                     })
      .ok();
}

bool take_arrow_rows(const Field& field, AppendRequest& out) {
  if (field.type != Type::bytes) return false;
  if (out.form != RowsForm::arrow) out.writer_schema.reset(), out.rows.clear();
  out.form = RowsForm::arrow;
  return read_fields(Reader(field), "ArrowData",
                     [&](const Field& data) {
                       if (data.number == 1) return take_within(data, 1, out.writer_schema);
                       if (data.number == 2) return take_within(data, 1, out.batch);
                       return true;
                     })
      .ok();
}

bool take_missing(const Field& field, std::map<std::string, int>& out) {
  if (field.type != Type::bytes) return false;
  std::string column;
  int interpretation = 0;
  const auto read = read_fields(Reader(field), "a map", [&](const Field& part) {
    if (part.number == 1) return take(part, column);
    if (part.number == 2) return take(part, interpretation);
    return true;
  });
  out[column] = interpretation;
  return read.ok();
}

void put_time(std::string& out, std::uint32_t field, std::optional<Timestamp> time) {
  if (!time) return;
  protobuf::put_message(out, field, [&] {
    protobuf::put_int(out, 1, time->micros / 1'000'000);
    protobuf::put_int(out, 2, time->micros % 1'000'000 * 1'000);
  });
}

void put_int64_value(std::string& out, std::uint32_t field, std::int64_t value) {
  protobuf::put_message(out, field, [&] { protobuf::put_int(out, 1, value); });
}

// TableFieldSchema.Type
int type_number(FieldType type) {
  switch (type) {
    case FieldType::text:
      return 1;
    case FieldType::int64:
      return 2;
    case FieldType::float64:
      return 3;
    case FieldType::record:
      return 4;
    case FieldType::bytes:
      return 5;
    case FieldType::boolean:
      return 6;
    case FieldType::timestamp:
      return 7;
    case FieldType::date:
      return 8;
    case FieldType::time:
      return 9;
    case FieldType::datetime:
      return 10;
    case FieldType::numeric:
      return 12;
    case FieldType::bignumeric:
      return 13;
    case FieldType::interval:
      return 14;
    case FieldType::json:
      return 15;
    case FieldType::range:
      return 16;
  }
  return 0;
}

int mode_number(FieldMode mode) {
  switch (mode) {
    case FieldMode::nullable:
      return 1;
    case FieldMode::required:
      return 2;
    case FieldMode::repeated:
      return 3;
  }
  return 0;
}

void put_field(std::string& out, std::uint32_t number, const TableField& field) {
  protobuf::put_message(out, number, [&] {
    protobuf::put_text(out, 1, field.name);
    protobuf::put_int(out, 2, type_number(field.type));
    protobuf::put_int(out, 3, mode_number(field.mode));
    for (const TableField& child : field.fields) put_field(out, 4, child);
    protobuf::put_text(out, 6, field.description);
    protobuf::put_int(out, 7, field.max_length.value_or(0));
    protobuf::put_int(out, 8, field.precision.value_or(0));
    protobuf::put_int(out, 9, field.scale.value_or(0));
    protobuf::put_text(out, 10, field.default_expression);
    if (field.type == FieldType::range) {
      protobuf::put_message(out, 11,
                            [&] { protobuf::put_int(out, 1, type_number(field.range_of)); });
    }
  });
}

void put_schema(std::string& out, std::uint32_t number, const TableSchema& schema) {
  protobuf::put_message(out, number, [&] {
    for (const TableField& field : schema.fields) put_field(out, 1, field);
  });
}

}  // namespace

// Requests -----------------------------------------------------------------------------------

Result<AppendRequest> read_append(std::string_view bytes) {
  AppendRequest out;
  BL_RETURN_IF_ERROR(read_fields(Reader(bytes), "AppendRowsRequest", [&](const Field& field) {
    switch (field.number) {
      case 1:
        return take(field, out.stream);
      case 2:
        return take(field, out.offset);
      case 4:
        return take_proto_rows(field, out);
      case 5:
        return take_arrow_rows(field, out);
      case 7:
        return take_missing(field, out.missing);
      case 8:
        return take(field, out.missing_default.emplace());
      default:
        return true;
    }
  }));
  return out;
}

Result<CreateRequest> read_create(std::string_view bytes) {
  CreateRequest out;
  BL_RETURN_IF_ERROR(
      read_fields(Reader(bytes), "CreateWriteStreamRequest", [&](const Field& field) {
        if (field.number == 1) return take(field, out.parent);
        if (field.number != 2) return true;
        if (field.type != Type::bytes) return false;
        return read_fields(
                   Reader(field), "WriteStream",
                   [&](const Field& part) { return part.number != 2 || take(part, out.type); })
            .ok();
      }));
  return out;
}

Result<StreamRequest> read_get(std::string_view bytes) {
  StreamRequest out;
  BL_RETURN_IF_ERROR(read_fields(Reader(bytes), "GetWriteStreamRequest", [&](const Field& field) {
    if (field.number == 1) return take(field, out.name);
    if (field.number != 3) return true;
    int view = 0;
    if (!take(field, view)) return false;
    out.is_full = view == 2;
    return true;
  }));
  return out;
}

Result<StreamRequest> read_finalize(std::string_view bytes) {
  StreamRequest out;
  BL_RETURN_IF_ERROR(
      read_fields(Reader(bytes), "FinalizeWriteStreamRequest",
                  [&](const Field& field) { return field.number != 1 || take(field, out.name); }));
  return out;
}

Result<StreamRequest> read_flush(std::string_view bytes) {
  StreamRequest out;
  BL_RETURN_IF_ERROR(read_fields(Reader(bytes), "FlushRowsRequest", [&](const Field& field) {
    if (field.number == 1) return take(field, out.name);
    return field.number != 2 || take(field, out.offset);
  }));
  return out;
}

Result<CommitRequest> read_commit(std::string_view bytes) {
  CommitRequest out;
  BL_RETURN_IF_ERROR(
      read_fields(Reader(bytes), "BatchCommitWriteStreamsRequest", [&](const Field& field) {
        if (field.number == 1) return take(field, out.parent);
        return field.number != 2 || take(field, out.streams.emplace_back());
      }));
  return out;
}

// Answers ------------------------------------------------------------------------------------

std::string stream_message(const StreamAnswer& stream) {
  std::string out;
  protobuf::put_text(out, 1, stream.name);
  protobuf::put_int(out, 2, static_cast<int>(stream.kind));
  put_time(out, 3, stream.created);
  put_time(out, 4, stream.committed);
  if (stream.schema != nullptr) put_schema(out, 5, *stream.schema);
  protobuf::put_text(out, 8, stream.location);
  return out;
}

std::string append_message(const AppendAnswer& answer) {
  std::string out;
  if (answer.error == nullptr) {
    protobuf::put_message(out, 1, [&] {
      if (answer.offset) put_int64_value(out, 1, *answer.offset);
    });
  } else {
    protobuf::put_element(out, 2, status_of(*answer.error).details);
  }
  if (answer.updated != nullptr) put_schema(out, 3, *answer.updated);
  for (const RowFault& row : answer.row_faults) {
    protobuf::put_message(out, 4, [&] {
      protobuf::put_int(out, 1, row.row);
      protobuf::put_int(out, 2, 1);  // FIELDS_ERROR
      protobuf::put_text(out, 3,
                         row.location.empty() ? row.message : row.location + ": " + row.message);
    });
  }
  protobuf::put_text(out, 5, answer.stream);
  return out;
}

std::string finalize_message(std::int64_t rows) {
  std::string out;
  protobuf::put_int(out, 1, rows);
  return out;
}

std::string flush_message(std::int64_t offset) {
  std::string out;
  protobuf::put_int(out, 1, offset);
  return out;
}

std::string commit_message(std::optional<Timestamp> at, std::span<const Error> errors) {
  std::string out;
  put_time(out, 1, at);
  for (const Error& error : errors) protobuf::put_element(out, 2, storage_error(error));
  return out;
}

}  // namespace bl::bigquery::write
