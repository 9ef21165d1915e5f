#include "base/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "base/numbers.h"

namespace bl {
namespace {

using Values = std::map<std::string, std::vector<std::string>, std::less<>>;

const std::vector<std::string>& lookup(const Arguments& arguments, std::string_view name) {
  const auto given = arguments.values.find(name);
  if (given != arguments.values.end()) return given->second;
  const auto fallback = arguments.defaults.find(name);
  BL_CHECK(fallback != arguments.defaults.end());  // a command asks only for what it declared
  return fallback->second;
}

// CLI11 reads `[a,b]` as a list, and nothing optional behind `--`. A word that it is to leave alone
// has this before it until it is stored.
constexpr char k_guard = '\x01';
constexpr std::string_view k_guarded = "[{\x01";

std::string guarded(const std::string& word, bool is_value) {
  if (is_value || (!word.empty() && k_guarded.find(word[0]) != std::string_view::npos)) {
    return k_guard + word;
  }
  const std::size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
  if (equals == std::string::npos || equals + 1 == word.size()) return word;
  const std::size_t value = equals + 1;
  if (k_guarded.find(word[value]) == std::string_view::npos) return word;
  return word.substr(0, value) + k_guard + word.substr(value);
}

/// As CLI11 takes them, in reverse. Behind `--` stand values only.
std::vector<std::string> words_for_cli(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  bool is_value = false;
  for (const std::string& argument : arguments) {
    if (!is_value && argument == "--") {
      is_value = true;
    } else {
      words.push_back(guarded(argument, is_value));
    }
  }
  std::reverse(words.begin(), words.end());
  return words;
}

std::vector<std::string> unguarded(CLI::results_t words) {
  for (std::string& word : words) {
    if (!word.empty() && word[0] == k_guard) word.erase(0, 1);
  }
  return words;
}

CommandOption json_switch() {
  return {.name = "--json", .help = "machine-readable output"};
}

void declare_option(CLI::App& app, const CommandOption& option, Values& values) {
  if (option.value_name.empty()) {
    app.add_flag_callback(
        option.name, [&values, name = option.name] { values[name] = {"true"}; }, option.help);
    return;
  }
  const CLI::callback_t store = [&values, name = option.name](const CLI::results_t& given) {
    values[name] = unguarded(given);
    return true;
  };
  CLI::Option* declared = app.add_option(option.name, store, option.help);
  declared->type_name(option.value_name)->type_size(1)->allow_extra_args(false);
  declared->required(option.required);
  if (option.repeated) {
    declared->expected(1, CLI::detail::expected_max_vector_size);
  } else {
    declared->expected(1);
  }
  if (!option.default_text.empty()) declared->default_str(option.default_text);
}

void declare_argument(CLI::App& app, const CommandArgument& argument, Values& values) {
  const CLI::callback_t store = [&values, name = argument.name](const CLI::results_t& given) {
    values[name] = unguarded(given);
    return true;
  };
  CLI::Option* declared = app.add_option(argument.name, store, argument.help);
  declared->type_size(1)->type_name("")->required(argument.required);
  // Without this CLI11 fills a positional argument only up to its minimum.
  declared->allow_extra_args(argument.repeated || !argument.required);
  if (argument.repeated) {
    declared->expected(argument.required ? 1 : 0, CLI::detail::expected_max_vector_size);
  } else {
    declared->expected(argument.required ? 1 : 0, 1);
  }
}

Values defaults_of(const Command& command) {
  Values defaults;
  const auto declare = [&defaults](const std::string& name, const std::string& text) {
    defaults[name] = text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
  };
  for (const CommandOption& option : command.options) declare(option.name, option.default_text);
  for (const CommandArgument& argument : command.arguments) declare(argument.name, "");
  declare("--json", "");
  return defaults;
}

/// The CLI11 tree of all commands; `chosen` is set to the command that the arguments name.
struct Tree {
  CLI::App root;
  Values values;
  const Command* chosen = nullptr;

  Tree(std::string_view program, std::string_view version, const std::vector<Command>& commands)
      : root("benchlake, the performance lakehouse", std::string(program)) {
    root.set_version_flag("--version", fmt::format("{} {}", program, version));
    root.require_subcommand(1);
    root.footer("`benchlake COMMAND --help` shows a command's options and an example.");
    for (const Command& command : commands) add(command);
  }

