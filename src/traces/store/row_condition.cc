#include "traces/store/row_condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/numbers.h"
#include "traces/columns.h"
#include "traces/store/json_text.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;
using Kind = RowCondition::Kind;

// Filters into conditions
// --------------------------------------------------------------------------

RowCondition any_row() {
  return {};
}

RowCondition text_condition(std::string_view column, Comparison comparison, std::string_view text,
                            bool is_exact) {
  RowCondition out;
  out.kind = Kind::text;
  out.column = span_column(column);
  out.comparison = comparison;
  out.text = text;
  out.is_exact = is_exact;
  return out;
}

RowCondition number_condition(std::string_view column, Comparison comparison, std::int64_t number,
                              bool is_exact) {
  RowCondition out;
  out.kind = Kind::number;
  out.column = span_column(column);
  out.comparison = comparison;
  out.number = number;
  out.is_exact = is_exact;
  return out;
}

// A text column; null where spans have nothing, which NOT would take for a match.
RowCondition of_text(std::string_view column, const Condition& condition, bool may_be_null) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  if (text == nullptr) return any_row();
  switch (condition.comparison) {
    case Comparison::equal:
      return text_condition(column, Comparison::equal, *text, !may_be_null);
    case Comparison::not_equal:
      return text_condition(column, Comparison::not_equal, *text, !may_be_null);
    case Comparison::contains:
      return text_condition(column, Comparison::contains, *text, false);
    default:
      return any_row();
  }
}

RowCondition of_duration(const Condition& condition) {
  const auto* whole = std::get_if<std::int64_t>(&condition.value.value);
  if (whole == nullptr || condition.comparison > Comparison::at_least) return any_row();
  return number_condition("duration_ns", condition.comparison, *whole, true);
}

RowCondition of_kind(const Condition& condition) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  const auto kind = text ? span_kind_named(*text) : std::nullopt;
  if (!kind || condition.comparison != Comparison::equal) return any_row();
  return text_condition("kind", Comparison::equal, column_word(*kind), false);
}

RowCondition of_status(const Condition& condition) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  const auto status = text ? status_code_named(*text) : std::nullopt;
  if (!status || condition.comparison != Comparison::equal) return any_row();
  return text_condition("status", Comparison::equal, column_word(*status), false);
}

// The id's hex in any case of the letters may be asked for: only what is sure is said.
RowCondition of_id(const Condition& condition, bool is_trace) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  if (text == nullptr || condition.comparison != Comparison::equal) return any_row();
  if (is_trace) {
    const auto id = TraceId::from_hex(*text);
    if (!id) return any_row();
    return number_condition("trace_high", Comparison::equal, static_cast<std::int64_t>(id->high),
                            false);
  }
  const auto id = SpanId::from_hex(*text);
  if (!id) return any_row();
  return number_condition("span_id", Comparison::equal, static_cast<std::int64_t>(id->value),
                          false);
}

RowCondition of_intrinsic(Name name, const Condition& condition) {
  switch (name) {
    case Name::service:
      return of_text("service", condition, false);
    case Name::name:
      return of_text("name", condition, false);
    case Name::run_id:
      return of_text("run_id", condition, true);
    case Name::duration:
      return of_duration(condition);
    case Name::kind:
      return of_kind(condition);
    case Name::status:
      return of_status(condition);
    case Name::trace_id:
      return of_id(condition, true);
    case Name::span_id:
      return of_id(condition, false);
    default:
      return any_row();
  }
}

