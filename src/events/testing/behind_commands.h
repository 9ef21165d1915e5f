#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "events/testing/questions.h"

/// A log asked by `benchlake events ...`, as the suite of every log asks: words in, lines out.
namespace bl::events {

/// How a command ended.
struct CommandEnd {
  int code = -1;
  std::string out, err;
};
/// Runs `benchlake events` with these words, which name no log, on the log under test.
using RunCommand =
    std::function<CommandEnd(const std::vector<std::string>& words, const std::string& input)>;

/// One thread. A command that fails otherwise than by its one line of JSON fails the test.
class BehindCommands : public LogUnderTest {
 public:
  explicit BehindCommands(RunCommand run) : run_(std::move(run)) {}
  Result<Appended> append(std::span<const BuildEvent> events) override;
  std::string ask(const Question& question) override;

 private:
  using Words = std::vector<std::string>;
  Result<CommandEnd> run(const Words& words, const std::string& input = "") const;
  /// The one line that it prints.
  Result<json::Value> run_for_json(const Words& words) const;
  std::string events_of(Words words, const Slice& slice, const std::string& id) const;
  std::string range_of(const Question& question) const;
  std::string pages_of(const Question& question) const;
  std::string list_of(const char* list, const Question& question, std::string_view status) const;
  /// A member of what is told of one thing; `null` or `[]`, as given, where nothing is known of it.
  std::string one_of(const Words& words, const char* member, const char* otherwise) const;

  const RunCommand run_;
};

}  // namespace bl::events
