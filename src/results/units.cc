#include "results/units.h"

#include <algorithm>
#include <atomic>

#include "base/utf8.h"
#include "results/model.h"

namespace bl::results {

using verdict::Direction;

namespace {

const std::vector<Unit>& built_in_units() {
  static const std::vector<Unit> units = {
      {"B", "bytes", Direction::less_is_better},
      {"B/s", "bytes per second", Direction::more_is_better},
      {"s", "seconds", Direction::less_is_better},
      {"ns", "nanoseconds", Direction::less_is_better},
      {"i/s", "iterations per second", Direction::more_is_better},
  };
  return units;
}

/// Never changed once it is seen; the texts of `all` lie in `user`.
struct Registry {
  std::vector<UserUnit> user;
  std::vector<Unit> all;
};

// Kept until the process ends: whoever has a unit may keep it.
std::atomic<const Registry*> g_registry{nullptr};
std::atomic<bool> g_is_in_statements{false};

Error fault(std::string_view sentence, std::string_view value) {
  std::string text = "results.units: ";
  text.append(sentence).append(": '").append(value).append("'");
  return Error{Code::invalid, std::move(text)};
}

bool is_allowed(unsigned char c) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c >= 0x80 || is_letter || (c >= '0' && c <= '9') ||
         std::string_view(" /%_.^*+()#-").find(static_cast<char>(c)) != std::string_view::npos;
}

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<UserUnit> parse_unit(std::string_view part, const UnitLimits& limits) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) return fault("wants SYMBOL=more or SYMBOL=less", part);
  UserUnit unit;
  unit.symbol = without_blanks(part.substr(0, equals));
  const std::string_view rest = part.substr(equals + 1);
  const std::size_t colon = rest.find(':');
  const std::string_view direction = without_blanks(rest.substr(0, colon));
  if (direction != "more" && direction != "less") {
    return fault("wants SYMBOL=more or SYMBOL=less", part);
  }
  unit.direction = direction == "more" ? Direction::more_is_better : Direction::less_is_better;
  unit.long_name = colon == std::string_view::npos ? std::string_view(unit.symbol)
                                                   : without_blanks(rest.substr(colon + 1));
  if (unit.symbol.empty() || unit.symbol.size() > limits.symbol_bytes_max) {
    return fault("a symbol has 1 to " + std::to_string(limits.symbol_bytes_max) + " bytes", part);
  }
  if (unit.long_name.empty() || unit.long_name.size() > limits.long_name_bytes_max) {
    return fault("a long name has 1 to " + std::to_string(limits.long_name_bytes_max) + " bytes",
                 part);
  }
  if (!is_utf8(part)) return fault("not UTF-8", valid_utf8(part));
  if (!std::all_of(unit.symbol.begin(), unit.symbol.end(), is_allowed)) {
    return fault("a symbol has letters, digits, blanks and /%_.^*+()#-", unit.symbol);
  }
  if (unit.symbol == "b/s" || is_built_in(unit.symbol))
    return fault("a built-in unit keeps its meaning", unit.symbol);
  return unit;
}

}  // namespace

Result<std::vector<UserUnit>> parse_user_units(std::string_view text, const UnitLimits& limits) {
  std::vector<UserUnit> units;
  while (!without_blanks(text).empty()) {
    const std::size_t comma = text.find(',');
    BL_TRY(UserUnit unit, parse_unit(without_blanks(text.substr(0, comma)), limits));
    for (const UserUnit& other : units) {
      if (other.symbol == unit.symbol) return fault("a symbol stands twice", unit.symbol);
    }
    if (units.size() == limits.units_max) {
      return fault("more than " + std::to_string(limits.units_max) + " units", unit.symbol);
    }
    units.push_back(std::move(unit));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return units;
}

const std::vector<UserUnit>& user_units() {
  static const std::vector<UserUnit> k_none;
  const Registry* registry = g_registry.load(std::memory_order_acquire);
  return registry == nullptr ? k_none : registry->user;
}

Direction direction_by_ending(std::string_view unit) {
  return unit.ends_with("/s") ? Direction::more_is_better : Direction::less_is_better;
}

Result<void> set_user_units(const std::vector<UserUnit>& units) {
  if (units.empty() || units == user_units()) return {};
  if (g_registry.load() != nullptr || g_is_in_statements) {
    return fault("units are set once, at the start of a process", units.front().symbol);
  }
  auto* registry = new Registry{units, built_in_units()};
  for (const UserUnit& unit : registry->user) {
    registry->all.push_back({unit.symbol, unit.long_name, unit.direction});
  }
  g_registry.store(registry, std::memory_order_release);
  return {};
}

std::string sql_of_more_is_better(std::string_view column) {
  g_is_in_statements = true;
  std::string more, less;  // the symbols have neither quotes nor backslashes
  for (const UserUnit& unit : user_units()) {
    if (unit.direction == direction_by_ending(unit.symbol)) continue;
    std::string& list = unit.direction == Direction::more_is_better ? more : less;
    if (!list.empty()) list += ", ";
    list.append("'").append(unit.symbol).append("'");
  }
  std::string sql = "right(";
  sql.append(column).append(", 2) = '/s'");
  if (!less.empty()) sql.append(" and ").append(column).append(" not in (" + less + ")");
  if (!more.empty()) {
    sql = "(" + sql;
    sql.append(" or ").append(column).append(" in (" + more + "))");
  }
  return sql;
}

bool is_built_in(std::string_view symbol) {
  const auto& units = built_in_units();
  return std::any_of(units.begin(), units.end(),
                     [&](const Unit& unit) { return unit.symbol == symbol; });
}

std::string known_unit_symbols() {
  std::string text;
  for (const Unit& unit : known_units()) {
    if (!text.empty()) text += ", ";
    text += unit.symbol;
  }
  return text;
}

const std::vector<Unit>& known_units() {
  const Registry* registry = g_registry.load(std::memory_order_acquire);
  return registry == nullptr ? built_in_units() : registry->all;
}

const Unit* find_unit(std::string_view symbol) {
  const auto& units = known_units();
  const auto found = std::find_if(units.begin(), units.end(),
                                  [&](const Unit& unit) { return unit.symbol == symbol; });
  return found == units.end() ? nullptr : &*found;
}

Direction direction_of(std::string_view unit) {
  for (const UserUnit& known : user_units()) {
    if (known.symbol == unit) return known.direction;
  }
  return direction_by_ending(unit);
}

}  // namespace bl::results
