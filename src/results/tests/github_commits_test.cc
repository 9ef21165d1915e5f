#include "results/github_commits.h"

#include <gtest/gtest.h>

#include <atomic>

#include "results/tests/fake_github.h"

namespace bl::results {
namespace {

using namespace std::chrono_literals;
using testing::FakeGitHub;

constexpr const char* k_url = "https://github.com/org/repo";

class GitHub : public ::testing::Test {
 protected:
  GitHub() { options.api = github.url(); }

  /// Waits pass at once, and the clock goes on by as much.
  std::unique_ptr<GitHubCommits> source() {
    return std::make_unique<GitHubCommits>(options, clock, metrics, [this](auto time) {
      waits.push_back(time);
      clock.advance(time);
      return !stopping;
    });
  }
  Result<KnownCommit> find(int i) { return find(FakeGitHub::sha(i)); }
  Result<KnownCommit> find(const std::string& sha) { return source()->find({k_url, sha, {}, {}}); }
  /// Every answer has this status; its headers too.
  void refuse(int status, const std::map<std::string, std::string>& headers = {}) {
    github.set_instead([=](const net::Request&) {
      net::Response response = FakeGitHub::status(status);
      for (const auto& [name, text] : headers) response.headers.add(name, text);
      return response;
    });
  }

