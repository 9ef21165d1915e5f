#include "results/commands/submitter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "net/server.h"

namespace bl::results {
namespace {

using net::Request;
using net::Response;

class AnybodyMay final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const Request&) override {
    return net::Principal{.role = net::Role::admin};
  }
};

/// A server that answers submissions as the test says, and keeps what it got.
class ScriptedServer {
 public:
  using Answer = std::function<Response(int number)>;  ///< of the number-th post, from 1

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    router_.add({.method = net::Method::post,
                 .pattern = "/api/results",
                 .access = net::Access::open,
                 .handler = [this](Request& request) { return post(request); }});
    router_.add({.method = net::Method::post,
                 .pattern = "/api/results:batch",
                 .access = net::Access::open,
                 .handler = [this](Request& request) { return post_batch(request); }});
    net::ServerOptions options;
    options.port = 0;
    auto server = net::Server::listen(options, router_, anybody_, random_, log_, metrics_);
    BL_CHECK(server.ok());
    server_ = std::move(server).value();
    server_->start();
  }
  ~ScriptedServer() { stop(); }
  void stop() { server_->stop(); }

  net::ServerAddress address() const {
    return {fmt::format("http://127.0.0.1:{}", server_->port()), "token"};
  }
  std::vector<std::string> bodies() const {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  std::string key(std::size_t body) const {
    return json::parse(bodies().at(body))->find("submission_key")->as_string();
  }

 private:
  Response post(Request& request) {
    const std::lock_guard lock(mutex_);
    bodies_.push_back(std::string(request.body));
    return answer_(static_cast<int>(bodies_.size()));
  }

  /// Each document as if it had come alone.
  Response post_batch(Request& request) {
    std::string body = R"({"results":[)";
    const json::Value documents = json::parse(request.body).value();
    for (const json::Value& document : documents.items()) {
      Request one;
      one.body = json::to_text(document);
      const Response response = post(one);
      if (!body.ends_with('[')) body += ',';
      if (response.status == 201) {
        body += response.body;
      } else {
        body += fmt::format(R"({{"status":{},"error":{}}})", response.status, response.body);
      }
    }
    return Response::json(200, body + "]}");
  }

  const Answer answer_;
  SystemClock clock_;
  SystemRandom random_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
  AnybodyMay anybody_;
  net::Router router_;
  mutable std::mutex mutex_;
  std::vector<std::string> bodies_;  // guarded by mutex_
  std::unique_ptr<net::Server> server_;
};

Response stored(int number) {
  return Response::json(
      201, fmt::format(R"({{"id":"id-{}","run_id":"r","history_fingerprint":"f"}})", number));
}
Response refused(Code code) {
  return net::problem(Error{code, "refused", {{"/run_id", "required, but missing", ""}}}, "");
}

constexpr SubmitterLimits k_hasty = {.batch_max = 1,
                                     .attempts_max = 3,
                                     .first_pause = std::chrono::milliseconds{1},
                                     .pause_max = std::chrono::milliseconds{2}};

/// Sends the documents over that many connections; the outcomes in the order of sending.
std::vector<SubmitOutcome> submit(const net::ServerAddress& address,
                                  const std::vector<std::string>& documents, int connections = 1) {
  std::map<std::uint64_t, SubmitOutcome> outcomes;  // reports come one at a time
  DocumentSender submitter(
      address, connections,
      [&](const SubmitOutcome& outcome) {
        EXPECT_TRUE(outcomes.emplace(outcome.index, outcome).second) << "reported twice";
      },
      k_hasty);
  for (const std::string& document : documents) {
    submitter.send("file.json", json::parse(document).value());
  }
  submitter.finish();
  std::vector<SubmitOutcome> in_order;
  for (auto& [index, outcome] : outcomes) in_order.push_back(std::move(outcome));
  return in_order;
}

TEST(Submitter, tries_again_what_may_pass_with_the_same_key) {
  ScriptedServer server(
      [](int number) { return number < 3 ? refused(Code::overloaded) : stored(number); });
  const auto outcomes = submit(server.address(), {R"({"run_id":"r"})"});
  ASSERT_EQ(outcomes.size(), 1u);
  ASSERT_FALSE(outcomes[0].error) << outcomes[0].error->message;
  EXPECT_EQ(outcomes[0].id, "id-3");
  EXPECT_EQ(outcomes[0].place, "file.json");
  ASSERT_EQ(server.bodies().size(), 3u);
  EXPECT_EQ(server.bodies()[0], server.bodies()[2]) << "a lost answer must not store it twice";
  EXPECT_TRUE(server.key(0).starts_with("sha256-"));
}

TEST(Submitter, asks_again_with_the_same_key_where_the_outcome_is_unknown) {
  ScriptedServer server(
      [](int number) { return number == 1 ? refused(Code::outcome_unknown) : stored(number); });
  const auto outcomes = submit(server.address(), {R"({"run_id":"r"})"});
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_FALSE(outcomes[0].error);
  ASSERT_EQ(server.bodies().size(), 2u);
  EXPECT_EQ(server.key(0), server.key(1));
}

TEST(Submitter, gives_one_key_whatever_is_known_of_the_commit_meanwhile) {
  ScriptedServer server(stored);
  submit(server.address(),
         {R"({"run_id":"r","github":{"commit":"abc"}})",
          R"({"run_id":"r","github":{"commit":"abc","commit_info":{"message":"m"}}})",
          R"({"run_id":"r","github":{"commit":"abd"}})"});
  EXPECT_EQ(server.key(0), server.key(1));
  EXPECT_NE(server.key(0), server.key(2));
}

