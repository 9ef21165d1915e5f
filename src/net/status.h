#pragma once

#include <string_view>

#include "net/http.h"

/// What the wire says besides the Code vocabulary: reason phrases, and problems whose status no
/// Code has (408, 414, 417, 431, 505). Pure.
namespace bl::net {

/// "Not Found" for 404; "Unknown" for a status that we never send.
std::string_view reason_phrase(int status);

/// As problem(error, request_id), with a status of its own.
Response problem(int status, const Error& error, std::string_view request_id);

}  // namespace bl::net
