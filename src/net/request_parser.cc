// Beast asserts that a chunked body's end never comes in a piece of four bytes; from a socket it
// does, and without the assertion it is parsed rightly (tests/request_parser_test.cc cuts bodies
// everywhere). An assertion must not be reachable by input.
#define BOOST_DISABLE_ASSERTS
#include "net/request_parser.h"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include "base/uri.h"
#include "base/utf8.h"

namespace bl::net {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

// A body that goes where its owner says, so that streamed bodies need no whole string.
struct SinkBody {
  using value_type = std::string*;
  struct reader {
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& sink) : sink_(sink) {}
    void init(const boost::optional<std::uint64_t>&, error_code& ec) { ec = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& ec) {
      ec = {};
      std::size_t bytes = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers); ++at) {
        boost::asio::const_buffer piece = *at;
        sink_->append(static_cast<const char*>(piece.data()), piece.size());
        bytes += piece.size();
      }
      return bytes;
    }
    void finish(error_code& ec) { ec = {}; }
    value_type& sink_;
  };
};

Refusal malformed(std::string message) {
  return Refusal{400, Code::malformed, std::move(message), ""};
}

}  // namespace

struct RequestParser::Beast {
  http::request_parser<SinkBody> parser;
};

RequestParser::RequestParser(GuardLimits limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(std::string_view bytes, std::string& body) {
  switch (state_) {
    case State::header:
      return feed_header(bytes);
    case State::body:
      return feed_body(bytes, body);
    case State::done:
    case State::refused:
      return 0;
  }
  return 0;
}

void RequestParser::refuse(Refusal refusal) {
  refusal_ = std::move(refusal);
  state_ = State::refused;
}

std::size_t RequestParser::feed_header(std::string_view bytes) {
  // Empty lines before a request line are skipped (RFC 9112 2.2).
  std::size_t skipped = 0;
  if (!started_) {
    while (bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
    bytes.remove_prefix(skipped);
    if (bytes.empty() || bytes == "\r") return skipped;
    started_ = true;
  }
  HeaderScan scan = scan_header(bytes, scanned_, limits_);
  scanned_ = scan.scanned;
  if (scan.refusal) {
    refuse(std::move(*scan.refusal));
    return skipped;
  }
  if (scan.block_bytes == 0) return skipped;
  std::string_view block = bytes.substr(0, scan.block_bytes);
  HeaderFacts facts;
  if (auto refusal = check_header(block, limits_, facts)) {
    refuse(std::move(*refusal));
    return skipped;
  }

  beast_ = std::make_unique<Beast>();
  auto& parser = beast_->parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes_max));
  parser.body_limit(boost::none);  // the connection counts
  error_code ec;
  std::size_t taken = parser.put(boost::asio::buffer(block.data(), block.size()), ec);
  if (ec || !parser.is_header_done() || taken != block.size()) {
    refuse(malformed("the header cannot be read: " + ec.message()));
    return skipped;
  }
  head_.method = *parse_method(facts.method);
  head_.raw_target = facts.target;
  head_.http_1_0 = facts.http_1_0;
  head_.keep_alive = parser.get().keep_alive();
  head_.expects_continue = facts.expects_continue;
  head_.chunked = facts.chunked;
  head_.content_length = facts.content_length.value_or(0);
  for (const auto& field : parser.get()) {
    head_.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  parser.eager(true);
  if (auto refusal = read_target(head_)) {
    refuse(std::move(*refusal));
    return skipped;
  }
  state_ = parser.is_done() ? State::done : State::body;
  return skipped + taken;
}

std::size_t RequestParser::feed_body(std::string_view bytes, std::string& body) {
  if (bytes.empty()) return 0;
  auto& parser = beast_->parser;
  parser.get().body() = &body;
  error_code ec;
  std::size_t taken = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (ec && ec != http::error::need_more) {
    refuse(malformed("the body's framing is broken: " + ec.message()));
    return taken;
  }
  if (parser.is_done()) {
    state_ = State::done;
  } else if (taken == 0 && bytes.size() > limits_.header_bytes_max) {
    refuse(malformed("a line of the chunked framing is too long"));
  } else if (taken == 0) {
    if (auto refusal = check_framing(bytes)) refuse(std::move(*refusal));
  }
  return taken;
}

std::optional<Refusal> read_target(RequestHead& head) {
  std::string_view target = head.raw_target;
  if (head.method == Method::options && target == "*") {
    head.raw_path = head.path = "*";
    return std::nullopt;
  }
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equal_without_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    std::size_t end = target.find_first_of("/?");
    if (!is_authority(target.substr(0, end))) {
      return malformed("the target has no sound authority: " + head.raw_target.substr(0, 40));
    }
    head.headers.set("Host", std::string(target.substr(0, end)));
    target.remove_prefix(std::min(end, target.size()));
    break;
  }
  std::size_t question = target.find('?');
  std::string_view path = target.substr(0, question);
  bool absolute = target.size() < head.raw_target.size();
  if (path.empty() && absolute) path = "/";
  if (!path.starts_with('/')) {
    return malformed("the target is no path: " + head.raw_target.substr(0, 40));
  }
  if (target.find('#') != std::string_view::npos) {
    return malformed("a fragment in the target: " + head.raw_target.substr(0, 40));
  }
  head.path = path;  // a refusal takes the shape of the path's dialect
  Result<std::string> decoded = percent_decode(path);
  if (!decoded) return malformed("the path: " + decoded.error().message);
  if (!is_utf8(*decoded))
    return malformed("the path is not UTF-8: " + head.raw_target.substr(0, 40));
  head.raw_path = path;
  head.path = std::move(decoded).value();
  if (question != std::string_view::npos) {
    auto query = parse_query(target.substr(question + 1));
    if (!query) return malformed("the query: " + query.error().message);
    head.query = std::move(query).value();
  }
  return std::nullopt;
}

}  // namespace bl::net
