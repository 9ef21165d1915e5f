#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

/// The pages that a browser is shown on the way of a sign-in. Private to this folder.
namespace bl::access {

/// One sentence and a way to begin again, as HTML without scripts. The status is 400, 403 or 503,
/// or what the store's error means.
net::Response sign_in_failed(const Error& error, std::string_view target);
/// 302, not to be kept by anybody.
net::Response redirect(std::string location);

/// What every page begins with, up to the open `<main>`. `title` is plain text of ours.
std::string html_head(std::string_view title);
/// Not to be kept by anybody; no scripts, no forms, in no frame.
net::Response html_page(int status, std::string html);

}  // namespace bl::access
