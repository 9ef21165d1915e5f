#pragma once

#include <cstdint>
#include <string>

#include "base/testing/temporary_folder.h"
#include "net/certificate.h"

/// Self-signed certificates, made by OpenSSL while a test runs.
namespace bl::net::testing {

struct CertificateWish {
  std::string alternative_names = "IP:127.0.0.1";  ///< as in OpenSSL's subjectAltName
  std::int64_t valid_from_s = -3600;               ///< from now
  std::int64_t expires_s = 3600;
};

/// A folder with certificate.pem and key.pem, removed in the end.
class TestCertificate {
 public:
  explicit TestCertificate(const CertificateWish& wish = {});

  /// Puts a pair with a new key in the place of the old one, each file by rename(2).
  void renew(const CertificateWish& wish = {});

  const std::string& folder() const { return folder_.path(); }
  TlsOptions options;

 private:
  TemporaryFolder folder_;
};

}  // namespace bl::net::testing