  FakeGitHub github;
  GitHubOptions options;
  ManualClock clock{Timestamp{1'722'513'600'000'000}};  // 2024-08-01T12:00:00Z
  Metrics metrics;
  std::vector<std::chrono::milliseconds> waits;
  bool stopping = false;
};

TEST_F(GitHub, a_commit_of_the_default_branch_takes_three_requests) {
  const auto known = find(5);
  ASSERT_TRUE(known.ok()) << known.error().message;
  const Commit& commit = known->commit;
  EXPECT_EQ(commit.sha, FakeGitHub::sha(5));
  EXPECT_EQ(commit.parent, FakeGitHub::sha(4));
  EXPECT_EQ(to_rfc3339(*commit.timestamp), "2024-01-01T05:00:00Z");
  EXPECT_EQ(commit.message, "message 5");
  EXPECT_EQ(commit.author_name, "Ada");
  EXPECT_EQ(commit.author_login, "ada");
  EXPECT_EQ(commit.author_avatar, "https://example.org/ada.png");
  EXPECT_EQ(commit.branch, "org:main");
  EXPECT_TRUE(commit.on_default_branch());
  const std::vector<std::string> wanted = {
      "/repos/org/repo/commits/" + FakeGitHub::sha(5), "/repos/org/repo",
      "/repos/org/repo/compare/org%3Amain..." + FakeGitHub::sha(5)};
  EXPECT_EQ(github.requests(), wanted);
}

TEST_F(GitHub, the_default_branch_is_asked_for_once_an_hour) {
  const auto kept = source();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(kept->find({k_url, FakeGitHub::sha(i), {}, {}}).ok());
  }
  EXPECT_EQ(github.requests().size(), 7u);
  clock.advance(1h);
  ASSERT_TRUE(kept->find({k_url, FakeGitHub::sha(9), {}, {}}).ok());
  EXPECT_EQ(github.requests().size(), 10u);
}

TEST_F(GitHub, a_pull_request_gives_branch_and_fork_point) {
  github.fork(9, 3);
  const auto known = source()->find({k_url, FakeGitHub::sha(9), {}, 77});
  ASSERT_TRUE(known.ok()) << known.error().message;
  EXPECT_EQ(known->commit.branch, "somebody:topic");
  EXPECT_EQ(known->commit.fork_point_sha, FakeGitHub::sha(3));
  ASSERT_TRUE(known->fork_point);
  EXPECT_EQ(known->fork_point->message, "message 3");
  EXPECT_TRUE(known->fork_point->on_default_branch());
  const auto named = source()->find({k_url, FakeGitHub::sha(9), "me:mine", 77});
  EXPECT_EQ(named->commit.branch, "me:mine") << "what the client says goes before";
  const auto gone = source()->find({k_url, FakeGitHub::sha(9), {}, 78});
  EXPECT_EQ(gone->commit.branch, "org:main") << "a pull request that is not there";
}

TEST_F(GitHub, a_fork_takes_the_default_branch_of_its_source) {
  github.set_instead([](const net::Request& request) {
    if (request.path != "/repos/org/repo") {
      return request.path.find("/compare/up:trunk...") != std::string::npos
                 ? net::Response::json(
                       200, R"({"merge_base_commit":)" + json::to_text(FakeGitHub::commit(2)) + "}")
                 : FakeGitHub::pass();
    }
    return net::Response::json(200, R"({"owner":{"login":"org"},"default_branch":"main",)"
                                    R"("fork":true,"source":{"owner":{"login":"up"},)"
                                    R"("default_branch":"trunk"}})");
  });
  const auto known = find(5);
  ASSERT_TRUE(known.ok()) << known.error().message;
  EXPECT_EQ(known->commit.branch, "up:trunk");
  EXPECT_EQ(known->commit.fork_point_sha, FakeGitHub::sha(2));
}

TEST_F(GitHub, server_errors_are_tried_again_with_growing_waits_within_the_budget) {
  refuse(500);
  const auto known = find(5);
  ASSERT_FALSE(known.ok());
  EXPECT_EQ(known.error().code, Code::unavailable);
  const std::vector<std::chrono::milliseconds> wanted = {667ms, 1334ms, 2668ms, 5336ms, 5500ms};
  EXPECT_EQ(waits, wanted);
  std::atomic<int> count = 0;
  github.set_instead([&](const net::Request&) {
    return count++ < 2 ? FakeGitHub::status(502) : FakeGitHub::pass();
  });
  EXPECT_TRUE(find(5).ok());
}

TEST_F(GitHub, that_does_not_answer_is_left_alone_for_a_while) {
  const auto kept = source();
  refuse(500);
  EXPECT_EQ(kept->find({k_url, FakeGitHub::sha(1), {}, {}}).error().code, Code::unavailable);
  github.set_instead({});
  const auto asked = github.requests().size();
  EXPECT_EQ(kept->find({k_url, FakeGitHub::sha(2), {}, {}}).error().code, Code::unavailable);
  EXPECT_EQ(github.requests().size(), asked) << "nothing is sent";
  clock.advance(30s);
  EXPECT_TRUE(kept->find({k_url, FakeGitHub::sha(2), {}, {}}).ok());
}

TEST_F(GitHub, what_github_does_not_know_is_not_asked_for_again) {
  EXPECT_EQ(find(std::string(40, 'f')).error().code, Code::not_found);
  EXPECT_TRUE(waits.empty());
  EXPECT_EQ(
      source()->find({"https://github.com/org/other", FakeGitHub::sha(1), {}, {}}).error().code,
      Code::not_found);
}

TEST_F(GitHub, only_hashes_are_sent) {
  for (const char* sha : {"main", "../../../user", "unknown commit", "abc?x=1", ""}) {
    EXPECT_EQ(find(std::string(sha)).error().code, Code::invalid) << sha;
  }
  EXPECT_TRUE(github.requests().empty());
}

TEST_F(GitHub, a_token_without_quota_rests_and_the_next_one_is_taken) {
  options.tokens = {"one", "two"};
  const auto pool = source();
  github.set_instead([](const net::Request& request) {
    if (request.headers.get("Authorization") != "Bearer one") return FakeGitHub::pass();
    net::Response response = FakeGitHub::status(403);
    response.headers.add("X-RateLimit-Remaining", "0");
    response.headers.add("X-RateLimit-Reset", "1722515400");  // in half an hour
    return response;
  });
  ASSERT_TRUE(pool->find({k_url, FakeGitHub::sha(5), {}, {}}).ok());
  EXPECT_EQ(github.last_token(), "Bearer two");
  EXPECT_EQ(github.requests().size(), 4u) << "the first token was tried once";
  refuse(429, {{"Retry-After", "600"}});
  EXPECT_EQ(pool->find({k_url, FakeGitHub::sha(6), {}, {}}).error().code, Code::too_many);
  EXPECT_TRUE(waits.empty()) << "nobody waits for a quota";
  const auto asked = github.requests().size();
  EXPECT_EQ(pool->find({k_url, FakeGitHub::sha(6), {}, {}}).error().code, Code::too_many);
  EXPECT_EQ(github.requests().size(), asked) << "nothing is sent while all rest";
  github.set_instead({});
  clock.advance(11min);
  EXPECT_TRUE(pool->find({k_url, FakeGitHub::sha(6), {}, {}}).ok());
  EXPECT_EQ(github.last_token(), "Bearer two") << "the other one still rests";
  EXPECT_NE(metrics.text().find(R"(bl_commits_github_limit_hits_total{limit="quota"} 2)"),
            std::string::npos);
}

TEST_F(GitHub, a_reset_in_the_far_future_is_not_believed_and_one_in_the_past_passes) {
  refuse(403, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "99999999999"}});
  const auto pool = source();
  EXPECT_EQ(pool->find({k_url, FakeGitHub::sha(5), {}, {}}).error().code, Code::too_many);
  github.set_instead({});
  clock.advance(61min);
  EXPECT_TRUE(pool->find({k_url, FakeGitHub::sha(5), {}, {}}).ok());
  refuse(403, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "-1"}});
  EXPECT_EQ(pool->find({k_url, FakeGitHub::sha(6), {}, {}}).error().code, Code::too_many);
}

