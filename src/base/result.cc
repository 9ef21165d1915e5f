#include "base/result.h"

namespace bl {

const char* name_of(Code code) {
  switch (code) {
    case Code::malformed:
      return "malformed";
    case Code::invalid:
      return "invalid";
    case Code::unauthenticated:
      return "unauthenticated";
    case Code::forbidden:
      return "forbidden";
    case Code::not_found:
      return "not_found";
    case Code::method_not_allowed:
      return "method_not_allowed";
    case Code::conflict:
      return "conflict";
    case Code::too_large:
      return "too_large";
    case Code::unsupported_media:
      return "unsupported_media";
    case Code::too_many:
      return "too_many";
    case Code::cancelled:
      return "cancelled";
    case Code::internal:
      return "internal";
    case Code::io:
      return "io";
    case Code::corrupt:
      return "corrupt";
    case Code::unsupported:
      return "unsupported";
    case Code::unavailable:
      return "unavailable";
    case Code::overloaded:
      return "overloaded";
    case Code::timeout:
      return "timeout";
    case Code::disk_full:
      return "disk_full";
    case Code::outcome_unknown:
      return "outcome_unknown";
  }
  BL_CHECK(false);
  return "";
}

Error Error::with_context(std::string_view context) && {
  std::string whole;
  whole.reserve(context.size() + 2 + message.size());
  whole.append(context).append(": ").append(message);
  message = std::move(whole);
  return std::move(*this);
}

}  // namespace bl
