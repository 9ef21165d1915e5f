#include "gate/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/numbers.h"
#include "base/toml.h"

namespace bl::gate {
namespace {

const std::set<std::string> k_own_provenance = {"commit",  "repository", "seed",
                                                "program", "message",    "tool"};

/// Reads the members of one table; what nobody asked for is a fault at the end.
class TableReader {
 public:
  TableReader(const TomlDocument& document, const json::Value& table, std::string pointer,
              json::Faults& faults)
      : document_(document), table_(table), pointer_(std::move(pointer)), faults_(faults) {
    if (!table_.is_object()) fault("", "must be a table");
  }
  ~TableReader() {
    if (!table_.is_object()) return;
    for (const auto& [key, value] : table_.members()) {
      if (!asked_.contains(key)) fault(key, "is no key of this table");
    }
  }
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const json::Value* ask(const std::string& key) {
    asked_.insert(key);
    return table_.find(key);
  }
  void fault(const std::string& key, const std::string& message) {
    const std::string pointer = key.empty() ? pointer_ : json::pointer_append(pointer_, key);
    faults_.add_text(document_.place_of(pointer), key.empty() ? message : key + " " + message, "");
  }
  std::string pointer_of(const std::string& key) const {
    return json::pointer_append(pointer_, key);
  }

  void text(const std::string& key, std::string& into) {
    const json::Value* value = ask(key);
    if (value == nullptr) return;
    if (!value->is_string() || value->as_string().empty()) return fault(key, "must be a text");
    into = value->as_string();
  }
  void integer(const std::string& key, int& into, int min, int max) {
    const json::Value* value = ask(key);
    if (value == nullptr) return;
    const auto number = value->is_number() ? value->as_int64() : std::nullopt;
    if (!number || *number < min || *number > max)
      return fault(key, fmt::format("must be an integer from {} to {}", min, max));
    into = static_cast<int>(*number);
  }
  void time(const std::string& key, std::optional<std::chrono::milliseconds>& into,
            std::chrono::milliseconds max) {
    const json::Value* value = ask(key);
    if (value == nullptr) return;
    const auto read = value->is_string() ? parse_time(value->as_string()) : std::nullopt;
    if (!read || *read > max || read->count() <= 0)
      return fault(key, "must be a time such as \"250ms\", \"5s\", \"2m\"");
    into = *read;
  }
  void percent(const std::string& key, double& into) {
    const json::Value* value = ask(key);
    if (value == nullptr) return;
    const auto read = value->is_string() ? parse_percent(value->as_string()) : std::nullopt;
    if (!read) return fault(key, "must be a percentage such as \"10%\"");
    into = *read;
  }
  std::vector<std::string> texts(const std::string& key) {
    std::vector<std::string> read;
    const json::Value* value = ask(key);
    if (value == nullptr) return read;
    if (!value->is_array()) {
      fault(key, "must be an array of texts");
      return read;
    }
    for (const json::Value& item : value->items()) {
      if (!item.is_string()) {
        fault(key, "must be an array of texts");
        return {};
      }
      read.push_back(item.as_string());
    }
    return read;
  }

 private:
  const TomlDocument& document_;
  const json::Value& table_;
  std::string pointer_;
  json::Faults& faults_;
  std::set<std::string> asked_;
};

class ConfigReader {
 public:
  ConfigReader(const TomlDocument& document, const GateLimits& limits, json::Faults& faults)
      : document_(document), limits_(limits), faults_(faults) {}

  GateConfig read() {
    GateConfig config;
    TableReader root(document_, document_.root, "", faults_);
    Scenario defaults;
    if (const json::Value* gate = root.ask("gate")) {
      TableReader table(document_, *gate, "/gate", faults_);
      table.text("baselines", config.baselines);
      config.binaries = table.texts("binaries");
      read_provenance(table, config.provenance);
      read_false_share(table, config.false_share_max);
      table.time("virtual_machine_time", config.virtual_machine_time, limits_.machine_time_max);
      read_effort(table, defaults.effort);
      read_bounds(table, defaults.bounds);
    }
    const json::Value* scenarios = root.ask("scenario");
    if (scenarios == nullptr || !scenarios->is_array() || scenarios->items().empty()) {
      root.fault("scenario", "is missing: the file needs at least one table [[scenario]]");
      return config;
    }
    if (scenarios->items().size() > limits_.scenarios_max) {
      root.fault("scenario", fmt::format("is there more than {} times", limits_.scenarios_max));
      return config;
    }
    for (std::size_t i = 0; i < scenarios->items().size(); ++i) {
      const std::string pointer = json::pointer_append("/scenario", i);
      config.scenarios.push_back(read_scenario(scenarios->items()[i], pointer, defaults));
    }
    check_names(config);
    return config;
  }

 private:
  void read_false_share(TableReader& table, double& into) {
    const json::Value* value = table.ask("alpha");
    if (value == nullptr) return;
    const double alpha = value->is_number() ? value->as_double() : 0;
    if (alpha < 0.0001 || alpha > 0.5) return table.fault("alpha", "must be from 0.0001 to 0.5");
    into = alpha;
  }

  void read_provenance(TableReader& table, std::map<std::string, std::vector<std::string>>& into) {
    const json::Value* commands = table.ask("provenance");
    if (commands == nullptr) return;
    TableReader given(document_, *commands, table.pointer_of("provenance"), faults_);
    if (!commands->is_object()) return;
    for (const auto& [name, command] : commands->members()) {
      std::vector<std::string> words = given.texts(name);
      if (words.empty() || words.front().empty()) {
        given.fault(name, "must name a program and its arguments");
      } else if (k_own_provenance.contains(name) || name.starts_with("command of ") ||
                 name.starts_with("sha256 of ")) {
        given.fault(name, "is a name that the gate gives itself");
      } else {
        into[name] = std::move(words);
      }
    }
  }

