#pragma once

#include <string>

/// RSA keys for tests of what is signed.
namespace bl::testing {

/// A new private key of 2048 bits, in PEM (PKCS#8). About 50 ms.
std::string make_rsa_key_pem();
/// True when the signature (RS256, raw bytes) of the message is that key's.
bool rs256_verifies(const std::string& private_key_pem, const std::string& message,
                    const std::string& signature);

}  // namespace bl::testing
