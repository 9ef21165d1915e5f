#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

/// What a browser is shown when a sign-in fails. Private to this folder.
namespace bl::access {

/// One sentence and a way to begin again, as HTML without scripts. The status is 400, 403 or 503,
/// or what the store's error means.
net::Response sign_in_failed(const Error& error, std::string_view target);
/// 302, not to be kept by anybody.
net::Response redirect(std::string location);

}  // namespace bl::access
