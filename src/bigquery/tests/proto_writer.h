#pragma once

#include <bit>
#include <string>
#include <vector>

#include "base/protobuf.h"
#include "bigquery/tests/random_rows.h"

/// Descriptors and messages for tests. Slow and obvious.
namespace bl::bigquery {

/// google.protobuf.FieldDescriptorProto.Type
enum ProtoType {
  t_double = 1,
  t_float = 2,
  t_int64 = 3,
  t_uint64 = 4,
  t_int32 = 5,
  t_fixed64 = 6,
  t_fixed32 = 7,
  t_bool = 8,
  t_string = 9,
  t_message = 11,
  t_bytes = 12,
  t_uint32 = 13,
  t_enum = 14,
  t_sfixed32 = 15,
  t_sfixed64 = 16,
  t_sint32 = 17,
  t_sint64 = 18,
};
enum ProtoLabel { l_optional = 1, l_required = 2, l_repeated = 3 };

struct TestField {
  std::string name;
  int number = 1;
  int type = t_int64;
  std::string type_name;
  int label = l_optional;
  std::string column_name;
};

inline std::string field_proto(const TestField& field) {
  std::string out;
  protobuf::put_text(out, 1, field.name);
  protobuf::put_int(out, 3, field.number);
  protobuf::put_int(out, 4, field.label);
  protobuf::put_int(out, 5, field.type);
  protobuf::put_text(out, 6, field.type_name);
  if (!field.column_name.empty()) {
    protobuf::put_message(out, 8, [&] { protobuf::put_text(out, 454'943'157, field.column_name); });
  }
  return out;
}

inline std::string message_proto(const std::string& name, const std::vector<TestField>& fields,
                                 const std::vector<std::string>& nested = {},
                                 const std::vector<std::string>& enums = {}) {
  std::string out;
  protobuf::put_text(out, 1, name);
  for (const TestField& field : fields) protobuf::put_element(out, 2, field_proto(field));
  for (const std::string& one : nested) protobuf::put_element(out, 3, one);
  for (const std::string& one : enums) protobuf::put_element(out, 4, one);
  return out;
}

inline std::string enum_proto(const std::string& name,
                              const std::vector<std::pair<std::string, int>>& values) {
  std::string out;
  protobuf::put_text(out, 1, name);
  for (const auto& [value, number] : values) {
    protobuf::put_message(out, 2, [&, value = value, number = number] {
      protobuf::put_text(out, 1, value);
      protobuf::put_int(out, 2, number);
    });
  }
  return out;
}

/// A value there even when it is 0.
inline void put_number(std::string& out, int field, std::uint64_t value) {
  protobuf::put_tag(out, static_cast<std::uint32_t>(field), protobuf::Type::varint);
  protobuf::put_varint(out, value);
}

/// A writer's schema of random kinds for a table, and its rows.
class RandomProto {
 public:
  RandomProto(RandomRows& random, const std::vector<TableField>& fields)
      : random_(random), root_(plan(fields)) {}
  std::string descriptor() const { return root_.text; }
  std::string row(const Sample& sample) { return message(root_, sample); }

 private:
  struct Message {
    std::vector<TableField> fields;
    std::vector<TestField> kinds;
    std::vector<Message> below;
    std::string text;
  };

  int any_of(std::initializer_list<int> choice) {
    return *(choice.begin() + random_.below(static_cast<std::int64_t>(choice.size())));
  }

  TestField kind(const TableField& field) {
    TestField out;
    switch (field.type) {
      case FieldType::int64:
        out.type = any_of({t_int64, t_sint64, t_sfixed64, t_message});
        if (out.type == t_message) out.type_name = ".google.protobuf.Int64Value";
        break;
      case FieldType::float64:
        out.type = any_of({t_double, t_message});
        if (out.type == t_message) out.type_name = ".google.protobuf.DoubleValue";
        break;
      case FieldType::boolean:
        out.type = any_of({t_bool, t_int32, t_uint64, t_fixed32});
        break;
      case FieldType::date:
        out.type = any_of({t_int32, t_int64, t_sint32, t_sfixed32, t_string});
        break;
      case FieldType::timestamp:
        out.type = any_of({t_int64, t_message});
        if (out.type == t_message) out.type_name = ".google.protobuf.Timestamp";
        break;
      case FieldType::time:
      case FieldType::datetime:
        out.type = any_of({t_int64, t_string});
        break;
      case FieldType::bytes:
        out.type = t_bytes;
        break;
      case FieldType::record:
      case FieldType::range:
        out.type = t_message;
        break;
      default:
        out.type = t_string;
    }
    return out;
  }

