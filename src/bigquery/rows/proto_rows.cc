// Rows of protobuf, straight from the wire into columns.
//
// A message is walked twice: first its fields are found (of a singular one the last counts, so that
// nothing is appended before all are seen; elements of repeated ones are appended as they come),
// then the singular ones are appended and what is missing is made up for.
#include "bigquery/proto_rows.h"

#include <fmt/format.h>

#include "base/protobuf.h"
#include "bigquery/rows/proto_plan.h"
#include "bigquery/rows/proto_values.h"
#include "bigquery/rows/row_builder.h"

namespace bl::bigquery {
namespace {

using protobuf::Field;
using protobuf::Reader;
using protobuf::Type;

/// What was found of a message's singular fields, for each level of the plan.
struct Slots {
  std::vector<Field> fields;
  std::vector<std::uint64_t> seen;  ///< in which message: `message`
  std::uint64_t message = 0;
  std::vector<std::string> merged;  ///< of messages that came in several parts
  std::vector<std::unique_ptr<Slots>> below;

  explicit Slots(const ProtoMessagePlan& plan)
      : fields(plan.fields.size()), seen(plan.fields.size()), merged(plan.fields.size()) {
    for (const ProtoFieldPlan& field : plan.fields) {
      below.push_back(field.message ? std::make_unique<Slots>(*field.message) : nullptr);
    }
  }
};

Type wire_of(ProtoSource source) {
  switch (source) {
    case ProtoSource::bytes:
    case ProtoSource::message:
    case ProtoSource::seconds_nanos:
      return Type::bytes;
    case ProtoSource::fixed32:
    case ProtoSource::signed_fixed32:
    case ProtoSource::float32:
      return Type::fixed32;
    case ProtoSource::fixed64:
    case ProtoSource::float64:
      return Type::fixed64;
    default:
      return Type::varint;
  }
}

class RowDecoder {
 public:
  RowDecoder(RowBuilder& builder, const std::vector<bool>& defaulted)
      : builder_(builder), defaulted_(defaulted) {}

  void row(const ProtoMessagePlan& plan, Slots& slots, std::string_view bytes) {
    message(plan, slots, builder_.root(), bytes);
  }

 private:
  /// One value of a record.
  void message(const ProtoMessagePlan& plan, Slots& slots, FieldColumn& record,
               std::string_view bytes) {
    const std::int64_t rows = record.values() + 1;
    ++slots.message;
    find_fields(plan, slots, record, bytes);
    for (const std::uint32_t at : plan.required) {
      if (slots.seen[at] == slots.message) continue;
      fault_of(record, plan.fields[at], "a required field of the writer's schema is missing");
    }
    for (std::size_t i = 0; i < plan.fields.size(); ++i) {
      const ProtoFieldPlan& field = plan.fields[i];
      FieldColumn& column = record.children()[static_cast<std::size_t>(field.column)];
      if (field.is_repeated) {
        column.end_list();
      } else if (slots.seen[i] == slots.message) {
        builder_.enter(column.field());
        value(field, slots.below[i].get(), column, slots.fields[i]);
        builder_.leave();
      }
    }
    complete(record, rows);
    record.put_struct();
  }

  void complete(FieldColumn& record, std::int64_t rows) {
    const bool is_table = &record == &builder_.root();
    for (std::size_t i = 0; i < record.children().size(); ++i) {
      FieldColumn& child = record.children()[i];
      if (child.rows() >= rows) continue;
      if (is_table && defaulted_[i]) {
        builder_.put_missing(child);
      } else {
        builder_.put_absent(child);
      }
    }
  }

  void find_fields(const ProtoMessagePlan& plan, Slots& slots, FieldColumn& record,
                   std::string_view bytes) {
    Reader reader(bytes);
    Field part;
    while (reader.next(part)) {
      const int at = plan.find(part.number);
      if (at < 0) {
        builder_.fault(
            fmt::format("a field that the writer's schema does not have: {}", part.number));
        continue;
      }
      const auto index = static_cast<std::size_t>(at);
      const ProtoFieldPlan& field = plan.fields[index];
      if (field.is_repeated) {
        slots.seen[index] = slots.message;
        if (!elements(field, slots.below[index].get(), record, part)) return;
        continue;
      }
      const bool is_again = slots.seen[index] == slots.message;
      if (is_again && (field.source == ProtoSource::message || field.is_wrapped ||
                       field.source == ProtoSource::seconds_nanos)) {
        // Messages merge, which is to read one after the other.
        std::string& merged = slots.merged[index];
        if (slots.fields[index].bytes.data() != merged.data()) {
          merged = slots.fields[index].bytes;
        }
        merged.append(part.bytes);
        part.bytes = merged;
      }
      slots.fields[index] = part;
      slots.seen[index] = slots.message;
    }
    if (reader.fault() != nullptr) {
      builder_.fault(
          fmt::format("the message {} at byte {}", reader.fault(), reader.fault_offset()));
    }
  }

