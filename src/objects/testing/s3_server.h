#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"

/// A real S3 server for tests: moto, in a process of its own, with its objects in memory, made to
/// serve one request after the other (s3_server.py), so that its conditional writes are atomic. Its
/// check of signatures is botocore's; parts of uploads may be small. Needs the packages of
/// dev.d/s3-server.txt in .deps/s3-server (`./dev test unit` puts them there);
/// BENCHLAKE_S3_PYTHON names another Python that has them.
namespace bl::objects::testing {

class S3Server {
 public:
  /// Errors: not_found (no moto), io (it did not start; with its log).
  static Result<std::unique_ptr<S3Server>> start();
  /// One for the whole process, started when first asked for. BL_CHECKs that it starts.
  static S3Server& shared();

  ~S3Server();
  S3Server(const S3Server&) = delete;
  S3Server& operator=(const S3Server&) = delete;

  std::uint16_t port() const { return port_; }
  /// A new empty bucket with a name of its own.
  std::string create_bucket();
  /// From now on only requests with the signature of a user of its own are answered: the variables
  /// with that user's credentials.
  std::map<std::string, std::string> demand_signatures();
  /// Variables with credentials that do while signatures are not demanded.
  static std::map<std::string, std::string> any_credentials();
  /// `s3://bucket/prefix?endpoint=...` at a port of this machine: the server's own, or a proxy's.
  static std::string uri(const std::string& bucket, const std::string& prefix, std::uint16_t port);

 private:
  S3Server() = default;
  std::string post(const std::string& path, const std::string& body) const;

  std::string log_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace bl::objects::testing
