#include "net/grpc_server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "base/metrics.h"

namespace bl::net {
namespace {

using ::testing::HasSubstr;

class Tokens final : public Authenticator {
 public:
  Result<Principal> authenticate(const Request& request) override {
    const auto text = request.headers.get("Authorization");
    if (text.empty()) return Principal{};
    Principal principal;
    principal.name = "somebody";
    if (text == "Bearer writes") {
      principal.role = Role::writer;
    } else if (text == "Bearer reads") {
      principal.role = Role::reader;
    } else {
      return Error{Code::unauthenticated, "nobody has this token"};
    }
    return principal;
  }
};

struct World {
  /// Answers each number with the sum so far, and the end with "all"; a text that is none is an
  /// error.
  struct Summing final : GrpcExchange {
    explicit Summing(World& w) : world(w) { ++world.exchanges; }
    ~Summing() override { --world.exchanges; }
    Result<void> take(std::span<const std::string> requests, GrpcWriter& out) override {
      world.most_at_once = std::max<int>(world.most_at_once, static_cast<int>(requests.size()));
      while (world.holds) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      for (const std::string& request : requests) {
        if (request.empty() || request.find_first_not_of("0123456789") != std::string::npos) {
          return Error{Code::invalid, "no number: " + request};
        }
        sum += std::stoll(request);
        BL_RETURN_IF_ERROR(out.write(std::to_string(sum)));
      }
      return {};
    }
    Result<void> end(GrpcWriter& out) override { return out.write("all"); }
    World& world;
    long long sum = 0;
  };
  /// The other side of it.
  struct Talk {
    Talk(World& world, const std::string& method) : stub(world.channel) {
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      stream = stub.PrepareCall(&context, method, &queue);
      stream->StartCall(nullptr);
      wait();
    }
    ~Talk() { queue.Shutdown(); }
    bool wait() {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    }
    bool say(const std::string& text) {
      const grpc::Slice slice(text);
      stream->Write(grpc::ByteBuffer(&slice, 1), nullptr);
      return wait();
    }
    std::string hear() {
      grpc::ByteBuffer buffer;
      stream->Read(&buffer, nullptr);
      if (!wait()) return "";
      std::vector<grpc::Slice> slices;
      (void)buffer.Dump(&slices);
      std::string text;
      for (const auto& one : slices)
        text.append(reinterpret_cast<const char*>(one.begin()), one.size());
      return text;
    }
    void say_all() {
      stream->WritesDone(nullptr);
      wait();
    }
    grpc::Status finish() {
      grpc::Status status;
      stream->Finish(&status, nullptr);
      wait();
      return status;
    }
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    grpc::GenericStub stub;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  };
  explicit World(GrpcLimits limits = {}) {
    methods.add({.name = "/t.T/Echo",
                 .access = Access::read,
                 .answer = [](const GrpcCall& call, std::string_view request) {
                   return Result<std::string>(call.principal.name + ":" + std::string(request));
                 }});
    methods.add({.name = "/t.T/Write",
                 .access = Access::write,
                 .answer = [](const GrpcCall&, std::string_view) -> Result<std::string> {
                   Error error{Code::conflict, "it is there with other content: 7"};
                   error.faults.push_back({"/0/event_id", "is there", "\"7\""});
                   return error;
                 }});
    methods.add({.name = "/t.T/Detailed",
                 .access = Access::read,
                 .answer = [](const GrpcCall&, std::string_view) -> Result<std::string> {
                   return Error{Code::overloaded, "call again later"};
                 },
                 .details = [](const Error& error) { return "details of " + error.message; }});
    methods.add({.name = "/t.T/Told",
                 .access = Access::read,
                 .answer = [](const GrpcCall&, std::string_view) -> Result<std::string> {
                   return Error{Code::conflict, "it is there"};
                 },
                 .status =
                     [](const Error& error) {
                       return GrpcStatus{6, error.message + ", told otherwise", "with details"};
                     }});
    methods.add(
        {.name = "/t.T/Count",
         .access = Access::read,
         .stream = [](const GrpcCall&, std::string_view request, GrpcWriter& out) -> Result<void> {
           const int to = std::stoi(std::string(request));
           for (int i = 0; i < to; ++i) BL_RETURN_IF_ERROR(out.write(std::to_string(i)));
           return {};
         }});
    methods.add(
        {.name = "/t.T/Wait",
         .access = Access::read,
         .stream = [this](const GrpcCall& call, std::string_view, GrpcWriter& out) -> Result<void> {
           ++waiting;
           BL_RETURN_IF_ERROR(out.write("begun"));
           while (call.client_is_there()) {
             std::this_thread::sleep_for(std::chrono::milliseconds(2));
           }
           ++ended;
           return Error{Code::cancelled, "nobody listens"};
         }});
    methods.add({.name = "/t.T/Sum", .access = Access::read, .exchange = [this](const GrpcCall&) {
                   return std::make_unique<Summing>(*this);
                 }});
    GrpcOptions options;
    options.port = 0;
    options.limits = limits;
    auto listening = GrpcServer::listen(options, methods, tokens, log, metrics);
    BL_CHECK(listening.ok());
    server = *std::move(listening);
    channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(server->port()),
                                  grpc::InsecureChannelCredentials());
  }

