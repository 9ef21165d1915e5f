#include "base/uri.h"

#include <algorithm>

#include "base/numbers.h"
#include "base/utf8.h"

namespace bl {
namespace {

constexpr std::size_t k_shown_bytes_max = 200;

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool all_of(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [also](char c) {
    return is_unreserved(c) || also.find(c) != std::string_view::npos;
  });
}

// RFC 3986 appendix A; `%` because escapes are read later.
constexpr std::string_view k_user_characters = "%!$&'()*+,;=:";
constexpr std::string_view k_host_characters = "%!$&'()*+,;=";
constexpr std::string_view k_path_characters = "%!$&'()*+,;=:@/";
constexpr std::string_view k_query_characters = "%!$&'()*+,;=:@/?";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// What may stand between the brackets; a host's name never looks like it.
bool is_ipv6_text(std::string_view host) {
  return host.find(':') != std::string_view::npos &&
         host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The text as given, less everything that may be a secret: a colon up to the last `@`, and the
/// query. Made for texts that did not parse, so it trusts no structure.
std::string shown(std::string_view text) {
  const std::size_t query = text.find('?');
  const bool has_query = query != std::string_view::npos;
  const std::size_t at = text.rfind('@');
  std::string safe;
  if (at == std::string_view::npos) {
    safe = text.substr(0, query);
  } else {
    const std::size_t scheme_end = text.find("//");
    const std::size_t start =
        scheme_end == std::string_view::npos ? text.find(':') + 1 : scheme_end + 2;
    const std::size_t colon = text.find(':', start);
    safe = text.substr(0, std::min(colon, at));
    safe += text.substr(at);
    safe.resize(std::min(safe.find('?'), safe.size()));
  }
  const bool cut = safe.size() > k_shown_bytes_max;
  safe.resize(prefix_of_bytes(safe, k_shown_bytes_max).size());
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return safe + (cut || has_query ? "..." : "");
}

class UriReader {
 public:
  explicit UriReader(std::string_view text) : text_(text) {}

  Result<Uri> read() {
    std::string_view rest = text_;
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_alpha(rest.front()) ||
        !std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
          return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
        })) {
      return fail("no scheme, as in sqlite://path");
    }
    uri_.scheme = lower_case(rest.substr(0, colon));
    if (uri_.scheme == "postgresql") uri_.scheme = "postgres";
    rest.remove_prefix(colon + 1);

    if (rest.find('#') != std::string_view::npos) return fail("a fragment (#) has no meaning here");
    if (const std::size_t mark = rest.find('?'); mark != std::string_view::npos) {
      BL_RETURN_IF_ERROR(read_query(rest.substr(mark + 1)));
      rest = rest.substr(0, mark);
    }
    const bool slashes = rest.starts_with("//");
    if (slashes) rest.remove_prefix(2);
    if (slashes && uri_.scheme != "sqlite") {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      BL_RETURN_IF_ERROR(read_authority(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    BL_RETURN_IF_ERROR(read_part(rest, k_path_characters, "path", uri_.path));
    BL_RETURN_IF_ERROR(check_scheme_rules());
    return std::move(uri_);
  }

 private:
  Error fail(std::string_view why) const {
    return {Code::invalid, "URI: " + std::string(why) + ": " + shown(text_)};
  }

  Result<void> read_part(std::string_view raw, std::string_view characters, const char* name,
                         std::string& out) {
    if (!all_of(raw, characters)) {
      return fail(std::string(name) + " has a character that must be percent-encoded");
    }
    auto decoded = percent_decode(raw);
    if (!decoded.ok()) return fail(std::string(name) + " has a broken percent escape");
    out = std::move(*decoded);
    return {};
  }

  Result<void> read_authority(std::string_view authority) {
    uri_.has_authority = true;
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      const std::string_view user_info = authority.substr(0, at);
      const std::size_t colon = std::min(user_info.find(':'), user_info.size());
      BL_RETURN_IF_ERROR(
          read_part(user_info.substr(0, colon), k_user_characters, "user", uri_.user));
      if (colon < user_info.size()) {
        BL_RETURN_IF_ERROR(
            read_part(user_info.substr(colon + 1), k_user_characters, "password", uri_.password));
      }
      authority.remove_prefix(at + 1);
    }
    std::string_view port;
    if (authority.starts_with('[')) {
      const std::size_t close = authority.find(']');
      if (close == std::string_view::npos) return fail("no ] after an IPv6 address");
      uri_.host = lower_case(authority.substr(1, close - 1));
      if (!is_ipv6_text(uri_.host)) return fail("not an IPv6 address between [ and ]");
      port = authority.substr(close + 1);
    } else {
      const std::size_t colon = std::min(authority.find(':'), authority.size());
      BL_RETURN_IF_ERROR(
          read_part(authority.substr(0, colon), k_host_characters, "host", uri_.host));
      port = authority.substr(colon);
    }
    return read_port(port);
  }

  /// `:8080`, `:` or nothing.
  Result<void> read_port(std::string_view port) {
    if (port.empty()) return {};
    if (port.front() != ':') return fail("text between ] and the port");
    port.remove_prefix(1);
    const bool digits = std::all_of(port.begin(), port.end(), is_digit);
    if (!digits || port.size() > 5 || parse_int64(port).value_or(0) > 65535) {
      return fail("port is not a number up to 65535");
    }
    uri_.port = port;
    return {};
  }

  Result<void> read_query(std::string_view query) {
    if (!all_of(query, k_query_characters)) {
      return fail("query has a character that must be percent-encoded");
    }
    auto pairs = parse_query(query);
    if (!pairs.ok()) return fail("query is broken, or has too many parameters");
    uri_.query = std::move(*pairs);
    return {};
  }

  Result<void> check_scheme_rules() const {
    if (uri_.scheme == "sqlite" && uri_.path.empty()) {
      return fail("no file, as in sqlite:///var/lib/benchlake.db");
    }
    if (uri_.scheme == "delta") {
      const bool authority = !uri_.user.empty() || !uri_.host.empty() || !uri_.port.empty();
      if (authority || !uri_.path.starts_with('/')) {
        return fail("delta wants an absolute path after three slashes, as in delta:///var/log");
      }
    }
    return {};
  }

  std::string_view text_;
  Uri uri_;
};

std::string encode(std::string_view text, std::string_view also_plain) {
  constexpr char k_hex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || also_plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += k_hex[static_cast<unsigned char>(c) >> 4];
      out += k_hex[static_cast<unsigned char>(c) & 0xf];
    }
  }
  return out;
}

