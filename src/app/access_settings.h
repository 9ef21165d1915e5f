#pragma once

#include <string>
#include <vector>

#include "access/authenticator.h"
#include "access/users.h"
#include "base/config.h"

/// The settings of section `access`, as access wants them.
namespace bl::app {

struct AccessSettings {
  access::UserLimits users;
  access::AuthenticatorOptions authenticator;  ///< operator_token comes from the data folder
  std::string registration_key;                ///< empty: nobody registers
  bool legacy_user_rights = false;
};

/// The keys of the section.
std::vector<ConfigKey> access_config_keys();
/// Errors: invalid, naming the key and, but of a secret, the value.
Result<AccessSettings> access_settings_from(const Config& config);

}  // namespace bl::app