// How a value may be written: what it begins with, if that is one thing; and all ways of it.
void write_value(const AnyValue& value, RowCondition::Attribute& out) {
  constexpr double k_exact = 1e15;  // doubles are written in digits below it
  constexpr double k_end = 0x1p63;  // behind the greatest whole number
  const auto text_of = [](const AnyValue& one) {
    std::string text;
    append_json(text, one);
    return text;
  };
  out.values.push_back(text_of(value));
  if (std::holds_alternative<std::string>(value.value) ||
      std::holds_alternative<bool>(value.value)) {
    out.is_text = std::holds_alternative<std::string>(value.value);
    out.value_begins = out.values.front();
    return;
  }
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    // A double that is equal is written with a point.
    const auto number = static_cast<double>(*whole);
    if (number < k_end && static_cast<std::int64_t>(number) == *whole) {
      out.values.push_back(text_of(AnyValue(number)));
    }
    if (*whole == 0) out.values.push_back(text_of(AnyValue(-0.0)));
    if (*whole != 0 && std::abs(number) < k_exact) out.value_begins = out.values.front();
    return;
  }
  const auto* number = std::get_if<double>(&value.value);
  if (number == nullptr || !std::isfinite(*number)) return;
  const bool is_whole = *number == std::floor(*number);
  if (is_whole && *number >= -k_end && *number < k_end) {
    out.values.push_back(fmt::format("{}", static_cast<std::int64_t>(*number)));
  }
  if (*number == 0) {
    out.values.push_back(text_of(AnyValue(0.0)));
    out.values.push_back(text_of(AnyValue(-0.0)));
  } else if (std::abs(*number) < k_exact) {
    out.value_begins = is_whole ? out.values.back() : out.values.front();
  }
}

RowCondition in_column(std::string_view column, std::string_view key, const Condition& condition) {
  RowCondition out;
  out.kind = Kind::attribute;
  out.column = span_column(column);
  append_key(out.attribute.key, key);
  if (condition.comparison == Comparison::equal) write_value(condition.value, out.attribute);
  return out;
}

RowCondition of_attribute(const AttributeField& field, const Condition& condition) {
  if (condition.comparison == Comparison::absent) return any_row();
  switch (field.place) {
    case AttributePlace::span:
      return in_column("attributes", field.key, condition);
    case AttributePlace::resource:
      return in_column("resource", field.key, condition);
    case AttributePlace::scope:
      return in_column("scope", field.key, condition);
    case AttributePlace::event:
      return in_column("events", field.key, condition);
    case AttributePlace::link:
      return in_column("links", field.key, condition);
    case AttributePlace::any:
      break;
  }
  RowCondition out;
  out.kind = Kind::any_of;
  for (const char* column : {"attributes", "resource", "scope", "events", "links"}) {
    out.parts.push_back(in_column(column, field.key, condition));
  }
  return out;
}

// A text to look through is dearer than a number; what is asked of few rows comes last.
int cost_of(const RowCondition& condition) {
  switch (condition.kind) {
    case Kind::always:
      return 0;
    case Kind::number:
      return 1;
    case Kind::text:
      return 2;
    case Kind::attribute:
      return 8;
    default:
      break;
  }
  int sum = 1;
  for (const RowCondition& part : condition.parts) sum += cost_of(part);
  return sum;
}

RowCondition of_parts(Kind kind, const SpanFilter& filter) {
  RowCondition out;
  out.kind = kind;
  out.is_exact = true;
  for (const SpanFilter& part : filter.parts) {
    RowCondition one = row_condition_of(part);
    out.is_exact = out.is_exact && one.is_exact;
    // Those of an inner AND are as good as our own.
    if (kind == Kind::all_of && one.kind == Kind::all_of) {
      std::ranges::move(one.parts, std::back_inserter(out.parts));
    } else {
      out.parts.push_back(std::move(one));
    }
  }
  std::ranges::stable_sort(out.parts, {}, cost_of);
  return out;
}

// Rows
// ---------------------------------------------------------------------------------------------

template <class T>
bool fits(const T& a, Comparison comparison, const T& b) {
  switch (comparison) {
    case Comparison::equal:
      return a == b;
    case Comparison::not_equal:
      return a != b;
    case Comparison::less:
      return a < b;
    case Comparison::at_most:
      return a <= b;
    case Comparison::more:
      return a > b;
    case Comparison::at_least:
      return a >= b;
    default:
      return true;
  }
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// As filter_sql.cc says it in SQL.
class AttributeLook {
 public:
  explicit AttributeLook(const RowCondition::Attribute& wanted)
      : wanted_(wanted),
        plain_(wanted.key + wanted.value_begins),
        array_(wanted.key + "["),
        has_value_(!wanted.value_begins.empty()) {}
  bool holds(std::string_view text) const {
    if (contains(text, plain_)) return true;
    return has_value_ && contains(text, array_) &&
           (!wanted_.is_text || contains(text, wanted_.value_begins));
  }

 private:
  const RowCondition::Attribute& wanted_;
  const std::string plain_, array_;
  const bool has_value_;
};

template <class Meets>
Result<Rows> keep(const RowCondition& condition, Rows rows, const CellsOf& cells,
                  const Meets& meets) {
  BL_TRY(const parquet::Cells found, cells(condition.column, rows));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!found.is_null.empty() && found.is_null[i]) continue;
    if (meets(found, i)) rows[kept++] = rows[i];
  }
  rows.resize(kept);
  return rows;
}

