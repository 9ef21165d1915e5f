#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

/// The certificate of a TLS server, as operators and commands see it. Threads: any.
namespace bl::net {

struct TlsOptions {
  std::string certificate_file;  ///< PEM chain
  std::string key_file;          ///< PEM
};

struct CertificateFacts {
  Timestamp valid_from;
  Timestamp expires_at;
  /// SHA-256 of the public key (SubjectPublicKeyInfo, DER) in base64: what a client pins
  /// (ClientTrust::public_key_sha256). The same for every certificate of one key.
  std::string public_key_sha256;
};

/// Reads the pair as the server does, without serving it. Errors: invalid, with the file: it cannot
/// be read, is no PEM, or the key is not the certificate's.
Result<CertificateFacts> read_certificate(const TlsOptions& options);

}  // namespace bl::net
