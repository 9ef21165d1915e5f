#pragma once

#include <string_view>

#include "base/result.h"
#include "net/http.h"

/// What a browser says of where a request comes from.
namespace bl::access {

/// Refuses a request that another site's page made: Sec-Fetch-Site says so, or, from a browser
/// without it, Origin is neither the Host that was asked nor that of `base_url` (may be empty). A
/// client that sends neither is no browser: fine. Errors: forbidden.
Result<void> refuse_cross_site(const net::Request& request, std::string_view base_url);

/// True when the client sees https: TLS here, or in front of us as `base_url` or the proxy's
/// X-Forwarded-Proto says. Who lies makes their own cookies useless, no others.
bool is_secure_client(const net::Request& request, std::string_view base_url);

/// True for `localhost`, `127.x.y.z` and `[::1]`, with or without a port.
bool is_loopback_host(std::string_view host);

}  // namespace bl::access
