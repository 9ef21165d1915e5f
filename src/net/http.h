#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// HTTP as the rest of benchlake sees it: plain values, no library's types. A handler is an
/// ordinary blocking function on a worker thread; it takes a Request and gives a Response.
namespace bl::net {

enum class Method : unsigned char { get, head, post, put, patch, del, options, trace, query };
inline constexpr Method k_methods[] = {Method::get,     Method::head,  Method::post,
                                       Method::put,     Method::patch, Method::del,
                                       Method::options, Method::trace, Method::query};
const char* name_of(Method method);
/// Case-sensitive, as RFC 9110 9.1 wants; nullopt for a method that we do not know (501). TRACE
/// and QUERY are known, so that they are answered by 405; no route has them.
std::optional<Method> parse_method(std::string_view text);

/// ASCII only: header names, content codings, media types.
bool equal_without_case(std::string_view a, std::string_view b);

/// Header fields in order of arrival. Names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  /// The first field's value, or nullptr.
  const std::string* find(std::string_view name) const;
  std::string_view get(std::string_view name) const;  ///< empty when absent
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// What somebody may do. A role includes the ones before it.
enum class Role : unsigned char { anonymous, reader, writer, admin };
const char* name_of(Role role);

/// Who asks.
struct Principal {
  /// How they proved it.
  enum class Kind : unsigned char { anonymous, session, token, operator_token };
  Role role = Role::anonymous;
  std::string id;    ///< of the token, or of the user whose session it is; else empty
  std::string name;  ///< for logs and audit
  Kind kind = Kind::anonymous;
  std::string user_id;  ///< whose session or token; empty for a token that nobody owns
  /// Not empty: a token that writes to this repository alone.
  std::string repository;

  /// What a route that writes asks once it knows where. Errors: forbidden, naming both
  /// repositories.
  Result<void> demand_repository(std::string_view wanted) const;
};

/// A request body that is read piece by piece. Blocking; worker thread only. After an error or the
/// end it stays there.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// Appends the next piece (already decoded from gzip or zstd) to `out`; false at the end of the
  /// body. Errors: malformed (broken coding, truncated), too_large (body_bytes_max), timeout (the
  /// client is too slow), cancelled.
  virtual Result<bool> read(std::string& out) = 0;
};

/// An answer that is written piece by piece. Blocking: a write waits until the client has taken
/// most of what came before (back-pressure). Worker thread only.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Errors: cancelled (client gone), timeout (client too slow): stop and return.
  virtual Result<void> write(std::string_view bytes) = 0;
};

struct Request {
  Method method = Method::get;
  std::string path;                                           ///< percent-decoded, begins with `/`
  std::string raw_target;                                     ///< as it came
  std::vector<std::pair<std::string, std::string>> query;     ///< decoded, in order
  std::vector<std::pair<std::string, std::string>> captures;  ///< `{id}` of the route's pattern
  Headers headers;
  std::string body;  ///< decoded; empty on routes that stream (then body_reader is set)
  BodyReader* body_reader = nullptr;
  std::string request_id;  ///< from X-Request-Id when it is sane, else made
  std::string peer;        ///< address of the client, for logs
  bool secure = false;     ///< TLS
  Principal principal;
  std::chrono::steady_clock::time_point deadline;  ///< the handler should give up then
  /// For handlers that work long: false once the client has closed its side, which is seen within
  /// some seconds. Threads: any, also after the request. Empty: nobody knows.
  std::function<bool()> client_is_there;

  /// The first query parameter of that name, or nullptr.
  const std::string* query_value(std::string_view name) const;
  /// BL_CHECKs that the pattern has it.
  const std::string& capture(std::string_view name) const;
  /// `http(s)://host` as the client sees it, from the Host header.
  std::string origin() const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  /// Set: the body is chunked and written by this function; its error ends the connection abruptly,
  /// so that the client sees that the answer is not whole.
  std::function<Result<void>(BodyWriter&)> stream;

  static Response json(int status, std::string body);
  static Response text(int status, std::string_view content_type, std::string body);
  static Response no_content();
};

using Handler = std::function<Response(Request&)>;

/// True when If-None-Match names the entity tag: the client has this answer. Weak comparison (RFC
/// 9110 13.1.2).
bool is_known_to_client(const Request& request, std::string_view tag);

/// The status that a code means for HTTP; total, written once.
int http_status(Code code);
/// `application/problem+json`: {type, title, status, detail, code, request_id, errors:[{location,
/// message, value}]}. Sets Retry-After for overloaded, too_many and unavailable, Allow is the
/// router's, WWW-Authenticate for 401.
Response problem(const Error& error, std::string_view request_id);

}  // namespace bl::net