  void add(const Command& command) {
    const std::size_t blank = command.path.find(' ');
    CLI::App* parent = &root;
    const std::string name = command.path.substr(blank == std::string::npos ? 0 : blank + 1);
    if (blank != std::string::npos) {
      parent = group(command.path.substr(0, blank));
      const std::string before =
          parent->get_description();  // a group is described by what is in it
      parent->description(before.empty() ? name : before + ", " + name);
    }
    CLI::App* app = parent->add_subcommand(name, command.help);
    for (const CommandOption& option : command.options) declare_option(*app, option, values);
    for (const CommandArgument& argument : command.arguments)
      declare_argument(*app, argument, values);
    declare_option(*app, json_switch(), values);
    if (!command.example.empty()) app->footer("example:\n  " + command.example);
    app->callback([this, &command] { chosen = &command; });
  }

  CLI::App* group(const std::string& name) {
    for (CLI::App* app : root.get_subcommands({})) {
      if (app->get_name() == name) return app;
    }
    CLI::App* app = root.add_subcommand(name);
    app->require_subcommand(1);
    return app;
  }
};

}  // namespace

bool Arguments::has(std::string_view name) const {
  BL_CHECK(defaults.find(name) != defaults.end());
  return values.find(name) != values.end();
}

const std::string& Arguments::text(std::string_view name) const {
  static const std::string empty;
  const std::vector<std::string>& found = lookup(*this, name);
  return found.empty() ? empty : found.back();
}

std::optional<std::string> Arguments::text_or_null(std::string_view name) const {
  const std::vector<std::string>& found = lookup(*this, name);
  if (found.empty()) return std::nullopt;
  return found.back();
}

const std::vector<std::string>& Arguments::list(std::string_view name) const {
  return lookup(*this, name);
}

Result<std::int64_t> Arguments::integer(std::string_view name, std::int64_t min,
                                        std::int64_t max) const {
  const std::string& given = text(name);
  const std::optional<std::int64_t> number = parse_int64(given);
  if (!number || *number < min || *number > max) {
    return Error{Code::invalid,
                 fmt::format("{} must be an integer from {} to {}: '{}'", name, min, max, given)};
  }
  return *number;
}

Result<double> Arguments::number(std::string_view name) const {
  const std::string& given = text(name);
  const std::optional<double> number = parse_double(given);
  if (!number) return Error{Code::invalid, fmt::format("{} must be a number: '{}'", name, given)};
  return *number;
}

const std::string* CommandIo::variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? nullptr : &found->second;
}

int run_command_line(std::string_view program, std::string_view version,
                     const std::vector<Command>& commands,
                     const std::vector<std::string>& arguments, CommandIo& io) {
  Tree tree(program, version, commands);
  try {
    tree.root.parse(words_for_cli(arguments));
  } catch (const CLI::Success& wanted) {  // --help, --version
    std::ostringstream out;
    std::ostringstream err;
    tree.root.exit(wanted, out, err);
    std::fputs(out.str().c_str(), io.out);
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::ParseError& error) {
    std::string said = error.what();
    std::erase(said, k_guard);
    fmt::print(io.err, "{0}: {1}\nRun `{0} --help` to see how it is used.\n", program, said);
    return static_cast<int>(ExitCode::error);
  }
  BL_CHECK(tree.chosen != nullptr);
  Arguments parsed{.values = std::move(tree.values), .defaults = defaults_of(*tree.chosen)};
  return static_cast<int>(tree.chosen->run(parsed, io));
}

ExitCode print_error(CommandIo& io, const Error& error) {
  fmt::print(io.err, "benchlake: {}\n", error.message);
  if (error.faults.size() < 2) return ExitCode::error;  // the message tells it
  for (const Fault& fault : error.faults) {
    fmt::print(io.err, "  {}: {}{}{}\n", fault.path, fault.message, fault.value.empty() ? "" : ": ",
               fault.value);
  }
  return ExitCode::error;
}

}  // namespace bl