Result<Rows> meet_text(const RowCondition& condition, Rows rows, const CellsOf& cells) {
  // Of a dictionary's cells those of one text are one: neighbours are mostly compared before.
  const char* last = nullptr;
  bool last_meets = false;
  return keep(condition, std::move(rows), cells, [&](const parquet::Cells& found, std::size_t i) {
    const std::string_view text = found.texts[i];
    if (text.data() == last && !text.empty()) return last_meets;
    // An empty text may lie where the next one begins.
    last = text.empty() ? nullptr : text.data();
    last_meets = condition.comparison == Comparison::contains
                     ? contains(text, condition.text)
                     : fits(text, condition.comparison, std::string_view(condition.text));
    return last_meets;
  });
}

Result<Rows> meet_any(const RowCondition& condition, const Rows& rows, const CellsOf& cells) {
  Rows met, left = rows;
  for (const RowCondition& part : condition.parts) {
    if (left.empty()) break;
    BL_TRY(const Rows some, rows_that_meet(part, left, cells));
    Rows both, others;
    std::ranges::set_union(met, some, std::back_inserter(both));
    std::ranges::set_difference(left, some, std::back_inserter(others));
    met = std::move(both);
    left = std::move(others);
  }
  return met;
}

}  // namespace

std::size_t span_column(std::string_view name) {
  return static_cast<std::size_t>(*SpanTable::schema().find(name));
}

RowCondition row_condition_of(const SpanFilter& filter) {
  switch (filter.kind) {
    case SpanFilter::Kind::everything: {
      RowCondition out;
      out.is_exact = true;
      return out;
    }
    case SpanFilter::Kind::all_of:
      return of_parts(Kind::all_of, filter);
    case SpanFilter::Kind::any_of:
      return of_parts(Kind::any_of, filter);
    case SpanFilter::Kind::none_of: {
      RowCondition out = of_parts(Kind::none_of, filter);
      return out.is_exact ? out : any_row();
    }
    case SpanFilter::Kind::condition:
      break;
  }
  const Condition& condition = filter.condition;
  if (const auto* intrinsic = std::get_if<IntrinsicField>(&condition.field)) {
    return of_intrinsic(intrinsic->name, condition);
  }
  return of_attribute(std::get<AttributeField>(condition.field), condition);
}

Result<Rows> rows_that_meet(const RowCondition& condition, Rows rows, const CellsOf& cells) {
  if (rows.empty()) return rows;
  switch (condition.kind) {
    case Kind::always:
      return rows;
    case Kind::all_of:
      for (const RowCondition& part : condition.parts) {
        BL_TRY(rows, rows_that_meet(part, std::move(rows), cells));
      }
      return rows;
    case Kind::any_of:
      return meet_any(condition, rows, cells);
    case Kind::none_of: {
      BL_TRY(const Rows met, meet_any(condition, rows, cells));
      Rows others;
      std::ranges::set_difference(rows, met, std::back_inserter(others));
      return others;
    }
    case Kind::text:
      return meet_text(condition, std::move(rows), cells);
    case Kind::number:
      return keep(condition, std::move(rows), cells,
                  [&](const parquet::Cells& found, std::size_t i) {
                    return fits(found.numbers[i], condition.comparison, condition.number);
                  });
    case Kind::attribute: {
      const AttributeLook look(condition.attribute);
      return keep(
          condition, std::move(rows), cells,
          [&](const parquet::Cells& found, std::size_t i) { return look.holds(found.texts[i]); });
    }
  }
  return rows;
}

void add_columns_of(const RowCondition& condition, std::vector<std::size_t>& columns) {
  const bool is_leaf = condition.kind == Kind::text || condition.kind == Kind::number ||
                       condition.kind == Kind::attribute;
  if (is_leaf) columns.push_back(condition.column);
  for (const RowCondition& part : condition.parts) add_columns_of(part, columns);
}

}  // namespace bl::traces
