#include <fmt/format.h>

#include "base/json.h"
#include "base/protobuf.h"
#include "base/utf8.h"
#include "traces/otlp.h"

/// What a receiver answers (spec/traces.md 3.2): ExportTraceServiceResponse, google.rpc.Status.
namespace bl::traces {
namespace {

using protobuf::put_int;
using protobuf::put_message;
using protobuf::put_text;

constexpr std::size_t k_message_bytes_max = 4'096;
constexpr std::string_view k_bad_request = "type.googleapis.com/google.rpc.BadRequest";
constexpr std::string_view k_retry_info = "type.googleapis.com/google.rpc.RetryInfo";

/// A text that any client can read, of a size that no client refuses.
std::string shortened(std::string_view message) {
  return std::string(prefix_of_bytes(valid_utf8(message), k_message_bytes_max));
}

std::string sentence_of(const Fault& fault) {
  return shortened(fault.value.empty() ? fault.message
                                       : fmt::format("{}: {}", fault.message, fault.value));
}

bool has_nothing_to_say(const PartialSuccess& answer) {
  return answer.rejected_spans == 0 && answer.message.empty();
}

template <class Body>
void put_detail(std::string& out, std::string_view type, const Body& body) {
  put_message(out, 3, [&] {
    put_text(out, 1, type);
    put_message(out, 2, body);
  });
}

}  // namespace

std::string encode_response_protobuf(const PartialSuccess& answer) {
  std::string out;
  if (has_nothing_to_say(answer)) return out;
  put_message(out, 1, [&] {
    put_int(out, 1, answer.rejected_spans);
    put_text(out, 2, shortened(answer.message));
  });
  return out;
}

std::string encode_response_json(const PartialSuccess& answer) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (!has_nothing_to_say(answer)) {
    writer.key("partialSuccess").begin_object();
    if (answer.rejected_spans != 0)
      writer.member("rejectedSpans", std::to_string(answer.rejected_spans));
    if (!answer.message.empty()) writer.member("errorMessage", shortened(answer.message));
    writer.end_object();
  }
  writer.end_object();
  return out;
}

std::string encode_status_protobuf(const Error& error, int grpc_code,
                                   std::optional<int> retry_after_seconds) {
  std::string out;
  put_int(out, 1, grpc_code);
  put_text(out, 2, shortened(error.message));
  if (!error.faults.empty()) {
    put_detail(out, k_bad_request, [&] {
      for (const Fault& fault : error.faults) {
        put_message(out, 1, [&] {
          put_text(out, 1, shortened(fault.path));
          put_text(out, 2, sentence_of(fault));
        });
      }
    });
  }
  if (retry_after_seconds) {
    put_detail(out, k_retry_info,
               [&] { put_message(out, 1, [&] { put_int(out, 1, *retry_after_seconds); }); });
  }
  return out;
}

std::string encode_status_json(const Error& error, int grpc_code,
                               std::optional<int> retry_after_seconds) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("code", grpc_code).member("message", shortened(error.message));
  if (!error.faults.empty() || retry_after_seconds) writer.key("details").begin_array();
  if (!error.faults.empty()) {
    writer.begin_object().member("@type", k_bad_request).key("fieldViolations").begin_array();
    for (const Fault& fault : error.faults) {
      writer.begin_object().member("field", shortened(fault.path));
      writer.member("description", sentence_of(fault)).end_object();
    }
    writer.end_array().end_object();
  }
  if (retry_after_seconds) {
    writer.begin_object().member("@type", k_retry_info);
    writer.member("retryDelay", fmt::format("{}s", *retry_after_seconds)).end_object();
  }
  if (!error.faults.empty() || retry_after_seconds) writer.end_array();
  writer.end_object();
  return out;
}

}  // namespace bl::traces
