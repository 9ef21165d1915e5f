#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// The one URI parser (RFC 3986; store and log URIs after spec/events-delta.md 1.7), percent coding
/// and query strings.
namespace bl {

using QueryPairs = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::size_t k_query_pairs_max = 256;

struct Uri {
  std::string scheme;    ///< lower case
  std::string user;      ///< decoded; empty when absent
  std::string password;  ///< decoded; never logged
  std::string host;      ///< decoded, as given (a bucket, a socket's folder); IPv6 without brackets
  std::string port;      ///< digits up to 65535, or empty
  std::string path;      ///< decoded; see parse_uri for sqlite
  QueryPairs query;      ///< decoded, in order
  bool has_authority = false;  ///< `//` stood there; never for sqlite

  bool operator==(const Uri&) const = default;

  /// The text without password; the query's values are kept, but not those of keys that say
  /// password, secret or token: safe for logs. Parses back to the same Uri, less the secrets.
  std::string redacted() const;
};

/// Errors: invalid, with the offending text (never the password, never the query) at the end.
/// Rules: scheme case-insensitive; `postgresql` becomes `postgres`; `sqlite:///abs.db` has path
/// `/abs.db`, `sqlite://rel.db` and `sqlite://a/b.db` have the relative path `rel.db` and `a/b.db`
/// (authority = first segment) and no host, `sqlite::memory:` has path `:memory:`; `delta://`
/// demands an empty authority and an absolute path. Unknown schemes are the caller's to refuse.
/// Characters that RFC 3986 does not allow must be percent-encoded; fragments are refused.
Result<Uri> parse_uri(std::string_view text);

/// Percent-decodes; `plus_is_blank` for form queries. Any byte but NUL may come out. Errors:
/// invalid for a broken escape or a NUL.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);
/// Encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);
/// As percent_encode, but leaves `/`: for a file's path within a URI.
std::string percent_encode_path(std::string_view path);
/// `a=1&b=x%20y` -> pairs in order, decoded, `+` is a blank; a key alone has an empty value, empty
/// parts are skipped. Errors: invalid (broken escape, NUL, not UTF-8 when decoded, more than
/// k_query_pairs_max pairs).
Result<QueryPairs> parse_query(std::string_view query);

}  // namespace bl