bool is_secret_key(std::string_view key) {
  const std::string lower = lower_case(key);
  return lower.find("password") != std::string::npos || lower.find("secret") != std::string::npos ||
         lower.find("token") != std::string::npos;
}

}  // namespace

Result<Uri> parse_uri(std::string_view text) {
  return UriReader(text).read();
}

std::string Uri::redacted() const {
  std::string out = scheme + ":";
  if (scheme == "sqlite" && path != ":memory:") out += "//";
  if (has_authority) {
    out += "//";
    if (!user.empty()) out += percent_encode(user) + "@";
    out += is_ipv6_text(host) ? "[" + host + "]" : percent_encode(host);
    if (!port.empty()) out += ":" + port;
  }
  std::string_view rest = path;
  if (!has_authority && scheme != "sqlite" && rest.starts_with("//")) {
    out += "/%2F";  // two plain slashes would begin an authority
    rest.remove_prefix(2);
  }
  out += encode(rest, path == ":memory:" ? ":" : "/");
  char before = '?';
  for (const auto& [key, value] : query) {
    out += before;
    out += percent_encode(key) + "=";
    if (!is_secret_key(key)) out += percent_encode(value);
    before = '&';
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  const auto fail = [text](const char* why) {
    return Error{Code::invalid,
                 std::string(why) + ": " + std::string(prefix_of_bytes(text, k_shown_bytes_max))};
  };
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '%') {
      const int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
      if (high < 0 || low < 0) return fail("broken percent escape");
      c = static_cast<char>(high << 4 | low);
      at += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (c == '\0') return fail("NUL in an encoded text");
    out += c;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  return encode(text, "");
}

std::string percent_encode_path(std::string_view path) {
  return encode(path, "/");
}

Result<QueryPairs> parse_query(std::string_view query) {
  QueryPairs pairs;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    if (pairs.size() == k_query_pairs_max) {
      return Error{Code::invalid,
                   "more query parameters than allowed: " + std::to_string(k_query_pairs_max)};
    }
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view raw_value =
        equals < part.size() ? part.substr(equals + 1) : std::string_view();
    BL_TRY(auto key, percent_decode(part.substr(0, equals), true));
    BL_TRY(auto value, percent_decode(raw_value, true));
    if (!is_utf8(key) || !is_utf8(value)) {
      return Error{Code::invalid, "query parameter is not UTF-8: " +
                                      std::string(prefix_of_bytes(part, k_shown_bytes_max))};
    }
    pairs.emplace_back(std::move(key), std::move(value));
  }
  return pairs;
}

}  // namespace bl
