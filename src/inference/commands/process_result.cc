#include <fmt/format.h>

#include <array>

#include "base/disk.h"
#include "inference/commands/declarations.h"
#include "inference/producer.h"

namespace bl::inference {
namespace {

constexpr std::uint64_t k_file_bytes_max = 64u << 20;

/// An option that is another way to say a variable of the runner.
struct OptionOfVariable {
  const char* option;
  const char* variable;
  const char* value_name;
  const char* help;
  const char* default_text = "";
};
constexpr std::array<OptionOfVariable, 12> k_options = {{
    {"--hw", "RUNNER_TYPE", "NAME", "the accelerator, or the runner: h200, mi355x-amds_07"},
    {"--framework", "FRAMEWORK", "NAME", "vllm, sglang, trt, ..."},
    {"--precision", "PRECISION", "NAME", "fp4, fp8, bf16, int4"},
    {"--model-prefix", "MODEL_PREFIX", "KEY", "the model's key: dsr1, kimik2.5"},
    {"--image", "IMAGE", "IMAGE", "the container", ""},
    {"--isl", "ISL", "TOKENS", "length of the input"},
    {"--osl", "OSL", "TOKENS", "length of the output"},
    {"--tp", "TP", "GPUS", "tensor parallelism"},
    {"--ep", "EP_SIZE", "GPUS", "expert parallelism", "1"},
    {"--dp-attention", "DP_ATTENTION", "BOOL", "attention is data-parallel", "false"},
    {"--spec-decoding", "SPEC_DECODING", "NAME", "none, mtp, eagle", "none"},
    {"--disagg", "DISAGG", "BOOL", "prefill and decode are apart", "false"},
}};

/// Options go before variables, both before what is the default.
Result<RunnerSettings> settings_of(const Arguments& arguments, const CommandIo& io) {
  RunnerSettings settings;
  for (const auto& [name, value] : io.environment) settings[name] = value;
  for (const OptionOfVariable& option : k_options) {
    if (const auto value = arguments.text_or_null(option.option)) {
      settings[option.variable] = *value;
    } else {
      settings.emplace(option.variable, option.default_text);
      if (settings[option.variable].empty() && option.variable != std::string_view("IMAGE")) {
        settings.erase(option.variable);
      }
    }
  }
  for (const std::string& setting : arguments.list("--setting")) {
    const std::size_t equals = setting.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{Code::invalid, "--setting wants NAME=VALUE: " + setting};
    }
    settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return settings;
}

Result<ExitCode> process(const Arguments& arguments, CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(const RunnerSettings settings, settings_of(arguments, io));
  json::Value rows = json::Value::array();
  for (const std::string& path : arguments.list("FILE")) {
    BL_TRY(const std::string text, read_file(*disk, path, k_file_bytes_max));
    const auto bench = json::parse(text);
    if (!bench.ok()) return Error(bench.error()).with_context(path);
    auto row = process_result(*bench, settings);
    if (!row.ok()) return std::move(row).error().with_context(path);
    rows.items().push_back(*std::move(row));
  }
  const bool is_one = rows.items().size() == 1;
  const std::string text = json::to_text(is_one ? rows.items()[0] : rows) + "\n";
  if (const auto file = arguments.text_or_null("--output")) {
    BL_RETURN_IF_ERROR(write_file_atomically(*disk, *file, text, FileMode::normal));
  } else {
    fmt::print(io.out, "{}", text);
  }
  return ExitCode::ok;
}

std::vector<CommandOption> options() {
  std::vector<CommandOption> all;
  for (const OptionOfVariable& option : k_options) {
    all.push_back({.name = option.option,
                   .value_name = option.value_name,
                   .help = fmt::format("{} [{}]", option.help, option.variable),
                   .default_text = option.default_text});
  }
  all.push_back({.name = "--setting",
                 .value_name = "NAME=VALUE",
                 .help = "any other variable of the runner: IS_MULTINODE, PREFILL_TP, ...",
                 .repeated = true});
  all.push_back({.name = "--output", .value_name = "FILE", .help = "instead of standard output"});
  return all;
}

}  // namespace

Command process_result_command() {
  return {.path = "inference process-result",
          .help =
              "makes rows that `inference ingest` takes of what the serving benchmark wrote; what "
              "no option says is taken from the runner's environment variables",
          .example =
              "benchlake inference process-result bench.json --hw h200 --framework vllm "
              "--precision fp8 --model-prefix dsr1 --isl 1024 --osl 1024 --tp 8 "
              "--output bmk_dsr1.json",
          .options = options(),
          .arguments = {{.name = "FILE",
                         .help = "JSON of the serving benchmark: one row of each",
                         .repeated = true}},
          .run = [](const Arguments& arguments, CommandIo& io) {
            const Result<ExitCode> outcome = process(arguments, io);
            return outcome.ok() ? *outcome : print_error(io, outcome.error());
          }};
}

}  // namespace bl::inference
