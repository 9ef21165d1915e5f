// Rows of Arrow: each column of the writer's becomes a function that appends one row's value to the
// table's column, so that a row's faults are found row by row, as of every other wire.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>
#include <unordered_map>

#include "bigquery/arrow_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/model/names.h"
#include "bigquery/rows/proto_values.h"
#include "bigquery/rows/row_builder.h"
#include "bigquery/rows/wide.h"

namespace bl::bigquery {
namespace {

using columns::Column;
using columns::Field;
using columns::Kind;
using columns::Type;

/// Appends the value of one row that is not null, or null and a fault.
using Put = std::function<void(RowBuilder&, FieldColumn&, std::int64_t row)>;

void refuse(RowBuilder& builder, FieldColumn& column, std::string message) {
  column.put_null();
  builder.fault(std::move(message));
}

template <class T>
Put whole(const Column& column) {
  return [column, view = column.as<T>().value()](RowBuilder&, FieldColumn& to, std::int64_t row) {
    to.put(static_cast<std::int64_t>(view[row]));
  };
}

template <class T>
Put real(const Column& column) {
  return [column, view = column.as<T>().value()](RowBuilder&, FieldColumn& to, std::int64_t row) {
    to.put(static_cast<double>(view[row]));
  };
}

/// Numbers of T that are the column's as they are, where they are in range.
template <class T, class Kept>
Put within(const Column& column, Kept from, Kept to_last, Kept (*kept)(T)) {
  return [=, view = column.as<T>().value(), keep = column](RowBuilder& builder, FieldColumn& to,
                                                           std::int64_t row) {
    const Kept value = kept(view[row]);
    if (value < from || value > to_last) {
      return refuse(builder, to,
                    fmt::format("Invalid {} value: {}", sql_name_of(to.field().type), value));
    }
    to.put(value);
  };
}

Put text(const Column& column) {
  return [column, view = column.as<std::string_view>().value()](RowBuilder& builder,
                                                                FieldColumn& to, std::int64_t row) {
    put_text_value(builder, to, view[row]);
  };
}

/// `decimal256(76, 38)` -> 38; nullopt: something else.
std::optional<int> scale_of_decimal256(const Type& type) {
  constexpr std::string_view k_name = "decimal256(";
  if (type.kind != Kind::other || !type.other.starts_with(k_name)) return std::nullopt;
  const std::size_t comma = type.other.find(", ");
  if (comma == std::string::npos) return std::nullopt;
  int scale = 0;
  for (const char c : std::string_view(type.other).substr(comma + 2)) {
    if (c == ')') return scale <= 76 ? std::optional(scale) : std::nullopt;
    if (c < '0' || c > '9' || scale > 76) return std::nullopt;
    scale = scale * 10 + (c - '0');
  }
  return std::nullopt;
}

struct Words {
  std::uint64_t of[4];
};

/// Null: no decimal.
Put decimal(const Column& column, FieldType type) {
  const int to_scale = scale_of(type);
  if (column.type().kind == Kind::decimal) {
    const int scale = column.type().scale;
    return [=, view = column.as<columns::Decimal>().value()](RowBuilder& builder, FieldColumn& to,
                                                             std::int64_t row) {
      const columns::Decimal value = view[row];
      const std::uint64_t sign = value.high < 0 ? ~std::uint64_t{0} : 0;
      const std::uint64_t words[4] = {value.low, static_cast<std::uint64_t>(value.high), sign,
                                      sign};
      put_decimal(builder, to, rescaled(words, scale, to_scale), "a decimal of too many digits");
    };
  }
  const auto scale = scale_of_decimal256(column.type());
  if (!scale) return {};
  return [=, from = *scale, view = column.as_raw<Words>().value()](
             RowBuilder& builder, FieldColumn& to, std::int64_t row) {
    put_decimal(builder, to, rescaled(view[row].of, from, to_scale),
                "a decimal of too many digits");
  };
}

void put_checked(RowBuilder& builder, FieldColumn& to, std::int64_t months, std::int64_t days,
                 std::int64_t micros) {
  const Interval interval{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days),
                          micros};
  if (!is_in_range(interval)) return refuse(builder, to, "Invalid INTERVAL value: out of range");
  to.put_interval(interval);
}

Put interval(const Column& column) {
  struct DayTime {
    std::int32_t days, millis;
  };
  struct MonthDayNano {
    std::int32_t months, days;
    std::int64_t nanos;
  };
  const std::string& name = column.type().other;
  if (name == "month_interval") {
    return [column, view = column.as_raw<std::int32_t>().value()](
               RowBuilder& builder, FieldColumn& to, std::int64_t row) {
      put_checked(builder, to, view[row], 0, 0);
    };
  }
  if (name == "day_time_interval") {
    return [column, view = column.as_raw<DayTime>().value()](RowBuilder& builder, FieldColumn& to,
                                                             std::int64_t row) {
      put_checked(builder, to, 0, view[row].days, std::int64_t{view[row].millis} * 1000);
    };
  }
  if (name != "month_day_nano_interval") return {};
  return [column, view = column.as_raw<MonthDayNano>().value()](RowBuilder& builder,
                                                                FieldColumn& to, std::int64_t row) {
    put_checked(builder, to, view[row].months, view[row].days, view[row].nanos / 1000);
  };
}

Put instant(const Column& column, FieldType type) {
  const Kind kind = column.type().kind;
  if (type == FieldType::date && kind == Kind::date) {
    return within<columns::Date, std::int32_t>(column, k_date_days_min, k_date_days_max,
                                               [](columns::Date date) { return date.days; });
  }
  if (type == FieldType::date && kind == Kind::int32) {
    return within<std::int32_t, std::int32_t>(column, k_date_days_min, k_date_days_max,
                                              [](std::int32_t days) { return days; });
  }
  if (type == FieldType::time && kind == Kind::time) {
    return within<columns::TimeOfDay, std::int64_t>(
        column, 0, k_day_micros - 1, [](columns::TimeOfDay time) { return time.micros; });
  }
  if (type == FieldType::datetime && kind == Kind::naive_timestamp) {
    return within<columns::NaiveTimestamp, std::int64_t>(
        column, k_timestamp_min.micros, k_timestamp_max.micros,
        [](columns::NaiveTimestamp time) { return time.micros; });
  }
  if (type == FieldType::timestamp && kind == Kind::timestamp) {
    return within<Timestamp, std::int64_t>(column, k_timestamp_min.micros, k_timestamp_max.micros,
                                           [](Timestamp time) { return time.micros; });
  }
  return {};
}

/// Null for what the column's type does not take.
Put scalar(const Column& column, FieldType type) {
  const Kind kind = column.type().kind;
  switch (type) {
    case FieldType::boolean:
      if (kind != Kind::boolean) return {};
      return [column, view = column.as<bool>().value()](
                 RowBuilder&, FieldColumn& to, std::int64_t row) { to.put_bool(view[row]); };
    case FieldType::int64:
      if (kind == Kind::int8) return whole<std::int8_t>(column);
      if (kind == Kind::int16) return whole<std::int16_t>(column);
      if (kind == Kind::int32) return whole<std::int32_t>(column);
      if (kind == Kind::int64) return whole<std::int64_t>(column);
      return {};
    case FieldType::float64:
      if (kind == Kind::float32) return real<float>(column);
      if (kind == Kind::float64) return real<double>(column);
      return {};
    case FieldType::bytes:
      if (kind != Kind::binary) return {};
      return [column, view = column.as<columns::Bytes>().value()](
                 RowBuilder& builder, FieldColumn& to, std::int64_t row) {
        put_checked_text(builder, to, view[row].bytes);
      };
    case FieldType::numeric:
    case FieldType::bignumeric:
      return decimal(column, type);
    case FieldType::interval:
      if (kind == Kind::text) return text(column);
      return interval(column);
    case FieldType::text:
    case FieldType::json:
      return kind == Kind::text ? text(column) : Put{};
    case FieldType::date:
      if (kind == Kind::text) return text(column);
      return instant(column, type);
    default:
      return instant(column, type);
  }
}

/// A column of the table and what fills it; of a record its fields.
struct Source {
  int from = -1;  ///< of the writer's columns; -1: missing
  std::vector<Source> children;
};

class Matcher {
 public:
  /// Which of the writer's fields go into which of the table's.
  Result<std::vector<Source>> match(const std::vector<Field>& given,
                                    const std::vector<TableField>& wanted) {
    std::unordered_map<std::string, int> by_name;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      by_name.emplace(lower(wanted[i].name), static_cast<int>(i));
    }
    std::vector<Source> out(wanted.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      const auto found = by_name.find(lower(given[i].name));
      if (found == by_name.end()) {
        if (extra_.size() < 500) extra_ += (extra_.empty() ? "" : ", ") + given[i].name;
        continue;
      }
      const auto at = static_cast<std::size_t>(found->second);
      if (out[at].from >= 0) {
        return Error{Code::invalid, "two columns for one: " + given[i].name};
      }
      out[at].from = static_cast<int>(i);
      BL_TRY(out[at].children, below(given[i].type, wanted[at], given[i].name));
    }
    return out;
  }
  const std::string& extra() const { return extra_; }

