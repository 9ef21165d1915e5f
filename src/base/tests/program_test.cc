#include "base/program.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace bl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Program, gives_its_output_its_messages_and_its_exit_code) {
  const auto end = run_program({.words = {"sh", "-c", "echo out; echo err >&2; exit 3"}});
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->out, "out\n");
  EXPECT_EQ(end->err, "err\n");
  EXPECT_EQ(end->exit_code, 3);
}

TEST(Program, one_that_died_of_a_signal_has_128_and_its_number) {
  EXPECT_EQ(run_program({.words = {"sh", "-c", "kill -9 $$"}})->exit_code, 137);
}

TEST(Program, one_that_is_not_there_is_named) {
  const auto end = run_program({.words = {"benchlake-no-such-program"}});
  EXPECT_EQ(end.error().code, Code::not_found);
  EXPECT_THAT(end.error().message, HasSubstr("benchlake-no-such-program"));
}

TEST(Program, nothing_stands_on_its_standard_input) {
  EXPECT_EQ(run_program({.words = {"cat"}})->out, "");
}

TEST(Program, variables_are_added_replaced_and_hidden) {
  ASSERT_EQ(setenv("BL_PROGRAM_TEST_SEEN", "theirs", 1), 0);
  ASSERT_EQ(setenv("BL_PROGRAM_TEST_SECRET", "secret", 1), 0);
  const auto end =
      run_program({.words = {"env"},
                   .variables = {{"BL_PROGRAM_TEST_SEEN", "ours"}},
                   .hides = [](std::string_view name) { return name.ends_with("_SECRET"); }});
  EXPECT_THAT(end->out, HasSubstr("BL_PROGRAM_TEST_SEEN=ours\n"));
  EXPECT_THAT(end->out, Not(HasSubstr("theirs")));
  EXPECT_THAT(end->out, Not(HasSubstr("secret")));
}

TEST(Program, the_end_of_a_long_output_is_kept) {
  const auto end = run_program({.words = {"seq", "1", "100000"}, .kept_bytes = 1000});
  EXPECT_LE(end->out.size(), 2000u + (16u << 10));
  EXPECT_THAT(end->out, HasSubstr("99999\n100000\n"));
}

TEST(Program, output_may_be_taken_piece_by_piece) {
  std::string taken;
  const auto end = run_program(
      {.words = {"echo", "hello"}, .on_output = [&](std::string_view piece) { taken += piece; }});
  EXPECT_EQ(taken, "hello\n");
  EXPECT_EQ(end->out, "");
}

TEST(Program, one_that_takes_too_long_is_ended_with_what_it_started) {
  const auto end = run_program({.words = {"sh", "-c", "sleep 600 & sleep 600"},
                                .time_max = std::chrono::milliseconds(50),
                                .own_group = true});
  EXPECT_EQ(end.error().code, Code::timeout);
}

TEST(Program, one_that_closes_its_streams_has_its_time_all_the_same) {
  const auto end = run_program({.words = {"sh", "-c", "exec >&- 2>&-; sleep 600"},
                                .time_max = std::chrono::milliseconds(50),
                                .own_group = true});
  EXPECT_EQ(end.error().code, Code::timeout);
}

TEST(Program, one_with_a_group_leaves_nothing_behind) {
  const auto end =
      run_program({.words = {"sh", "-c", "sleep 600 >&- 2>&- & echo $!"}, .own_group = true});
  ASSERT_TRUE(end.ok());
  EXPECT_EQ(end->exit_code, 0);
  // Killed on return; it may be a zombie until somebody reaps it.
  const auto state = run_program({.words = {"ps", "-o", "stat=", "-p", end->out}});
  EXPECT_TRUE(state->out.empty() || state->out.starts_with("Z")) << state->out;
}

TEST(Program, it_runs_in_the_folder_that_is_named) {
  EXPECT_EQ(run_program({.words = {"pwd"}, .folder = "/"})->out, "/\n");
  EXPECT_EQ(run_program({.words = {"pwd"}, .folder = "/no/such/folder"}).error().code,
            Code::not_found);
}

TEST(Program, one_that_does_not_listen_is_killed) {
  const auto end = run_program({.words = {"sh", "-c", "trap '' TERM; while :; do sleep 1; done"},
                                .time_max = std::chrono::milliseconds(200),
                                .own_group = true});
  EXPECT_EQ(end.error().code, Code::timeout);
}

TEST(Program, its_caller_may_cancel_it) {
  int looks = 0;
  const auto end = run_program({.words = {"sleep", "600"}, .go_on = [&] { return ++looks < 3; }});
  EXPECT_EQ(end.error().code, Code::cancelled);
}

}  // namespace
}  // namespace bl
