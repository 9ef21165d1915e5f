#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/uri.h"
#include "objects/limits.h"

/// Where a bucket is and who may open it. No credentials are in here: they come from the
/// environment or from a file (s3/credentials.h), and a URI that holds any is refused.
namespace bl::objects {

struct S3Settings {
  enum class Style : unsigned char { path, virtual_host };
  std::string bucket;
  std::string prefix;  ///< empty, or ends in `/`
  std::string region = "us-east-1";
  bool https = true;
  std::string host;  ///< with `:port` where it is not the scheme's own; without the bucket
  Style style = Style::virtual_host;
  std::string ca_file;  ///< empty: the system's authorities

  /// `s3://bucket/prefix`: for logs.
  std::string text() const;
};

/// `s3://bucket[/prefix]` with these parameters, each of which goes before its variables:
///
/// | parameter | variables | default |
/// |---|---|---|
/// | `region` | AWS_REGION, AWS_DEFAULT_REGION | us-east-1 |
/// | `endpoint` | AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL | `https://s3.REGION.amazonaws.com` |
/// | `path_style` (0, 1) | - | 1 with an endpoint or a bucket with dots, else 0 |
/// | `allow_http` (0, 1) | - | 0: `http://` for an endpoint on this machine only |
/// | `ca_file` | AWS_CA_BUNDLE | the system's authorities |
///
/// Errors: invalid, with the offending part; never with a secret.
Result<S3Settings> s3_settings(const Uri& uri, const std::map<std::string, std::string>& variables);

}  // namespace bl::objects