 private:
  Result<std::vector<Source>> below(const Type& type, const TableField& wanted,
                                    const std::string& name) {
    const bool is_list = type.kind == Kind::list;
    if (is_list != (wanted.mode == FieldMode::repeated)) {
      return Error{Code::invalid,
                   fmt::format("a List and a REPEATED column belong together: {}", name)};
    }
    const Type& value = is_list ? type.children[0].type : type;
    const bool has_fields = wanted.type == FieldType::record || wanted.type == FieldType::range;
    if (!has_fields) return std::vector<Source>();
    if (value.kind != Kind::structure) return not_taken(wanted, value, name);
    if (wanted.type == FieldType::record) return match(value.children, wanted.fields);
    std::vector<TableField> bounds(2);
    bounds[0].name = "start";
    bounds[1].name = "end";
    bounds[0].type = bounds[1].type = wanted.range_of;
    return match(value.children, bounds);
  }

 public:
  static Error not_taken(const TableField& wanted, const Type& type, const std::string& name) {
    return Error{Code::invalid, fmt::format("a type that a column of type {} does not take, {}: {}",
                                            sql_name_of(wanted.type), name, type.text())};
  }

 private:
  std::string extra_;
};

Result<Put> put_of(const Column& column, const TableField& field, const Source& source);