  struct Answer {
    grpc::Status status;
    std::vector<std::string> messages;
    std::string code;  ///< benchlake-code
  };
  Answer call(const std::string& method, const std::string& request, const std::string& token = "",
              int messages_max = 1'000'000) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel);
    auto stream = stub.PrepareCall(&context, method, &queue);
    const auto wait = [&] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    Answer answer;
    stream->StartCall(nullptr);
    wait();
    const grpc::Slice slice(request);
    stream->WriteLast(grpc::ByteBuffer(&slice, 1), {}, nullptr);
    wait();
    for (int i = 0; i < messages_max; ++i) {
      grpc::ByteBuffer buffer;
      stream->Read(&buffer, nullptr);
      if (!wait()) break;
      std::vector<grpc::Slice> slices;
      (void)buffer.Dump(&slices);
      std::string text;
      for (const auto& one : slices)
        text.append(reinterpret_cast<const char*>(one.begin()), one.size());
      answer.messages.push_back(std::move(text));
    }
    if (static_cast<int>(answer.messages.size()) == messages_max) context.TryCancel();
    stream->Finish(&answer.status, nullptr);
    wait();
    const auto& trailing = context.GetServerTrailingMetadata();
    if (const auto found = trailing.find("benchlake-code"); found != trailing.end()) {
      answer.code.assign(found->second.data(), found->second.size());
    }
    return answer;
  }

  SystemClock clock;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  Tokens tokens;
  GrpcMethods methods;
  std::atomic<int> waiting = 0, ended = 0, exchanges = 0, most_at_once = 0;
  std::atomic<bool> holds = false;
  std::unique_ptr<GrpcServer> server;
  std::shared_ptr<grpc::Channel> channel;
};

TEST(GrpcServer, answers_a_call) {
  World world;
  const auto answer = world.call("/t.T/Echo", "hello", "reads");
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(answer.messages, ::testing::ElementsAre("somebody:hello"));
  const auto empty = world.call("/t.T/Echo", "");
  EXPECT_TRUE(empty.status.ok());
  EXPECT_THAT(empty.messages, ::testing::ElementsAre(":"));
}

TEST(GrpcServer, streams_in_order_and_to_the_end) {
  World world;
  const auto answer = world.call("/t.T/Count", "1000");
  EXPECT_TRUE(answer.status.ok());
  ASSERT_EQ(answer.messages.size(), 1000u);
  EXPECT_EQ(answer.messages[999], "999");
}

