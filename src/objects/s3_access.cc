#include "objects/s3_access.h"

#include "base/uri.h"
#include "objects/s3/credentials.h"

namespace bl::objects {

Result<S3Access> s3_access(const std::string& place,
                           const std::map<std::string, std::string>& variables, Disk& disk) {
  BL_TRY(const Uri uri, parse_uri(place));
  if (uri.scheme != "s3") {
    return Error{Code::invalid, "not a bucket's place (s3://BUCKET/PREFIX): " + uri.redacted()};
  }
  BL_TRY(S3Settings settings, s3_settings(uri, variables));
  BL_TRY(const auto source, CredentialSource::open(variables, disk));
  const Credentials credentials = source->current();
  return S3Access{std::move(settings), credentials.access_key_id,
                  credentials.secret_access_key.reveal(), credentials.session_token.reveal()};
}

}  // namespace bl::objects
