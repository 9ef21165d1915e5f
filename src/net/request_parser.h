#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"
#include "net/http_guard.h"

/// One request from bytes to values: the guard, then Beast's parser behind a plain interface.
/// Pure and incremental: how the bytes are cut into pieces never changes what comes out (fuzzed).
namespace bl::net {

/// What the header says.
struct RequestHead {
  Method method = Method::get;
  std::string raw_target;
  std::string raw_path;  ///< without query; begins with `/`, or is `*` for OPTIONS
  std::string path;      ///< decoded
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;  ///< of the header block; a chunked body's trailers are dropped
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  ///< 0 when absent

  bool has_body() const { return chunked || content_length > 0; }
};

/// Reads one request; make a new one for the next. One thread.
class RequestParser {
 public:
  explicit RequestParser(GuardLimits limits);
  ~RequestParser();

  enum class State { header, body, done, refused };
  State state() const { return state_; }

  /// Takes what it can from the front of `bytes` and returns how much that was; hand back the rest
  /// with more behind it. It stops behind the header, and at the end of the request. 0 in the
  /// states header and body means: more bytes are needed. Body bytes (without chunk framing) are
  /// appended to `body`. A line of chunk framing is at most header_bytes_max long.
  std::size_t feed(std::string_view bytes, std::string& body);

  /// Valid from the state body on; may be moved from. In the state refused its path is what is
  /// known of it, or empty.
  RequestHead& head() { return head_; }
  /// Valid in the state refused.
  const Refusal& refusal() const { return *refusal_; }
  /// True when part of a header has arrived.
  bool started() const { return started_; }

 private:
  struct Beast;
  std::size_t feed_header(std::string_view bytes);
  std::size_t feed_body(std::string_view bytes, std::string& body);
  void refuse(Refusal refusal);

  GuardLimits limits_;
  State state_ = State::header;
  bool started_ = false;
  std::size_t scanned_ = 0;
  RequestHead head_;
  std::optional<Refusal> refusal_;
  std::unique_ptr<Beast> beast_;
};

/// Splits a request target (RFC 9112 3.2: origin form, absolute form, `*` for OPTIONS) into path
/// and query and decodes them. An absolute form replaces the Host. Refuses with 400.
std::optional<Refusal> read_target(RequestHead& head);

}  // namespace bl::net
