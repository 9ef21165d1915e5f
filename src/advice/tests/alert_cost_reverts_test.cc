#include <gtest/gtest.h>

#include "advice/alert_cost/parts.h"

namespace bl::advice {
namespace {

std::vector<CostCommit> commits(std::initializer_list<const char*> messages) {
  std::vector<CostCommit> all;
  for (const char* message : messages) {
    const auto i = static_cast<std::int64_t>(all.size());
    all.push_back({std::string(7, static_cast<char>('a' + i)) + "0123456789", message,
                   Timestamp::from_seconds(i)});
  }
  return all;
}

/// `3>1` when commit 3 reverts commit 1; with `!` when that was taken back.
std::string found(const std::vector<CostCommit>& all) {
  std::string text;
  for (const Revert& revert : reverts_of(all)) {
    if (!text.empty()) text += ' ';
    text += std::to_string(revert.commit - all.data()) + '>' +
            std::to_string(revert.guilty - all.data()) + (revert.is_taken_back ? "!" : "");
  }
  return text;
}

TEST(Reverts, are_found_by_the_subject) {
  EXPECT_EQ(found(commits({"Fast", "Other", "Revert \"Fast\""})), "2>0");
  EXPECT_EQ(found(commits({"Say \"hello\"", "Revert \"Say \"hello\"\"\n\nIt was slow."})), "1>0");
}

TEST(Reverts, are_found_past_the_numbers_of_pull_requests) {
  EXPECT_EQ(found(commits({"Fast (#12)", "Revert \"Fast (#12)\" (#14)"})), "1>0");
  EXPECT_EQ(found(commits({"Fast (#12)", "Revert \"Fast\""})), "1>0");
}

TEST(Reverts, are_of_the_newest_earlier_commit_of_that_subject) {
  EXPECT_EQ(found(commits({"Fast", "Fast", "Revert \"Fast\"", "Fast"})), "2>1");
}

TEST(Reverts, are_found_by_the_hash) {
  EXPECT_EQ(found(commits({"Fast", "Back\n\nThis reverts commit aaaaaaa0123456789."})), "1>0");
  EXPECT_EQ(found(commits({"Fast", "Back\n\nThis reverts commit aaaaaaa."})), "1>0");
  EXPECT_EQ(found(commits({"Fast", "Back\n\nThis reverts commit aaaa."})), "") << "too short";
}

TEST(Reverts, that_were_reverted_are_known) {
  EXPECT_EQ(found(commits({"Fast", "Revert \"Fast\"", "Revert \"Revert \"Fast\"\""})), "1>0! 2>1");
}

TEST(Reverts, of_what_is_not_known_are_left_out) {
  EXPECT_EQ(found(commits({"Fast", "Revert \"Slow\"", "Revert \"Fast", "Reverting \"Fast\""})), "");
  EXPECT_EQ(found(commits({"Revert \"Later\"", "Later"})), "") << "only what came before";
}

}  // namespace
}  // namespace bl::advice