Put range(Column starts, Column ends, bool is_date) {
  const auto bound = [is_date](const Column& column) {
    return [column, is_date](std::int64_t row) -> std::optional<std::int64_t> {
      if (column.type().kind == Kind::other || column.is_null(row)) return std::nullopt;
      if (is_date) return column.as<columns::Date>().value()[row].days;
      if (column.type().kind == Kind::timestamp) return column.as<Timestamp>().value()[row].micros;
      return column.as<columns::NaiveTimestamp>().value()[row].micros;
    };
  };
  return [start = bound(starts), end = bound(ends), is_date](RowBuilder& builder, FieldColumn& to,
                                                             std::int64_t row) {
    for (const auto& value : {start(row), end(row)}) {
      if (!value) continue;
      const bool is_good =
          is_date ? *value >= k_date_days_min && *value <= k_date_days_max
                  : Timestamp{*value} >= k_timestamp_min && Timestamp{*value} <= k_timestamp_max;
      if (!is_good) return refuse(builder, to, "Invalid RANGE value: a bound out of range");
    }
    put_range(builder, to, start(row), end(row));
  };
}

struct Member {
  std::optional<Column> column;
  std::optional<Column> elements;  ///< of a list
  Put put;
};

/// Appends one row of a member's column: a value, null, or a list.
void put_member(RowBuilder& builder, FieldColumn& to, const Member& member, std::int64_t row) {
  builder.enter(to.field());
  if (!to.is_repeated()) {
    if (!member.column->is_null(row)) {
      member.put(builder, to, row);
    } else if (to.field().mode == FieldMode::required) {
      refuse(builder, to,
             fmt::format("Only optional fields can be set to NULL. Field: {}; Value: NULL",
                         builder.location()));
    } else {
      to.put_null();
    }
  } else {
    const std::int64_t size = member.column->is_null(row) ? 0 : member.column->list_size(row);
    const std::int64_t begin = size > 0 ? member.column->list_begin(row) : 0;
    for (std::int64_t i = begin; i < begin + size && !builder.is_full(); ++i) {
      if (member.elements->is_null(i)) {
        refuse(builder, to,
               fmt::format("Only optional fields can be set to NULL. Field: {}; "
                           "Value: NULL",
                           builder.location()));
      } else {
        member.put(builder, to, i);
      }
    }
    to.end_list();
  }
  builder.leave();
}

Result<std::vector<Member>> members_of(const std::function<Column(int)>& column,
                                       const std::vector<TableField>& fields,
                                       const std::vector<Source>& sources) {
  std::vector<Member> out(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (sources[i].from < 0) continue;
    out[i].column = column(sources[i].from);
    if (fields[i].mode == FieldMode::repeated) out[i].elements = out[i].column->child(0);
    BL_TRY(out[i].put, put_of(*out[i].column, fields[i], sources[i]));
  }
  return out;
}

