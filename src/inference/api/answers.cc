#include "inference/api/answers.h"

#include <fmt/format.h>

#include "base/compression.h"
#include "base/hash.h"
#include "base/json.h"
#include "net/answer.h"

namespace bl::inference {
namespace {

using net::Request;
using net::Response;

/// How often a question is asked anew because the store changed while it was answered.
constexpr int k_tries = 3;

std::string_view name_of(Encoding encoding) {
  return encoding == Encoding::gzip ? "gzip" : "zstd";
}

// The answer's text, within its bound.
Result<std::string> text_of(const Asked& asked, const Question& question) {
  BL_TRY(std::string text, asked.make(question));
  const std::size_t most = question.reads.limits.answer_bytes_max;
  if (text.size() > most) {
    question.reads.answers_too_large.add();
    return Error{
        Code::too_large,
        fmt::format("the answer is larger than {} bytes, ask for less: {}", most, text.size())};
  }
  return text;
}

// An answer of one revision, compressed. nullptr: the store changed meanwhile.
Result<std::shared_ptr<const std::string>> coded_answer(const Asked& asked,
                                                        const Question& question, Encoding coding) {
  using Bytes = std::shared_ptr<const std::string>;
  Reads& reads = question.reads;
  return reads.answers.get(fmt::format("{} {}", name_of(coding), asked.key), question.revision,
                           question.deadline, [&]() -> Result<Bytes> {
                             BL_TRY(const std::string text, text_of(asked, question));
                             BL_TRY(const std::int64_t now, reads.ports.sweeps.revision());
                             if (now != question.revision) return Bytes();
                             return std::make_shared<const std::string>(compress(coding, text));
                           });
}

std::string tag_of(const Asked& asked, const Question& question, Encoding encoding) {
  const std::uint64_t hash = xxh3_64(question.reads.fingerprint + asked.key);
  return fmt::format("\"{:016x}-{}{}{}\"", hash, question.revision,
                     encoding == Encoding::identity ? "" : "-",
                     encoding == Encoding::identity ? "" : name_of(encoding));
}

// A proxy may keep what anybody may read, but asks each time whether it still stands.
void add_cache_headers(Response& response, const Request& request, const Asked& asked) {
  const bool is_public = request.principal.role == net::Role::anonymous;
  response.headers.set("Cache-Control", is_public ? "public, no-cache" : "private, no-cache");
  response.headers.set("Vary",
                       asked.varies_by_accept ? "Accept, Accept-Encoding" : "Accept-Encoding");
}

Response full_answer(const Asked& asked, std::string body) {
  Response response = Response::text(200, asked.content_type, std::move(body));
  if (!asked.file_name.empty()) {
    response.headers.set("Content-Disposition",
                         fmt::format("attachment; filename=\"{}\"", asked.file_name));
  }
  return response;
}

// nullopt: the store changed while the answer was made.
Result<std::optional<Response>> try_answer(const Request& request, Reads& reads,
                                           const Asked& asked) {
  BL_TRY(const std::int64_t revision, reads.ports.sweeps.revision());
  const Question question{reads, revision, request.deadline};
  const Encoding wanted = net::choose_encoding(request.headers.get("Accept-Encoding"));
  const std::string tag = tag_of(asked, question, wanted);
  Response response;
  if (net::is_known_to_client(request, tag)) {
    response.status = 304;
  } else {
    const Encoding coding = wanted == Encoding::identity ? Encoding::zstd : wanted;
    BL_TRY(const auto bytes, coded_answer(asked, question, coding));
    if (!bytes) return std::optional<Response>();
    if (wanted == Encoding::identity) {
      BL_TRY(std::string text, decompress(coding, *bytes, reads.limits.answer_bytes_max));
      response = full_answer(asked, std::move(text));
    } else {
      response = full_answer(asked, *bytes);
      response.headers.set("Content-Encoding", std::string(name_of(coding)));
    }
  }
  response.headers.set("ETag", tag);
  add_cache_headers(response, request, asked);
  return std::optional(std::move(response));
}

}  // namespace

Response own_error(const Error& error, const Request& request) {
  return net::problem(error, request.request_id);
}

Response dashboard_error(const Error& error, const Request& request) {
  Response response = net::problem(error, request.request_id);
  response.headers.set("Content-Type", "application/json");
  response.body.clear();
  json::Writer(response.body).begin_object().member("error", error.message).end_object();
  return response;
}

Response answer(const Request& request, Reads& reads, const Result<Asked>& asked,
                ErrorAnswer error_answer) {
  if (!asked.ok()) return error_answer(asked.error(), request);
  for (int tries = 0; tries < k_tries; ++tries) {
    auto answered = try_answer(request, reads, *asked);
    if (!answered.ok()) return error_answer(answered.error(), request);
    if (*answered) return std::move(**answered);
  }
  // Somebody writes all the time: the answer is right, but of no revision that has a name.
  const auto revision = reads.ports.sweeps.revision();
  if (!revision.ok()) return error_answer(revision.error(), request);
  auto text = text_of(*asked, {reads, *revision, request.deadline});
  if (!text.ok()) return error_answer(text.error(), request);
  Response response = full_answer(*asked, std::move(*text));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace bl::inference
