// OTLP over HTTP and gRPC: what exporters are answered (spec/traces.md 3.2, 3.4, 7.1).
#include <gmock/gmock.h>

#include <condition_variable>
#include <fstream>
#include <thread>

#include "base/compression.h"
#include "traces/grpc_methods.h"
#include "traces/otlp.h"
#include "traces/tests/api_server.h"

namespace bl::traces {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* k_json = "application/json";
constexpr const char* k_protobuf = "application/x-protobuf";

class OtlpRoutes : public testing::Test {
 protected:
  std::string counted(const std::string& line) const {
    const std::string text = api.metrics.text();
    const std::size_t at = text.find(line);
    if (at == std::string::npos) return "none";
    const std::size_t begin = at + line.size() + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  std::int64_t spans_kept() { return api.store.kept.status()->spans; }

  ApiServer api;
  const std::string request = encode_otlp_protobuf(small_trace());
};

// What is taken -----------------------------------------------------------------------------------

TEST_F(OtlpRoutes, a_request_is_answered_in_its_own_encoding) {
  const Answered protobuf = api.send(request);
  EXPECT_EQ(protobuf.status, 200) << protobuf.text;
  EXPECT_EQ(protobuf.headers.get("Content-Type"), k_protobuf);
  EXPECT_EQ(protobuf.text, "");
  const Answered json = api.send(encode_otlp_json(small_trace(2)), k_json);
  EXPECT_EQ(json.status, 200) << json.text;
  EXPECT_THAT(std::string(json.headers.get("Content-Type")), StartsWith(k_json));
  EXPECT_EQ(json.text, "{}");
  EXPECT_EQ(spans_kept(), 4);
  EXPECT_EQ(counted("bl_traces_intake_spans_total{outcome=\"kept\"}"), "4");
}

TEST_F(OtlpRoutes, parameters_behind_the_media_type_and_its_case_do_not_matter) {
  EXPECT_EQ(api.send(request, "Application/X-Protobuf ; charset=utf-8").status, 200);
  EXPECT_EQ(api.send(encode_otlp_json(small_trace(2)), "application/json;charset=utf-8").status,
            200);
}

TEST_F(OtlpRoutes, bodies_come_as_they_are_in_gzip_or_in_zstd) {
  EXPECT_EQ(api.send(compress(Encoding::gzip, request), k_protobuf, "writer", "gzip").status, 200);
  EXPECT_EQ(
      api.send(compress(Encoding::zstd, encode_otlp_json(small_trace(2))), k_json, "writer", "zstd")
          .status,
      200);
  EXPECT_EQ(api.send(encode_otlp_protobuf(small_trace(3)), k_protobuf, "writer", "identity").status,
            200);
  EXPECT_EQ(spans_kept(), 6);
}

TEST_F(OtlpRoutes, a_request_without_spans_is_fine) {
  EXPECT_EQ(api.send("").status, 200);
  EXPECT_EQ(api.send("", k_protobuf, "writer", "gzip").status, 200);
  EXPECT_EQ(api.send("{}", k_json).text, "{}");
  EXPECT_EQ(api.send(R"({"resourceSpans":[]})", k_json).status, 200);
  EXPECT_EQ(api.send("", k_json).status, 400);
  EXPECT_EQ(api.store.ingests, 0);
}

TEST_F(OtlpRoutes, a_span_that_cannot_be_kept_does_not_fail_the_others) {
  Spans spans = small_trace();
  spans[1].end_ns = spans[1].start_ns - 1;
  const Answered json = api.send(encode_otlp_json(spans), k_json);
  EXPECT_EQ(json.status, 200);
  const json::Value* partial = json.body.find("partialSuccess");
  ASSERT_NE(partial, nullptr) << json.text;
  EXPECT_EQ(json::to_text(*partial->find("rejectedSpans")), "\"1\"");
  EXPECT_THAT(partial->find("errorMessage")->as_string(),
              HasSubstr("1 of 2 spans are rejected; /resourceSpans/1/scopeSpans/0/spans/0"));
  EXPECT_EQ(spans_kept(), 1);
  EXPECT_EQ(counted("bl_traces_intake_spans_total{outcome=\"rejected\"}"), "1");
  const Answered protobuf = api.send(encode_otlp_protobuf(spans));
  EXPECT_EQ(protobuf.status, 200);
  EXPECT_THAT(protobuf.text, HasSubstr("1 of 2 spans are rejected"));
}

TEST_F(OtlpRoutes, what_is_passed_over_is_a_warning_and_rejects_nothing) {
  const std::string text = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":")" +
                           std::string(32, 'a') + R"(","spanId":"00000000000000aa","name":"a",)" +
                           R"("startTimeUnixNano":"1795399190000000000",)" +
                           R"("endTimeUnixNano":"1795399190000000001","attributes":[)" +
                           R"({"key":"k","value":{"stringValueStrindex":7}}]}]}]}]})";
  const Answered json = api.send(text, k_json);
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.text,
            R"({"partialSuccess":{"errorMessage":"1 *_strindex are passed over: traces have no )"
            R"(table of texts"}})");
  EXPECT_EQ(spans_kept(), 1);
}

