#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/json.h"
#include "base/protobuf.h"
#include "bigquery/literals.h"
#include "bigquery/model.h"

/// Random tables and rows for property tests, each value known in every form: as JSON comes in, as
/// a cell goes out, as protobuf has it. Slow and obvious.
namespace bl::bigquery {

/// One value: null, a scalar (its canonical text), elements of a list, or fields of a record.
struct Sample {
  bool is_null = false;
  std::string text;         ///< as a cell has it; of bytes the bytes themselves
  std::int64_t number = 0;  ///< of int64, date, time, datetime, timestamp
  double real = 0;
  Interval interval;
  std::vector<Sample> parts;  ///< of lists, records, ranges
};

class RandomRows {
 public:
  explicit RandomRows(std::uint64_t seed) : engine_(seed) {}

  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(count));
  }
  std::int64_t between(std::int64_t from, std::int64_t to) { return from + below(to - from + 1); }
  bool one_in(int count) { return below(count) == 0; }

  TableSchema schema() {
    TableSchema out;
    fields(out.fields, 1 + below(6), 0);
    return out;
  }

  Sample value(const TableField& field) {
    if (field.mode != FieldMode::repeated) {
      if (field.mode == FieldMode::nullable && one_in(4)) return {.is_null = true};
      return element(field);
    }
    Sample out;
    for (std::int64_t i = below(4); i > 0; --i) out.parts.push_back(element(field));
    return out;
  }

  Sample row(const std::vector<TableField>& of) {
    Sample out;
    for (const TableField& field : of) out.parts.push_back(value(field));
    return out;
  }

 private:
  void fields(std::vector<TableField>& out, std::int64_t count, int depth) {
    for (std::int64_t i = 0; i < count; ++i) {
      TableField field;
      field.name = (one_in(2) ? "c" : "Col_") + std::to_string(i);
      field.type = static_cast<FieldType>(below(depth < 3 ? 15 : 14));
      field.mode = static_cast<FieldMode>(below(3));
      field.mode_is_given = true;
      constexpr FieldType k_range_of[] = {FieldType::date, FieldType::datetime,
                                          FieldType::timestamp};
      if (field.type == FieldType::range) field.range_of = k_range_of[below(3)];
      if (field.type == FieldType::record) fields(field.fields, 1 + below(3), depth + 1);
      out.push_back(std::move(field));
    }
  }

  std::string word() {
    static constexpr std::string_view k_pieces[] = {"a",  "Z",    "é", "\"", "\\",
                                                    "\n", "日本", " ", "7"};
    std::string out;
    for (std::int64_t i = below(6); i > 0; --i) out += k_pieces[below(9)];
    return out;
  }

  std::string digits(std::int64_t count) {
    std::string out;
    for (std::int64_t i = 0; i < count; ++i) out += static_cast<char>('0' + below(10));
    return out;
  }

  Sample decimal(int before, int behind) {
    std::string whole = std::to_string(1 + below(9)) + digits(below(before));
    std::string fraction = digits(below(behind + 1));
    while (fraction.ends_with('0')) fraction.pop_back();
    std::string text = (one_in(2) ? "-" : "") + whole;
    if (!fraction.empty()) text += "." + fraction;
    return {.text = text};
  }

  template <class Write>
  Sample written(std::int64_t number, Write write) {
    char room[k_literal_chars_max];
    return {.text = std::string(room, write(room)), .number = number};
  }

  Sample instant(FieldType type) {
    const std::int64_t day = between(k_date_days_min, k_date_days_max);
    const std::int64_t of_day = one_in(2) ? below(86'400) * 1'000'000 : below(k_day_micros);
    const std::int64_t micros = day * k_day_micros + of_day;
    switch (type) {
      case FieldType::date:
        return written(day,
                       [&](char* to) { return write_date(to, {static_cast<std::int32_t>(day)}); });
      case FieldType::time:
        return written(of_day, [&](char* to) { return write_time(to, {of_day}); });
      case FieldType::datetime:
        return written(micros, [&](char* to) { return write_datetime(to, micros); });
      default:
        return {.text = std::to_string(micros), .number = micros};
    }
  }

  Sample range(const TableField& field) {
    Sample a = instant(field.range_of);
    Sample b = instant(field.range_of);
    if (b.number < a.number) std::swap(a, b);
    if (a.number == b.number || one_in(4)) a = {.is_null = true};
    if (one_in(4)) b = {.is_null = true};
    Sample out{.text = "[" + (a.is_null ? "UNBOUNDED" : a.text) + ", " +
                       (b.is_null ? "UNBOUNDED" : b.text) + ")"};
    out.parts = {a, b};
    return out;
  }

  Sample element(const TableField& field) {
    switch (field.type) {
      case FieldType::text:
      case FieldType::bytes:
        return {.text = word()};
      case FieldType::json: {
        std::string text;
        json::Writer(text).begin_object().member("k", word()).member("n", below(99)).end_object();
        return {.text = text};
      }
      case FieldType::int64: {
        const auto number = static_cast<std::int64_t>(engine_());
        const std::int64_t one = one_in(2) ? number : below(100) - 50;
        return {.text = std::to_string(one), .number = one};
      }
      case FieldType::float64: {
        Sample out;
        out.real = one_in(8)   ? std::nan("")
                   : one_in(8) ? -HUGE_VAL
                               : std::ldexp(static_cast<double>(below(1 << 20)) - 500'000,
                                            static_cast<int>(between(-60, 60)));
        char room[k_literal_chars_max];
        out.text.assign(room, write_float(room, out.real));
        return out;
      }
      case FieldType::boolean: {
        const std::int64_t truth = below(2);
        return {.text = truth != 0 ? "true" : "false", .number = truth};
      }
      case FieldType::numeric:
        return decimal(28, 9);
      case FieldType::bignumeric:
        return decimal(18, 19);
      case FieldType::interval: {
        Sample out;
        out.interval = {static_cast<std::int32_t>(between(-120'000, 120'000)),
                        static_cast<std::int32_t>(between(-3'660'000, 3'660'000)),
                        between(-9'000'000'000'000'000, 9'000'000'000'000'000)};
        char room[k_literal_chars_max];
        out.text.assign(room, write_interval(room, out.interval));
        return out;
      }
      case FieldType::range:
        return range(field);
      case FieldType::record:
        return row(field.fields);
      default:
        return instant(field.type);
    }
  }

  std::mt19937_64 engine_;
};

