// The log as it grows: server-sent events over a real connection.
#include <gmock/gmock.h>

#include <thread>

#include "events/encode.h"
#include "events/testing/corpus.h"
#include "events/tests/api_server.h"

namespace bl::events {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Takes a stream's bytes, and lets a test wait for some of them.
class Taken final : public net::BodyWriter {
 public:
  Result<void> write(std::string_view bytes) override {
    const std::lock_guard lock(mutex_);
    if (is_gone_) return Error{Code::cancelled, "gone"};
    text_ += bytes;
    changed_.notify_all();
    return {};
  }
  void wait_for(const std::string& part) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return text_.find(part) != std::string::npos; });
  }
  void go() {
    const std::lock_guard lock(mutex_);
    is_gone_ = true;
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool is_gone_ = false;
};

class EventStream : public testing::Test {
 protected:
  static constexpr std::chrono::milliseconds k_never = std::chrono::hours(1);

  void SetUp() override {
    start({.poll_every = k_never, .pause_min = std::chrono::milliseconds(1)});
  }
  void start(const TailLimits& limits) {
    api.reset();
    api = std::make_unique<ApiServer>(std::make_unique<MemoryLog>(), limits);
  }
  /// The answer to the route, whose stream nobody has read yet.
  net::Response open(const std::string& path,
                     std::vector<std::pair<std::string, std::string>> query,
                     std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::Request request;
    request.path = path;
    request.query = std::move(query);
    for (auto& [name, value] : headers) request.headers.add(name, value);
    request.client_is_there = [this] { return client_is_there.load(); };
    return api->router.find(net::Method::get, path).route->handler(request);
  }
  /// Appends as a client does, so that who follows is woken.
  void post(const BuildEvent& event) {
    ASSERT_EQ(api->post("/api/v1/events", event_json(event)).status, 200);
  }
  static std::string message(Sequence sequence, const BuildEvent& event) {
    return "id: " + std::to_string(sequence) + "\nevent: " + std::string(name_of(event.type())) +
           "\ndata: " + event_json(event) + "\n\n";
  }

  const std::vector<BuildEvent> events = history(1, 10);
  std::atomic<bool> client_is_there = true;
  std::unique_ptr<ApiServer> api;
  Taken taken;
};

TEST_F(EventStream, shows_what_was_there_and_what_comes) {
  post(events[0]);
  post(events[1]);
  const net::Response response = open("/api/v1/events/stream", {{"since_idx", "1"}});
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
  std::jthread reader([&] { EXPECT_TRUE(response.stream(taken).ok()); });
  taken.wait_for(message(2, events[1]));
  post(events[2]);
  taken.wait_for(message(3, events[2]));
  api->tails.stop();
  reader.join();
  EXPECT_EQ(taken.text(), "retry: 1000\n\n" + message(2, events[1]) + message(3, events[2]));
}

TEST_F(EventStream, begins_with_what_comes_when_nobody_says_where) {
  post(events[0]);
  const net::Response response = open("/api/v1/events", {}, {{"Accept", "text/event-stream"}});
  std::jthread reader([&] { EXPECT_TRUE(response.stream(taken).ok()); });
  post(events[1]);
  taken.wait_for(message(2, events[1]));
  api->tails.stop();
  reader.join();
  EXPECT_THAT(taken.text(), Not(HasSubstr("id: 1\n")));
}

TEST_F(EventStream, goes_on_behind_the_last_event_that_a_client_had) {
  for (int i = 0; i < 4; ++i) post(events[static_cast<std::size_t>(i)]);
  const net::Response response =
      open("/api/v1/events/stream", {{"since_idx", "1"}}, {{"Last-Event-ID", "3"}});
  std::jthread reader([&] { EXPECT_TRUE(response.stream(taken).ok()); });
  taken.wait_for(message(4, events[3]));
  api->tails.stop();
  reader.join();
  EXPECT_EQ(taken.text(), "retry: 1000\n\n" + message(4, events[3]));
  EXPECT_EQ(open("/api/v1/events/stream", {}, {{"Last-Event-ID", "x"}}).status, 422);
}

TEST_F(EventStream, leaves_out_what_the_filter_does_not_want_and_says_how_far_it_is) {
  start({.poll_every = std::chrono::milliseconds(1),
         .pause_min = std::chrono::milliseconds(1),
         .heartbeat_every = std::chrono::milliseconds(1)});
  post(events[0]);
  const net::Response response = open(
      "/api/v1/events/stream", {{"since_idx", "0"}, {"partition", "there is no such partition"}});
  std::jthread reader([&] { EXPECT_TRUE(response.stream(taken).ok()); });
  taken.wait_for(": heartbeat\nid: 1\n\n");
  api->tails.stop();
  reader.join();
  EXPECT_THAT(taken.text(), Not(HasSubstr("data:")));
}

TEST_F(EventStream, sees_what_others_append) {
  start({.poll_every = std::chrono::milliseconds(1), .pause_min = std::chrono::milliseconds(1)});
  const net::Response response = open("/api/v1/events/stream", {});
  std::jthread reader([&] { EXPECT_TRUE(response.stream(taken).ok()); });
  ASSERT_TRUE(api->log->append({&events[0], 1}).ok());
  taken.wait_for(message(1, events[0]));
  api->tails.stop();
}

TEST_F(EventStream, ends_when_its_client_is_gone) {
  const net::Response quiet = open("/api/v1/events/stream", {});
  client_is_there = false;
  EXPECT_TRUE(quiet.stream(taken).ok());
  client_is_there = true;
  post(events[0]);
  const net::Response busy = open("/api/v1/events/stream", {{"since_idx", "0"}});
  taken.go();
  EXPECT_FALSE(busy.stream(taken).ok());
}

TEST_F(EventStream, has_so_many_places_and_gives_them_back) {
  start({.tails_max = 1});
  {
    const net::Response first = open("/api/v1/events/stream", {});
    EXPECT_EQ(first.status, 200);
    const net::Response second = open("/api/v1/events/stream", {});
    EXPECT_EQ(second.status, 503);
    EXPECT_FALSE(second.headers.get("Retry-After").empty());
    EXPECT_THAT(api->metrics.text(), HasSubstr("bl_events_tails_refused_total 1"));
  }
  EXPECT_EQ(open("/api/v1/events/stream", {}).status, 200);
  api->tails.stop();
  EXPECT_EQ(open("/api/v1/events/stream", {}).status, 503);
}

TEST_F(EventStream, ends_with_the_server_over_a_real_connection) {
  post(events[0]);
  net::ClientResponse response;
  std::jthread reader([&] {
    net::Client client;
    auto answered =
        client.send(net::Method::get, api->url() + "/api/v1/events/stream?since_idx=0", {}, "");
    ASSERT_TRUE(answered.ok()) << answered.error().message;
    response = *answered;
  });
  // The reader holds its place until the server stops.
  while (api->metrics.text().find("bl_events_tails 1") == std::string::npos) {
    std::this_thread::yield();
  }
  api->tails.stop();
  reader.join();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.get("Content-Encoding"), "");
  EXPECT_THAT(response.body, StartsWith("retry: 1000\n\n"));
}

}  // namespace
}  // namespace bl::events