TEST(GrpcServer, asks_who_calls) {
  World world;
  EXPECT_EQ(world.call("/t.T/Write", "").status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(world.call("/t.T/Write", "", "reads").status.error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(world.call("/t.T/Echo", "", "stolen").status.error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

TEST(GrpcServer, an_error_has_its_status_its_code_and_its_faults) {
  World world;
  const auto answer = world.call("/t.T/Write", "", "writes");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(answer.code, "conflict");
  EXPECT_EQ(answer.status.error_message(),
            "it is there with other content: 7; /0/event_id: is there: \"7\"");
  const auto unknown = world.call("/t.T/Nothing", "");
  EXPECT_EQ(unknown.status.error_code(), grpc_status(Code::unsupported));
  EXPECT_EQ(unknown.code, "unsupported");
  EXPECT_THAT(unknown.status.error_message(), HasSubstr("/t.T/Nothing"));
}

TEST(GrpcServer, a_method_gives_details_of_its_errors) {
  World world;
  const auto answer = world.call("/t.T/Detailed", "");
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(answer.status.error_details(), "details of call again later");
  const auto told = world.call("/t.T/Told", "");
  EXPECT_EQ(told.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(told.status.error_message(), "it is there, told otherwise");
  EXPECT_EQ(told.status.error_details(), "with details");
}

/// What the server says to a message in gzip.
grpc::Status send_in_gzip(World& world, const std::string& message, const std::string& token,
                          std::string* answered = nullptr) {
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(world.channel);
  const grpc::Slice slice(message);
  auto call = stub.PrepareUnaryCall(&context, "/t.T/Echo", grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  std::vector<grpc::Slice> slices;
  if (answered != nullptr && status.ok() && answer.Dump(&slices).ok()) {
    for (const auto& one : slices) {
      answered->append(reinterpret_cast<const char*>(one.begin()), one.size());
    }
  }
  return status;
}

TEST(GrpcServer, a_message_in_gzip_is_inflated) {
  World world;
  std::string answered;
  const auto status = send_in_gzip(world, std::string(5'000, 'x'), "reads", &answered);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answered, "somebody:" + std::string(5'000, 'x'));
}

TEST(GrpcServer, a_message_that_inflates_beyond_the_limit_is_refused_once_we_know_who_calls) {
  World world({.message_bytes_max = 100'000});
  const std::string bomb(20'000'000, 'x');  // some 20 kB on the way
  EXPECT_EQ(send_in_gzip(world, bomb, "reads").error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(send_in_gzip(world, bomb, "stolen").error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(GrpcServer, a_message_over_the_limit_is_refused) {
  World world({.message_bytes_max = 1000});
  EXPECT_TRUE(world.call("/t.T/Echo", std::string(900, 'x')).status.ok());
  EXPECT_EQ(world.call("/t.T/Echo", std::string(2000, 'x')).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(GrpcServer, a_client_that_goes_ends_its_stream) {
  World world;
  const auto answer = world.call("/t.T/Wait", "", "", 1);
  EXPECT_EQ(answer.messages.size(), 1u);
  while (world.ended == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

TEST(GrpcServer, more_calls_than_may_wait_are_refused_at_once) {
  World world({.workers = 1, .queue_max = 1});
  std::vector<std::thread> callers;
  std::atomic<int> refused = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto answer = world.call("/t.T/Wait", "");
      if (answer.status.error_code() == grpc::StatusCode::UNAVAILABLE) ++refused;
    });
  }
  while (refused < 6) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  world.server->stop();
  for (auto& caller : callers) caller.join();
  EXPECT_GE(refused, 6);
}

TEST(GrpcServer, stopping_ends_what_runs) {
  World world;
  std::thread caller([&] { (void)world.call("/t.T/Wait", ""); });
  while (world.waiting == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  world.server->stop();
  caller.join();
  EXPECT_EQ(world.ended, 1);
}

TEST(GrpcServer, an_address_in_use_is_named) {
  World world;
  GrpcOptions options;
  options.port = world.server->port();
  const auto second =
      GrpcServer::listen(options, world.methods, world.tokens, world.log, world.metrics);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().message, HasSubstr(std::to_string(options.port)));
}

// Both ways -----------------------------------------------------------------------------------

TEST(GrpcExchange, messages_go_both_ways_in_order_until_the_client_has_said_all) {
  World world;
  World::Talk talk(world, "/t.T/Sum");
  for (int i = 1; i <= 100; ++i) {
    ASSERT_TRUE(talk.say("2"));
    EXPECT_EQ(talk.hear(), std::to_string(2 * i));
  }
  talk.say_all();
  EXPECT_EQ(talk.hear(), "all");
  EXPECT_TRUE(talk.finish().ok());
}

TEST(GrpcExchange, what_arrives_meanwhile_is_taken_together) {
  World world;
  world.holds = true;
  World::Talk talk(world, "/t.T/Sum");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(talk.say("1"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  world.holds = false;
  for (int i = 1; i <= 20; ++i) EXPECT_EQ(talk.hear(), std::to_string(i));
  EXPECT_GT(world.most_at_once, 1);
  talk.say_all();
  EXPECT_EQ(talk.hear(), "all");
  EXPECT_TRUE(talk.finish().ok());
}

TEST(GrpcExchange, an_error_ends_the_call_with_its_status) {
  World world;
  World::Talk talk(world, "/t.T/Sum");
  ASSERT_TRUE(talk.say("1"));
  EXPECT_EQ(talk.hear(), "1");
  ASSERT_TRUE(talk.say("x"));
  EXPECT_EQ(talk.hear(), "");
  const grpc::Status status = talk.finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "no number: x");
}

TEST(GrpcExchange, those_in_which_nothing_happens_need_no_thread) {
  World world({.workers = 2});
  std::vector<std::unique_ptr<World::Talk>> talks;
  for (int i = 0; i < 50; ++i) {
    talks.push_back(std::make_unique<World::Talk>(world, "/t.T/Sum"));
    ASSERT_TRUE(talks.back()->say("1"));
    EXPECT_EQ(talks.back()->hear(), "1");
  }
  EXPECT_EQ(world.exchanges, 50);
  EXPECT_EQ(world.call("/t.T/Echo", "hello").messages.at(0), ":hello");
  for (auto& talk : talks) {
    ASSERT_TRUE(talk->say("2"));
    EXPECT_EQ(talk->hear(), "3");
  }
}

TEST(GrpcExchange, one_whose_client_goes_is_ended_and_so_are_all_when_the_server_stops) {
  World world;
  {
    World::Talk talk(world, "/t.T/Sum");
    ASSERT_TRUE(talk.say("1"));
    EXPECT_EQ(talk.hear(), "1");
    talk.context.TryCancel();
    (void)talk.finish();
  }
  for (int i = 0; i < 5'000 && world.exchanges > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(world.exchanges, 0);
  World::Talk idle(world, "/t.T/Sum");
  ASSERT_TRUE(idle.say("1"));
  EXPECT_EQ(idle.hear(), "1");
  world.server->stop();
  EXPECT_EQ(idle.finish().error_code(), grpc::StatusCode::UNAVAILABLE)
      << "told by us, not cancelled when its time was over";
  EXPECT_EQ(world.exchanges, 0);
}

}  // namespace
}  // namespace bl::net
