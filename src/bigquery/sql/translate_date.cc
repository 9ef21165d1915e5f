// Dates and times: parts, differences, truncation, formats.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bigquery/model/names.h"
#include "bigquery/sql/lexer.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

struct Unit {
  std::string_view name;
  std::string_view interval;  ///< the engine's function: to_days(x); empty: none
  int times;                  ///< what x is multiplied with
  std::int64_t microseconds;  ///< 0: of no fixed length
};
constexpr std::array k_units = std::to_array<Unit>({
    {"MICROSECOND", "to_microseconds", 1, 1},
    {"MILLISECOND", "to_milliseconds", 1, 1'000},
    {"SECOND", "to_seconds", 1, 1'000'000},
    {"MINUTE", "to_minutes", 1, 60'000'000},
    {"HOUR", "to_hours", 1, 3'600'000'000},
    {"DAY", "to_days", 1, 86'400'000'000},
    {"WEEK", "to_days", 7, 0},
    {"MONTH", "to_months", 1, 0},
    {"QUARTER", "to_months", 3, 0},
    {"YEAR", "to_years", 1, 0},
    {"ISOWEEK", "", 0, 0},
    {"ISOYEAR", "", 0, 0},
    {"DAYOFWEEK", "", 0, 0},
    {"DAYOFYEAR", "", 0, 0},
    {"DATE", "", 0, 0},
    {"TIME", "", 0, 0},
    {"DATETIME", "", 0, 0},
});

constexpr std::array k_days = std::to_array<std::string_view>(
    {"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"});

const Unit* unit_named(std::string_view name) {
  const auto* found = std::ranges::find(k_units, name, &Unit::name);
  return found == k_units.end() ? nullptr : found;
}

/// A date part, and for weeks the day that they begin with.
struct Part {
  const Unit* unit = nullptr;
  int week_day = 0;
};

Result<Part> part_of(std::string_view name, std::string_view day, Place place) {
  Part part{unit_named(name)};
  if (part.unit == nullptr)
    return error_at(place, fmt::format("{} is not a valid date part", name));
  if (name == "ISOWEEK") part.week_day = 1;
  if (!day.empty()) {
    const auto* found = std::ranges::find(k_days, day);
    if (name != "WEEK" || found == k_days.end()) {
      return error_at(place, fmt::format("{}({}) is not a valid date part", name, day));
    }
    part.week_day = static_cast<int>(found - k_days.begin());
  }
  return part;
}

/// MONTH and WEEK(MONDAY) stand among the arguments like a name and a call.
Result<Part> part_of(const Expr& expr) {
  if (expr.kind == ExprKind::path && expr.names.size() == 1) {
    return part_of(in_capitals(expr.names[0]), "", expr.place);
  }
  if (expr.kind == ExprKind::call && expr.args.size() == 1 && expr.args[0].kind == ExprKind::path &&
      expr.args[0].names.size() == 1) {
    return part_of(expr.name, in_capitals(expr.args[0].names[0]), expr.place);
  }
  return error_at(expr.place, "A valid date part name is required");
}

bool is_week(const Part& part) {
  return part.unit->name == "WEEK" || part.unit->name == "ISOWEEK";
}

/// The first day of the week, year or such of a date or a time without a zone.
std::string truncated(const Part& part, const std::string& sql) {
  if (is_week(part)) {
    // The engine's weeks begin on Mondays: go there and back.
    const int days = (8 - part.week_day) % 7;
    if (days == 0) return fmt::format("date_trunc('week', {})", sql);
    return fmt::format("(date_trunc('week', {} + to_days({})) - to_days({}))", sql, days, days);
  }
  if (part.unit->name == "ISOYEAR") {
    // The Monday of the week with January 4th.
    return fmt::format("date_trunc('week', make_date(isoyear({}), 1, 4))", sql);
  }
  return fmt::format("date_trunc('{}', {})", lower(part.unit->name), sql);
}

std::string_view family_of(std::string_view name) {
  return name.substr(0, name.find('_'));
}
std::optional<Kind> kind_named(std::string_view word) {
  if (word == "DATE") return Kind::date;
  if (word == "DATETIME") return Kind::datetime;
  if (word == "TIMESTAMP") return Kind::timestamp;
  if (word == "TIME") return Kind::time;
  return std::nullopt;
}

bool suits(Kind kind, const Part& part) {
  const bool of_day = part.unit->microseconds > 0 && part.unit->microseconds < 86'400'000'000;
  if (kind == Kind::time) return of_day;
  return kind != Kind::date || !of_day;
}

Error no_part(const Expr& expr, const Part& part, Kind kind) {
  return error_at(expr.place, fmt::format("{} does not support the {} date part for {}", expr.name,
                                          part.unit->name, name_of(Type(kind))));
}

/// One piece of a format for the engine: either its own element, or SQL over the value (`{0}`).
struct Element {
  char google;
  std::string_view engine;
  std::string_view sql;
};
constexpr std::array k_elements = std::to_array<Element>({
    {'A', "%A", ""},
    {'a', "%a", ""},
    {'B', "%B", ""},
    {'b', "%b", ""},
    {'h', "%b", ""},
    {'d', "%d", ""},
    {'D', "%m/%d/%y", ""},
    {'F', "%Y-%m-%d", ""},
    {'G', "%G", ""},
    {'H', "%H", ""},
    {'I', "%I", ""},
    {'j', "%j", ""},
    {'M', "%M", ""},
    {'m', "%m", ""},
    {'p', "%p", ""},
    {'R', "%H:%M", ""},
    {'S', "%S", ""},
    {'T', "%H:%M:%S", ""},
    {'U', "%U", ""},
    {'u', "%u", ""},
    {'V', "%V", ""},
    {'W', "%W", ""},
    {'w', "%w", ""},
    {'X', "%H:%M:%S", ""},
    {'x', "%m/%d/%y", ""},
    {'Y', "%Y", ""},
    {'y', "%y", ""},
    {'c', "", ""},
    {'n', "\n", ""},
    {'t', "\t", ""},
    {'%', "%%", ""},
    {'e', "", "lpad(CAST(day({0}) AS VARCHAR), 2, ' ')"},
    {'k', "", "lpad(CAST(hour({0}) AS VARCHAR), 2, ' ')"},
    {'l', "", "lpad(strftime({0}, '%-I'), 2, ' ')"},
    {'Q', "", "CAST(quarter({0}) AS VARCHAR)"},
    {'s', "", "CAST(epoch_us({0}) // 1000000 AS VARCHAR)"},
    {'P', "", "lower(strftime({0}, '%p'))"},
    {'C', "", "lpad(CAST(year({0}) // 100 AS VARCHAR), 2, '0')"},
});

}  // namespace

Result<Typed> Translator::interval(const Expr& expr, const Scope& scope) {
  BL_TRY(const Part part, part_of(expr.name, "", expr.place));
  BL_TRY(const Typed value, expression(expr.args[0], scope));
  if (!expr.text.empty() || value.type.kind == Kind::text) {
    // 'Y-M D H:M:S' from one part to another.
    if (expr.args[0].kind != ExprKind::string || expr.text.empty()) {
      return refused_at(expr.place, "INTERVAL of a text, but a constant from part TO part");
    }
    const std::string& text = expr.args[0].text;
    if (expr.name == "YEAR" && expr.text == "MONTH") {
      const std::size_t dash = text.find('-', 1);
      if (dash == std::string::npos) return error_at(expr.place, "Invalid INTERVAL literal");
      return Typed{
          fmt::format("CAST({} AS INTERVAL)", quoted_literal(text.substr(0, dash) + " years " +
                                                             text.substr(dash + 1) + " months")),
          Kind::interval, nullptr};
    }
    if (expr.name == "HOUR" && expr.text == "SECOND") {
      return Typed{fmt::format("CAST({} AS INTERVAL)", quoted_literal(text)), Kind::interval,
                   nullptr};
    }
    return refused_at(expr.place, fmt::format("INTERVAL {} TO {}", expr.name, expr.text));
  }
  if (part.unit->interval.empty()) {
    return error_at(expr.place,
                    fmt::format("INTERVAL does not support the {} date part", expr.name));
  }
  BL_TRY(std::string count, as(value, Kind::int64, expr.place, "INTERVAL's number"));
  if (part.unit->times != 1) count = fmt::format("{} * {}", count, part.unit->times);
  const std::string_view to = part.unit->interval;
  const bool takes_integer = to == "to_days" || to == "to_months" || to == "to_years";
  return Typed{fmt::format("{}(CAST({} AS {}))", to, count, takes_integer ? "INTEGER" : "BIGINT"),
               Kind::interval, nullptr};
}

Result<Typed> Translator::extract(const Expr& expr, const Scope& scope) {
  BL_TRY(const Part part, part_of(expr.name, expr.text, expr.place));
  BL_TRY(const Typed value, expression(expr.args[0], scope));
  std::string of = value.sql;
  Kind kind = value.type.kind;
  if (kind == Kind::timestamp) {
    std::string zone = "'UTC'";
    if (expr.args.size() > 1) {
      BL_TRY(const Typed given, expression(expr.args[1], scope));
      BL_TRY(zone, as(given, Kind::text, expr.place, "The time zone"));
    }
    of = fmt::format("({} AT TIME ZONE {})", of, zone);
    kind = Kind::datetime;
  } else if (expr.args.size() > 1) {
    return error_at(expr.place, "AT TIME ZONE in EXTRACT is for TIMESTAMP");
  }
  const std::string_view name = part.unit->name;
  const auto made = [](std::string sql, Kind result) {
    return Typed{std::move(sql), result, nullptr};
  };
  if (kind == Kind::interval) {
    return made(fmt::format("CAST(extract({} FROM {}) AS BIGINT)", lower(name), of), Kind::int64);
  }
  if (kind != Kind::date && kind != Kind::datetime && kind != Kind::time) {
    return error_at(expr.place,
                    fmt::format("EXTRACT from type {} is not supported", name_of(value.type)));
  }
  const bool whole = name == "DATE" || name == "TIME" || name == "DATETIME";
  if (whole && kind == Kind::datetime) {
    const Kind to = *kind_named(name);
    return made(fmt::format("CAST({} AS {})", of, engine_type(to)), to);
  }
  if (whole || !suits(kind, part)) {
    return error_at(expr.place, fmt::format("EXTRACT does not support the {} date part for {}",
                                            name, name_of(value.type)));
  }
  if (name == "WEEK") {
    // Days of the year before the week's first day do not count.
    const int shift = 7 - part.week_day;
    return made(fmt::format("((dayofyear({0}) + 6 - (dayofweek({0}) + {1}) % 7) // 7)", of, shift),
                Kind::int64);
  }
  if (name == "DAYOFWEEK") return made(fmt::format("(dayofweek({}) + 1)", of), Kind::int64);
  if (name == "MILLISECOND") return made(fmt::format("(millisecond({}) % 1000)", of), Kind::int64);
  if (name == "MICROSECOND")
    return made(fmt::format("(microsecond({}) % 1000000)", of), Kind::int64);
  const std::string engine = name == "ISOWEEK" ? "week" : lower(name);
  return made(fmt::format("{}({})", engine, of), Kind::int64);
}

/// Nothing: it is none of these.
Result<std::optional<Typed>> Translator::date_call(const Expr& expr, const Scope& inside) {
  const std::string& name = expr.name;
  const std::size_t count = expr.args.size();
  const bool is_difference = name.ends_with("_DIFF"), is_truncation = name.ends_with("_TRUNC");
  const auto wants = [&](std::size_t least, std::size_t most) -> Result<void> {
    if (count >= least && count <= most) return {};
    return error_at(expr.place, fmt::format("No matching signature for function {} with {} "
                                            "arguments",
                                            name, count));
  };
  const auto done = [](Result<Typed> made) -> Result<std::optional<Typed>> {
    if (!made.ok()) return std::move(made).error();
    return std::optional(std::move(*made));
  };
  if (is_difference) {
    BL_RETURN_IF_ERROR(wants(3, 3));
    return done(difference(expr, inside));
  }
  if (is_truncation) {
    BL_RETURN_IF_ERROR(wants(name == "DATE_TRUNC" ? 1 : 2, 3));
    return done(truncation(expr, inside));
  }
  if (name == "LAST_DAY") {
    BL_RETURN_IF_ERROR(wants(1, 2));
    return done(last_day(expr, inside));
  }
  if (name.starts_with("FORMAT_")) {
    BL_RETURN_IF_ERROR(wants(2, 3));
    return done(format_time(expr, inside));
  }
  if (name.starts_with("PARSE_")) {
    BL_RETURN_IF_ERROR(wants(2, 3));
    return done(parse_time(expr, inside));
  }
  if (name == "GENERATE_DATE_ARRAY" || name == "GENERATE_TIMESTAMP_ARRAY") {
    BL_RETURN_IF_ERROR(wants(2, 3));
    return done(generate_times(expr, inside));
  }
  return std::optional<Typed>();
}

Result<Typed> Translator::difference(const Expr& expr, const Scope& inside) {
  const Kind kind = *kind_named(family_of(expr.name));
  BL_TRY(const Typed left, expression(expr.args[0], inside));
  BL_TRY(const Typed right, expression(expr.args[1], inside));
  BL_TRY(const Part part, part_of(expr.args[2]));
  const auto value = [&](const Typed& of) {
    return as(of, kind, expr.place, "An argument of " + expr.name);
  };
  BL_TRY(const std::string a, value(left));
  BL_TRY(const std::string b, value(right));
  const auto made = [](std::string sql) { return Typed{std::move(sql), Kind::int64, nullptr}; };
  if (!suits(kind, part)) return no_part(expr, part, kind);
  if (kind == Kind::timestamp) {
    // Whole units, not boundaries.
    if (part.unit->microseconds == 0) return no_part(expr, part, kind);
    return made(
        fmt::format("((epoch_us({}) - epoch_us({})) // {})", a, b, part.unit->microseconds));
  }
  if (is_week(part)) {
    return made(
        fmt::format("(date_diff('day', {}, {}) // 7)", truncated(part, b), truncated(part, a)));
  }
  if (part.unit->name == "ISOYEAR") return made(fmt::format("(isoyear({}) - isoyear({}))", a, b));
  if (part.unit->times == 0) return no_part(expr, part, kind);
  return made(fmt::format("date_diff('{}', {}, {})", lower(part.unit->name), b, a));
}

Result<Typed> Translator::truncation(const Expr& expr, const Scope& inside) {
  const Kind kind = *kind_named(family_of(expr.name));
  BL_TRY(const Typed given, expression(expr.args[0], inside));
  if (expr.args.size() < 2) return error_at(expr.place, "A valid date part name is required");
  BL_TRY(const Part part, part_of(expr.args[1]));
  if (!suits(kind, part) || part.unit->name.starts_with("DAYOF") || kind_named(part.unit->name)) {
    return no_part(expr, part, kind);
  }
  if (expr.args.size() > 2 && kind != Kind::timestamp) {
    return error_at(expr.place, "A time zone is for TIMESTAMP_TRUNC");
  }
  // DATE_TRUNC takes times, too.
  const bool any = expr.name == "DATE_TRUNC" &&
                   (given.type.kind == Kind::datetime || given.type.kind == Kind::timestamp);
  const Type type = any ? given.type : Type(kind);
  BL_TRY(std::string value, as(given, type, expr.place, "An argument of " + expr.name));
  if (type.kind == Kind::timestamp) {
    std::string zone = "'UTC'";
    if (expr.args.size() > 2) {
      BL_TRY(const Typed named, expression(expr.args[2], inside));
      BL_TRY(zone, as(named, Kind::text, expr.place, "The time zone"));
    }
    value = truncated(part, fmt::format("({} AT TIME ZONE {})", value, zone));
    return Typed{fmt::format("(CAST({} AS TIMESTAMP) AT TIME ZONE {})", value, zone), type,
                 nullptr};
  }
  if (type.kind == Kind::time) {
    value = fmt::format("date_trunc('{}', TIMESTAMP '1970-01-01' + to_microseconds(epoch_us({})))",
                        lower(part.unit->name), value);
  } else {
    value = truncated(part, value);
  }
  return Typed{fmt::format("CAST({} AS {})", value, engine_type(type)), type, nullptr};
}

Result<Typed> Translator::last_day(const Expr& expr, const Scope& inside) {
  BL_TRY(const Typed given, expression(expr.args[0], inside));
  Part part{unit_named("MONTH")};
  if (expr.args.size() > 1) {
    BL_TRY(part, part_of(expr.args[1]));
  }
  const Type type = given.type.kind == Kind::datetime ? given.type : Type(Kind::date);
  BL_TRY(const std::string value, as(given, type, expr.place, "An argument of LAST_DAY"));
  std::string step;
  if (is_week(part)) {
    step = "to_days(6)";
  } else if (part.unit->name == "MONTH" || part.unit->name == "QUARTER") {
    step = fmt::format("to_months({}) - to_days(1)", part.unit->times);
  } else if (part.unit->name == "YEAR") {
    step = "to_years(1) - to_days(1)";
  } else {
    return no_part(expr, part, Kind::date);
  }
  return Typed{fmt::format("CAST({} + {} AS DATE)", truncated(part, value), step), Kind::date,
               nullptr};
}

Result<Typed> Translator::format_time(const Expr& expr, const Scope& inside) {
  const Kind kind = *kind_named(std::string_view(expr.name).substr(7));
  if (expr.args[0].kind != ExprKind::string) {
    return refused_at(expr.place, expr.name + " with a format that is no constant");
  }
  BL_TRY(const Typed given, expression(expr.args[1], inside));
  const bool any_time = kind == Kind::date && given.type.kind == Kind::datetime;
  BL_TRY(std::string value,
         as(given, any_time ? given.type : Type(kind), expr.place, "An argument of " + expr.name));
  std::string zone = "UTC";
  if (expr.args.size() > 2) {
    if (kind != Kind::timestamp) return error_at(expr.place, "A time zone is for FORMAT_TIMESTAMP");
    if (expr.args[2].kind != ExprKind::string) {
      return refused_at(expr.place, expr.name + " with a zone that is no constant");
    }
    zone = expr.args[2].text;
  }
  if (kind == Kind::timestamp)
    value = fmt::format("({} AT TIME ZONE {})", value, quoted_literal(zone));
  if (kind == Kind::time) {
    value = fmt::format("(TIMESTAMP '1970-01-01' + to_microseconds(epoch_us({})))", value);
  }
  std::vector<std::string> parts;
  std::string run;
  const auto flush = [&] {
    if (!run.empty()) parts.push_back(fmt::format("strftime({}, {})", value, quoted_literal(run)));
    run.clear();
  };
  const std::string& f = expr.args[0].text;
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (f[i] != '%') {
      run += f[i];
      continue;
    }
    const std::string_view rest = std::string_view(f).substr(i + 1);
    if (rest.starts_with("E4Y")) {
      run += "%Y";
      i += 3;
    } else if (rest.size() >= 3 && rest[0] == 'E' && rest[2] == 'S') {
      // %E*S: as many digits as it has; %E3S: so many.
      flush();
      const std::string all = fmt::format("strftime({}, '%S.%f')", value);
      if (rest[1] == '*') {
        parts.push_back(
            fmt::format("CASE WHEN microsecond({0}) % 1000000 = 0 THEN "
                        "strftime({0}, '%S') ELSE rtrim({1}, '0') END",
                        value, all));
      } else {
        parts.push_back(fmt::format("left({}, {})", all, rest[1] == '0' ? 2 : rest[1] - '0' + 3));
      }
      i += 3;
    } else if (rest.starts_with("Z") || rest.starts_with("z") || rest.starts_with("Ez")) {
      if (zone != "UTC") return refused_at(expr.place, "%Z and %z of another zone than UTC");
      run += rest[0] == 'Z' ? "UTC" : rest[0] == 'z' ? "+0000" : "+00:00";
      i += rest[0] == 'E' ? 2 : 1;
    } else {
      const char letter = rest.empty() ? '\0' : rest[0];
      const auto* found = std::ranges::find(k_elements, letter, &Element::google);
      if (found == k_elements.end()) {
        return refused_at(expr.place, fmt::format("the format element %{}", rest.substr(0, 1)));
      }
      ++i;
      if (letter == 'c') {
        run += "%a %b ";
        flush();
        parts.push_back(fmt::format("lpad(CAST(day({}) AS VARCHAR), 2, ' ')", value));
        run += " %H:%M:%S %Y";
      } else if (!found->engine.empty()) {
        run += found->engine;
      } else {
        flush();
        parts.push_back(fmt::format(fmt::runtime(found->sql), value));
      }
    }
  }
  flush();
  if (parts.empty()) return Typed{"''", Kind::text, nullptr};
  return Typed{fmt::format("({})", joined(parts, " || ")), Kind::text, nullptr};
}

Result<Typed> Translator::parse_time(const Expr& expr, const Scope& inside) {
  const Kind kind = *kind_named(std::string_view(expr.name).substr(6));
  if (expr.args[0].kind != ExprKind::string) {
    return refused_at(expr.place, expr.name + " with a format that is no constant");
  }
  BL_TRY(const Typed given, expression(expr.args[1], inside));
  BL_TRY(const std::string text, as(given, Kind::text, expr.place, "An argument of " + expr.name));
  std::string zone = "'UTC'";
  if (expr.args.size() > 2) {
    if (kind != Kind::timestamp) return error_at(expr.place, "A time zone is for PARSE_TIMESTAMP");
    BL_TRY(const Typed named, expression(expr.args[2], inside));
    BL_TRY(zone, as(named, Kind::text, expr.place, "The time zone"));
  }
  // With parts of a second there are two ways to read it.
  std::string format, without;
  bool has_zone = false;
  const std::string& f = expr.args[0].text;
  for (std::size_t i = 0; i < f.size(); ++i) {
    std::string piece(1, f[i]), other = piece;
    if (f[i] == '%') {
      const std::string_view rest = std::string_view(f).substr(i + 1);
      if (rest.starts_with("E4Y")) {
        piece = other = "%Y";
        i += 3;
      } else if (rest.size() >= 3 && rest[0] == 'E' && rest[2] == 'S') {
        piece = "%S.%f";
        other = "%S";
        i += 3;
      } else if (rest.starts_with("z") || rest.starts_with("Ez")) {
        has_zone = true;
        piece = other = "%z";
        i += rest[0] == 'E' ? 2 : 1;
      } else {
        const auto* found =
            std::ranges::find(k_elements, rest.empty() ? '\0' : rest[0], &Element::google);
        const bool reads =
            found != k_elements.end() && !found->engine.empty() && found->google != 'c';
        const bool is_padded = !rest.empty() && (rest[0] == 'e' || rest[0] == 'k');
        if (!reads && !is_padded) {
          return refused_at(expr.place, fmt::format("the format element %{} in {}",
                                                    rest.substr(0, 1), expr.name));
        }
        piece = is_padded ? (rest[0] == 'e' ? "%d" : "%H") : std::string(found->engine);
        other = piece;
        ++i;
      }
    }
    format += piece;
    without += other;
  }
  const std::string formats =
      format == without ? quoted_literal(format)
                        : fmt::format("[{}, {}]", quoted_literal(format), quoted_literal(without));
  std::string value = fmt::format("strptime({}, {})", text, formats);
  if (kind == Kind::timestamp) {
    if (!has_zone) value = fmt::format("({} AT TIME ZONE {})", value, zone);
    return Typed{std::move(value), kind, nullptr};
  }
  return Typed{fmt::format("CAST({} AS {})", value, engine_type(kind)), kind, nullptr};
}

Result<Typed> Translator::generate_times(const Expr& expr, const Scope& inside) {
  const Kind kind = expr.name == "GENERATE_DATE_ARRAY" ? Kind::date : Kind::timestamp;
  BL_TRY(const std::vector<Typed> values, arguments(expr, inside));
  const std::string what = "An argument of " + expr.name;
  BL_TRY(const std::string start, as(values[0], kind, expr.place, what));
  BL_TRY(const std::string end, as(values[1], kind, expr.place, what));
  std::string step = "to_days(1)";
  if (values.size() > 2) {
    BL_TRY(step, as(values[2], Kind::interval, expr.place, what));
  } else if (kind == Kind::timestamp) {
    return error_at(expr.place, "GENERATE_TIMESTAMP_ARRAY wants an INTERVAL");
  }
  if (kind == Kind::timestamp) {
    return Typed{fmt::format("generate_series({}, {}, {})", start, end, step), Type::array_of(kind),
                 nullptr};
  }
  return Typed{fmt::format("list_transform(generate_series(CAST({} AS TIMESTAMP), "
                           "CAST({} AS TIMESTAMP), {}), lambda e: CAST(e AS DATE))",
                           start, end, step),
               Type::array_of(kind), nullptr};
}

}  // namespace bl::bigquery::sql
