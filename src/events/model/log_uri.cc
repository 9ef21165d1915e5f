#include "events/log_uri.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/numbers.h"
#include "base/uri.h"

namespace bl::events {
namespace {

using Parameter = std::pair<std::string, std::string>;
using Names = std::vector<std::string_view>;

constexpr std::string_view k_schemes =
    "sqlite://FILE, postgres://USER@HOST/DATABASE, delta:///FOLDER, delta+s3://BUCKET/PREFIX";

Error invalid(std::string_view what, std::string_view value) {
  return Error{Code::invalid, fmt::format("{}: {}", what, value)};
}

Error wrong_value(const Parameter& parameter, std::string_view expected) {
  return Error{Code::invalid, fmt::format("the log's parameter {} is {}: {}", parameter.first,
                                          expected, parameter.second)};
}

Result<bool> flag_of(const Parameter& parameter) {
  if (parameter.second == "1") return true;
  if (parameter.second == "0") return false;
  return wrong_value(parameter, "0 or 1");
}

Result<std::int64_t> number_of(const Parameter& parameter, std::int64_t low, std::int64_t high) {
  const auto number = parse_int64(parameter.second);
  if (number && *number >= low && *number <= high) return *number;
  return wrong_value(parameter, fmt::format("a number from {} to {}", low, high));
}

/// One URI; parts are read in the order of this class.
class LogUriParser {
 public:
  explicit LogUriParser(std::string_view text) : text_(text) {}

  Result<LogUri> parse() {
    BL_TRY(uri_, parse_uri(text_));
    log_.shown = uri_.redacted();
    BL_RETURN_IF_ERROR(read_place());
    std::set<std::string> seen;
    for (const Parameter& parameter : uri_.query) {
      if (!seen.insert(parameter.first).second)
        return invalid("the log's parameter stands twice", parameter.first);
      BL_RETURN_IF_ERROR(read_parameter(parameter));
    }
    return std::move(log_);
  }

 private:
  Result<void> read_place() {
    if (uri_.scheme == "sqlite") return read_sqlite();
    if (uri_.scheme == "postgres") return read_postgres();
    if (uri_.scheme == "delta") return read_delta();
    if (uri_.scheme == "delta+s3") return read_s3();
    if (uri_.scheme == "delta+azure" || uri_.scheme == "delta+gs")
      return Error{Code::unsupported,
                   fmt::format("not supported: a log at {}; there are {}", uri_.scheme, k_schemes)};
    return Error{Code::invalid, fmt::format("no log is at a URI of this scheme; there are {}: {}",
                                            k_schemes, uri_.scheme)};
  }

  Result<void> read_sqlite() {
    log_.backend = LogUri::Backend::sqlite;
    if (uri_.path.back() == '/') return invalid("the log's URI names no file", log_.shown);
    log_.path = uri_.path;
    log_.database = text_.substr(0, text_.find('?'));
    names_ = {"mode", "shared", "synchronous", "strict"};
    return {};
  }

  Result<void> read_postgres() {
    log_.backend = LogUri::Backend::postgres;
    // What is not ours is the driver's, as it stood.
    const std::size_t query = text_.find('?');
    log_.database = text_.substr(0, query);
    char separator = '?';
    for (std::size_t at = query; at < text_.size();) {
      const std::size_t end = std::min(text_.find('&', at + 1), text_.size());
      const std::string_view part = text_.substr(at + 1, end - at - 1);
      const std::string_view name = part.substr(0, part.find('='));
      at = end;
      if (part.empty() || name == "mode" || name == "strict") continue;
      log_.database += separator;
      log_.database += part;
      separator = '&';
    }
    return {};
  }

  Result<void> read_delta() {
    log_.backend = LogUri::Backend::delta;
    log_.path = uri_.path;
    while (log_.path.size() > 1 && log_.path.back() == '/') log_.path.pop_back();
    if (log_.path == "/") return invalid("the log's URI names no folder", log_.shown);
    names_ = {"mode", "flush_ms", "flush_events", "checkpoint_interval", "strict"};
    return {};
  }

  Result<void> read_s3() {
    log_.backend = LogUri::Backend::delta;
    if (!uri_.user.empty() || !uri_.password.empty())
      return Error{Code::invalid,
                   "credentials of S3 come from the environment (AWS_ACCESS_KEY_ID, "
                   "AWS_SECRET_ACCESS_KEY), not from the log's URI"};
    if (uri_.host.empty() || !uri_.port.empty())
      return invalid("the log's URI names no bucket, as in delta+s3://bucket/path", log_.shown);
    log_.bucket = uri_.host;
    const std::size_t first = uri_.path.find_first_not_of('/');
    if (first == std::string::npos)
      return invalid("the log's URI names no place in the bucket", log_.shown);
    log_.path = uri_.path.substr(first, uri_.path.find_last_not_of('/') + 1 - first);
    names_ = {"mode",     "flush_ms", "flush_events", "checkpoint_interval", "strict",
              "endpoint", "region",   "path_style",   "allow_http"};
    return {};
  }

  Result<void> read_parameter(const Parameter& parameter) {
    const std::string& name = parameter.first;
    if (name == "mode") return read_mode(parameter);
    if (name == "strict") {
      BL_TRY(log_.is_strict, flag_of(parameter));
      return {};
    }
    if (log_.backend == LogUri::Backend::postgres) return {};
    if (std::find(names_.begin(), names_.end(), name) == names_.end())
      return Error{Code::invalid, fmt::format("{} has no such parameter; there are {}: {}",
                                              uri_.scheme, fmt::join(names_, ", "), name)};
    if (name == "shared") {
      BL_TRY(log_.is_shared, flag_of(parameter));
    } else if (name == "path_style") {
      BL_TRY(log_.path_style, flag_of(parameter));
    } else if (name == "allow_http") {
      BL_TRY(log_.allow_http, flag_of(parameter));
    } else if (name == "synchronous") {
      if (parameter.second != "full" && parameter.second != "normal")
        return wrong_value(parameter, "full or normal");
      log_.is_synchronous = parameter.second == "full";
    } else if (name == "flush_ms") {
      BL_TRY(const std::int64_t ms, number_of(parameter, 1, 3'600'000));
      log_.flush_every = std::chrono::milliseconds(ms);
    } else if (name == "flush_events") {
      BL_TRY(log_.flush_events, number_of(parameter, 1, 1'000'000));
    } else if (name == "checkpoint_interval") {
      BL_TRY(log_.checkpoint_interval, number_of(parameter, 1, 1'000'000));
    } else if (name == "endpoint") {
      log_.endpoint = parameter.second;
    } else if (name == "region") {
      log_.region = parameter.second;
    }
    return {};
  }

  Result<void> read_mode(const Parameter& parameter) {
    const bool is_delta = log_.backend == LogUri::Backend::delta;
    if (parameter.second == "ro") {
      log_.mode = LogUri::Mode::read;
    } else if (is_delta && parameter.second == "direct") {
      log_.mode = LogUri::Mode::direct;
    } else if (parameter.second != (is_delta ? "wal" : "rwc")) {
      return wrong_value(parameter, is_delta ? "wal, direct or ro" : "ro or rwc");
    }
    return {};
  }

  std::string_view text_;
  Uri uri_;
  LogUri log_;
  Names names_;  // of the scheme's parameters
};

}  // namespace

Result<LogUri> parse_log_uri(std::string_view text) {
  return LogUriParser(text).parse();
}

}  // namespace bl::events
