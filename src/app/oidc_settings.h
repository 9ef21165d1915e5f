#pragma once

#include <optional>
#include <string>

#include "access/oidc.h"
#include "base/config.h"

/// The settings of sign-in through an issuer.
namespace bl::app {

/// `server.base_url` without a slash at its end; empty when it is not set. Errors: invalid (no http
/// or https URL of a host, or one with a path).
Result<std::string> base_url_from(const Config& config);

/// nullopt when no issuer is configured. Errors: invalid: one of access.oidc_issuer,
/// access.oidc_client_id, access.oidc_client_secret and server.base_url is missing while another of
/// the first three is there; an issuer that is not https (http: on a loopback address only).
Result<std::optional<access::OidcSettings>> oidc_settings_from(const Config& config);

}  // namespace bl::app
