#include <gtest/gtest.h>

#include "events/open_log.h"
#include "events/testing/behind_commands.h"
#include "events/testing/corpus.h"
#include "events/testing/memory_log.h"
#include "product/server_process.h"
#include "store/testing/postgres_server.h"

/// Every question that a log answers, asked of the built program: of its command alone, and of its
/// command at a running server. The rule is the log itself, opened in this process.
namespace bl::product {
namespace {

using events::BuildEvent;
using events::CommandEnd;
using events::EventLog;
using events::Question;

/// What a process needs to open a log itself.
struct World {
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
};

struct Backend {
  const char* name;
  std::string (*log)(const TemporaryFolder& folder);
};
const Backend k_backends[] = {
    {"Sqlite", [](const TemporaryFolder& folder) { return "sqlite://" + folder.at("log.db"); }},
    {"Postgres",
     [](const TemporaryFolder&) {
       auto& server = store::testing::PostgresServer::shared();
       return server.uri(server.create_database());
     }},
    {"Delta", [](const TemporaryFolder& folder) { return "delta://" + folder.at("log"); }},
};

class EventsOnTheCommandLine : public testing::TestWithParam<Backend> {
 protected:
  /// Commands that name the log, or the folder of the server that keeps it.
  static events::BehindCommands commands(std::vector<std::string> where) {
    return events::BehindCommands([where = std::move(where)](const std::vector<std::string>& words,
                                                             const std::string& input) {
      std::vector<std::string> all = {"events", words.front()};
      all.insert(all.end(), where.begin(), where.end());
      all.insert(all.end(), words.begin() + 1, words.end());
      const CommandOutcome outcome = run_benchlake(all, input);
      return CommandEnd{.code = outcome.exit_code, .out = outcome.out, .err = outcome.err};
    });
  }
  std::vector<std::string> answers_of_the_log() {
    World world;
    auto uri = events::parse_log_uri(log).value();
    uri.mode = events::LogUri::Mode::read;
    const auto opened = events::open_log(uri, {*world.disk, world.clock, world.random,
                                               world.metrics, world.log, folder.at("scratch")})
                            .value();
    events::MemoryLog twin;
    EXPECT_TRUE(twin.append(told).ok());
    std::vector<std::string> answers;
    for (const Question& question : questions) {
      answers.push_back(answer_of(*opened, question));
      EXPECT_EQ(answers.back(), answer_of(twin, question)) << text_of(question);
    }
    return answers;
  }
  void expect_answers(events::BehindCommands asked, const std::vector<std::string>& expected) {
    for (std::size_t i = 0; i < questions.size(); ++i) {
      EXPECT_EQ(asked.ask(questions[i]), expected[i]) << text_of(questions[i]);
      if (HasFailure()) return;  // one difference is enough to read
    }
  }

  TemporaryFolder folder;
  const std::string log = GetParam().log(folder);
  const std::vector<BuildEvent> told = events::small_world(21, 70);
  const std::vector<Question> questions = events::questions_about(told, 2);
};

TEST_P(EventsOnTheCommandLine, every_question_has_the_answer_of_the_log) {
  const std::size_t half = told.size() / 2;
  auto named = commands({"--log", log});
  ASSERT_EQ(named.append(std::span(told).first(half))->added, static_cast<std::int64_t>(half));
  ASSERT_EQ(named.append(told)->repeated, static_cast<std::int64_t>(half));
  const std::vector<std::string> expected = answers_of_the_log();
  expect_answers(named, expected);

  ServerProcess server(folder.at("data"), {"--set", "events.log=" + log});
  ASSERT_TRUE(server.ready());
  auto at_server = commands({"--data", folder.at("data")});
  EXPECT_EQ(at_server.append(told)->repeated, static_cast<std::int64_t>(told.size()));
  expect_answers(at_server, expected);
}

TEST_P(EventsOnTheCommandLine, an_append_that_is_refused_says_why_in_json) {
  auto named = commands({"--log", log});
  ASSERT_TRUE(named.append(std::span(told).first(1)).ok());
  BuildEvent other = told[0];
  other.timestamp += 1;
  EXPECT_EQ(named.append({&other, 1}).error().code, Code::conflict);
  other.timestamp = 0;
  const auto refused = named.append({&other, 1});
  EXPECT_EQ(refused.error().code, Code::invalid);
  ASSERT_EQ(refused.error().faults.size(), 1u);
  EXPECT_EQ(refused.error().faults[0].path, "/0/timestamp");
}

INSTANTIATE_TEST_SUITE_P(Backends, EventsOnTheCommandLine, testing::ValuesIn(k_backends),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace bl::product
