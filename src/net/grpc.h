#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/http.h"
#include "net/router.h"

/// gRPC as the rest of benchlake sees it: methods that take the bytes of a message and give bytes.
/// What is in them is of the domain whose wire it is. The host: grpc_server.h.
namespace bl::net {

struct GrpcCall {
  Principal principal;
  std::string peer;  ///< for logs: `ipv4:127.0.0.1:51234`
  /// False once the client has gone, its deadline has passed, or the server stops. Threads: any,
  /// during the call.
  std::function<bool()> client_is_there;
};

/// Messages of a streamed answer. Blocking: a write waits until the one before is on its way. The
/// thread of the call.
class GrpcWriter {
 public:
  virtual ~GrpcWriter() = default;
  /// Errors: cancelled (nobody listens any more): stop and return.
  virtual Result<void> write(std::string message) = 0;
};

/// A call in which messages go both ways for as long as the client likes. While nothing arrives it
/// costs no thread. Its methods are called one after the other, on any thread, and may block.
class GrpcExchange {
 public:
  virtual ~GrpcExchange() = default;
  /// What has arrived since the last time, in order, at least one. An error ends the call.
  virtual Result<void> take(std::span<const std::string> requests, GrpcWriter& out) = 0;
  /// The client has said all. Not called when it is gone, or the server stops.
  virtual Result<void> end(GrpcWriter& out) = 0;
};

/// What an error of a method is told as.
struct GrpcStatus {
  int code = 2;         ///< canonical, of gRPC
  std::string message;  ///< for people
  std::string details;  ///< `grpc-status-details-bin`: a google.rpc.Status; empty: none
};

/// One of the three functions is there. They may block. Threads: any.
struct GrpcMethod {
  std::string name;  ///< `/databuild.v1.BuildEventLog/Append`
  Access access = Access::read;
  std::function<Result<std::string>(const GrpcCall& call, std::string_view request)> answer = {};
  std::function<Result<void>(const GrpcCall& call, std::string_view request, GrpcWriter& out)>
      stream = {};
  std::function<std::unique_ptr<GrpcExchange>(const GrpcCall& call)> exchange = {};
  /// The details that an error of this method is told with (`grpc-status-details-bin`: the bytes of
  /// a google.rpc.Status). Empty: none.
  std::function<std::string(const Error& error)> details = {};
  /// All of what it is told as, where the protocol asks for more codes than ours. Empty:
  /// grpc_status(), the sentence with its faults, and `details`.
  std::function<GrpcStatus(const Error& error)> status = {};
};

/// Filled once at start; then any thread.
class GrpcMethods {
 public:
  /// BL_CHECKs that the name is new and one function is there.
  void add(GrpcMethod method) {
    BL_CHECK((method.answer ? 1 : 0) + (method.stream ? 1 : 0) + (method.exchange ? 1 : 0) == 1);
    std::string name = method.name;
    BL_CHECK(methods_.emplace(std::move(name), std::move(method)).second);
  }
  /// nullptr: there is none.
  const GrpcMethod* find(std::string_view name) const {
    const auto found = methods_.find(name);
    return found == methods_.end() ? nullptr : &found->second;
  }
  const std::map<std::string, GrpcMethod, std::less<>>& all() const { return methods_; }

 private:
  std::map<std::string, GrpcMethod, std::less<>> methods_;
};

/// The canonical status of gRPC that a code means; total, written once.
int grpc_status(Code code);

}  // namespace bl::net
