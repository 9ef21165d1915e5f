#include "objects/s3_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>

#include "objects/key.h"

namespace bl::objects {
namespace {

using Variables = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 5> k_parameters = {"region", "endpoint", "path_style",
                                                          "allow_http", "ca_file"};
constexpr std::size_t k_prefix_bytes_max = 512;

/// The parameter, or the first variable that is set, or nothing.
std::string value_of(const Uri& uri, std::string_view parameter, const Variables& variables,
                     std::initializer_list<const char*> names) {
  for (const auto& [key, value] : uri.query) {
    if (key == parameter) return value;
  }
  for (const char* name : names) {
    const auto found = variables.find(name);
    if (found != variables.end() && !found->second.empty()) return found->second;
  }
  return {};
}

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_label_character);
}

/// S3's own rule, which also keeps the name out of other parts of a URL.
bool is_bucket(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && name.front() != '.' && name.back() != '.' &&
         std::ranges::all_of(name, [](char c) { return is_label_character(c) || c == '.'; });
}

Result<bool> flag_of(const Uri& uri, std::string_view parameter, bool when_absent) {
  const std::string text = value_of(uri, parameter, {}, {});
  if (text.empty()) return when_absent;
  if (text == "0" || text == "1") return text == "1";
  return Error{Code::invalid, fmt::format("the parameter {} is 0 or 1: {}", parameter, text)};
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") ||
         host == "::1";
}

bool is_number_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

Result<void> read_endpoint(const std::string& text, bool allow_http, S3Settings& settings) {
  const auto uri = parse_uri(text);
  const Error refusal{Code::invalid,
                      "an endpoint of S3 is http(s)://HOST[:PORT]: " +
                          (uri.ok() ? uri->redacted() : std::string("the text is no URI"))};
  if (!uri.ok() || uri->host.empty() || !uri->query.empty() || !uri->user.empty() ||
      !uri->password.empty() || (!uri->path.empty() && uri->path != "/")) {
    return refusal;
  }
  if (uri->scheme != "https" && uri->scheme != "http") return refusal;
  std::string host = uri->host;
  std::ranges::transform(host, host.begin(), [](unsigned char c) { return std::tolower(c); });
  const bool plain = std::ranges::all_of(
      host, [](char c) { return is_label_character(c) || c == '.' || c == ':' || c == '_'; });
  if (!plain) return refusal;
  settings.https = uri->scheme == "https";
  if (!settings.https && !allow_http && !is_this_machine(host)) {
    return Error{Code::invalid,
                 "an endpoint of S3 that is not on this machine wants https, or the parameter "
                 "allow_http=1: " +
                     uri->redacted()};
  }
  if (settings.style == S3Settings::Style::virtual_host && is_number_address(host)) {
    return Error{
        Code::invalid,
        "a bucket cannot stand before an address of numbers, leave path_style at 1: " + host};
  }
  const bool is_v6 = host.find(':') != std::string::npos;
  settings.host = is_v6 ? "[" + host + "]" : host;
  const bool is_own_port = uri->port == (settings.https ? "443" : "80");
  if (!uri->port.empty() && !is_own_port) settings.host += ":" + uri->port;
  return {};
}

Result<std::string> prefix_of(const Uri& uri) {
  std::string prefix = uri.path;
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  while (prefix.ends_with('/')) prefix.pop_back();
  if (prefix.empty()) return prefix;
  BL_RETURN_IF_ERROR(check_key(prefix));
  if (prefix.size() > k_prefix_bytes_max) {
    return Error{Code::invalid,
                 "the prefix in a bucket has more than 512 bytes: " + quoted(prefix)};
  }
  return prefix + "/";
}

Result<void> check_parts(const Uri& uri) {
  if (!uri.user.empty() || !uri.password.empty()) {
    return Error{Code::invalid,
                 "credentials do not stand in the URI of a bucket: they come from "
                 "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from a file: " +
                     uri.host};
  }
  if (!is_bucket(uri.host) || !uri.port.empty()) {
    return Error{Code::invalid, "not a bucket's name: " + quoted(uri.host)};
  }
  for (const auto& [key, value] : uri.query) {
    if (std::ranges::find(k_parameters, key) != k_parameters.end()) continue;
    return Error{Code::invalid,
                 "unknown parameter of a bucket's URI (there are region, endpoint, path_style, "
                 "allow_http, ca_file): " +
                     quoted(key)};
  }
  return {};
}

}  // namespace

std::string S3Settings::text() const {
  return "s3://" + bucket + "/" + prefix;
}

Result<S3Settings> s3_settings(const Uri& uri, const Variables& variables) {
  BL_RETURN_IF_ERROR(check_parts(uri));
  S3Settings settings;
  settings.bucket = uri.host;
  BL_TRY(settings.prefix, prefix_of(uri));
  const std::string region =
      value_of(uri, "region", variables, {"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (!region.empty()) settings.region = region;
  if (!is_region(settings.region)) {
    return Error{Code::invalid, "not a region of S3: " + quoted(settings.region)};
  }
  settings.ca_file = value_of(uri, "ca_file", variables, {"AWS_CA_BUNDLE"});
  const std::string endpoint =
      value_of(uri, "endpoint", variables, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  // The certificate of https://bucket.with.dots.s3... does not hold for it.
  const bool has_dots = settings.bucket.find('.') != std::string::npos;
  BL_TRY(const bool path_style, flag_of(uri, "path_style", !endpoint.empty() || has_dots));
  BL_TRY(const bool allow_http, flag_of(uri, "allow_http", false));
  settings.style = path_style ? S3Settings::Style::path : S3Settings::Style::virtual_host;
  settings.host = "s3." + settings.region + ".amazonaws.com";
  if (!endpoint.empty()) BL_RETURN_IF_ERROR(read_endpoint(endpoint, allow_http, settings));
  return settings;
}

}  // namespace bl::objects
