#include "net/grpc.h"

namespace bl::net {
namespace {

// The numbers of the protocol.
enum Status : int {
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  no_method = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

}  // namespace

int grpc_status(Code code) {
  switch (code) {
    case Code::malformed:
    case Code::invalid:
    case Code::unsupported_media:
      return invalid_argument;
    case Code::unauthenticated:
      return unauthenticated;
    case Code::forbidden:
      return permission_denied;
    case Code::not_found:
      return not_found;
    case Code::method_not_allowed:
    case Code::unsupported:
      return no_method;
    case Code::conflict:
      return failed_precondition;
    case Code::too_large:
    case Code::too_many:
    case Code::disk_full:
      return resource_exhausted;
    case Code::cancelled:
      return cancelled;
    case Code::internal:
    case Code::io:
      return internal;
    case Code::corrupt:
      return data_loss;
    case Code::unavailable:
    case Code::overloaded:
      return unavailable;
    case Code::timeout:
      return deadline_exceeded;
    case Code::outcome_unknown:
      break;
  }
  return unknown;
}

}  // namespace bl::net
