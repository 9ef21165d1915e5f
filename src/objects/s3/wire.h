#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "net/client.h"
#include "objects/s3/answers.h"
#include "objects/s3/credentials.h"
#include "objects/s3/retry.h"
#include "objects/s3/sigv4.h"
#include "objects/s3_settings.h"

/// Requests to one bucket: signed, sent over kept-alive connections, sent again where that makes
/// sense. Threads: any.
namespace bl::objects {

struct S3Request {
  net::Method method = net::Method::get;
  std::string path;  ///< in the bucket, decoded; empty: the bucket itself
  QueryPairs query;
  HeaderFields headers;
  std::string_view body;
};

struct S3Answer {
  int status = 0;
  net::Headers headers;
  std::string body;
  S3Fault fault;  ///< of a status from 300 on, or of a 200 that holds an Error
  bool ok() const { return status < 300 && fault.code.empty(); }
};

/// How a request ended: the last answer, or why there was none.
struct S3Outcome {
  Result<S3Answer> answer;
  /// An attempt may have been carried out without our being told; of `answer` itself when there is
  /// none, else of one before it.
  bool may_have_happened = false;
};

class S3Wire {
 public:
  S3Wire(S3Settings settings, S3Limits limits, std::size_t body_bytes_max,
         std::unique_ptr<CredentialSource> credentials, World world);

  /// Any answer that is not transient is a success here. Errors: unavailable, timeout, overloaded,
  /// cancelled, forbidden (the certificate), invalid, too_large.
  S3Outcome send(const S3Request& request);
  /// The error that an answer means, with `s3://bucket/path` at its end and without secrets.
  Error error_of(const S3Answer& answer, const std::string& path) const;
  const S3Settings& settings() const { return settings_; }

 private:
  class Lease;
  /// What is done after an attempt.
  enum class Next : unsigned char {
    nothing,         ///< this is the answer
    again,           ///< it was not carried out: try again
    again_in_doubt,  ///< it may have been
    renew,           ///< these credentials are over
  };
  struct Attempt {
    Result<S3Answer> answer;
    int sendings = 0;  ///< more than one: those before it were left without an answer
    Credentials credentials;
  };

  Attempt attempt(const S3Request& request);
  net::Headers signed_headers(const S3Request& request, std::string_view path,
                              std::string_view query, const Credentials& credentials) const;
  Result<Lease> lease();
  static Next next_of(const Attempt& attempt);
  std::string safe_words(const S3Fault& fault) const;
  Error exhausted(const Attempt& last, const std::string& path) const;

  const S3Settings settings_;
  const S3Limits limits_;
  const std::size_t body_bytes_max_;
  const std::unique_ptr<CredentialSource> credentials_;
  const World world_;
  const std::string host_, front_;  // of every URL
  RetryMetrics metrics_;
  Counter connection_hits_;
  RetryTokens tokens_;

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<net::Client> idle_;  // guarded by mutex_
  std::size_t open_ = 0;           // guarded by mutex_; idle ones too
};

}  // namespace bl::objects
