#include "objects/s3/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/hmac.h"

namespace bl::objects {
namespace {

/// `20130524T000000Z`
std::string date_time_of(Timestamp time) {
  std::string text = to_rfc3339_seconds(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

/// Without blanks at the ends, one for several within.
std::string collapsed(std::string_view value) {
  std::string text;
  for (const char c : value) {
    const bool is_blank = c == ' ' || c == '\t';
    if (!is_blank) {
      text.push_back(c);
    } else if (!text.empty() && text.back() != ' ') {
      text.push_back(' ');
    }
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

HeaderFields signed_fields(const SigningRequest& request, Timestamp time,
                           const Credentials& credentials) {
  HeaderFields fields = request.headers;
  fields.emplace_back("host", request.host);
  fields.emplace_back("x-amz-content-sha256", request.payload_sha256);
  fields.emplace_back("x-amz-date", date_time_of(time));
  if (!credentials.session_token.empty()) {
    fields.emplace_back("x-amz-security-token", credentials.session_token.reveal());
  }
  for (auto& [name, value] : fields) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    value = collapsed(value);
  }
  std::ranges::sort(fields);
  return fields;
}

std::string names_of(const HeaderFields& fields) {
  std::string names;
  for (const auto& [name, value] : fields) {
    if (!names.empty()) names.push_back(';');
    names.append(name);
  }
  return names;
}

std::string canonical(const SigningRequest& request, const HeaderFields& fields) {
  std::string text;
  text.append(request.method).append("\n").append(request.path).append("\n");
  text.append(request.query).append("\n");
  for (const auto& [name, value] : fields) text.append(name).append(":").append(value).append("\n");
  text.append("\n").append(names_of(fields)).append("\n").append(request.payload_sha256);
  return text;
}

std::string_view view_of(const std::array<std::byte, 32>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string signature_of(std::string_view text, std::string_view date, std::string_view region,
                         const Credentials& credentials) {
  auto key = hmac_sha256("AWS4" + credentials.secret_access_key.reveal(), date);
  for (const std::string_view part :
       {region, std::string_view("s3"), std::string_view("aws4_request")}) {
    key = hmac_sha256(view_of(key), part);
  }
  return to_hex(hmac_sha256(view_of(key), text));
}

}  // namespace

std::string canonical_query(const QueryPairs& pairs) {
  QueryPairs encoded;
  for (const auto& [key, value] : pairs) {
    encoded.emplace_back(percent_encode(key), percent_encode(value));
  }
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [key, value] : encoded) {
    if (!text.empty()) text.push_back('&');
    text.append(key).append("=").append(value);
  }
  return text;
}

std::string canonical_request(const SigningRequest& request, Timestamp time,
                              const Credentials& credentials) {
  return canonical(request, signed_fields(request, time, credentials));
}

HeaderFields sign(const SigningRequest& request, Timestamp time, std::string_view region,
                  const Credentials& credentials) {
  const HeaderFields fields = signed_fields(request, time, credentials);
  const std::string date_time = date_time_of(time);
  const std::string date = date_time.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/s3/aws4_request", date, region);
  const std::string text = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date_time, scope,
                                       sha256_hex(canonical(request, fields)));
  HeaderFields added;
  added.emplace_back(
      "Authorization",
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                  credentials.access_key_id, scope, names_of(fields),
                  signature_of(text, date, region, credentials)));
  for (const auto& [name, value] : fields) {
    if (name == "x-amz-content-sha256" || name == "x-amz-date" || name == "x-amz-security-token") {
      added.emplace_back(name, value);
    }
  }
  return added;
}

}  // namespace bl::objects
