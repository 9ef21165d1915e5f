#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// The one URI parser (RFC 3986; store and log URIs after spec/events-delta.md 1.7), percent coding
/// and query strings.
namespace bl {

struct Uri {
  std::string scheme;    ///< lower case
  std::string user;      ///< decoded; empty when absent
  std::string password;  ///< decoded; never logged
  std::string host;      ///< without brackets; lower case as given for names
  std::string port;      ///< digits, or empty
  std::string path;      ///< decoded; see parse_uri for sqlite
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  bool has_authority = false;

  /// The text without password and with the query's values kept: safe for logs.
  std::string redacted() const;
};

/// Errors: invalid, with the offending text (never the password) at the end. Rules: scheme
/// case-insensitive; `postgresql` becomes `postgres`; `sqlite:///abs.db` has path `/abs.db`,
/// `sqlite://rel.db` and `sqlite://a/b.db` have the relative path `rel.db` and `a/b.db` (authority
/// = first segment) and no host, `sqlite::memory:` has path
/// `:memory:`; `delta://` demands an empty authority and an absolute path. Unknown schemes are the
/// caller's to refuse.
Result<Uri> parse_uri(std::string_view text);

/// Percent-decodes; `plus_is_blank` for form queries. nullopt-like error: invalid for a broken
/// escape or a NUL.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);
/// Encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);
/// `a=1&b=x%20y` -> pairs in order, decoded, `+` is a blank. Errors: invalid; more than 256 pairs.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace bl