  /// One element, or many packed ones. False: there is no more memory for rows.
  bool elements(const ProtoFieldPlan& field, Slots* below, FieldColumn& record, const Field& part) {
    FieldColumn& column = record.children()[static_cast<std::size_t>(field.column)];
    builder_.enter(column.field());
    const Type wire = field.is_wrapped ? Type::bytes : wire_of(field.source);
    if (part.type == Type::bytes && wire != Type::bytes) {
      packed(field, column, part, wire);
    } else {
      value(field, below, column, part);
    }
    builder_.leave();
    return !builder_.is_full();
  }

  void packed(const ProtoFieldPlan& field, FieldColumn& column, const Field& part, Type wire) {
    std::string_view rest = part.bytes;
    Field element;
    element.type = wire;
    while (!rest.empty() && !builder_.is_full()) {
      if (!take_packed(rest, wire, element.value)) {
        builder_.fault("packed numbers are cut");
        return;
      }
      value(field, nullptr, column, element);
    }
  }

  /// Appends one value, or null with a fault.
  void value(const ProtoFieldPlan& field, Slots* below, FieldColumn& column, const Field& part) {
    if (field.is_wrapped) {
      Field inner;
      inner.type = wire_of(field.source);
      if (part.type != Type::bytes || !unwrap(part.bytes, inner)) return wrong_wire(column);
      return plain(field, column, inner);
    }
    if (field.source == ProtoSource::message) {
      if (part.type != Type::bytes) return wrong_wire(column);
      if (column.field().type == FieldType::range) {
        return range(*field.message, column, part.bytes);
      }
      return message(*field.message, *below, column, part.bytes);
    }
    plain(field, column, part);
  }

  void plain(const ProtoFieldPlan& field, FieldColumn& column, const Field& part) {
    if (part.type != wire_of(field.source)) return wrong_wire(column);
    put_proto_value(builder_, column, field, part);
  }

  void wrong_wire(FieldColumn& column) {
    column.put_null();
    builder_.fault("the value is not of the kind that the writer's schema says");
  }

  void range(const ProtoMessagePlan& plan, FieldColumn& column, std::string_view bytes) {
    std::optional<std::int64_t> bounds[2];
    Reader reader(bytes);
    Field part;
    bool is_good = true;
    while (is_good && reader.next(part)) {
      const int at = plan.find(part.number);
      is_good = at >= 0;
      if (!is_good) break;
      const ProtoFieldPlan& field = plan.fields[static_cast<std::size_t>(at)];
      Field inner = part;
      if (field.is_wrapped) {
        inner = Field{};
        inner.type = wire_of(field.source);
        is_good = part.type == Type::bytes && unwrap(part.bytes, inner);
      }
      is_good = is_good && inner.type == wire_of(field.source);
      if (!is_good) break;
      auto& bound = bounds[field.column];
      bound = proto_instant(column.field().range_of, field, inner);
      is_good = bound.has_value();
    }
    if (!is_good || reader.fault() != nullptr) {
      column.put_null();
      builder_.fault("Invalid RANGE value: a bound cannot be read");
      return;
    }
    put_range(builder_, column, bounds[0], bounds[1]);
  }

  void fault_of(FieldColumn& record, const ProtoFieldPlan& field, std::string message) {
    builder_.enter(record.children()[static_cast<std::size_t>(field.column)].field());
    builder_.fault(std::move(message));
    builder_.leave();
  }

  RowBuilder& builder_;
  const std::vector<bool>& defaulted_;
};

}  // namespace

struct ProtoPlan::State {
  TableSchema schema;
  ProtoMessagePlan plan;
  RowLimits limits;
};

ProtoPlan::ProtoPlan(std::unique_ptr<const State> state) : state_(std::move(state)) {}
ProtoPlan::ProtoPlan(ProtoPlan&&) noexcept = default;
ProtoPlan& ProtoPlan::operator=(ProtoPlan&&) noexcept = default;
ProtoPlan::~ProtoPlan() = default;

Result<ProtoPlan> ProtoPlan::compile(std::string_view descriptor, const TableSchema& schema,
                                     const ProtoLimits& limits) {
  if (descriptor.size() > limits.descriptor_bytes_max) {
    return Error{Code::too_large, fmt::format("a DescriptorProto of more than {} bytes: {}",
                                              limits.descriptor_bytes_max, descriptor.size())};
  }
  BL_TRY(const auto read, read_proto_descriptor(descriptor, limits.fields_max));
  BL_TRY(ProtoMessagePlan plan, plan_message(*read, schema.fields));
  return ProtoPlan(std::make_unique<const State>(State{schema, std::move(plan), limits.rows}));
}

Result<RowsIn> ProtoPlan::decode(std::span<const std::string_view> rows,
                                 const MissingValues& missing) const {
  RowBuilder builder(state_->schema, state_->limits, missing.defaults);
  const std::vector<bool> defaulted = defaulted_columns(state_->schema, missing);
  RowDecoder decoder(builder, defaulted);
  Slots slots(state_->plan);
  for (const std::string_view row : rows) {
    if (builder.is_full()) break;
    decoder.row(state_->plan, slots, row);
    builder.end_row();
  }
  return builder.finish();
}

}  // namespace bl::bigquery
