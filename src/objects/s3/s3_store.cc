#include "objects/s3/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/hash.h"
#include "objects/key.h"

namespace bl::objects {
namespace {

constexpr int k_looks_max = 2;
constexpr std::size_t k_path_bytes_max = 1'024;
constexpr const char* k_put_number = "x-amz-meta-benchlake-put";

Counter looked_up(Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_objects_s3_looked_up_total",
                         "writes to S3 that looked at the key to learn how they ended",
                         {{"outcome", outcome}});
}

Error in_doubt(const std::string& key, const std::string& why) {
  return Error{Code::outcome_unknown,
               fmt::format("an object may have been made or not ({}): {}", why, quoted(key))};
}

}  // namespace

S3Store::S3Store(S3Settings settings, StoreLimits limits, S3Limits s3_limits,
                 std::unique_ptr<CredentialSource> credentials, World world)
    : limits_(limits),
      s3_limits_(s3_limits),
      world_(std::move(world)),
      wire_(std::move(settings), s3_limits, limits.get_bytes_max, std::move(credentials), world_),
      size_hits_(world_.metrics.counter("bl_objects_limit_hits_total",
                                        "times that a limit of an object store was reached",
                                        {{"limit", "bytes_max"}})),
      found_(looked_up(world_.metrics, "made")),
      not_found_(looked_up(world_.metrics, "not made")),
      unknown_(looked_up(world_.metrics, "unknown")),
      left_uploads_(world_.metrics.counter(
          "bl_objects_s3_uploads_left_total",
          "uploads in parts that failed and could not be removed; sweeping finds them")) {}

Result<std::string> S3Store::path_of(const std::string& key) const {
  BL_RETURN_IF_ERROR(check_key(key));
  std::string path = wire_.settings().prefix + key;
  if (path.size() <= k_path_bytes_max) return path;
  return Error{
      Code::invalid,
      fmt::format("an object's key is too long behind the bucket's prefix, {} bytes of {}: {}",
                  path.size(), k_path_bytes_max, quoted(key))};
}

std::string S3Store::address(const std::string& key) const {
  const auto path = path_of(key);
  BL_CHECK(path.ok());
  return "s3://" + wire_.settings().bucket + "/" + *path;
}

Result<void> S3Store::check_size(std::uint64_t size, std::uint64_t size_max,
                                 const std::string& key) {
  if (size <= size_max) return {};
  size_hits_.add();
  return Error{Code::too_large, fmt::format("an object of {} bytes, the most are {}: {}", size,
                                            size_max, quoted(key))};
}

std::string S3Store::new_put_number() {
  std::array<std::byte, 16> bytes;
  world_.random.fill(bytes);
  return to_hex(bytes);
}

Error S3Store::error_of(const S3Outcome& outcome, const std::string& path) const {
  return outcome.answer.ok() ? wire_.error_of(*outcome.answer, path) : outcome.answer.error();
}

// Writing.

Result<void> S3Store::put_if_absent(const std::string& key, std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_size(bytes.size(), limits_.put_bytes_max, key));
  const auto read = [bytes](std::uint64_t offset, std::uint64_t size) -> Result<std::string_view> {
    return bytes.substr(offset, size);
  };
  return put(key, {bytes.size(), read}, IfPresent::refuse);
}

Result<void> S3Store::replace(const std::string& key, std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_size(bytes.size(), limits_.put_bytes_max, key));
  const auto read = [bytes](std::uint64_t offset, std::uint64_t size) -> Result<std::string_view> {
    return bytes.substr(offset, size);
  };
  return put(key, {bytes.size(), read}, IfPresent::replace);
}

Result<void> S3Store::put_file_if_absent(const std::string& key, const std::string& path) {
  BL_RETURN_IF_ERROR(check_key(key));
  BL_TRY(const auto file, world_.disk.open_read(path));
  BL_TRY(const std::uint64_t size, file->size());
  BL_RETURN_IF_ERROR(check_size(size, limits_.object_bytes_max, key));
  std::string buffer;
  const auto read = [&](std::uint64_t offset, std::uint64_t part) -> Result<std::string_view> {
    buffer.resize(part);
    BL_TRY(const std::size_t got, file->read_at(offset, std::as_writable_bytes(std::span(buffer))));
    if (got == part) return std::string_view(buffer);
    return Error{Code::io, "the file became shorter while it was sent: " + path};
  };
  return put(key, {size, read}, IfPresent::refuse);
}

