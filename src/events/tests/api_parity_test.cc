// The suite of every log, asked through HTTP: a server over a log, and the client that is a log.
#include "events/http_log.h"
#include "events/testing/parity.h"
#include "events/tests/api_server.h"

namespace bl::events {
namespace {

class BehindHttp final : public LogUnderTest {
 public:
  explicit BehindHttp(bool is_strict)
      : server_(std::make_unique<MemoryLog>(MemoryLogOptions{.is_strict = is_strict})),
        log_(make_http_log(server_.address())) {}
  Result<Appended> append(std::span<const BuildEvent> events) override {
    return log_->append(events);
  }
  std::string ask(const Question& question) override { return answer_of(*log_, question); }

 private:
  ApiServer server_;
  std::unique_ptr<EventLog> log_;
};

std::unique_ptr<LogUnderTest> behind_http(const ParityOptions& options) {
  return std::make_unique<BehindHttp>(options.is_strict);
}

BL_EVENT_LOG_PARITY(LogBehindHttp, behind_http);

TEST(HttpLog, tells_the_state_of_the_log_and_refuses_its_table) {
  const ApiServer server;
  const auto log = make_http_log(server.address());
  const auto status = log->status();
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(status->events, 0);
  EXPECT_EQ(log->table().error().code, Code::unsupported);
}

TEST(HttpLog, gives_the_errors_of_the_server_and_of_the_wire) {
  auto server = std::make_unique<ApiServer>();
  const auto reader = make_http_log(server->address("reader"));
  const BuildEvent event{"00000000-0000-4000-8000-000000000010", 1,
                         "00000000-0000-4000-8000-000000000011", BuildCancelEvent{"x"}};
  EXPECT_EQ(reader->append({&event, 1}).error().code, Code::forbidden);
  server.reset();
  EXPECT_EQ(reader->activity().error().code, Code::unavailable);
  // Nobody knows whether it came.
  EXPECT_EQ(reader->append({&event, 1}).error().code, Code::outcome_unknown);
}

}  // namespace
}  // namespace bl::events
