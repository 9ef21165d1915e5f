#include "bigquery/cells.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "base/hash.h"
#include "base/json.h"
#include "bigquery/literals.h"

namespace bl::bigquery {

using columns::Column;
using columns::Kind;

namespace {

/// A scalar's text: to room for k_literal_chars_max characters.
using Scalar = std::function<char*(char* to, std::int64_t row)>;

void append_quoted_ascii(std::string& out, const char* from, const char* to) {
  out += '"';
  out.append(from, to);
  out += '"';
}

template <class T, class Put>
Scalar scalar(const Column& column, Put put) {
  return [column, view = column.as<T>().value(), put](char* to, std::int64_t row) {
    return put(to, view[row]);
  };
}

template <class T>
Scalar whole(const Column& column) {
  return scalar<T>(
      column, [](char* to, T value) { return write_int64(to, static_cast<std::int64_t>(value)); });
}

Scalar instant(const Column& column, TimestampForm form) {
  if (form == TimestampForm::micros) {
    return scalar<Timestamp>(column,
                             [](char* to, Timestamp time) { return write_int64(to, time.micros); });
  }
  if (form == TimestampForm::seconds) {
    return scalar<Timestamp>(column, [](char* to, Timestamp time) {
      return write_float(to, static_cast<double>(time.micros) / 1e6);
    });
  }
  return scalar<Timestamp>(column, [](char* to, Timestamp time) {
    to = write_datetime(to, time.micros);
    *to++ = 'Z';
    return to;
  });
}

/// Null for what is no scalar of that type.
Scalar number_scalar(const Column& column, FieldType type) {
  const Kind kind = column.type().kind;
  if (type == FieldType::boolean && kind == Kind::boolean) {
    return scalar<bool>(column, [](char* to, bool value) {
      const std::string_view text = value ? "true" : "false";
      return std::copy(text.begin(), text.end(), to);
    });
  }
  if (type == FieldType::int64) {
    switch (kind) {
        // clang-format off
      case Kind::int8: return whole<std::int8_t>(column);
      case Kind::int16: return whole<std::int16_t>(column);
      case Kind::int32: return whole<std::int32_t>(column);
      case Kind::int64: return whole<std::int64_t>(column);
      case Kind::uint8: return whole<std::uint8_t>(column);
      case Kind::uint16: return whole<std::uint16_t>(column);
      case Kind::uint32: return whole<std::uint32_t>(column);
      default: return {};
        // clang-format on
    }
  }
  if (type == FieldType::float64 && kind == Kind::float64) {
    return scalar<double>(column, [](char* to, double value) { return write_float(to, value); });
  }
  if (type == FieldType::float64 && kind == Kind::float32) {
    return scalar<float>(column, [](char* to, float value) { return write_float(to, value); });
  }
  if ((type == FieldType::numeric || type == FieldType::bignumeric) && kind == Kind::decimal) {
    return scalar<columns::Decimal>(
        column, [scale = column.type().scale](char* to, columns::Decimal value) {
          return write_decimal(to, value, scale);
        });
  }
  return {};
}

Scalar interval_scalar(const Column& column) {
  if (column.type().kind == Kind::other) {
    // Arrow's month_day_nano: 32 bits of months, 32 of days, 64 of nanoseconds.
    struct MonthDayNano {
      std::int32_t months, days;
      std::int64_t nanos;
    };
    return [column, view = column.as_raw<MonthDayNano>().value()](char* to, std::int64_t row) {
      const MonthDayNano value = view[row];
      return write_interval(to, {value.months, value.days, value.nanos / 1000});
    };
  }
  return [months = column.child(0), days = column.child(1), micros = column.child(2),
          month = column.child(0).as<std::int32_t>().value(),
          day = column.child(1).as<std::int32_t>().value(),
          micro = column.child(2).as<std::int64_t>().value()](char* to, std::int64_t row) {
    return write_interval(to, {month[row], day[row], micro[row]});
  };
}

Scalar scalar_of(const Column& column, const TableField& field, TimestampForm form);

/// `[a, b)`
Scalar range_scalar(const Column& column, const TableField& field, TimestampForm form) {
  TableField bound;
  bound.type = field.range_of;
  const Scalar start = scalar_of(column.child(0), bound, form);
  const Scalar end = scalar_of(column.child(1), bound, form);
  if (!start || !end) return {};
  const auto put = [](char* to, std::string_view text) {
    return std::copy(text.begin(), text.end(), to);
  };
  return [starts = column.child(0), ends = column.child(1), start, end, put](char* to,
                                                                             std::int64_t row) {
    *to++ = '[';
    to = starts.is_null(row) ? put(to, "UNBOUNDED") : start(to, row);
    to = put(to, ", ");
    to = ends.is_null(row) ? put(to, "UNBOUNDED") : end(to, row);
    *to++ = ')';
    return to;
  };
}

Scalar scalar_of(const Column& column, const TableField& field, TimestampForm form) {
  const columns::Type& type = column.type();
  switch (field.type) {
    case FieldType::timestamp:
      if (type.kind != Kind::timestamp) return {};
      return instant(column, form);
    case FieldType::datetime:
      if (type.kind != Kind::naive_timestamp) return {};
      return scalar<columns::NaiveTimestamp>(column, [](char* to, columns::NaiveTimestamp value) {
        return write_datetime(to, value.micros);
      });
    case FieldType::date:
      if (type.kind != Kind::date) return {};
      return scalar<columns::Date>(column, write_date);
    case FieldType::time:
      if (type.kind != Kind::time) return {};
      return scalar<columns::TimeOfDay>(column, write_time);
    case FieldType::interval: {
      const bool is_struct = type.kind == Kind::structure && type.children.size() == 3 &&
                             type.children[0].type.kind == Kind::int32 &&
                             type.children[1].type.kind == Kind::int32 &&
                             type.children[2].type.kind == Kind::int64;
      if (!is_struct && type.other != "month_day_nano_interval") return {};
      return interval_scalar(column);
    }
    case FieldType::range:
      if (type.kind != Kind::structure || type.children.size() != 2) return {};
      return range_scalar(column, field, form);
    default:
      return number_scalar(column, field.type);
  }
}

}  // namespace

/// Makes writers, which may fail; reaches into CellWriter.
struct CellWriters {
  using Write = CellWriter::Write;

