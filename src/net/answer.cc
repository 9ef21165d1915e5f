#include "net/answer.h"

#include <charconv>
#include <ctime>

#include "net/status.h"

namespace bl::net {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes what stands before the next `separator` off the front.
std::string_view take_item(std::string_view& list, char separator) {
  std::size_t end = list.find(separator);
  std::string_view item = list.substr(0, end);
  list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  return trim(item);
}

// "0.5" -> 500, "1" -> 1000; anything that is no quality is 0.
int parse_quality(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 0;
  int quality = (text[0] - '0') * 1000;
  if (text.size() == 1) return quality;
  if (text[1] != '.' || text.size() > 5) return 0;
  int weight = 100;
  for (char c : text.substr(2)) {
    if (c < '0' || c > '9') return 0;
    quality += (c - '0') * weight;
    weight /= 10;
  }
  return std::min(quality, 1000);
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// The server's own fields; a handler does not set them.
bool is_framing_field(std::string_view name) {
  for (std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Date",
                               "X-Request-Id", "X-Content-Type-Options", "Keep-Alive"}) {
    if (equal_without_case(name, own)) return true;
  }
  return false;
}

void append_safe(std::string& out, std::string_view text) {
  std::size_t from = out.size();
  out += text;
  for (std::size_t i = from; i < out.size(); ++i) {
    auto byte = static_cast<unsigned char>(out[i]);
    if (byte < 0x20 || byte == 0x7f) out[i] = ' ';
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_safe(out, name);
  out += ": ";
  append_safe(out, value);
  out += "\r\n";
}

void append_number(std::string& out, std::uint64_t number, int base = 10) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
  out.append(digits, end);
}

// The date of now; made once a second in each thread.
const std::string& current_date() {
  thread_local std::int64_t second = -1;
  thread_local std::string text;
  auto now = std::chrono::system_clock::now().time_since_epoch();
  std::int64_t current = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  if (current != second) {
    second = current;
    text = http_date(current);
  }
  return text;
}

// Whether another client could get this answer coded otherwise.
bool may_be_coded(const Response& response, std::size_t compress_bytes_min) {
  if (!has_body(response.status) || response.status == 206) return false;
  if (!response.stream && response.body.size() < compress_bytes_min) return false;
  if (response.headers.find("Content-Encoding")) return false;
  if (response.headers.get("Cache-Control").find("no-transform") != std::string_view::npos) {
    return false;
  }
  return is_compressible(response.headers.get("Content-Type"));
}

void add_vary(Headers& headers) {
  std::string vary(headers.get("Vary"));
  if (vary == "*" || vary.find("Accept-Encoding") != std::string::npos) return;
  headers.set("Vary", vary.empty() ? "Accept-Encoding" : vary + ", Accept-Encoding");
}

// Codes the body and says so. A strong ETag names the bytes, which change: it becomes weak.
Encoding apply_coding(Response& response, const AnswerFacts& facts) {
  if (!may_be_coded(response, facts.compress_bytes_min)) return Encoding::identity;
  add_vary(response.headers);
  Encoding encoding = choose_encoding(facts.accept_encoding);
  if (encoding == Encoding::identity) return encoding;
  response.headers.set("Content-Encoding", encoding == Encoding::gzip ? "gzip" : "zstd");
  std::string etag(response.headers.get("ETag"));
  if (etag.starts_with('"')) response.headers.set("ETag", "W/" + etag);
  if (!response.stream) response.body = compress(encoding, response.body);
  return encoding;
}

}  // namespace

Answer render(Response response, const AnswerFacts& facts) {
  Answer answer;
  answer.keep_alive = facts.keep_alive;
  answer.encoding = apply_coding(response, facts);
  if (!has_body(response.status)) {
    answer.framing = Framing::none;
  } else if (!response.stream) {
    answer.framing = Framing::length;
  } else if (facts.method == Method::head) {
    answer.framing = Framing::none;
  } else if (facts.http_1_0) {
    answer.framing = Framing::until_close;
    answer.keep_alive = false;
  } else {
    answer.framing = Framing::chunked;
  }

  std::string& head = answer.head;
  head.reserve(384);
  head += "HTTP/1.1 ";
  append_number(head, static_cast<std::uint64_t>(response.status));
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  append_field(head, "Date", current_date());
  for (const auto& [name, value] : response.headers.fields()) {
    if (!is_framing_field(name)) append_field(head, name, value);
  }
  append_field(head, "X-Content-Type-Options", "nosniff");
  if (!facts.request_id.empty()) append_field(head, "X-Request-Id", facts.request_id);
  if (answer.framing == Framing::length) {
    head += "Content-Length: ";
    append_number(head, response.body.size());
    head += "\r\n";
  } else if (answer.framing == Framing::chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  }
  if (!answer.keep_alive) {
    head += "Connection: close\r\n";
  } else if (facts.http_1_0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  if (answer.framing == Framing::length && facts.method != Method::head) {
    answer.body = std::move(response.body);
  }
  return answer;
}

Encoding choose_encoding(std::string_view accept_encoding) {
  int gzip = -1;
  int zstd = -1;
  int any = -1;
  while (!accept_encoding.empty()) {
    std::string_view item = take_item(accept_encoding, ',');
    std::string_view name = take_item(item, ';');
    int quality = 1000;
    while (!item.empty()) {
      std::string_view parameter = take_item(item, ';');
      if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
        quality = parse_quality(parameter.substr(2));
      }
    }
    if (equal_without_case(name, "gzip") || equal_without_case(name, "x-gzip")) gzip = quality;
    if (equal_without_case(name, "zstd")) zstd = quality;
    if (name == "*") any = quality;
  }
  // `*` stands for what is not named; only gzip is common enough to be meant by it.
  if (gzip < 0) gzip = any;
  if (gzip <= 0 && zstd <= 0) return Encoding::identity;
  return zstd >= gzip ? Encoding::zstd : Encoding::gzip;
}

bool is_compressible(std::string_view content_type) {
  std::string_view type = take_item(content_type, ';');
  std::string lowered(type);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  // A server-sent event must reach the page at once, through every proxy.
  if (lowered == "text/event-stream") return false;
  if (lowered.starts_with("text/") || lowered.ends_with("+json") || lowered.ends_with("+xml")) {
    return true;
  }
  for (std::string_view known : {"application/json", "application/javascript", "application/xml",
                                 "application/yaml", "application/x-ndjson", "application/jsonl",
                                 "application/wasm", "application/sql", "image/svg+xml"}) {
    if (lowered == known) return true;
  }
  return false;
}

std::string http_date(std::int64_t unix_seconds) {
  static constexpr const char* k_days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* k_months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm tm{};
  std::time_t time = unix_seconds;
  gmtime_r(&time, &tm);
  char text[48];
  int length = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                             k_days[tm.tm_wday], tm.tm_mday, k_months[tm.tm_mon], tm.tm_year + 1900,
                             tm.tm_hour, tm.tm_min, tm.tm_sec);
  return std::string(text, static_cast<std::size_t>(length));
}

void append_chunk(std::string& out, std::string_view bytes) {
  append_number(out, bytes.size(), 16);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

}  // namespace bl::net
