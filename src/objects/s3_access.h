#pragma once

#include <map>
#include <string>

#include "base/disk.h"
#include "base/result.h"
#include "objects/s3_settings.h"

/// What an engine that reads a bucket by itself must be told.
namespace bl::objects {

/// Holds secrets: for the engine's own secret store, never for a sentence, a log or a file.
struct S3Access {
  S3Settings settings;
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty: none
};

/// The same bucket with the same credentials that open_store() finds for the place, read anew: ask
/// again when they were refused. Errors: as open_store().
Result<S3Access> s3_access(const std::string& place,
                           const std::map<std::string, std::string>& variables, Disk& disk);

}  // namespace bl::objects
