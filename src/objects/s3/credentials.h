#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"

/// Who we are to S3. Secrets stay in here and in the signature: nothing prints them, no error and
/// no log line holds them.
namespace bl::objects {

/// A text that cannot get into a sentence by accident.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;  ///< empty: none
  bool operator==(const Credentials&) const = default;
};

/// A file of AWS' kind: `[profile]` sections with `aws_access_key_id`, `aws_secret_access_key`,
/// `aws_session_token`; other keys, `#` and `;` comments are passed over. Errors: invalid,
/// not_found (the profile, a key), naming the line, never its text.
Result<Credentials> read_credentials_file(std::string_view text, std::string_view profile);

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or else the file
/// AWS_SHARED_CREDENTIALS_FILE (default `$HOME/.aws/credentials`), section AWS_PROFILE (default
/// `default`). The file is read again when S3 says that what was in it has expired. Threads: any.
class CredentialSource {
 public:
  /// Keep the disk longer. Errors: unauthenticated (none are there), invalid, io, forbidden.
  static Result<std::unique_ptr<CredentialSource>> open(
      const std::map<std::string, std::string>& variables, Disk& disk);
  Credentials current() const;
  /// S3 refused these. True when there are others now, so that another try makes sense.
  bool renew(const Credentials& refused);

 private:
  CredentialSource(Disk& disk) : disk_(disk) {}
  Result<Credentials> read() const;

  Disk& disk_;
  std::string file_, profile_;  // empty: they are fixed
  mutable std::mutex mutex_;
  Credentials credentials_;  // guarded by mutex_
};

}  // namespace bl::objects
