// A disk below the lake that does not come back: acknowledgements wait for it, what would grow
// memory is refused so that exporters send it again, and nothing that was acknowledged is lost.
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

#include "base/testing/forwarding_disk.h"
#include "net/client.h"
#include "net/server.h"
#include "traces/grpc_methods.h"
#include "traces/otlp.h"
#include "traces/routes.h"
#include "traces/tests/api_server.h"
#include "traces/tests/store_world.h"

namespace bl::traces {
namespace {

/// Syncs wait while it is held.
class SlowDisk final : public ForwardingDisk {
 public:
  using ForwardingDisk::ForwardingDisk;

  void hold() { set(true); }
  void let_go() { set(false); }
  /// Until somebody waits for a sync.
  void wait_for_a_sync() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }

  Result<std::unique_ptr<bl::File>> create(const std::string& path, FileMode mode) override {
    return slow(ForwardingDisk::create(path, mode));
  }
  Result<std::unique_ptr<bl::File>> open_append(const std::string& path) override {
    return slow(ForwardingDisk::open_append(path));
  }

 private:
  class SlowFile final : public bl::File {
   public:
    SlowFile(SlowDisk& disk, std::unique_ptr<bl::File> inner)
        : disk_(disk), inner_(std::move(inner)) {}
    Result<void> append(std::string_view bytes) override { return inner_->append(bytes); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
      return inner_->read_at(offset, out);
    }
    Result<void> sync() override {
      disk_.pass();
      return inner_->sync();
    }
    Result<void> truncate(std::uint64_t size) override { return inner_->truncate(size); }
    Result<std::uint64_t> size() override { return inner_->size(); }

   private:
    SlowDisk& disk_;
    std::unique_ptr<bl::File> inner_;
  };

  Result<std::unique_ptr<bl::File>> slow(Result<std::unique_ptr<bl::File>> file) {
    if (!file.ok()) return file;
    return std::unique_ptr<bl::File>(std::make_unique<SlowFile>(*this, *std::move(file)));
  }
  void set(bool is_held) {
    const std::lock_guard lock(mutex_);
    is_held_ = is_held;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !is_held_; });
    --waiting_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_held_ = false;  // guarded by mutex_
  int waiting_ = 0;       // guarded by mutex_
};

/// A server of OTLP over a lake on that disk.
class SlowDiskServer : public testing::Test {
 protected:
  SlowDiskServer() {
    world.close();
    inner = std::move(world.disk);
    auto disk = std::make_unique<SlowDisk>(*inner);
    slow = disk.get();
    world.disk = std::move(disk);
    world.open();
  }
  void serve(std::size_t requests_max) {
    IntakeLimits limits;
    limits.bytes_max = requests_max * body(1).size() + body(1).size() / 2;
    intake = std::make_unique<Intake>([this] { return enter(); }, clock, world.metrics, limits);
    add_otlp_routes(router, *intake);
    add_grpc_methods(methods, *intake, net::Access::write);
    net::ServerOptions options;
    options.port = 0;
    server =
        net::Server::listen(options, router, authenticator, world.random, world.log, world.metrics)
            .value();
    server->start();
  }
  ~SlowDiskServer() override {
    slow->let_go();
    if (server) server->stop();
    server.reset();
    world.close();
  }

  // Every request that was let in comes by here.
  Result<TraceStore*> enter() {
    const std::lock_guard lock(mutex);
    ++inside;
    changed.notify_all();
    return &world.store();
  }
  void wait_until_inside(int count) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside >= count; });
  }
  static std::string body(std::uint64_t number) {
    Spans spans = small_trace(number);
    for (Span& span : spans) {
      span.attributes.push_back({"text", AnyValue(std::string(50'000, 'a'))});
    }
    return encode_otlp_protobuf(spans);
  }
  int post(std::uint64_t number) const {
    net::Client client;
    net::Headers headers;
    headers.set("Authorization", "Bearer writer");
    headers.set("Content-Type", "application/x-protobuf");
    const auto response = client.send(
        net::Method::post, "http://127.0.0.1:" + std::to_string(server->port()) + "/v1/traces",
        headers, body(number));
    BL_CHECK(response.ok());
    if (response->status == 503) {
      EXPECT_EQ(response->headers.get("Retry-After"), "1");
    }
    return response->status;
  }
  double gauge(const std::string& name) const {
    const std::string text = world.metrics.text();
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
  }
  std::size_t spans_of(std::uint64_t number) {
    TraceQuery query;
    query.id = small_trace(number).front().trace_id;
    const auto found = world.store().trace(query);
    BL_CHECK(found.ok());
    return found->trace ? found->trace->spans.size() : 0;
  }

  ManualClock clock{*parse_rfc3339("2026-11-23T02:00:00Z")};
  std::unique_ptr<Disk> inner;
  LakeWorldOfSpans world;
  SlowDisk* slow = nullptr;
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;  // guarded by mutex
  std::unique_ptr<Intake> intake;
  net::Router router;
  net::GrpcMethods methods;
  RoleNames authenticator;
  std::unique_ptr<net::Server> server;
};

TEST_F(SlowDiskServer, acknowledgements_wait_and_more_than_fits_is_refused_until_the_disk_is_back) {
  constexpr int k_requests = 3;
  serve(k_requests);
  slow->hold();
  std::vector<std::future<int>> answers;
  for (std::uint64_t i = 1; i <= k_requests; ++i) {
    answers.push_back(std::async(std::launch::async, [this, i] { return post(i); }));
  }
  wait_until_inside(k_requests);
  slow->wait_for_a_sync();
  // What is over the limit is refused at once, by either wire, and never reaches the store.
  for (std::uint64_t i = 10; i < 20; ++i) EXPECT_EQ(post(i), 503);
  const auto& exporting =
      *methods.find("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  const auto refused =
      exporting.answer({.principal = {}, .peer = "", .client_is_there = {}}, body(20));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::overloaded);
  EXPECT_NE(exporting.details(refused.error()).find("google.rpc.RetryInfo"), std::string::npos);
  EXPECT_EQ(inside, k_requests);
  EXPECT_LE(gauge("bl_traces_intake_bytes"), static_cast<double>(intake->limits().bytes_max));
  // Nobody was told that spans are kept which are not.
  for (auto& answer : answers) {
    EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  slow->let_go();
  for (auto& answer : answers) EXPECT_EQ(answer.get(), 200);
  EXPECT_EQ(gauge("bl_traces_intake_bytes"), 0);
  // An exporter sends again what was refused.
  EXPECT_EQ(post(10), 200);
  for (const std::uint64_t number : {1u, 2u, 3u, 10u}) EXPECT_EQ(spans_of(number), 2u) << number;
  EXPECT_EQ(spans_of(11), 0u);
  world.close();
  world.open();
  for (const std::uint64_t number : {1u, 2u, 3u, 10u}) EXPECT_EQ(spans_of(number), 2u) << number;
  EXPECT_EQ(world.store().status()->spans, 8);
}

}  // namespace
}  // namespace bl::traces
