#pragma once

#include <string>
#include <string_view>

#include "access/users.h"
#include "net/http.h"

/// A person says that a command of their machine may have a token. A link alone must not do it:
/// whoever is signed in and follows one is asked, and only this server's own page of that very
/// session can answer. Private to this folder.
namespace bl::access {

/// What a command asks for.
struct CliRequest {
  std::string redirect_uri;  ///< on the loopback address
  std::string state;         ///< of the command; plain and short
};

/// From a query. Errors: invalid with every fault.
Result<CliRequest> decode_cli_request(const net::Request& request);
/// The form of consent_page, as it came back.
struct CliConsent {
  CliRequest wanted;
  std::string proof;
};
/// Errors: invalid with every fault.
Result<CliConsent> decode_consent(const net::Request& request);
/// True when the form is of a page that this server made for this session and these values.
bool is_own_consent(const CliConsent& consent, std::string_view session_secret);

/// Asks whether the program behind the address may act as the user, with a form to answer. No
/// scripts; no page may show it within its own.
net::Response consent_page(const User& user, const CliRequest& wanted,
                           std::string_view session_secret);

}  // namespace bl::access