Result<Put> put_of(const Column& column, const TableField& field, const Source& source) {
  const Column values = field.mode == FieldMode::repeated ? column.child(0) : column;
  const auto child = [values](int index) { return values.child(index); };
  if (field.type == FieldType::range) {
    const auto& sources = source.children;
    if (sources[0].from < 0 || sources[1].from < 0) {
      return Error{Code::invalid, "a range without start and end: " + field.name};
    }
    const Column start = child(sources[0].from);
    const Column end = child(sources[1].from);
    if (!instant(start, field.range_of) || !instant(end, field.range_of) ||
        start.type().kind == Kind::int32 || end.type().kind == Kind::int32) {
      return Matcher::not_taken(field, values.type(), field.name);
    }
    return range(start, end, field.range_of == FieldType::date);
  }
  if (field.type == FieldType::record) {
    BL_TRY(auto members, members_of(child, field.fields, source.children));
    return Put(
        [members = std::move(members)](RowBuilder& builder, FieldColumn& to, std::int64_t row) {
          for (std::size_t i = 0; i < members.size(); ++i) {
            FieldColumn& one = to.children()[i];
            if (members[i].column) {
              put_member(builder, one, members[i], row);
            } else {
              builder.put_absent(one);
            }
          }
          to.put_struct();
        });
  }
  Put put = scalar(values, field.type);
  if (!put) return Matcher::not_taken(field, values.type(), field.name);
  return put;
}

}  // namespace

struct ArrowPlan::State {
  TableSchema schema;
  columns::Schema writer;
  std::vector<Source> sources;
  ArrowLimits limits;
};

ArrowPlan::ArrowPlan(std::unique_ptr<const State> state) : state_(std::move(state)) {}
ArrowPlan::ArrowPlan(ArrowPlan&&) noexcept = default;
ArrowPlan& ArrowPlan::operator=(ArrowPlan&&) noexcept = default;
ArrowPlan::~ArrowPlan() = default;

Result<ArrowPlan> ArrowPlan::compile(std::string_view schema_message, const TableSchema& schema,
                                     const ArrowLimits& limits) {
  ArrowLimits ours = limits;
  ours.ipc.schema = {.columns_max = 40'000, .depth_max = 32, .name_bytes_max = 1024};
  BL_TRY(const auto reader, columns::IpcReader::open(std::string(schema_message), ours.ipc));
  Matcher matcher;
  BL_TRY(auto sources, matcher.match(reader->schema().fields(), schema.fields));
  if (!matcher.extra().empty()) {
    return Error{Code::conflict, fmt::format("the writer's schema has fields that the table has "
                                             "not: {}",
                                             matcher.extra())};
  }
  auto plan = ArrowPlan(
      std::make_unique<const State>(State{schema, reader->schema(), std::move(sources), ours}));
  // What the columns do not take is said here, not with the first rows.
  BL_TRY(const RowsIn none, plan.decode(columns::Batch::empty(reader->schema()), {}));
  return plan;
}

Result<RowsIn> ArrowPlan::decode(std::string_view batch_message,
                                 const MissingValues& missing) const {
  BL_TRY(const columns::Batch batch,
         columns::read_ipc_batch(batch_message, state_->writer, state_->limits.ipc));
  return decode(batch, missing);
}

Result<RowsIn> ArrowPlan::decode(const columns::Batch& batch, const MissingValues& missing) const {
  if (batch.schema() != state_->writer) {
    return Error{Code::invalid, "a batch of other columns: " + batch.schema().text()};
  }
  BL_TRY(const auto members, members_of([&batch](int index) { return batch.column(index); },
                                        state_->schema.fields, state_->sources));
  RowBuilder builder(state_->schema, state_->limits.rows, missing.defaults);
  const std::vector<bool> defaulted = defaulted_columns(state_->schema, missing);
  for (std::int64_t row = 0; row < batch.rows() && !builder.is_full(); ++row) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      FieldColumn& to = builder.root().children()[i];
      if (members[i].column) {
        put_member(builder, to, members[i], row);
      } else if (defaulted[i]) {
        builder.put_missing(to);
      } else {
        builder.put_absent(to);
      }
    }
    builder.root().put_struct();
    builder.end_row();
  }
  return builder.finish();
}

}  // namespace bl::bigquery
