// Answers that are lost, late, broken or refusals, between the S3 store and a real server.
#include <gtest/gtest.h>

#include "net/client.h"
#include "objects/tests/s3_fixture.h"

namespace bl::objects {
namespace {

using namespace std::chrono_literals;
using testing::code_of;
using testing::http_answer;
using testing::s3_error;
using testing::S3Behind;
using testing::S3Call;
using testing::S3Fate;
using Kind = S3Fate::Kind;

std::string text_of(const Result<std::string>& result) {
  return result.ok() ? *result : result.error().message;
}

const std::vector<std::pair<const char*, S3Fate>>& passing_faults() {
  static const std::vector<std::pair<const char*, S3Fate>> k_faults = {
      {"500", {Kind::answer, s3_error(500, "InternalError")}},
      {"502", {Kind::answer, http_answer(502, "", "<html>Bad gateway</html>")}},
      {"503", {Kind::answer, s3_error(503, "ServiceUnavailable")}},
      {"slow down", {Kind::answer, s3_error(503, "SlowDown")}},
      {"429", {Kind::answer, http_answer(429, "Retry-After: 1\r\n", "")}},
      {"request timeout", {Kind::answer, s3_error(400, "RequestTimeout")}},
      {"drop before", {Kind::drop_before, ""}},
      {"drop after", {Kind::drop_after, ""}},
      {"cut answer", {Kind::cut_answer, ""}}};
  return k_faults;
}

TEST(S3Faults, each_call_outlives_each_passing_fault) {
  S3Behind s3;
  int number = 0;
  auto faults = passing_faults();
  faults.emplace_back("drop halfway", S3Fate{Kind::drop_halfway, ""});
  for (const auto& [name, fault] : faults) {
    const std::string key = "key-" + std::to_string(++number);
    s3.fate_at(1, fault);
    const auto put = s3.store->put_if_absent(key, "bytes");
    EXPECT_TRUE(put.ok()) << name << ": " << put.error().message;
    s3.fate_at(1, fault);
    EXPECT_EQ(text_of(s3.store->get(key)), "bytes") << name;
    s3.fate_at(1, fault);
    EXPECT_EQ(code_of(s3.store->head(key)), "ok") << name;
    s3.fate_at(1, fault);
    EXPECT_EQ(code_of(s3.store->list({.prefix = key})), "ok") << name;
    s3.fate_at(1, fault);
    EXPECT_TRUE(s3.store->replace(key, "other").ok()) << name;
    s3.fate_at(1, fault);
    EXPECT_EQ(code_of(s3.store->put_if_absent(key, "third")), "conflict") << name;
    EXPECT_EQ(text_of(s3.direct->get(key)), "other") << name;
    s3.fate_at(1, fault);
    EXPECT_TRUE(s3.store->remove(key).ok()) << name;
    EXPECT_EQ(code_of(s3.direct->head(key)), "not_found") << name;
  }
  EXPECT_GE(s3.world.metric("bl_objects_s3_retries_total"), 40);
}

// The first attempt made the object, the second one is told that the key is taken.
TEST(S3Faults, a_put_whose_answer_was_lost_finds_that_it_was_its_own) {
  S3Behind s3;
  s3.fate_at(1, {Kind::drop_after, ""});
  ASSERT_TRUE(s3.store->put_if_absent("a", "ours").ok());
  EXPECT_EQ(s3.direct->get("a").value(), "ours");
  EXPECT_EQ(s3.looked_up("made"), 1);
}

TEST(S3Faults, a_put_whose_answer_was_lost_and_whose_key_was_anothers_is_a_conflict) {
  S3Behind s3;
  ASSERT_TRUE(s3.direct->put_if_absent("a", "the same bytes").ok());
  s3.fate_at(1, {Kind::drop_after, ""});
  EXPECT_EQ(code_of(s3.store->put_if_absent("a", "the same bytes")), "conflict");
  EXPECT_EQ(s3.looked_up("not made"), 1);
}

TEST(S3Faults, another_who_comes_between_two_attempts_wins) {
  S3Behind s3;
  s3.proxy.set_plan([&](const S3Call& call) {
    if (call.number != 1) return S3Fate{};
    EXPECT_TRUE(s3.direct->put_if_absent("a", "theirs").ok());
    return S3Fate{Kind::drop_before, ""};
  });
  EXPECT_EQ(code_of(s3.store->put_if_absent("a", "ours")), "conflict");
  EXPECT_EQ(s3.direct->get("a").value(), "theirs");
}

// libcurl sends again by itself what it sent into a connection that had died.
TEST(S3Faults, a_silent_second_sending_is_an_attempt_too) {
  S3Behind s3;
  ASSERT_TRUE(s3.store->put_if_absent("first", "x").ok());
  const auto refuse_after = [&](Kind first) {
    s3.proxy.set_plan([=](const S3Call& call) {
      if (call.number == 1) return S3Fate{first, ""};
      return call.number == 2 ? S3Fate{Kind::answer, s3_error(403, "AccessDenied")} : S3Fate{};
    });
  };
  refuse_after(Kind::drop_after);
  EXPECT_TRUE(s3.store->put_if_absent("a", "x").ok());
  EXPECT_EQ(s3.proxy.calls().size(), 3u);  // the PUT twice, a look
  EXPECT_EQ(s3.world.metric("bl_objects_s3_retries_total"), 0);
  refuse_after(Kind::drop_before);
  EXPECT_EQ(code_of(s3.store->put_if_absent("b", "x")), "outcome_unknown");
}

// Every attempt may have been the one; looking is not possible either.
TEST(S3Faults, a_put_that_never_hears_anything_says_that_it_does_not_know) {
  S3Behind s3;
  s3.fate_from(1, {Kind::drop_after, ""});
  const auto put = s3.store->put_if_absent("a", "ours");
  ASSERT_EQ(code_of(put), "outcome_unknown");
  EXPECT_TRUE(put.error().message.starts_with("an object may have been made or not (S3 does not"));
  EXPECT_TRUE(put.error().message.ends_with(": 'a'"));
  EXPECT_EQ(s3.looked_up("unknown"), 1);
  EXPECT_EQ(s3.direct->get("a").value(), "ours");  // here it was made
  s3.fate_from(1, {Kind::drop_before, ""});
  EXPECT_EQ(code_of(s3.store->put_if_absent("b", "ours")), "outcome_unknown");
  EXPECT_EQ(code_of(s3.direct->head("b")), "not_found");  // and here not
  s3.fate_from(1, {Kind::drop_after, ""});
  EXPECT_EQ(code_of(s3.store->replace("c", "ours")), "outcome_unknown");
}

TEST(S3Faults, a_put_that_fails_for_good_after_an_attempt_in_doubt_looks) {
  S3Behind s3;
  const auto fail_after = [&](Kind first) {
    s3.proxy.set_plan([=](const S3Call& call) {
      if (!call.is("PUT")) return S3Fate{};
      return call.number == 1 ? S3Fate{first, ""}
                              : S3Fate{Kind::answer, s3_error(403, "AccessDenied")};
    });
  };
  fail_after(Kind::drop_after);
  EXPECT_TRUE(s3.store->put_if_absent("a", "ours").ok());
  fail_after(Kind::drop_before);
  EXPECT_EQ(code_of(s3.store->put_if_absent("b", "ours")), "outcome_unknown");
  fail_after(Kind::drop_before);
  EXPECT_EQ(code_of(s3.store->put_if_absent("a", "ours")), "conflict");
}

TEST(S3Faults, where_no_connection_comes_about_nothing_was_written) {
  S3Behind s3;
  ASSERT_TRUE(s3.store->put_if_absent("a", "x").ok());
  s3.proxy.stop();
  const auto put = s3.store->put_if_absent("b", "x");
  ASSERT_EQ(code_of(put), "unavailable");
  EXPECT_TRUE(put.error().message.starts_with("S3 does not answer: ")) << put.error().message;
  EXPECT_EQ(code_of(s3.store->get("a")), "unavailable");
  EXPECT_EQ(code_of(s3.store->list({})), "unavailable");
}

TEST(S3Faults, a_service_that_goes_on_refusing_is_overloaded_and_nothing_was_written) {
  S3Behind s3;
  s3.fate_from(1, {Kind::answer, s3_error(503, "SlowDown", "Please reduce your request rate.")});
  const auto put = s3.store->put_if_absent("a", "x");
  ASSERT_EQ(code_of(put), "overloaded");
  EXPECT_EQ(put.error().message,
            "S3 answers 503 SlowDown: 'Please reduce your request rate.': 's3://" + s3.bucket +
                "/lake/a'");
  EXPECT_EQ(s3.proxy.calls().size(), 8u);
  EXPECT_EQ(s3.world.pauses.size(), 7u);
  EXPECT_EQ(s3.world.limit_hits("attempts_max"), 1);
  EXPECT_EQ(code_of(s3.direct->head("a")), "not_found");
}

TEST(S3Faults, a_key_that_is_taken_costs_one_request_where_nothing_was_lost) {
  S3Behind s3;
  ASSERT_TRUE(s3.direct->put_if_absent("a", "x").ok());
  s3.proxy.set_plan(nullptr);
  EXPECT_EQ(code_of(s3.store->put_if_absent("a", "y")), "conflict");
  EXPECT_EQ(s3.proxy.calls().size(), 1u);
}

TEST(S3Faults, a_race_that_s3_wants_to_have_again_is_run_again) {
  S3Behind s3;
  s3.fate_at(1, {Kind::answer, s3_error(409, "ConditionalRequestConflict")});
  EXPECT_TRUE(s3.store->put_if_absent("a", "x").ok());
  EXPECT_EQ(s3.proxy.calls().size(), 2u);
}

// S3 does no such thing.
TEST(S3Faults, a_server_that_makes_an_object_of_half_a_request_is_found_out) {
  S3Behind s3;
  s3.proxy.set_plan([&](const S3Call& call) {
    if (call.number > 1) return S3Fate{};
    const std::string name = "x-amz-meta-benchlake-put";
    net::Headers headers;
    headers.add(name, call.head.substr(call.head.find(name) + name.size() + 2, 32));
    net::Client client;
    const std::string server = "http://127.0.0.1:" + std::to_string(s3.server.port());
    EXPECT_EQ(client.send(net::Method::put, server + call.target, headers, "0123")->status, 200);
    return S3Fate{Kind::drop_before, ""};
  });
  const auto put = s3.store->put_if_absent("a", "0123456789");
  ASSERT_EQ(code_of(put), "corrupt");
  EXPECT_EQ(put.error().message, "the server made an object of 4 of our 10 bytes: 'a'");
}

TEST(S3Faults, a_server_that_says_nothing_is_left_after_the_time_of_an_attempt) {
  S3Behind s3;
  s3.options.s3.attempt_timeout = 300ms;
  s3.options.s3.attempts_max = 2;
  const auto store = s3.open(s3.proxy.port());
  s3.fate_at(1, {Kind::hang_after, ""});
  EXPECT_TRUE(store->put_if_absent("a", "ours").ok());
  EXPECT_EQ(s3.looked_up("made"), 1);
  s3.fate_at(1, {Kind::hang_before, ""});
  EXPECT_EQ(store->get("a").value(), "ours");
  s3.fate_from(1, {Kind::hang_before, ""});
  EXPECT_EQ(code_of(store->get("a")), "timeout");
  EXPECT_EQ(code_of(store->put_if_absent("b", "ours")), "outcome_unknown");
}

TEST(S3Faults, a_program_that_stops_waits_no_longer) {
  S3Behind s3;
  World world = s3.world.world();
  world.wait = [](std::chrono::milliseconds) { return false; };
  const auto store = open_store(testing::S3Server::uri(s3.bucket, "lake", s3.proxy.port()),
                                testing::S3Server::any_credentials(), world, s3.options)
                         .value();
  s3.fate_from(1, {Kind::answer, s3_error(503, "SlowDown")});
  EXPECT_EQ(code_of(store->get("a")), "cancelled");
  EXPECT_EQ(s3.proxy.calls().size(), 1u);
}

// Large objects: begin, three parts, complete.
class S3Parts : public ::testing::Test {
 protected:
  const std::string bytes_ = testing::some_bytes(5'000, 5);
  S3Behind s3_;

  bool is_whole(const std::string& key) {
    const auto got = s3_.direct->get(key);
    return got.ok() && *got == bytes_;
  }
  std::uint64_t open_uploads() { return s3_.direct->sweep_unfinished(k_timestamp_max).value(); }
};

TEST_F(S3Parts, whichever_request_meets_a_passing_fault_the_object_is_made) {
  for (const auto& [name, fault] : passing_faults()) {
    for (std::uint64_t request = 1; request <= 5; ++request) {
      const std::string key = std::string("key ") + name + std::to_string(request);
      s3_.fate_at(request, fault);
      const auto put = s3_.store->put_if_absent(key, bytes_);
      EXPECT_TRUE(put.ok()) << name << " at request " << request << ": " << put.error().message;
      EXPECT_TRUE(is_whole(key)) << name << " at request " << request;
      ASSERT_TRUE(s3_.direct->remove(key).ok());
    }
  }
  // Those whose first request's answer was lost or cut.
  EXPECT_EQ(open_uploads(), 2u);
}

TEST_F(S3Parts, from_whichever_request_on_nothing_passes_the_error_says_the_truth) {
  for (const auto& [name, fault] : passing_faults()) {
    for (std::uint64_t request = 1; request <= 6; ++request) {
      const std::string key = std::string("key ") + name + std::to_string(request);
      const auto store = s3_.open(s3_.proxy.port());  // with tokens for retries
      s3_.fate_from(request, fault);
      const auto put = store->put_if_absent(key, bytes_);
      s3_.proxy.set_plan(nullptr);
      if (put.ok()) {
        EXPECT_TRUE(is_whole(key)) << name << request;
      } else if (put.error().code == Code::outcome_unknown) {
        EXPECT_EQ(request, 5u) << name;  // of the completion only
      } else {
        EXPECT_EQ(code_of(s3_.direct->head(key)), "not_found") << name << request;
      }
      ASSERT_TRUE(s3_.direct->remove(key).ok());
    }
  }
  EXPECT_GT(s3_.world.metric("bl_objects_s3_uploads_left_total"), 0);
}

TEST_F(S3Parts, of_an_upload_that_fails_nothing_is_left) {
  s3_.proxy.set_plan([](const S3Call& call) {
    const bool is_part = call.target.find("partNumber=3") != std::string::npos;
    return is_part ? S3Fate{Kind::answer, s3_error(403, "AccessDenied")} : S3Fate{};
  });
  EXPECT_EQ(code_of(s3_.store->put_if_absent("a", bytes_)), "forbidden");
  EXPECT_EQ(s3_.proxy.calls().back().method, "DELETE");
  EXPECT_EQ(open_uploads(), 0u);
  EXPECT_EQ(code_of(s3_.direct->head("a")), "not_found");
}

TEST_F(S3Parts, an_upload_that_cannot_be_removed_is_counted_and_swept_when_old) {
  s3_.proxy.set_plan([](const S3Call& call) {
    return call.number < 3 ? S3Fate{} : S3Fate{Kind::answer, s3_error(403, "AccessDenied")};
  });
  EXPECT_EQ(code_of(s3_.store->put_if_absent("a", bytes_)), "forbidden");
  EXPECT_EQ(s3_.world.metric("bl_objects_s3_uploads_left_total"), 1);
  EXPECT_EQ(s3_.direct->sweep_unfinished(Timestamp{}).value(), 0u);  // it is younger
  EXPECT_EQ(open_uploads(), 1u);
  EXPECT_EQ(open_uploads(), 0u);
}

// S3 may begin to answer 200 while it still works, and say later that it failed.
TEST_F(S3Parts, a_completion_that_fails_after_its_200_is_tried_again) {
  s3_.fate_at(5, {Kind::answer, s3_error(200, "InternalError")});
  EXPECT_TRUE(s3_.store->put_if_absent("a", bytes_).ok());
  EXPECT_TRUE(is_whole("a"));
}

TEST_F(S3Parts, a_completion_whose_answer_was_lost_is_found_to_be_our_own) {
  s3_.fate_at(5, {Kind::drop_after, ""});
  EXPECT_TRUE(s3_.store->put_if_absent("a", bytes_).ok());
  EXPECT_TRUE(is_whole("a"));
  EXPECT_EQ(code_of(s3_.store->put_if_absent("a", bytes_)), "conflict");
  EXPECT_EQ(open_uploads(), 0u);
}

TEST_F(S3Parts, another_who_is_first_to_complete_wins) {
  s3_.proxy.set_plan([&](const S3Call& call) {
    if (call.number == 5) {
      EXPECT_TRUE(s3_.direct->put_if_absent("a", "theirs").ok());
    }
    return S3Fate{};
  });
  EXPECT_EQ(code_of(s3_.store->put_if_absent("a", bytes_)), "conflict");
  EXPECT_EQ(s3_.direct->get("a").value(), "theirs");
  EXPECT_EQ(open_uploads(), 0u);
}

TEST_F(S3Parts, an_upload_that_somebody_swept_is_no_missing_object) {
  s3_.proxy.set_plan([&](const S3Call& call) {
    if (call.number == 5) {
      EXPECT_EQ(open_uploads(), 1u);
    }
    return S3Fate{};
  });
  EXPECT_EQ(code_of(s3_.store->put_if_absent("a", bytes_)), "unavailable");
}

TEST_F(S3Parts, a_part_without_its_tag_is_not_taken_for_sent) {
  s3_.fate_at(3, {Kind::answer, http_answer(200, "", "")});
  EXPECT_EQ(code_of(s3_.store->put_if_absent("a", bytes_)), "malformed");
  EXPECT_EQ(open_uploads(), 0u);
}

}  // namespace
}  // namespace bl::objects
