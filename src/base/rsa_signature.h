#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bl {

/// The signature RSASSA-PKCS1-v1_5 with SHA-256 (RS256) of a message, raw bytes. `private_key_pem`:
/// PKCS#1 or PKCS#8, without a passphrase. Errors: invalid (no such key; never quotes it).
Result<std::string> sign_rs256(std::string_view private_key_pem, std::string_view message);

}  // namespace bl
