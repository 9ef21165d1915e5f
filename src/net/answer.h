#pragma once

#include <string>
#include <string_view>

#include "base/compression.h"
#include "net/http.h"

/// A Response as bytes for one client: framing, content coding, the headers that every answer has.
/// Pure but for the Date. Threads: any.
namespace bl::net {

/// What the answer depends on besides the Response.
struct AnswerFacts {
  Method method = Method::get;
  bool http_1_0 = false;
  bool keep_alive = true;
  std::string_view request_id;
  std::string_view accept_encoding;
  std::size_t compress_bytes_min = 1024;
};

enum class Framing : unsigned char { none, length, chunked, until_close };

struct Answer {
  std::string head;  ///< status line to empty line
  std::string body;  ///< coded; empty for a stream, for HEAD, 204 and 304
  Framing framing = Framing::none;
  bool keep_alive = true;
  Encoding encoding = Encoding::identity;  ///< in which a stream must be written
};

/// Renders the response; a stream is not run. Adds Date, X-Request-Id, X-Content-Type-Options,
/// Vary, Content-Encoding, the framing and Connection; a handler's own fields of framing are
/// ignored, and control characters in a field become blanks, so that no value makes a header.
Answer render(Response response, const AnswerFacts& facts);

/// The coding to answer in (RFC 9110 12.5.3): the client's highest quality; zstd before gzip when
/// they tie. A coding it does not name is not used.
Encoding choose_encoding(std::string_view accept_encoding);

/// True for text, JSON, XML, JavaScript, SVG, YAML, WebAssembly and the like.
bool is_compressible(std::string_view content_type);

/// IMF-fixdate (RFC 9110 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(std::int64_t unix_seconds);

/// One chunk of chunked framing around `bytes` (not empty).
void append_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view k_last_chunk = "0\r\n\r\n";

}  // namespace bl::net