TEST(Submitter, gives_one_document_up_after_its_last_attempt_and_goes_on) {
  ScriptedServer server(
      [](int number) { return number <= 3 ? refused(Code::overloaded) : stored(number); });
  const auto outcomes = submit(server.address(), {R"({"run_id":"a"})", R"({"run_id":"b"})"});
  ASSERT_EQ(outcomes.size(), 2u);
  ASSERT_TRUE(outcomes[0].error);
  EXPECT_EQ(outcomes[0].error->code, Code::overloaded);
  EXPECT_FALSE(outcomes[1].error);
  EXPECT_EQ(server.bodies().size(), 4u);
}

TEST(Submitter, never_repeats_what_is_wrong_and_hands_on_every_fault) {
  ScriptedServer server(
      [](int number) { return number == 1 ? refused(Code::invalid) : stored(number); });
  const auto outcomes = submit(server.address(), {"{}", R"({"run_id":"b"})"});
  ASSERT_EQ(outcomes.size(), 2u);
  ASSERT_TRUE(outcomes[0].error);
  EXPECT_EQ(outcomes[0].error->code, Code::invalid);
  ASSERT_EQ(outcomes[0].error->faults.size(), 1u);
  EXPECT_EQ(outcomes[0].error->faults[0].path, "/run_id");
  EXPECT_FALSE(outcomes[1].error);
  EXPECT_EQ(server.bodies().size(), 2u);
}

TEST(Submitter, a_refused_token_stops_the_rest) {
  ScriptedServer server([](int) { return refused(Code::unauthenticated); });
  const auto outcomes = submit(server.address(), {"{}", "{}", "{}"});
  ASSERT_EQ(outcomes.size(), 3u);
  for (const SubmitOutcome& outcome : outcomes) {
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, Code::unauthenticated);
  }
  EXPECT_TRUE(outcomes[2].error->message.starts_with("not sent")) << outcomes[2].error->message;
  EXPECT_EQ(server.bodies().size(), 1u);
}

TEST(Submitter, without_a_server_everything_is_reported_at_once) {
  ScriptedServer server(stored);
  const net::ServerAddress address = server.address();
  server.stop();
  const auto outcomes = submit(address, {"{}", "{}", "{}"});
  ASSERT_EQ(outcomes.size(), 3u);
  for (const SubmitOutcome& outcome : outcomes) {
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->code, Code::unavailable);
  }
  EXPECT_TRUE(outcomes[2].error->message.starts_with("not sent")) << outcomes[2].error->message;
}

TEST(Submitter, a_key_is_the_documents_own_else_made_of_its_content) {
  ScriptedServer server(stored);
  submit(server.address(), {R"({"submission_key":"mine"})", R"({"a":1})", R"({"a":1})",
                            R"({"a":2})", R"({"submission_key":null,"a":1})"});
  EXPECT_EQ(server.key(0), "mine");
  EXPECT_EQ(server.key(1), server.key(2));
  EXPECT_NE(server.key(1), server.key(3));
  EXPECT_TRUE(server.key(4).starts_with("sha256-")) << "null is no key to the server";
}

TEST(Submitter, many_connections_report_each_document_once) {
  ScriptedServer server(stored);
  std::vector<std::string> documents;
  for (int i = 0; i < 600; ++i) documents.push_back(fmt::format(R"({{"a":{}}})", i));
  const auto outcomes = submit(server.address(), documents, 8);
  ASSERT_EQ(outcomes.size(), documents.size());
  std::set<std::string> ids;
  for (const SubmitOutcome& outcome : outcomes) ids.insert(outcome.id);
  EXPECT_EQ(ids.size(), documents.size());
}

TEST(Submitter, documents_that_wait_together_go_together_and_each_has_its_outcome) {
  ScriptedServer server([](int number) {
    if (number == 3) return refused(Code::invalid);
    if (number == 5) return refused(Code::overloaded);  // and then alone
    return stored(number);
  });
  std::map<std::uint64_t, SubmitOutcome> outcomes;
  std::mutex gate;
  {
    SubmitterLimits limits = k_hasty;
    limits.batch_max = 100;
    DocumentSender submitter(
        server.address(), 1,
        [&](const SubmitOutcome& outcome) {
          const std::lock_guard hold(gate);
          outcomes.emplace(outcome.index, outcome);
        },
        limits);
    std::unique_lock hold(gate);  // what comes first is on its way, the rest waits for it
    for (int i = 0; i < 40; ++i) {
      submitter.send("file.json", json::parse(fmt::format(R"({{"a":{}}})", i)).value());
    }
    hold.unlock();
    submitter.finish();
  }
  ASSERT_EQ(outcomes.size(), 40u);
  int failed = 0;
  for (const auto& [index, outcome] : outcomes) {
    if (!outcome.error) continue;
    ++failed;
    EXPECT_EQ(outcome.error->code, Code::invalid);
    ASSERT_EQ(outcome.error->faults.size(), 1u);
    EXPECT_EQ(outcome.error->faults[0].path, "/run_id");
  }
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(server.bodies().size(), 41u);
}

}  // namespace
}  // namespace bl::results
