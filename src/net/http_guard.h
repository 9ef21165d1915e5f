#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// The strict reading of a request's header block (RFC 9112), before any parser sees it: what two
/// readers could understand differently is refused, since a proxy in front of us might be the other
/// reader. Pure functions over bytes. Table of cases: tests/guard_test.cc.
namespace bl::net {

/// An answer that the wire itself gives; the connection closes after it.
struct Refusal {
  int status = 400;
  Code code = Code::malformed;
  std::string message;
  std::string limit;  ///< the member of ServerLimits that was reached; empty when it was none
};

struct GuardLimits {
  std::size_t header_bytes_max = 16 << 10;
  std::size_t target_bytes_max = 8 << 10;
  std::size_t fields_max = 256;
};

/// Looks for the end of the header block at the front of what has arrived.
struct HeaderScan {
  std::size_t block_bytes = 0;  ///< with the empty line; 0: not there yet
  std::size_t scanned = 0;      ///< hand back with the next, longer buffer
  std::optional<Refusal> refusal;
};
/// `buffer` begins with the request line; its first `scanned` bytes were looked at before. Refuses
/// as early as it can: bare LF (400), a target or block over its limit (414, 431). Cost: one pass.
HeaderScan scan_header(std::string_view buffer, std::size_t scanned, const GuardLimits& limits);

/// What the guard learnt on its way. Views point into the block.
struct HeaderFacts {
  std::string_view method;
  std::string_view target;
  bool http_1_0 = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool expects_continue = false;
};

/// Checks one whole header block, from the request line to the empty line. Refuses:
/// 400: anything but `METHOD SP target SP HTTP/d.d`, NUL and other controls, bare CR or LF,
///      obs-fold, a name that is no token (so also a blank before the colon), no Host or two of
///      them, a Host that is no authority, Content-Length that is no plain number, is a list or
///      comes twice, Content-Length together with Transfer-Encoding, Transfer-Encoding in HTTP/1.0;
/// 417: an Expect that is not 100-continue;
/// 431: more fields than fields_max;
/// 501: a method that we do not serve, a Transfer-Encoding that is not exactly `chunked`;
/// 505: a version other than HTTP/1.0 and HTTP/1.1.
/// Returns the refusal, or fills `facts`.
std::optional<Refusal> check_header(std::string_view block, const GuardLimits& limits,
                                    HeaderFacts& facts);

/// `host[:port]` (RFC 3986 3.2.2), as a Host or an absolute target has it: no user, no path, no
/// blank, at most 259 bytes; brackets only around a whole address.
bool is_authority(std::string_view text);

/// Checks the framing of a chunked body as far as it came: `bytes` begin where a chunk's size line
/// may begin (with the CRLF that ends the chunk before it) and hold no whole line yet, or the
/// trailers. A parser that waits for the line's end would wait on a bare LF for ever. Refuses with
/// 400.
std::optional<Refusal> check_framing(std::string_view bytes);

}  // namespace bl::net
