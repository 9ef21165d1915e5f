// What a receiver answers: export responses and google.rpc.Status, in both wires.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/json.h"
#include "traces/otlp.h"

namespace bl::traces {
namespace {

std::string hex(std::string_view bytes) {
  return to_hex(std::as_bytes(std::span(bytes)));
}

TEST(ExportResponse, SaysNothingWhenThereIsNothingToSay) {
  EXPECT_EQ(encode_response_protobuf({}), "");
  EXPECT_EQ(encode_response_json({}), "{}");
}

TEST(ExportResponse, CountsAndExplainsWhatWasRejected) {
  EXPECT_EQ(hex(encode_response_protobuf({3, "why"})), "0a0708031203776879");
  EXPECT_EQ(encode_response_json({3, "why"}),
            R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"why"}})");
  EXPECT_EQ(encode_response_json({0, "a warning"}),
            R"({"partialSuccess":{"errorMessage":"a warning"}})");
}

TEST(ExportResponse, ItsMessageIsShortAndAText) {
  EXPECT_LT(encode_response_protobuf({1, std::string(1 << 20, 'x')}).size(), 5'000u);
  EXPECT_LT(encode_response_json({1, std::string(1 << 20, 'x')}).size(), 5'000u);
  EXPECT_TRUE(json::parse(encode_response_json({1, "\xff\xc3"})).ok());
}

TEST(RpcStatus, MessageIsFieldTwoAndCodeIsFieldOne) {
  EXPECT_EQ(hex(encode_status_protobuf(Error{Code::malformed, "bad"}, 3, std::nullopt)),
            "08031203626164");
  EXPECT_EQ(encode_status_json(Error{Code::malformed, "bad"}, 3, std::nullopt),
            R"({"code":3,"message":"bad"})");
}

TEST(RpcStatus, FaultsAreABadRequestAndAPauseIsARetryInfo) {
  const Error error{Code::malformed, "bad", {{"/a", "is no text", "5"}, {"/b", "is missing", ""}}};
  EXPECT_EQ(encode_status_json(error, 3, 7),
            R"({"code":3,"message":"bad","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[)"
            R"({"field":"/a","description":"is no text: 5"},)"
            R"({"field":"/b","description":"is missing"}]},)"
            R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"7s"}]})");
  // Made by protobuf's own library from the same values.
  EXPECT_EQ(hex(encode_status_protobuf(error, 3, 7)),
            "080312036261641a540a29747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e42"
            "61645265717565737412270a130a022f61120d6973206e6f20746578743a20350a100a022f62120a697320"
            "6d697373696e671a300a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e52"
            "65747279496e666f12040a020807");
}

}  // namespace
}  // namespace bl::traces
