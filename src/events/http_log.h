#pragma once

#include <memory>

#include "events/log.h"
#include "net/server_address.h"

/// The log of a running server, asked over its HTTP API: what commands speak with.
namespace bl::events {

struct HttpLogLimits {
  std::chrono::milliseconds timeout{150'000};
  std::size_t answer_bytes_max = 256u << 20;
};

/// As EventLog; `table()` is unsupported. A batch is sent as one request. A write that was cut off
/// is outcome_unknown: append the same again. Threads: any.
std::unique_ptr<EventLog> make_http_log(const net::ServerAddress& address,
                                        const HttpLogLimits& limits = {});

}  // namespace bl::events
