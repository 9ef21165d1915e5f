#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uri.h"
#include "objects/s3/credentials.h"

/// AWS Signature Version 4 in header fields, as S3 wants it: the path is encoded once and not
/// normalised, the body's SHA-256 is signed. Pure; held to AWS' own examples by its test.
///
/// libcurl 7.88 signs too (CURLOPT_AWS_SIGV4), but by the machine's clock, so that it cannot be
/// held to examples, and it signs the query in the order in which it comes.
namespace bl::objects {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

struct SigningRequest {
  std::string_view method;          ///< `GET`
  std::string_view host;            ///< as in the Host field
  std::string_view path;            ///< percent-encoded
  std::string_view query;           ///< canonical_query() of it
  HeaderFields headers;             ///< every one is signed; without Host and x-amz-date
  std::string_view payload_sha256;  ///< 64 hex digits
};

/// The query as it is signed and sent: encoded, ordered.
std::string canonical_query(const QueryPairs& pairs);

/// What the signature is made of (the middle of SigV4), for tests.
std::string canonical_request(const SigningRequest& request, Timestamp time,
                              const Credentials& credentials);

/// The fields to add: Authorization, x-amz-date, x-amz-content-sha256, and x-amz-security-token
/// where there is one.
HeaderFields sign(const SigningRequest& request, Timestamp time, std::string_view region,
                  const Credentials& credentials);

}  // namespace bl::objects