  void read_effort(TableReader& table, Effort& effort) {
    table.integer("rounds", effort.rounds, 1, limits_.rounds_max);
    effort.rounds_max = std::max(effort.rounds_max, effort.rounds);
    table.integer("rounds_max", effort.rounds_max, 1, limits_.rounds_max);
    if (effort.rounds_max < effort.rounds) table.fault("rounds_max", "must not be below rounds");
    table.integer("warmup", effort.warmup, 0, limits_.rounds_max);
    std::optional<std::chrono::milliseconds> timeout = effort.timeout;
    table.time("timeout", timeout, limits_.timeout_max);
    effort.timeout = *timeout;
    table.time("time_max", effort.time_max, limits_.timeout_max);
  }

  void read_bounds(TableReader& table, Bounds& bounds) {
    if (const json::Value* value = table.ask("bounds")) {
      TableReader given(document_, *value, table.pointer_of("bounds"), faults_);
      given.percent("median", bounds.median);
      for (const int percentile : {50, 95, 99}) {
        const std::string key = fmt::format("p{}", percentile);
        if (!value->is_object() || value->find(key) == nullptr) continue;
        given.percent(key, bounds.percentiles[percentile]);
      }
    }
    if (const json::Value* value = table.ask("rates")) {
      const std::string pointer = table.pointer_of("rates");
      if (!value->is_object()) return table.fault("rates", "must be a table");
      for (const auto& [name, bound] : value->members())
        bounds.rates[name] = read_rate(bound, json::pointer_append(pointer, name));
    }
    for (std::string& counter : table.texts("counters")) {
      if (bounds.rates.contains(counter)) table.fault("counters", "names a rate: " + counter);
      bounds.counters.insert(std::move(counter));
    }
  }

  ExtraBound read_rate(const json::Value& value, const std::string& pointer) {
    ExtraBound rate;
    TableReader table(document_, value, pointer, faults_);
    table.percent("bound", rate.bound);
    std::string better = "more";
    table.text("better", better);
    if (better != "more" && better != "less") table.fault("better", "must be more or less");
    if (better == "less") rate.better = Direction::less_is_better;
    return rate;
  }

  Scenario read_scenario(const json::Value& value, const std::string& pointer,
                         const Scenario& defaults) {
    Scenario scenario = defaults;
    TableReader table(document_, value, pointer, faults_);
    table.text("name", scenario.name);
    if (scenario.name.empty()) table.fault("name", "is missing");
    scenario.command = table.texts("command");
    if (scenario.command.empty() || scenario.command.front().empty())
      table.fault("command", "must name a program and its arguments: [\"./bench\", \"--json\"]");
    table.text("output", scenario.output);
    table.text("folder", scenario.folder);
    std::string format;
    table.text("format", format);
    if (format == "time") {
      scenario.is_timed = true;
      if (!scenario.output.empty()) table.fault("output", "has no use where the command is timed");
    } else if (!format.empty()) {
      auto parsed = formats::parse_format(format);
      const bool is_file = parsed.ok() && *parsed != formats::Format::asv;
      if (is_file) scenario.format = *parsed;
      if (!is_file) table.fault("format", "must be time, or a format that submit reads as a file");
    }
    if (const json::Value* env = table.ask("env")) read_env(table, *env, scenario);
    read_effort(table, scenario.effort);
    read_bounds(table, scenario.bounds);
    return scenario;
  }

  static void read_env(TableReader& table, const json::Value& env, Scenario& scenario) {
    if (!env.is_object()) return table.fault("env", "must be a table of texts");
    for (const auto& [name, value] : env.members()) {
      if (name.empty() || name.find('=') != std::string::npos || !value.is_string())
        return table.fault("env", "must be a table of texts");
      scenario.env[name] = value.as_string();
    }
  }

  void check_names(const GateConfig& config) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < config.scenarios.size(); ++i) {
      const std::string& name = config.scenarios[i].name;
      if (name.empty() || names.insert(name).second) continue;
      faults_.add_text(document_.place_of(fmt::format("/scenario/{}/name", i)),
                       "name is that of another scenario: " + name, "");
    }
  }

  const TomlDocument& document_;
  const GateLimits& limits_;
  json::Faults& faults_;
};

}  // namespace

Result<GateConfig> parse_gate_config(std::string_view toml, const std::string& file_name,
                                     const GateLimits& limits) {
  if (toml.size() > limits.file_bytes_max)
    return Error{Code::too_large, fmt::format("{}: larger than {} bytes: {}", file_name,
                                              limits.file_bytes_max, toml.size())};
  BL_TRY(const TomlDocument document, parse_toml(toml, file_name));
  json::Faults faults;
  GateConfig config = ConfigReader(document, limits, faults).read();
  if (!faults.ok()) {
    const Fault& first = faults.list().front();
    std::string sentence = first.path + ": " + first.message;
    if (faults.count() > 1) sentence += fmt::format(" (and {} more)", faults.count() - 1);
    return Error{Code::invalid, std::move(sentence), faults.list()};
  }
  return config;
}

std::optional<double> parse_percent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto number = parse_double(text);
  if (!number || *number <= 0 || *number > 1000) return std::nullopt;
  return *number / 100;
}

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t ms;
  };
  constexpr Unit k_units[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
  for (const auto& [name, ms] : k_units) {
    if (!text.ends_with(name)) continue;
    const auto number = parse_int64(text.substr(0, text.size() - name.size()));
    if (!number || *number < 0 || *number > 1'000'000'000) return std::nullopt;
    return std::chrono::milliseconds(*number * ms);
  }
  return std::nullopt;
}

}  // namespace bl::gate