TEST_F(OtlpRoutes, the_same_request_again_changes_nothing_and_is_counted) {
  EXPECT_EQ(api.send(request).status, 200);
  EXPECT_EQ(api.send(compress(Encoding::gzip, request), k_protobuf, "writer", "gzip").status, 200);
  EXPECT_EQ(spans_kept(), 2);
  EXPECT_EQ(counted("bl_traces_intake_spans_total{outcome=\"repeated\"}"), "2");
}

// What is refused ---------------------------------------------------------------------------------

TEST_F(OtlpRoutes, what_cannot_be_read_is_400_with_a_status_in_the_requests_encoding) {
  const Answered json = api.send("{\"resourceSpans\":[}", k_json);
  EXPECT_EQ(json.status, 400);
  EXPECT_EQ(json::to_text(*json.body.find("code")), "3");
  EXPECT_NE(json.body.find("message"), nullptr);
  EXPECT_EQ(json.headers.find("Retry-After"), nullptr);
  const Answered protobuf = api.send("\x0a\x7f no protobuf");
  EXPECT_EQ(protobuf.status, 400);
  EXPECT_EQ(protobuf.headers.get("Content-Type"), k_protobuf);
  EXPECT_THAT(protobuf.text, StartsWith("\x08\x03\x12"));  // code 3, then the message
  EXPECT_EQ(api.send("no gzip", k_protobuf, "writer", "gzip").status, 400);
}

TEST_F(OtlpRoutes, who_may_not_write_is_401_or_403) {
  const Answered nobody = api.send(request, k_json, "");
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(json::to_text(*nobody.body.find("code")), "16");
  EXPECT_NE(nobody.headers.find("WWW-Authenticate"), nullptr);
  EXPECT_EQ(api.send(request, k_protobuf, "unknown").status, 401);
  const Answered reader = api.send(request, k_json, "reader");
  EXPECT_EQ(reader.status, 403);
  EXPECT_EQ(json::to_text(*reader.body.find("code")), "7");
  EXPECT_EQ(api.send(request, k_protobuf, "repository").status, 403);
  EXPECT_EQ(spans_kept(), 0);
}

TEST(OtlpRoutesOpen, exporters_need_no_token_where_the_server_is_this_machines_alone) {
  ApiServer api({.is_open = true});
  EXPECT_EQ(api.send(encode_otlp_protobuf(small_trace()), k_protobuf, "").status, 200);
}

TEST_F(OtlpRoutes, other_methods_are_405) {
  const Answered answer = api.get("/v1/traces");
  EXPECT_EQ(answer.status, 405);
  EXPECT_THAT(std::string(answer.headers.get("Allow")), HasSubstr("POST"));
  EXPECT_EQ(json::to_text(*answer.body.find("code")), "12");
}