  static Error unfit(const TableField& field, const Column& column) {
    return Error{Code::invalid,
                 fmt::format("a column that is not {}, {}: {}", sql_name_of(field.type), field.name,
                             column.type().text())};
  }

  static Write nullable(const Column& column, Write value) {
    return [column, value = std::move(value)](std::string& out, std::int64_t row) {
      if (column.is_null(row)) {
        out += "null";
      } else {
        value(out, row);
      }
    };
  }

  static Result<Write> record(const TableField& field, const Column& column, TimestampForm form) {
    if (column.type().kind != Kind::structure ||
        column.type().children.size() != field.fields.size()) {
      return unfit(field, column);
    }
    std::vector<Write> members;
    for (std::size_t i = 0; i < field.fields.size(); ++i) {
      BL_TRY(Write one, of(field.fields[i], column.child(static_cast<int>(i)), form));
      members.push_back(std::move(one));
    }
    return Write([members = std::move(members)](std::string& out, std::int64_t row) {
      put_row(out, members, row);
    });
  }

  /// One value that is not null.
  static Result<Write> one(const TableField& field, const Column& column, TimestampForm form) {
    if (field.type == FieldType::record) return record(field, column, form);
    const Kind kind = column.type().kind;
    if ((field.type == FieldType::text || field.type == FieldType::json) && kind == Kind::text) {
      return Write(
          [column, view = column.as<std::string_view>().value()](
              std::string& out, std::int64_t row) { json::append_quoted(out, view[row]); });
    }
    if (field.type == FieldType::bytes && kind == Kind::binary) {
      return Write(
          [column, view = column.as<columns::Bytes>().value()](std::string& out, std::int64_t row) {
            out += '"';
            out += base64(std::as_bytes(std::span(view[row].bytes)));
            out += '"';
          });
    }
    Scalar text = scalar_of(column, field, form);
    if (!text) return unfit(field, column);
    return Write([text = std::move(text)](std::string& out, std::int64_t row) {
      std::array<char, k_literal_chars_max> room;
      append_quoted_ascii(out, room.data(), text(room.data(), row));
    });
  }

  static Result<Write> of(const TableField& field, const Column& column, TimestampForm form) {
    if (field.mode != FieldMode::repeated) {
      BL_TRY(Write value, one(field, column, form));
      return nullable(column, std::move(value));
    }
    if (column.type().kind != Kind::list) return unfit(field, column);
    const Column elements = column.child(0);
    BL_TRY(Write value, one(field, elements, form));
    return Write([column, element = nullable(elements, std::move(value))](std::string& out,
                                                                          std::int64_t row) {
      out += '[';
      // Null of an engine's answer is the empty list, as everywhere in BigQuery.
      const std::int64_t size = column.is_null(row) ? 0 : column.list_size(row);
      const std::int64_t begin = size > 0 ? column.list_begin(row) : 0;
      for (std::int64_t i = begin; i < begin + size; ++i) {
        out += i == begin ? R"({"v":)" : R"(,{"v":)";
        element(out, i);
        out += '}';
      }
      out += ']';
    });
  }

  static void put_row(std::string& out, const std::vector<Write>& members, std::int64_t row) {
    out += R"({"f":[)";
    bool is_first = true;
    for (const Write& member : members) {
      out += is_first ? R"({"v":)" : R"(,{"v":)";
      is_first = false;
      member(out, row);
      out += '}';
    }
    out += "]}";
  }
};

Result<CellWriter> CellWriter::make(const columns::Batch& batch, const TableSchema& schema,
                                    TimestampForm form) {
  if (static_cast<std::size_t>(batch.columns()) != schema.fields.size()) {
    return Error{Code::invalid, fmt::format("a batch of other columns: {}", batch.schema().text())};
  }
  CellWriter out;
  out.rows_ = batch.rows();
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    BL_TRY(Write one, CellWriters::of(schema.fields[i], batch.column(static_cast<int>(i)), form));
    out.columns_.push_back(std::move(one));
  }
  return out;
}

void CellWriter::append(std::string& out, std::int64_t row) const {
  CellWriters::put_row(out, columns_, row);
}

}  // namespace bl::bigquery