  Message plan(const std::vector<TableField>& fields) {
    Message out;
    out.fields = fields;
    std::vector<std::string> nested;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      TestField one = kind(fields[i]);
      one.name = fields[i].name;
      if (random_.one_in(2)) one.name[0] ^= 0x20;  // the case does not matter
      one.number = static_cast<int>(i) * (random_.one_in(4) ? 1'000 : 1) + 1;
      for (const TestField& other : out.kinds) {
        if (other.number == one.number) one.number += 100'000;
      }
      if (fields[i].mode == FieldMode::repeated) one.label = l_repeated;
      if (fields[i].mode == FieldMode::required && random_.one_in(2)) one.label = l_required;
      out.below.emplace_back();
      if (one.type == t_message && one.type_name.empty()) {
        one.type_name = "M" + std::to_string(i);
        std::vector<TableField> children = fields[i].fields;
        if (fields[i].type == FieldType::range) {
          children.resize(2);
          children[0].name = "start";
          children[1].name = "END";
          children[0].type = children[1].type = fields[i].range_of;
        }
        Message child = plan(children);
        // Its name is told by the message around it.
        std::string named;
        protobuf::put_text(named, 1, one.type_name);
        nested.push_back(named + child.text);
        out.below.back() = std::move(child);
      }
      out.kinds.push_back(std::move(one));
    }
    out.text = message_proto("", out.kinds, nested);
    return out;
  }

  static std::uint64_t packed_civil(FieldType type, std::int64_t number) {
    std::int64_t days = number / k_day_micros;
    if (number % k_day_micros < 0) --days;
    const std::int64_t of_day = number - days * k_day_micros;
    const auto micros = static_cast<std::uint64_t>(of_day % 1'000'000);
    const auto seconds = static_cast<std::uint64_t>(of_day / 1'000'000);
    std::uint64_t out =
        micros | (seconds % 60) << 20 | (seconds / 60 % 60) << 26 | (seconds / 3600) << 32;
    if (type == FieldType::time) return out;
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
    out |= std::uint64_t{static_cast<unsigned>(date.day())} << 37;
    out |= std::uint64_t{static_cast<unsigned>(date.month())} << 42;
    out |= static_cast<std::uint64_t>(static_cast<int>(date.year())) << 46;
    return out;
  }

  /// One value with its tag.
  void value(std::string& out, const TableField& field, const TestField& kind, const Message& below,
             const Sample& sample) {
    const auto number = static_cast<std::uint32_t>(kind.number);
    std::uint64_t bits = static_cast<std::uint64_t>(sample.number);
    if (field.type == FieldType::float64) bits = std::bit_cast<std::uint64_t>(sample.real);
    if (field.type == FieldType::time || field.type == FieldType::datetime) {
      bits = packed_civil(field.type, sample.number);
    }
    switch (kind.type) {
      case t_double:
      case t_sfixed64:
        protobuf::put_tag(out, number, protobuf::Type::fixed64);
        out.append(reinterpret_cast<const char*>(&bits), 8);
        return;
      case t_fixed32:
      case t_sfixed32:
        protobuf::put_tag(out, number, protobuf::Type::fixed32);
        out.append(reinterpret_cast<const char*>(&bits), 4);
        return;
      case t_sint32:
      case t_sint64:
        return put_number(out, kind.number,
                          (bits << 1) ^ (sample.number < 0 ? ~std::uint64_t{0} : 0));
      case t_string:
      case t_bytes:
        return protobuf::put_element(out, number, sample.text);
      case t_message:
        return protobuf::put_element(out, number, nested(field, kind, below, sample, bits));
      default:
        return put_number(out, kind.number, bits);
    }
  }

  std::string nested(const TableField& field, const TestField& kind, const Message& below,
                     const Sample& sample, std::uint64_t bits) {
    std::string out;
    if (kind.type_name.ends_with("Int64Value")) {
      if (bits != 0) put_number(out, 1, bits);
    } else if (kind.type_name.ends_with("DoubleValue")) {
      protobuf::put_fixed64(out, 1, bits);
    } else if (kind.type_name.ends_with("Timestamp")) {
      std::int64_t seconds = sample.number / 1'000'000;
      if (sample.number % 1'000'000 < 0) --seconds;
      protobuf::put_int(out, 1, seconds);
      protobuf::put_int(out, 2, (sample.number - seconds * 1'000'000) * 1000);
    } else if (field.type == FieldType::range) {
      for (std::size_t i = 0; i < 2; ++i) {
        if (sample.parts[i].is_null) continue;
        value(out, below.fields[i], below.kinds[i], {}, sample.parts[i]);
      }
    } else {
      out = message(below, sample);
    }
    return out;
  }

  std::string message(const Message& plan, const Sample& sample) {
    std::string out;
    for (std::size_t i = 0; i < plan.fields.size(); ++i) {
      const Sample& part = sample.parts[i];
      if (part.is_null) continue;
      if (plan.fields[i].mode != FieldMode::repeated) {
        // What came before counts no more.
        if (random_.one_in(8) && plan.kinds[i].type == t_int64)
          put_number(out, plan.kinds[i].number, 1);
        value(out, plan.fields[i], plan.kinds[i], plan.below[i], part);
        continue;
      }
      for (const Sample& element : part.parts) {
        value(out, plan.fields[i], plan.kinds[i], plan.below[i], element);
      }
    }
    return out;
  }

  RandomRows& random_;
  Message root_;
};

}  // namespace bl::bigquery