Result<void> S3Store::put(const std::string& key, const Source& source, IfPresent if_present) {
  if (source.size < s3_limits_.multipart_bytes_min) return put_whole(key, source, if_present);
  return put_parts(key, source, if_present);
}

Result<void> S3Store::put_whole(const std::string& key, const Source& source,
                                IfPresent if_present) {
  BL_TRY(const std::string path, path_of(key));
  const std::string number = new_put_number();
  S3Request request;
  request.method = net::Method::put;
  request.path = path;
  request.headers = {{k_put_number, number}};
  if (if_present == IfPresent::refuse) request.headers.emplace_back("If-None-Match", "*");
  BL_TRY(request.body, source.read(0, source.size));
  const S3Outcome outcome = wire_.send(request);
  if (outcome.answer.ok() && outcome.answer->ok()) return {};
  return resolve(key, number, outcome, source.size, if_present);
}

// A 412 says that the key is taken, but not by whom. Any other failure after an attempt in doubt
// says nothing, and that attempt may even arrive later; but where another's object stands it never
// can.
Result<void> S3Store::resolve(const std::string& key, const std::string& put_number,
                              const S3Outcome& outcome, std::uint64_t size, IfPresent if_present) {
  Error error = error_of(outcome, wire_.settings().prefix + key);
  const bool is_refused = error.code == Code::conflict;
  if (!outcome.may_have_happened) {
    if (!is_refused) return error;
    return Error{Code::conflict, "the object exists: " + quoted(key)};
  }
  const auto head = look(key);
  if (head.ok() && head->put_number == put_number) return check_own(*head, size);
  if (head.ok() && if_present == IfPresent::refuse) {
    not_found_.add();
    return Error{Code::conflict, "the object exists: " + quoted(key)};
  }
  unknown_.add();
  return in_doubt(key, error.message);
}

// S3 makes nothing of half a request; there are servers that do.
Result<void> S3Store::check_own(const Head& head, std::uint64_t size) {
  if (head.info.size == size) {
    found_.add();
    return {};
  }
  return Error{Code::corrupt, fmt::format("the server made an object of {} of our {} bytes: {}",
                                          head.info.size, size, quoted(head.info.key))};
}

// Reading.

Result<std::string> S3Store::get_range(const std::string& key, ByteRange range) {
  BL_TRY(const std::string path, path_of(key));
  if (range.size == 0) {
    BL_TRY(const Head head, look(key));
    static_cast<void>(head);
    return std::string();
  }
  const bool is_open =
      range.size == ByteRange::k_to_the_end || range.size > ByteRange::k_to_the_end - range.offset;
  if (!is_open) BL_RETURN_IF_ERROR(check_size(range.size, limits_.get_bytes_max, key));
  S3Request request;
  request.path = path;
  if (range.offset > 0 || !is_open) {
    request.headers.emplace_back(
        "Range", is_open ? fmt::format("bytes={}-", range.offset)
                         : fmt::format("bytes={}-{}", range.offset, range.offset + range.size - 1));
  }
  S3Outcome outcome = wire_.send(request);
  if (!outcome.answer.ok()) {
    if (outcome.answer.error().code != Code::too_large) return outcome.answer.error();
    size_hits_.add();
    return Error(outcome.answer.error()).with_context(quoted(key));
  }
  S3Answer& answer = *outcome.answer;
  BL_RETURN_IF_ERROR(check_size(answer.body.size(), limits_.get_bytes_max, key));
  if (answer.status == 416) return std::string();  // the range begins behind the end
  if (!answer.ok()) return read_error(answer, key, path);
  if (request.headers.empty() || answer.status == 206) {
    if (!is_open && answer.body.size() > range.size) {
      return Error{Code::corrupt, "S3 answers more bytes than were asked for: " + quoted(key)};
    }
    return std::move(answer.body);
  }
  // A server that knows no ranges has sent everything.
  const std::uint64_t start = std::min<std::uint64_t>(range.offset, answer.body.size());
  return answer.body.substr(start, is_open ? std::string::npos : range.size);
}

