#include "net/http_guard.h"

#include <array>

#include "net/http.h"

namespace bl::net {
namespace {

// RFC 9110 5.6.2: tchar.
/// A name has at most 253 characters; with a port. It stands in every link of an answer.
constexpr std::size_t k_authority_bytes_max = 259;

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> k_token = make_token_table();

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return k_token[static_cast<unsigned char>(c)];
  });
}

// RFC 9110 5.5: blank, tab, visible characters and obs-text; no controls.
bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_visible_ascii(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Refusal malformed(std::string message) {
  return Refusal{400, Code::malformed, std::move(message), ""};
}

// The offending text for a message: printable, at most 40 characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

// Goes through one header block; each step returns the refusal that it found.
class HeaderCheck {
 public:
  HeaderCheck(std::string_view block, const GuardLimits& limits, HeaderFacts& facts)
      : rest_(block), limits_(limits), facts_(facts) {}

  std::optional<Refusal> run() {
    if (auto refusal = check_request_line(next_line())) return refusal;
    for (std::size_t fields = 0;; ++fields) {
      if (rest_.empty()) return malformed("the header does not end with an empty line");
      std::string_view line = next_line();
      if (line.empty()) break;
      if (fields == limits_.fields_max) {
        return Refusal{431, Code::too_large,
                       "too many header fields, the most is " + std::to_string(fields),
                       "header_fields_max"};
      }
      if (auto refusal = check_field(line)) return refusal;
    }
    if (!rest_.empty()) return malformed("bytes after the end of the header");
    return check_together();
  }

 private:
  // The line without CRLF. scan_header has seen that each LF follows a CR.
  std::string_view next_line() {
    std::size_t end = rest_.find("\r\n");
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
    return line;
  }

  std::optional<Refusal> check_request_line(std::string_view line) {
    std::size_t first = line.find(' ');
    std::size_t second = line.find(' ', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) {
      return malformed("the request line is not `method target version`: " + shown(line));
    }
    facts_.method = line.substr(0, first);
    facts_.target = line.substr(first + 1, second - first - 1);
    std::string_view version = line.substr(second + 1);
    if (!is_token(facts_.method)) {
      return malformed("the method is no token: " + shown(facts_.method));
    }
    if (!is_visible_ascii(facts_.target)) {
      return malformed("the target has characters that must be percent-encoded: " +
                       shown(facts_.target));
    }
    if (facts_.target.size() > limits_.target_bytes_max) {
      return Refusal{
          414, Code::too_large,
          "the target is too long, the most bytes are " + std::to_string(limits_.target_bytes_max),
          "target_bytes_max"};
    }
    return check_version(version);
  }

  std::optional<Refusal> check_version(std::string_view version) {
    bool well_formed = version.size() == 8 && version.starts_with("HTTP/") &&
                       is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    if (!well_formed) return malformed("not an HTTP version: " + shown(version));
    facts_.http_1_0 = version == "HTTP/1.0";
    if (!facts_.http_1_0 && version != "HTTP/1.1") {
      return Refusal{505, Code::unsupported,
                     "only HTTP/1.0 and HTTP/1.1 are served, not " + shown(version), ""};
    }
    return std::nullopt;
  }

  std::optional<Refusal> check_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {
      return malformed("a header line begins with a blank (obsolete line folding)");
    }
    std::size_t colon = line.find(':');
    std::string_view name = line.substr(0, colon);
    if (colon == std::string_view::npos || !is_token(name)) {
      return malformed("a header line is no `name: value`: " + shown(line));
    }
    std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) {
      return malformed("a control character in the header field " + shown(name));
    }
    if (equal_without_case(name, "Host")) return check_host(value);
    if (equal_without_case(name, "Content-Length")) return check_content_length(value);
    if (equal_without_case(name, "Transfer-Encoding")) return check_transfer_encoding(value);
    if (equal_without_case(name, "Expect")) return check_expect(value);
    return std::nullopt;
  }

  std::optional<Refusal> check_host(std::string_view value) {
    if (has_host_) return malformed("more than one Host");
    has_host_ = true;
    if (!is_authority(value)) return malformed("the Host is no authority: " + shown(value));
    return std::nullopt;
  }

  std::optional<Refusal> check_content_length(std::string_view value) {
    if (facts_.content_length) return malformed("more than one Content-Length");
    // 18 digits stay below 2^63; a longer number is beyond every limit anyway.
    if (value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), is_digit)) {
      return malformed("Content-Length is not one number: " + shown(value));
    }
    std::uint64_t length = 0;
    for (char c : value) length = length * 10 + static_cast<std::uint64_t>(c - '0');
    facts_.content_length = length;
    return std::nullopt;
  }

  std::optional<Refusal> check_transfer_encoding(std::string_view value) {
    if (facts_.chunked) return malformed("more than one Transfer-Encoding");
    if (!equal_without_case(value, "chunked")) {
      return Refusal{501, Code::unsupported,
                     "the only Transfer-Encoding served is chunked, not " + shown(value), ""};
    }
    facts_.chunked = true;
    return std::nullopt;
  }

  std::optional<Refusal> check_expect(std::string_view value) {
    if (!equal_without_case(value, "100-continue")) {
      return Refusal{417, Code::unsupported,
                     "the only expectation met is 100-continue, not " + shown(value), ""};
    }
    facts_.expects_continue = true;
    return std::nullopt;
  }

  std::optional<Refusal> check_together() {
    if (facts_.chunked && facts_.content_length) {
      return malformed("both Content-Length and Transfer-Encoding");
    }
    if (facts_.chunked && facts_.http_1_0) return malformed("Transfer-Encoding in HTTP/1.0");
    if (!has_host_ && !facts_.http_1_0) return malformed("no Host");
    if (facts_.http_1_0) facts_.expects_continue = false;  // RFC 9110 10.1.1
    if (!parse_method(facts_.method)) {
      return Refusal{501, Code::unsupported, "the method is not served: " + shown(facts_.method),
                     ""};
    }
    return std::nullopt;
  }

  std::string_view rest_;
  const GuardLimits& limits_;
  HeaderFacts& facts_;
  bool has_host_ = false;
};

