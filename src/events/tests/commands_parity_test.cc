// The suite of every log, asked through the command line: each question opens the log anew.
#include "base/testing/temporary_folder.h"
#include "events/testing/behind_commands.h"
#include "events/testing/parity.h"
#include "events/tests/run_commands.h"

namespace bl::events {
namespace {

class LogInAFile final : public LogUnderTest {
 public:
  explicit LogInAFile(const ParityOptions& options)
      : uri_("sqlite://" + folder_.at("events.db") + "?synchronous=normal" +
             (options.is_strict ? "&strict=1" : "")) {
    EXPECT_TRUE(append({}).ok());  // makes the log
  }
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return commands_.append(events);
  }
  std::string ask(const Question& question) override { return commands_.ask(question); }

 private:
  CommandEnd run(std::vector<std::string> words, const std::string& input) const {
    words.insert(words.begin() + 1, {"--log", uri_});
    return run_events(std::move(words), input, {}, {});
  }

  TemporaryFolder folder_;
  const std::string uri_;
  BehindCommands commands_{[this](const std::vector<std::string>& words, const std::string& input) {
    return run(words, input);
  }};
};

std::unique_ptr<LogUnderTest> log_in_a_file(const ParityOptions& options) {
  return std::make_unique<LogInAFile>(options);
}

BL_EVENT_LOG_PARITY(LogBehindCommands, log_in_a_file);

}  // namespace
}  // namespace bl::events
