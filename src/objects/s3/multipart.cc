// Large objects in parts: begin, send each, complete; whatever fails on the way is aborted, so that
// nobody pays for parts that nobody sees.
#include <fmt/format.h>

#include <algorithm>

#include "objects/key.h"
#include "objects/s3/s3_store.h"

namespace bl::objects {
namespace {

constexpr std::uint64_t k_parts_max = 10'000;
constexpr std::uint64_t k_mebibyte = 1u << 20;
constexpr const char* k_put_number = "x-amz-meta-benchlake-put";

std::uint64_t part_size(std::uint64_t size, std::uint64_t wanted) {
  const std::uint64_t least = (size + k_parts_max - 1) / k_parts_max;
  if (least <= wanted) return wanted;
  return (least + k_mebibyte - 1) / k_mebibyte * k_mebibyte;
}

Result<std::string> begin(S3Wire& wire, const std::string& path, const std::string& put_number) {
  S3Request request;
  request.method = net::Method::post;
  request.path = path;
  request.query = {{"uploads", ""}};
  request.headers = {{k_put_number, put_number}};
  const S3Outcome outcome = wire.send(request);
  if (!outcome.answer.ok()) return outcome.answer.error();
  if (!outcome.answer->ok()) return wire.error_of(*outcome.answer, path);
  return decode_upload_id(outcome.answer->body);
}

}  // namespace

Result<void> S3Store::put_parts(const std::string& key, const Source& source,
                                IfPresent if_present) {
  BL_TRY(const std::string path, path_of(key));
  const std::string number = new_put_number();
  BL_TRY(const std::string upload_id, begin(wire_, path, number));
  const auto etags = send_parts(path, upload_id, source);
  if (!etags.ok()) {
    if (!abort(path, upload_id).ok()) left_uploads_.add();
    return etags.error();
  }
  S3Outcome outcome = complete(path, upload_id, *etags, if_present);
  if (outcome.answer.ok() && outcome.answer->ok()) return {};
  // Once the upload is gone nothing of it can come later: then looking tells all.
  const auto aborted = abort(path, upload_id);
  if (!aborted.ok()) {
    left_uploads_.add();
    return resolve(key, number, outcome, source.size, if_present);
  }
  const auto head = look(key);
  if (head.ok() && head->put_number == number) return check_own(*head, source.size);
  if (!head.ok() && head.error().code != Code::not_found) {
    unknown_.add();
    return Error{Code::outcome_unknown, fmt::format("an object may have been made or not ({}): {}",
                                                    head.error().message, quoted(key))};
  }
  not_found_.add();
  if (head.ok() && if_present == IfPresent::refuse) {
    return Error{Code::conflict, "the object exists: " + quoted(key)};
  }
  Error error = error_of(outcome, path);
  // A lost upload (somebody swept it) is no missing object.
  if (error.code == Code::not_found || error.code == Code::conflict) error.code = Code::unavailable;
  return error;
}

Result<std::vector<std::string>> S3Store::send_parts(const std::string& path,
                                                     const std::string& upload_id,
                                                     const Source& source) {
  std::vector<std::string> etags;
  const std::uint64_t part = part_size(source.size, s3_limits_.part_bytes);
  for (std::uint64_t offset = 0; offset < source.size; offset += part) {
    S3Request request;
    request.method = net::Method::put;
    request.path = path;
    request.query = {{"partNumber", std::to_string(etags.size() + 1)}, {"uploadId", upload_id}};
    BL_TRY(request.body, source.read(offset, std::min(part, source.size - offset)));
    const S3Outcome outcome = wire_.send(request);
    if (!outcome.answer.ok()) return outcome.answer.error();
    if (!outcome.answer->ok()) {
      Error error = wire_.error_of(*outcome.answer, path);
      if (error.code == Code::not_found) error.code = Code::unavailable;  // of the upload
      return error;
    }
    etags.emplace_back(outcome.answer->headers.get("ETag"));
    if (etags.back().empty()) {
      return Error{Code::malformed, "S3 answers a part without its ETag: " + quoted(path)};
    }
  }
  return etags;
}

S3Outcome S3Store::complete(const std::string& path, const std::string& upload_id,
                            const std::vector<std::string>& etags, IfPresent if_present) {
  const std::string body = encode_parts(etags);
  S3Request request;
  request.method = net::Method::post;
  request.path = path;
  request.query = {{"uploadId", upload_id}};
  request.headers = {{"Content-Type", "application/xml"}};
  if (if_present == IfPresent::refuse) request.headers.emplace_back("If-None-Match", "*");
  request.body = body;
  return wire_.send(request);
}

// Fine when the upload is gone, be it completed.
Result<void> S3Store::abort(const std::string& path, const std::string& upload_id) {
  S3Request request;
  request.method = net::Method::del;
  request.path = path;
  request.query = {{"uploadId", upload_id}};
  const S3Outcome outcome = wire_.send(request);
  if (!outcome.answer.ok()) return outcome.answer.error();
  if (outcome.answer->ok() || outcome.answer->status == 404) return {};
  return wire_.error_of(*outcome.answer, path);
}

Result<std::uint64_t> S3Store::sweep_unfinished(Timestamp older_than) {
  const std::string& front = wire_.settings().prefix;
  std::uint64_t count = 0;
  S3Uploads page;
  do {
    S3Request request;
    request.query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", front}};
    if (!page.next_key.empty()) {
      request.query.emplace_back("key-marker", page.next_key);
      request.query.emplace_back("upload-id-marker", page.next_id);
    }
    const S3Outcome outcome = wire_.send(request);
    if (!outcome.answer.ok()) return outcome.answer.error();
    if (!outcome.answer->ok()) return wire_.error_of(*outcome.answer, front);
    const std::string before = page.next_key + page.next_id;
    BL_TRY(page, decode_uploads(outcome.answer->body));
    if (!page.next_key.empty() && page.next_key + page.next_id == before) {
      return Error{Code::malformed, "S3 lists the same uploads again: " + quoted(page.next_key)};
    }
    for (const S3Upload& upload : page.uploads) {
      // Servers that ignore the prefix list other people's uploads too.
      if (!upload.key.starts_with(front) || upload.begun >= older_than) continue;
      BL_RETURN_IF_ERROR(abort(upload.key, upload.id));
      ++count;
    }
  } while (!page.next_key.empty());
  return count;
}

}  // namespace bl::objects