// The refusal of a header that is over its limit: the request line's fault or the fields'.
Refusal too_long(std::string_view visible, const GuardLimits& limits) {
  if (visible.find('\n') == std::string_view::npos) {
    return Refusal{414, Code::too_large,
                   "the request line is too long, the most bytes are " +
                       std::to_string(limits.target_bytes_max),
                   "target_bytes_max"};
  }
  return Refusal{
      431, Code::too_large,
      "the header is too long, the most bytes are " + std::to_string(limits.header_bytes_max),
      "header_bytes_max"};
}

}  // namespace

bool is_authority(std::string_view text) {
  if (text.empty() || text.size() > k_authority_bytes_max) return false;
  std::string_view port;
  if (text.front() == '[') {
    std::size_t close = text.find(']');
    if (close == std::string_view::npos || close == 1) return false;
    std::string_view address = text.substr(1, close - 1);
    bool plain = std::all_of(address.begin(), address.end(), [](char c) {
      return k_token[static_cast<unsigned char>(c)] || c == ':';
    });
    if (!plain) return false;
    text.remove_prefix(close + 1);
    if (text.empty()) return true;
    if (text.front() != ':') return false;
    port = text.substr(1);
  } else {
    std::size_t colon = text.find(':');
    std::string_view host = text.substr(0, colon);
    if (!is_token(host)) return false;
    if (colon == std::string_view::npos) return true;
    port = text.substr(colon + 1);
  }
  return port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit);
}

HeaderScan scan_header(std::string_view buffer, std::size_t scanned, const GuardLimits& limits) {
  HeaderScan scan;
  // What stands beyond the limit is never looked at: the verdict does not depend on how much came.
  std::string_view visible = buffer.substr(0, limits.header_bytes_max);
  for (std::size_t at = visible.find('\n', scanned); at != std::string_view::npos;
       at = visible.find('\n', at + 1)) {
    if (at == 0 || visible[at - 1] != '\r') {
      scan.refusal = malformed("a line ends with LF alone");
      return scan;
    }
    if (at >= 3 && visible[at - 2] == '\n') {
      scan.block_bytes = at + 1;
      return scan;
    }
  }
  if (buffer.size() > visible.size()) scan.refusal = too_long(visible, limits);
  scan.scanned = visible.size();
  return scan;
}

std::optional<Refusal> check_header(std::string_view block, const GuardLimits& limits,
                                    HeaderFacts& facts) {
  facts = HeaderFacts{};
  return HeaderCheck(block, limits, facts).run();
}

std::optional<Refusal> check_framing(std::string_view bytes) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  if (bytes.empty() || bytes == "\r") return std::nullopt;
  std::size_t digits = bytes.find_first_not_of("0123456789abcdefABCDEF");
  if (digits == std::string_view::npos) return std::nullopt;
  if (digits == 0 || std::string_view("; \t\r").find(bytes[digits]) == std::string_view::npos) {
    return malformed("a chunk has no sound size: " + shown(bytes.substr(0, digits + 1)));
  }
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos;
       at = bytes.find('\n', at + 1)) {
    if (bytes[at - 1] != '\r') return malformed("a line of the chunked framing ends with LF alone");
  }
  return std::nullopt;
}

}  // namespace bl::net
