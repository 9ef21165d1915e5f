#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "events/testing/questions.h"

/// One suite for every keeper of events: all methods of EventLog, compared with MemoryLog as
/// canonical JSON.
///
///     std::unique_ptr<LogUnderTest> empty_log(const ParityOptions& options) { ... }
///     BL_EVENT_LOG_PARITY(SqliteLog, empty_log);
///
/// Random histories have seeds, which a failure prints. BL_PARITY_SEED (a number) is the first one,
/// BL_PARITY_ROUNDS how many there are.
namespace bl::events {

struct ParityOptions {
  bool is_strict = false;
};
/// Gives a log without events, each time another. Two may be there at once.
using LogFactory = std::function<std::unique_ptr<LogUnderTest>(const ParityOptions&)>;

struct ParityCase {
  const char* name;
  void (*run)(const LogFactory& make);
};
/// Names are those of a test: `TiesStandInTheOrderOfArrival`.
const std::vector<ParityCase>& parity_cases();

/// Fails the test, with the place of the first difference, where answers differ.
void expect_same_answer(LogUnderTest& rule, LogUnderTest& log, const Question& question);

}  // namespace bl::events

#define BL_EVENT_LOG_PARITY(Suite, make)                                                  \
  class Suite : public ::testing::TestWithParam<::bl::events::ParityCase> {};             \
  TEST_P(Suite, Parity) {                                                                 \
    GetParam().run(make);                                                                 \
  }                                                                                       \
  INSTANTIATE_TEST_SUITE_P(Log, Suite, ::testing::ValuesIn(::bl::events::parity_cases()), \
                           [](const auto& one) { return std::string(one.param.name); })
