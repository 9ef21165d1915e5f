#include "base/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "base/check.h"
#include "base/json.h"
#include "base/numbers.h"

namespace bl {
namespace {

constexpr std::string_view k_environment_prefix = "BENCHLAKE_";
// Variables that are no settings: where tests find their data, the seed of performance tests, the
// address of GitHub's API, what commands read to find the server, and PostgreSQL's tools.
constexpr std::array<std::string_view, 7> k_reserved_variables = {
    "BENCHLAKE_SHARED", "BENCHLAKE_PERF_SEED", "BENCHLAKE_GITHUB_API",  "BENCHLAKE_SERVER",
    "BENCHLAKE_TOKEN",  "BENCHLAKE_CA",        "BENCHLAKE_POSTGRES_BIN"};

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr std::array k_duration_units = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000},
                                         Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr std::array k_byte_units = {Unit{"", 1}, Unit{"B", 1}, Unit{"KiB", 1 << 10},
                                     Unit{"MiB", 1 << 20}, Unit{"GiB", 1 << 30}};

std::optional<std::int64_t> parse_with_unit(std::string_view text, std::span<const Unit> units) {
  std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto number = parse_int64(text.substr(0, digits));
  if (!number) return std::nullopt;
  auto unit = std::find_if(units.begin(), units.end(),
                           [&](const Unit& u) { return u.name == text.substr(digits); });
  std::int64_t product = 0;
  if (unit == units.end() || __builtin_mul_overflow(*number, unit->factor, &product)) {
    return std::nullopt;
  }
  return product;
}

/// The number behind a text: 0 or 1 of a boolean, 0 of a text; nullopt when it is none of its type.
std::optional<std::int64_t> parse_value(ConfigType type, std::string_view text) {
  switch (type) {
    case ConfigType::text:
      return 0;
    case ConfigType::integer:
      return parse_int64(text);
    case ConfigType::boolean:
      if (text == "true") return 1;
      if (text == "false") return 0;
      return std::nullopt;
    case ConfigType::duration_ms:
      if (text == "0") return 0;
      return parse_with_unit(text, k_duration_units);
    case ConfigType::bytes:
      return parse_with_unit(text, k_byte_units);
  }
  return std::nullopt;
}

const char* expectation(ConfigType type) {
  switch (type) {
    case ConfigType::text:
      return "must be a string";
    case ConfigType::integer:
      return "must be an integer";
    case ConfigType::boolean:
      return "must be true or false";
    case ConfigType::duration_ms:
      return "must be a duration such as \"250ms\", \"5s\", \"2m\" or \"12h\"";
    case ConfigType::bytes:
      break;
  }
  return "must be a size such as 4096, \"16KiB\" or \"64MiB\"";
}

/// The text of a value of the file, when its TOML type fits the setting.
std::optional<std::string> text_of_node(const toml::node& node, ConfigType type) {
  if (auto text = node.value_exact<std::string>()) {
    bool written_as_text = type != ConfigType::integer && type != ConfigType::boolean;
    return written_as_text ? text : std::nullopt;
  }
  if (auto number = node.value_exact<std::int64_t>()) {
    bool written_as_number = type != ConfigType::text && type != ConfigType::boolean;
    return written_as_number ? std::optional(std::to_string(*number)) : std::nullopt;
  }
  if (auto boolean = node.value_exact<bool>(); boolean && type == ConfigType::boolean) {
    return *boolean ? "true" : "false";
  }
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_quoted(out, text);
  return out;
}

/// A value of the file as JSON; dates and numbers that JSON does not have, as strings.
std::string shown(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return quoted(*text);
  std::string text;
  node.visit([&](const auto& value) {
    std::ostringstream stream;
    if constexpr (toml::is_value<decltype(value)>) stream << value;
    text = std::move(stream).str();
  });
  bool is_json = node.is_boolean() || (node.is_number() && parse_double(text));
  return is_json ? text : quoted(text);
}

/// Levenshtein's distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

constexpr std::size_t k_name_bytes_max = 100;  // longer names are no typing errors

/// What the writer may have meant: "unknown key, did you mean store.uri?".
std::string unknown(std::string_view what, std::string_view name,
                    const std::set<std::string>& known) {
  std::string message = "unknown " + std::string(what);
  if (name.size() > k_name_bytes_max) return message;
  const std::string* nearest = nullptr;
  std::size_t best = 3;  // at most two edits away
  for (const std::string& candidate : known) {
    std::size_t distance = edit_distance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest ? message + ", did you mean " + *nearest + "?" : message;
}

Error to_error(std::vector<Fault> faults) {
  const Fault& first = faults.front();
  std::string message = "the configuration: ";
  if (faults.size() > 1) message += std::to_string(faults.size()) + " faults, the first: ";
  message += first.path + ": " + first.message;
  if (!first.value.empty()) message += ": " + first.value;
  return Error{Code::invalid, std::move(message), std::move(faults)};
}

bool is_key_name(std::string_view name) {
  auto dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return false;
  auto only = [](std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
  };
  return only(name.substr(0, dot), "abcdefghijklmnopqrstuvwxyz0123456789") &&
         only(name.substr(dot + 1), "abcdefghijklmnopqrstuvwxyz0123456789_");
}

}  // namespace

/// Fills the settings source by source, and collects the faults.
class Config::Loader {
 public:
  explicit Loader(const std::vector<ConfigKey>& keys) {
    for (const ConfigKey& key : keys) {
      auto number = parse_value(key.type, key.default_text);
      BL_CHECK(is_key_name(key.name));
      BL_CHECK(number.has_value());
      bool is_new = config_.settings_
                        .try_emplace(key.name, Setting{key, key.default_text, *number,
                                                       ConfigOrigin::built_in})
                        .second;
      BL_CHECK(is_new);
      names_.insert(key.name);
      sections_.insert(key.name.substr(0, key.name.find('.')));
      variables_.emplace(environment_name(key.name), key.name);
    }
  }

