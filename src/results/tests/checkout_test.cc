#include "results/commands/checkout.h"

#include <gtest/gtest.h>

#include "results/tests/git_repository.h"

namespace bl::results {
namespace {

using testing::GitRepository;

class CheckoutOfTopic : public ::testing::Test {
 protected:
  CheckoutOfTopic() {
    base_ = repository_.commit("base", "2024-01-01T12:00:00+00:00");
    repository_.git({"remote", "add", "origin", "https://github.com/org/repo"});
    repository_.git({"checkout", "-q", "-b", "topic"});
    tip_ = repository_.commit("tip", "2024-01-02T12:00:00+00:00");
  }
  /// `github.commit_info` of a submission of the tip that says `info` itself.
  std::string filled(const std::string& info) {
    std::string text = R"({"github":{"repository":"https://github.com/org/repo","commit":")";
    text.append(tip_).append(R"(","commit_info":)").append(info).append("}}");
    json::Value submission = json::parse(text).value();
    Checkout::open(repository_.folder, std::nullopt)->fill(submission);
    return json::to_text(*submission.find("github")->find("commit_info"));
  }
  std::string known(const std::string& time, const std::string& message) const {
    std::string text = R"({"timestamp":")";
    text.append(time).append(R"(","message":")").append(message);
    text.append(R"(","author_name":"Ada L","parent":")").append(base_);
    text.append(R"(","branch":"org:topic","fork_point_sha":")").append(base_).append("\"}");
    return text;
  }

  GitRepository repository_;
  std::string base_, tip_;
};

TEST_F(CheckoutOfTopic, says_what_the_submission_does_not) {
  EXPECT_EQ(filled("null"), known("2024-01-02T12:00:00Z", "tip"));
  EXPECT_EQ(filled("{}"), known("2024-01-02T12:00:00Z", "tip"));
}

// A time alone would make the server take the commit for one of the default branch.
TEST_F(CheckoutOfTopic, completes_what_a_tool_says_and_changes_none_of_it) {
  EXPECT_EQ(filled(R"({"timestamp":"2024-01-03T00:00:00Z"})"),
            known("2024-01-03T00:00:00Z", "tip"));
  EXPECT_EQ(filled(R"({"message":"its own","timestamp":null})"),
            known("2024-01-02T12:00:00Z", "its own"));
}

TEST_F(CheckoutOfTopic, leaves_what_is_no_object_for_the_server_to_refuse) {
  EXPECT_EQ(filled("[1]"), "[1]");
}

}  // namespace
}  // namespace bl::results