TEST_F(GitHub, forbidden_for_another_reason_is_no_quota) {
  refuse(403, {{"X-RateLimit-Remaining", "50"}});
  EXPECT_EQ(find(5).error().code, Code::forbidden);
}

TEST_F(GitHub, a_hanging_answer_costs_no_more_than_the_budget) {
  options.limits.request_timeout = 50ms;
  options.limits.first_wait = 10s;
  github.set_instead([this](const net::Request&) {
    github.hang();
    return FakeGitHub::status(500);
  });
  const auto known = find(5);
  ASSERT_FALSE(known.ok());
  EXPECT_EQ(known.error().code, Code::unavailable);
  github.release();
}

TEST_F(GitHub, stopping_ends_a_wait) {
  refuse(500);
  stopping = true;
  EXPECT_EQ(find(5).error().code, Code::cancelled);
  EXPECT_EQ(waits.size(), 1u);
}

TEST_F(GitHub, lies_are_refused) {
  const std::string good = json::to_text(FakeGitHub::commit(6));
  for (const std::string& lie :
       {good, std::string("[]"), std::string("null"), std::string("{}"), std::string("<html>"),
        std::string(R"({"sha":5})"), std::string(R"({"sha":")") + FakeGitHub::sha(5) + R"("})",
        R"({"sha":")" + FakeGitHub::sha(5) + R"(","commit":{"author":{"date":"yesterday"}}})",
        std::string("")}) {
    github.set_instead([lie](const net::Request& request) {
      return request.path.find("/commits/") != std::string::npos ? net::Response::json(200, lie)
                                                                 : FakeGitHub::pass();
    });
    const auto known = find(5);
    ASSERT_FALSE(known.ok()) << lie;
    EXPECT_EQ(known.error().code, Code::malformed) << lie;
  }
}

TEST_F(GitHub, odd_texts_are_made_to_fit) {
  json::Value odd = FakeGitHub::commit(5);
  json::Value inner = *odd.find("commit");
  inner.set("message", json::Value::string(std::string(300, 'm') + "\nrest"));
  odd.set("commit", inner);
  odd.set("author", json::Value());
  odd.set("parents", json::Value::string("none"));
  github.set_instead([odd](const net::Request& request) {
    return request.path.find("/commits/") != std::string::npos
               ? net::Response::json(200, json::to_text(odd))
               : FakeGitHub::pass();
  });
  const auto known = find(5);
  ASSERT_TRUE(known.ok()) << known.error().message;
  EXPECT_EQ(known->commit.message, std::string(240, 'm'));
  EXPECT_FALSE(known->commit.author_login);
  EXPECT_FALSE(known->commit.parent);
}

TEST_F(GitHub, a_redirect_is_followed_within_the_api_only) {
  github.set_instead([this](const net::Request& request) {
    net::Response response = FakeGitHub::status(301);
    if (request.path.starts_with("/repos/old/name")) {
      std::string path = request.raw_target;
      response.headers.add("Location", github.url() + "/repos/org/repo" + path.substr(15));
      return response;
    }
    return FakeGitHub::pass();
  });
  const auto renamed = source()->find({"https://github.com/old/name", FakeGitHub::sha(5), {}, {}});
  ASSERT_TRUE(renamed.ok()) << renamed.error().message;
  refuse(302, {{"Location", "http://127.0.0.1:1/elsewhere"}});
  EXPECT_EQ(find(5).error().code, Code::unavailable);
  refuse(302, {{"Location", github.url() + "/round"}});
  EXPECT_FALSE(find(5).ok()) << "not for ever";
}

TEST_F(GitHub, without_a_merge_base_the_commit_is_known_all_the_same) {
  github.set_instead([](const net::Request& request) {
    return request.path.find("/compare/") != std::string::npos ? FakeGitHub::status(404)
                                                               : FakeGitHub::pass();
  });
  const auto known = find(5);
  ASSERT_TRUE(known.ok());
  EXPECT_FALSE(known->commit.fork_point_sha);
  EXPECT_FALSE(known->why_no_fork_point.empty());
}

TEST_F(GitHub, a_range_is_read_page_by_page) {
  CommitRange range;
  range.repository = k_url;
  range.newest_sha = FakeGitHub::sha(250);
  range.until = parse_rfc3339(FakeGitHub::time(250)).value();
  range.oldest_sha = FakeGitHub::sha(10);
  range.oldest_time = parse_rfc3339(FakeGitHub::time(10)).value();
  const auto kept = source();
  std::string from;
  std::vector<std::string> found;
  for (int page = 0; page < 5; ++page) {
    const auto read = kept->between(range, from, 100);
    ASSERT_TRUE(read.ok()) << read.error().message;
    for (const Commit& commit : read->commits) {
      EXPECT_TRUE(commit.on_default_branch());
      EXPECT_EQ(commit.branch, "org:main");
      found.push_back(commit.sha);
    }
    if (!read->next) break;
    from = *read->next;
  }
  EXPECT_EQ(found.size(), 241u) << "GitHub's list has both ends; who keeps it leaves them out";
  EXPECT_EQ(found.front(), FakeGitHub::sha(250));
  EXPECT_EQ(found.back(), FakeGitHub::sha(10));
  EXPECT_EQ(kept->between(range, "-1", 100).error().code, Code::invalid);
  EXPECT_EQ(kept->between(range, "x", 100).error().code, Code::invalid);
}

TEST_F(GitHub, covers_repositories_of_its_own_host) {
  const auto of = [&](const std::string& api) {
    options.api = api;
    return source();
  };
  const auto open = of("https://api.github.com");
  EXPECT_TRUE(open->covers("https://github.com/org/repo"));
  EXPECT_TRUE(open->covers("https://github.com/org/repo.git"));
  for (const char* other :
       {"https://gitlab.com/org/repo", "https://github.com/org", "https://github.com/org/",
        "https://github.com/org/repo/more", "https://github.com/org/..",
        "https://github.com.evil.org/org/repo", "https://github.com/org/repo?x", ""}) {
    EXPECT_FALSE(open->covers(other)) << other;
  }
  const auto enterprise = of("https://ghe.example.org/api/v3");
  EXPECT_TRUE(enterprise->covers("https://ghe.example.org/org/repo"));
  EXPECT_FALSE(enterprise->covers("https://github.com/org/repo"));
}

TEST(GitHubTokens, are_split_at_commas) {
  EXPECT_EQ(split_tokens(" a, b ,,c\n"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(split_tokens("").empty());
}

}  // namespace
}  // namespace bl::results