inline json::Value sample_to_json(const TableField& field, const Sample& sample, bool is_element) {
  if (sample.is_null) return {};
  if (field.mode == FieldMode::repeated && !is_element) {
    json::Array items;
    for (const Sample& part : sample.parts) items.push_back(sample_to_json(field, part, true));
    return json::Value::array(std::move(items));
  }
  switch (field.type) {
    case FieldType::record: {
      json::Object members;
      for (std::size_t i = 0; i < field.fields.size(); ++i) {
        members.emplace_back(field.fields[i].name,
                             sample_to_json(field.fields[i], sample.parts[i], false));
      }
      return json::Value::object(std::move(members));
    }
    case FieldType::bytes:
      return json::Value::string(base64(std::as_bytes(std::span(sample.text))));
    case FieldType::boolean:
      return json::Value::boolean(sample.number != 0);
    case FieldType::timestamp: {
      char room[k_literal_chars_max];
      return json::Value::string(std::string(room, write_datetime(room, sample.number)) + "Z");
    }
    case FieldType::range: {
      json::Value out = json::Value::object();
      TableField bound;
      bound.type = field.range_of;
      out.set("start", sample_to_json(bound, sample.parts[0], true));
      out.set("end", sample_to_json(bound, sample.parts[1], true));
      return out;
    }
    default:
      return json::Value::string(sample.text);
  }
}

inline json::Value row_to_json(const std::vector<TableField>& fields, const Sample& row) {
  TableField table;
  table.type = FieldType::record;
  table.fields = fields;
  return sample_to_json(table, row, false);
}

/// What a cell must be, timestamps as microseconds.
inline void sample_to_cell(std::string& out, const TableField& field, const Sample& sample,
                           bool is_element) {
  if (sample.is_null) {
    out += "null";
  } else if (field.mode == FieldMode::repeated && !is_element) {
    out += "[";
    for (std::size_t i = 0; i < sample.parts.size(); ++i) {
      out += i == 0 ? "{\"v\":" : ",{\"v\":";
      sample_to_cell(out, field, sample.parts[i], true);
      out += "}";
    }
    out += "]";
  } else if (field.type == FieldType::record) {
    out += "{\"f\":[";
    for (std::size_t i = 0; i < sample.parts.size(); ++i) {
      out += i == 0 ? "{\"v\":" : ",{\"v\":";
      sample_to_cell(out, field.fields[i], sample.parts[i], false);
      out += "}";
    }
    out += "]}";
  } else if (field.type == FieldType::bytes) {
    json::append_quoted(out, base64(std::as_bytes(std::span(sample.text))));
  } else {
    json::append_quoted(out, sample.text);
  }
}

inline std::string row_to_cells(const std::vector<TableField>& fields, const Sample& row) {
  TableField table;
  table.type = FieldType::record;
  table.fields = fields;
  std::string out;
  sample_to_cell(out, table, row, false);
  return out;
}

}  // namespace bl::bigquery