Result<ObjectInfo> S3Store::head(const std::string& key) {
  BL_TRY(Head head, look(key));
  return std::move(head.info);
}

// An answer to HEAD has no body, which would say why: a missing object and a missing bucket look
// the same, and the latter must never be taken for an empty lake. So a refusal is asked for again
// by GET.
Result<S3Store::Head> S3Store::look(const std::string& key) {
  BL_TRY(const std::string path, path_of(key));
  S3Request request;
  request.method = net::Method::head;
  request.path = path;
  for (int i = 0; i < k_looks_max; ++i) {
    const S3Outcome outcome = wire_.send(request);
    if (!outcome.answer.ok()) return outcome.answer.error();
    if (outcome.answer->ok()) return head_of(key, *outcome.answer);
    BL_RETURN_IF_ERROR(explain(key, path));
  }
  return Error{Code::unavailable, "S3 refuses to look at an object that it gives: " + quoted(key)};
}

// Success: there is an object now.
Result<void> S3Store::explain(const std::string& key, const std::string& path) {
  S3Request request;
  request.path = path;
  request.headers.emplace_back("Range", "bytes=0-0");
  const S3Outcome outcome = wire_.send(request);
  if (!outcome.answer.ok()) return outcome.answer.error();
  const S3Answer& answer = *outcome.answer;
  if (answer.ok() || answer.status == 416) return {};
  return read_error(answer, key, path);
}

// A 404 without a code is one of a server that has no others.
Error S3Store::read_error(const S3Answer& answer, const std::string& key,
                          const std::string& path) const {
  Error error = wire_.error_of(answer, path);
  if (error.code == Code::not_found) error.message = "no such object: " + quoted(key);
  return error;
}

Result<S3Store::Head> S3Store::head_of(const std::string& key, const S3Answer& answer) const {
  Head head;
  head.info.key = key;
  head.put_number = answer.headers.get(k_put_number);
  const std::string_view size = answer.headers.get("Content-Length");
  const auto read = std::from_chars(size.data(), size.data() + size.size(), head.info.size);
  if (size.empty() || read.ec != std::errc() || read.ptr != size.data() + size.size()) {
    return Error{Code::malformed, "S3 does not say the size of an object: " + quoted(key)};
  }
  BL_TRY(head.info.modified, parse_http_date(answer.headers.get("Last-Modified")));
  return head;
}

Result<Listing> S3Store::list(const ListRequest& request) {
  BL_RETURN_IF_ERROR(check_list(request));
  const std::string& front = wire_.settings().prefix;
  S3Request sent;
  sent.query = {{"list-type", "2"},
                {"encoding-type", "url"},
                {"max-keys", std::to_string(request.count_max)},
                {"prefix", front + request.prefix}};
  const std::string after = request.after.empty() ? std::string() : front + request.after;
  if (!after.empty()) sent.query.emplace_back("start-after", after);
  const S3Outcome outcome = wire_.send(sent);
  if (!outcome.answer.ok()) return outcome.answer.error();
  if (!outcome.answer->ok()) return wire_.error_of(*outcome.answer, front + request.prefix);
  BL_TRY(S3Page page, decode_page(outcome.answer->body, after));
  Listing listing;
  std::string last;
  for (ObjectInfo& info : page.objects) {
    if (!info.key.starts_with(front + request.prefix)) {
      return Error{Code::corrupt, "S3 lists an object with another prefix: " + quoted(info.key)};
    }
    info.key.erase(0, front.size());
    last = info.key;
    if (check_key(info.key).ok()) {
      listing.objects.push_back(std::move(info));
    } else {
      ++listing.skipped;
    }
  }
  if (!page.is_last) listing.next = std::move(last);
  return listing;
}

Result<void> S3Store::remove(const std::string& key) {
  BL_TRY(const std::string path, path_of(key));
  S3Request request;
  request.method = net::Method::del;
  request.path = path;
  const S3Outcome outcome = wire_.send(request);
  if (!outcome.answer.ok()) return outcome.answer.error();
  const bool is_gone =
      outcome.answer->status == 404 && outcome.answer->fault.code != "NoSuchBucket";
  if (outcome.answer->ok() || is_gone) return {};
  return wire_.error_of(*outcome.answer, path);
}

}  // namespace bl::objects