TEST_F(OtlpRoutes, other_types_and_codings_are_415) {
  EXPECT_EQ(api.send(request, "text/plain").status, 415);
  EXPECT_EQ(api.send(request, "").status, 415);
  EXPECT_EQ(api.send(request, k_protobuf, "writer", "br").status, 415);
}

TEST_F(OtlpRoutes, paths_of_other_signals_are_404_in_the_same_shape) {
  net::Headers headers;
  headers.set("Content-Type", k_json);
  const Answered answer = api.ask(net::Method::post, "/v1/metrics", "{}", headers);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(json::to_text(*answer.body.find("code")), "5");
}

/// Blocks of 128 KiB in four bytes each.
std::string zstd_bomb(std::size_t blocks) {
  std::string bomb("\x28\xB5\x2F\xFD\x00\x68", 6);
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::uint32_t header = (i + 1 == blocks ? 1u : 0u) | (1u << 1) | (131'072u << 3);
    bomb += static_cast<char>(header);
    bomb += static_cast<char>(header >> 8);
    bomb += static_cast<char>(header >> 16);
    bomb += '\0';
  }
  return bomb;
}

/// The most memory that this process ever had.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    std::int64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1'024;
  }
  return 0;
}

TEST(OtlpLimits, too_large_is_413_as_it_comes_and_decoded) {
  IntakeLimits limits;
  limits.spans.request_bytes_max = 64 << 10;
  ApiServer api({}, limits);
  const Answered raw = api.send(std::string(100'000, 'x'), k_json);
  EXPECT_EQ(raw.status, 413);
  EXPECT_EQ(json::to_text(*raw.body.find("code")), "8");
  const std::string inflated(100'000, '\0');
  for (const auto& [coding, name] :
       {std::pair(Encoding::gzip, "gzip"), std::pair(Encoding::zstd, "zstd")}) {
    const Answered coded = api.send(compress(coding, inflated), k_protobuf, "writer", name);
    EXPECT_EQ(coded.status, 413) << name;
    EXPECT_EQ(coded.headers.get("Content-Type"), k_protobuf);
  }
}

TEST(OtlpLimits, a_bomb_takes_no_more_than_the_limit) {
  IntakeLimits limits;
  limits.spans.request_bytes_max = 8 << 20;
  ApiServer api({}, limits);
  const std::string bomb = zstd_bomb(81'920);  // 320 KiB that give 10 GiB
  const std::int64_t before = peak_bytes();
  EXPECT_EQ(api.send(bomb, k_protobuf, "writer", "zstd").status, 413);
  EXPECT_LT(peak_bytes() - before, 100 << 20);
}

TEST_F(OtlpRoutes, what_may_be_over_in_a_moment_is_503_with_a_pause) {
  for (const Code code : {Code::overloaded, Code::unavailable, Code::disk_full, Code::io,
                          Code::timeout, Code::outcome_unknown, Code::cancelled}) {
    api.store.failure = Error{code, "not now"};
    const Answered answer = api.send(encode_otlp_json(small_trace()), k_json);
    EXPECT_EQ(answer.status, 503) << name_of(code);
    EXPECT_THAT(std::string(answer.headers.get("Retry-After")), testing::AnyOf("1", "5"));
    EXPECT_EQ(json::to_text(*answer.body.find("code")), "14") << name_of(code);
    EXPECT_THAT(answer.text, HasSubstr("google.rpc.RetryInfo"));
  }
  api.store.failure.reset();
  EXPECT_EQ(api.send(request).status, 200);
}

TEST_F(OtlpRoutes, what_stays_wrong_is_500_and_is_not_sent_again) {
  for (const Code code : {Code::internal, Code::corrupt}) {
    api.store.failure = Error{code, "broken"};
    const Answered answer = api.send(request);
    EXPECT_EQ(answer.status, 500) << name_of(code);
    EXPECT_EQ(answer.headers.find("Retry-After"), nullptr);
  }
}

TEST(OtlpBackPressure, more_bytes_than_may_be_under_way_are_refused_before_they_are_lost) {
  const std::string first = encode_otlp_protobuf(small_trace(1));
  IntakeLimits limits;
  limits.bytes_max = first.size() + 10;
  ApiServer api({}, limits);
  std::mutex mutex;
  std::condition_variable changed;
  bool is_inside = false, may_go = false;
  api.store.before_ingest = [&] {
    std::unique_lock lock(mutex);
    is_inside = true;
    changed.notify_all();
    changed.wait(lock, [&] { return may_go; });
  };
  std::thread sender([&] { EXPECT_EQ(api.send(first).status, 200); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return is_inside; });
  }
  const std::string second = encode_otlp_protobuf(small_trace(2));
  const Answered refused = api.send(second);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.get("Retry-After"), "1");
  {
    const std::lock_guard lock(mutex);
    may_go = true;
    changed.notify_all();
  }
  sender.join();
  EXPECT_EQ(api.send(second).status, 200);
  EXPECT_EQ(api.store.kept.status()->spans, 4);
}

// Pages of other origins --------------------------------------------------------------------------

TEST(OtlpCors, pages_of_named_origins_may_send_spans) {
  ApiServer api({.cors_origins = {"https://app.example.org"}});
  net::Headers headers;
  headers.set("Origin", "https://app.example.org");
  headers.set("Access-Control-Request-Method", "POST");
  const Answered preflight = api.ask(net::Method::options, "/v1/traces", "", headers, "");
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.headers.get("Access-Control-Allow-Origin"), "https://app.example.org");
  headers.set("Content-Type", k_json);
  const Answered sent = api.ask(net::Method::post, "/v1/traces", "{}", headers);
  EXPECT_EQ(sent.status, 200);
  EXPECT_EQ(sent.headers.get("Access-Control-Allow-Origin"), "https://app.example.org");
  headers.set("Origin", "https://elsewhere.example.org");
  const Answered other = api.ask(net::Method::options, "/v1/traces", "", headers, "");
  EXPECT_EQ(other.headers.find("Access-Control-Allow-Origin"), nullptr);
}

TEST_F(OtlpRoutes, without_the_setting_no_page_is_allowed) {
  net::Headers headers;
  headers.set("Origin", "https://app.example.org");
  const Answered preflight = api.ask(net::Method::options, "/v1/traces", "", headers, "");
  EXPECT_EQ(preflight.headers.find("Access-Control-Allow-Origin"), nullptr);
}

// gRPC --------------------------------------------------------------------------------------------

class OtlpGrpc : public testing::Test {
 protected:
  OtlpGrpc() { add_grpc_methods(methods, api.intake, net::Access::write); }
  const net::GrpcMethod& exporting() const {
    return *methods.find("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  }
  Result<std::string> call(const std::string& request) const {
    return exporting().answer({.principal = {}, .peer = "", .client_is_there = {}}, request);
  }
  ApiServer api;
  net::GrpcMethods methods;
};

TEST_F(OtlpGrpc, a_call_is_answered_as_over_http) {
  EXPECT_EQ(exporting().access, net::Access::write);
  EXPECT_EQ(call(encode_otlp_protobuf(small_trace())).value(), "");
  EXPECT_EQ(api.store.kept.status()->spans, 2);
  Spans spans = small_trace(2);
  spans[0].end_ns = 0;
  EXPECT_THAT(call(encode_otlp_protobuf(spans)).value(), HasSubstr("1 of 2 spans are rejected"));
}

TEST_F(OtlpGrpc, errors_tell_whether_to_call_again) {
  const auto broken = call("\x0a\x7f no protobuf");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(net::grpc_status(broken.error().code), 3);
  api.store.failure = Error{Code::disk_full, "the disk is full"};
  const auto full = call(encode_otlp_protobuf(small_trace()));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(net::grpc_status(full.error().code), 14);
  EXPECT_THAT(exporting().details(full.error()), HasSubstr("google.rpc.RetryInfo"));
  EXPECT_THAT(exporting().details(broken.error()), testing::Not(HasSubstr("google.rpc.RetryInfo")));
}

}  // namespace
}  // namespace bl::traces