  void read_file(const std::string& file_name, const std::string& text) {
    try {
      toml::table root = toml::parse(text, file_name);
      read_root(file_name, root);
    } catch (const toml::parse_error& error) {
      add({file_name + ":" + std::to_string(error.source().begin.line),
           "not TOML: " + std::string(error.description()), ""});
    }
  }

  void read_environment(const std::map<std::string, std::string>& environment) {
    for (const auto& [variable, text] : environment) {
      if (!variable.starts_with(k_environment_prefix)) continue;
      auto known = variables_.find(variable);
      if (known != variables_.end()) {
        set(known->second, text, ConfigOrigin::environment, variable);
      } else if (std::find(k_reserved_variables.begin(), k_reserved_variables.end(), variable) ==
                 k_reserved_variables.end()) {
        config_.warnings_.push_back("unknown environment variable: " + variable);
      }
    }
  }

  void read_flags(const std::map<std::string, std::string>& flags) {
    for (const auto& [name, text] : flags) {
      if (names_.contains(name)) {
        set(name, text, ConfigOrigin::flag, "--" + name);
      } else {
        add({"--" + name, unknown("key", name, names_), quoted(name)});
      }
    }
  }

  Result<Config> finish() && {
    if (!faults_.empty()) return to_error(std::move(faults_));
    return std::move(config_);
  }

 private:
  void add(Fault fault) { faults_.push_back(std::move(fault)); }

  void set(const std::string& name, const std::string& text, ConfigOrigin origin,
           const std::string& place) {
    Setting& setting = config_.settings_.find(name)->second;
    auto number = parse_value(setting.key.type, text);
    if (!number) {
      add({place, name + " " + expectation(setting.key.type),
           setting.key.secret ? "" : quoted(text)});
      return;
    }
    setting.text = text;
    setting.number = *number;
    setting.origin = origin;
  }

  /// The tables of toml++ are sorted by name; faults are told in the order of the lines.
  void read_root(const std::string& file_name, const toml::table& root) {
    std::vector<Fault> before = std::exchange(faults_, {});
    std::multimap<std::uint32_t, Fault> by_line;
    auto keep = [&](const toml::node& node) {
      for (Fault& fault : faults_) by_line.emplace(node.source().begin.line, std::move(fault));
      faults_.clear();
    };
    for (auto&& [section, node] : root) {
      const toml::table* table = node.as_table();
      if (table && sections_.contains(std::string(section.str()))) {
        for (auto&& [key, value] : *table) {
          read_setting(file_name, std::string(section.str()) + "." + std::string(key.str()), value);
          keep(value);
        }
        continue;
      }
      add({place_of(file_name, node),
           table ? unknown("section", section.str(), sections_) : "a setting stands in a [section]",
           quoted(section.str())});
      keep(node);
    }
    faults_ = std::move(before);
    for (auto& [line, fault] : by_line) add(std::move(fault));
  }

  void read_setting(const std::string& file_name, const std::string& name,
                    const toml::node& value) {
    std::string place = place_of(file_name, value);
    auto setting = config_.settings_.find(name);
    if (setting == config_.settings_.end()) {
      add({place, unknown("key", name, names_), quoted(name)});
      return;
    }
    const ConfigKey& key = setting->second.key;
    if (auto text = text_of_node(value, key.type)) {
      set(name, *text, ConfigOrigin::file, place);
    } else if (value.is_table() || value.is_array()) {
      const char* what = value.is_table() ? ", not a table" : ", not an array";
      add({place, name + " " + expectation(key.type) + what, ""});
    } else {
      add({place, name + " " + expectation(key.type), key.secret ? "" : shown(value)});
    }
  }

  static std::string place_of(const std::string& file_name, const toml::node& node) {
    return file_name + ":" + std::to_string(node.source().begin.line);
  }

  Config config_;
  std::vector<Fault> faults_;
  std::set<std::string> names_;
  std::set<std::string> sections_;
  std::map<std::string, std::string> variables_;  // environment variable -> key
};

Result<Config> Config::load(const std::vector<ConfigKey>& keys, const Sources& sources) {
  Loader loader(keys);
  if (sources.file_text) loader.read_file(sources.file_name, *sources.file_text);
  loader.read_environment(sources.environment);
  loader.read_flags(sources.flags);
  return std::move(loader).finish();
}

const Config::Setting& Config::setting(std::string_view name) const {
  auto found = settings_.find(name);
  BL_CHECK(found != settings_.end());
  return found->second;
}

const std::string& Config::text(std::string_view name) const {
  const Setting& found = setting(name);
  BL_CHECK(found.key.type == ConfigType::text);
  return found.text;
}

std::int64_t Config::integer(std::string_view name) const {
  const Setting& found = setting(name);
  BL_CHECK(found.key.type != ConfigType::text && found.key.type != ConfigType::boolean);
  return found.number;
}

bool Config::boolean(std::string_view name) const {
  const Setting& found = setting(name);
  BL_CHECK(found.key.type == ConfigType::boolean);
  return found.number != 0;
}

ConfigOrigin Config::origin(std::string_view name) const {
  return setting(name).origin;
}

std::string environment_name(std::string_view key_name) {
  std::string name(k_environment_prefix);
  for (char c : key_name) {
    name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

}  // namespace bl
