// The log of a bucket, on a real S3 server: journals are objects, commits are conditional puts.
#include <cstdlib>
#include <thread>

#include "events/delta_admin.h"
#include "events/testing/parity.h"
#include "events/tests/delta_log_world.h"
#include "objects/testing/s3_server.h"

namespace bl::events {
namespace {

using namespace testing;
using objects::testing::S3Server;
using ::testing::HasSubstr;

struct BucketWorld : DeltaWorld {
  BucketWorld() {
    for (const auto& [name, value] : S3Server::any_credentials()) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  /// Through open_delta_log, as a user's URI does.
  LogUri bucket(LogUri::Mode mode = LogUri::Mode::normal) const {
    LogUri uri = DeltaWorld::uri(mode);
    uri.path = "logs/build";
    uri.bucket = name;
    uri.endpoint = fmt::format("http://127.0.0.1:{}", S3Server::shared().port());
    uri.path_style = uri.allow_http = true;
    uri.shown = "delta+s3://" + name + "/logs/build";
    return uri;
  }
  std::unique_ptr<delta::DeltaEventLog> open_bucket(LogUri::Mode mode = LogUri::Mode::normal) {
    auto log = try_open(bucket(mode));
    EXPECT_EQ(said_of(log), "ok");
    BL_CHECK(log.ok());
    return *std::move(log);
  }
  const std::string name = S3Server::shared().create_bucket();
};

TEST(DeltaS3, NothingToReadIsNotFound) {
  BucketWorld world;
  EXPECT_THAT(said_of(open_delta_log(world.bucket(LogUri::Mode::read), world.world())),
              HasSubstr("not_found"));
}

TEST(DeltaS3, WritersAndReadersOfABucketSeeTheSame) {
  BucketWorld world;
  const auto one = world.open_bucket();
  const auto two = world.open_bucket();
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(said_of(one->append(events_of_writer(1, i * 5, 5))), "ok");
    ASSERT_EQ(said_of(one->publish()), "ok");
    ASSERT_EQ(said_of(two->append(events_of_writer(2, i * 5, 5))), "ok");
    ASSERT_EQ(said_of(two->publish()), "ok");
  }
  const auto before = all_of(*one);
  EXPECT_EQ(before.size(), 40u);
  EXPECT_TRUE(all_of(*two) == before);
  ASSERT_EQ(said_of(optimize(world.bucket(), world.world(), {})), "ok");
  EXPECT_TRUE(all_of(*two) == before);
  ASSERT_EQ(said_of(vacuum(world.bucket(), world.world(), {.force = true}, {})), "ok");
  EXPECT_TRUE(all_of(*world.open_bucket(LogUri::Mode::read)) == before);
  const auto checked = fsck(world.bucket(), world.world(), {});
  ASSERT_EQ(said_of(checked), "ok");
  EXPECT_EQ(checked->findings_all, 0);
  EXPECT_EQ(checked->events, 40);
}

TEST(DeltaS3, DirectCommitsOfThreadsAreAllThere) {
  BucketWorld world;
  const auto log = world.open_bucket(LogUri::Mode::direct);
  std::vector<std::thread> threads;
  for (int i = 1; i <= 4; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 5; ++n) {
        ASSERT_EQ(said_of(log->append(events_of_writer(i, n * 2, 2))), "ok");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(all_of(*world.open_bucket(LogUri::Mode::read)).size(), 40u);
}

/// A log of a bucket of its own.
class BucketUnderTest final : public LogUnderTest {
 public:
  explicit BucketUnderTest(const ParityOptions& options) {
    LogUri uri = world_.bucket();
    uri.is_strict = options.is_strict;
    // As a server opens it: not a request to the bucket with every question.
    log_ = *delta::DeltaEventLog::open(uri, world_.world(), *delta::place_of(uri, world_.world()));
  }
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return log_->append(events);
  }
  std::string ask(const Question& question) override { return answer_of(*log_, question); }
  EventLog* log() override { return log_.get(); }

 private:
  BucketWorld world_;
  std::unique_ptr<delta::DeltaEventLog> log_;
};

std::unique_ptr<LogUnderTest> log_in_a_bucket(const ParityOptions& options) {
  return std::make_unique<BucketUnderTest>(options);
}
BL_EVENT_LOG_PARITY(DeltaS3Parity, log_in_a_bucket);

}  // namespace
}  // namespace bl::events
