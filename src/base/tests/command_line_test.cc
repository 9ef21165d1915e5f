#include "base/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace bl {
namespace {

struct Outcome {
  int code = 0;
  std::string out, err;
};

Outcome call(const std::vector<Command>& commands, const std::vector<std::string>& arguments) {
  char* out = nullptr;
  char* err = nullptr;
  std::size_t out_size = 0;
  std::size_t err_size = 0;
  CommandIo io;
  io.out = open_memstream(&out, &out_size);
  io.err = open_memstream(&err, &err_size);
  Outcome outcome;
  outcome.code = run_command_line("benchlake", "1.2.3", commands, arguments, io);
  std::fclose(io.out);
  std::fclose(io.err);
  outcome.out.assign(out, out_size);
  outcome.err.assign(err, err_size);
  std::free(out);
  std::free(err);
  return outcome;
}

std::vector<Command> two_commands(Arguments* seen) {
  Command submit{
      .path = "submit",
      .help = "sends results",
      .example = "benchlake submit a.json",
      .options = {{.name = "--jobs", .value_name = "N", .help = "at once", .default_text = "8"},
                  {.name = "--tag", .value_name = "K=V", .help = "added", .repeated = true},
                  {.name = "--dry-run", .help = "send nothing"}},
      .arguments = {{.name = "FILE", .help = "what to read", .repeated = true}},
      .run = [seen](const Arguments& arguments, CommandIo&) {
        *seen = arguments;
        return ExitCode::ok;
      }};
  Command create{.path = "token create",
                 .help = "makes a token",
                 .example = "benchlake token create ci",
                 .options = {},
                 .arguments = {{.name = "NAME", .help = "its name"}},
                 .run = [seen](const Arguments& arguments, CommandIo&) {
                   *seen = arguments;
                   return ExitCode::regression;
                 }};
  return {submit, create};
}

TEST(CommandLine, options_arguments_and_defaults_reach_the_command) {
  Arguments seen;
  const auto commands = two_commands(&seen);
  const Outcome outcome =
      call(commands, {"submit", "--tag", "a=1", "x.json", "--tag", "b=2", "y.json", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(seen.list("FILE"), (std::vector<std::string>{"x.json", "y.json"}));
  EXPECT_EQ(seen.list("--tag"), (std::vector<std::string>{"a=1", "b=2"}));
  EXPECT_EQ(seen.text("--jobs"), "8");
  EXPECT_EQ(seen.integer("--jobs", 1, 64).value(), 8);
  EXPECT_TRUE(seen.flag("--json"));
  EXPECT_FALSE(seen.flag("--dry-run"));
}

TEST(CommandLine, an_optional_argument_may_be_given_once_or_not_at_all) {
  Arguments seen;
  const std::vector<Command> commands = {
      {.path = "series",
       .help = "lists",
       .example = "",
       .options = {{.name = "--limit", .value_name = "N", .help = "rows"}},
       .arguments = {{.name = "QUERY", .help = "words", .required = false}},
       .run = [&seen](const Arguments& arguments, CommandIo&) {
         seen = arguments;
         return ExitCode::ok;
       }}};
  ASSERT_EQ(call(commands, {"series", "--limit", "3"}).code, 0);
  EXPECT_EQ(seen.text("QUERY"), "");
  const Outcome once = call(commands, {"series", "sort", "--limit", "3"});
  ASSERT_EQ(once.code, 0) << once.err;
  EXPECT_EQ(seen.text("QUERY"), "sort");
  EXPECT_EQ(call(commands, {"series", "sort", "merge"}).code, 2);
}

TEST(CommandLine, a_value_may_look_like_an_option_or_like_a_list) {
  Arguments seen;
  std::vector<Command> commands = two_commands(&seen);
  commands[1].arguments[0].required = false;
  for (const std::string value :
       {"-x", "--jobs", "[a,b]", "[x]", "{}", "", "\x01", "--", "a=[b]"}) {
    ASSERT_EQ(call(commands, {"token", "create", "--", value}).code, 1) << value;
    EXPECT_EQ(seen.text("NAME"), value);
    const Outcome option = call(commands, {"submit", "a", "--tag", value, "--jobs", "2"});
    if (value != "--") {
      ASSERT_EQ(option.code, 0) << option.err;
      EXPECT_EQ(seen.list("--tag"), std::vector<std::string>{value});
      EXPECT_EQ(seen.text("--jobs"), "2");
    }
    if (value.empty()) continue;
    ASSERT_EQ(call(commands, {"submit", "a", "--tag=" + value}).code, 0);
    EXPECT_EQ(seen.list("--tag"), std::vector<std::string>{value});
  }
  EXPECT_EQ(call(commands, {"token", "create", "[a,b]"}).code, 1);
  EXPECT_EQ(seen.text("NAME"), "[a,b]");
  EXPECT_EQ(call(commands, {"submit", "a", "--", "-[b]", "c"}).code, 0);
  EXPECT_EQ(seen.list("FILE"), (std::vector<std::string>{"a", "-[b]", "c"}));
  EXPECT_EQ(call(commands, {"submit", "a", "--nope=[b]"}).err,
            "benchlake: The following argument was not expected: --nope=[b]\n"
            "Run `benchlake --help` to see how it is used.\n");
}

TEST(CommandLine, a_command_of_two_words_gives_its_own_exit_code) {
  Arguments seen;
  const auto commands = two_commands(&seen);
  EXPECT_EQ(call(commands, {"token", "create", "ci"}).code, 1);
  EXPECT_EQ(seen.text("NAME"), "ci");
}

TEST(CommandLine, a_mistake_prints_a_sentence_on_stderr_only_and_exits_with_2) {
  Arguments seen;
  const auto commands = two_commands(&seen);
  const std::vector<std::vector<std::string>> mistakes = {
      {},       {"nonsense"}, {"submit"}, {"submit", "a", "--jobs"}, {"submit", "a", "--what"},
      {"token"}};
  for (const auto& arguments : mistakes) {
    const Outcome outcome = call(commands, arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("--help"), std::string::npos) << outcome.err;
  }
}

TEST(CommandLine, a_number_out_of_range_is_named_with_its_option) {
  Arguments seen;
  const auto commands = two_commands(&seen);
  ASSERT_EQ(call(commands, {"submit", "a", "--jobs", "many"}).code, 0);
  EXPECT_EQ(seen.integer("--jobs", 1, 64).error().message,
            "--jobs must be an integer from 1 to 64: 'many'");
}

TEST(CommandLine, an_error_tells_each_of_its_faults_once) {
  const Fault first{"/a", "must be a number", "\"x\""};
  const Fault second{"/b", "is required", ""};
  const auto printed = [](const Error& error) {
    char* text = nullptr;
    std::size_t size = 0;
    CommandIo io;
    io.err = open_memstream(&text, &size);
    EXPECT_EQ(print_error(io, error), ExitCode::error);
    std::fclose(io.err);
    const std::string all(text, size);
    std::free(text);
    return all;
  };
  EXPECT_EQ(printed({Code::invalid, "the file: /a: must be a number: \"x\"", {first}}),
            "benchlake: the file: /a: must be a number: \"x\"\n");
  EXPECT_EQ(printed({Code::invalid, "the file: 2 faults, the first: ...", {first, second}}),
            "benchlake: the file: 2 faults, the first: ...\n"
            "  /a: must be a number: \"x\"\n"
            "  /b: is required\n");
}

TEST(CommandLine, help_shows_the_example_and_exits_with_0) {
  Arguments seen;
  const auto commands = two_commands(&seen);
  const Outcome outcome = call(commands, {"submit", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("benchlake submit a.json"), std::string::npos) << outcome.out;
  EXPECT_NE(call(commands, {"--version"}).out.find("1.2.3"), std::string::npos);
}

}  // namespace
}  // namespace bl
