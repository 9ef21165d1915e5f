#pragma once

#include <memory>

#include "inference/routes.h"

/// The Model Context Protocol for assistants (modelcontextprotocol.io, streamable HTTP): POST /mcp
/// takes JSON-RPC 2.0 messages and answers each with one JSON document; nothing is kept between
/// them, so there is no session and no stream. Protocol versions: mcp/rpc.cc. The tools only read;
/// who may read may use them.
namespace bl::inference {

struct McpLimits {
  std::size_t body_bytes_max = 1u << 20;
  std::size_t messages_max = 50;  ///< of one batch
};

void add_mcp_route(net::Router& router, std::shared_ptr<Reads> reads, const McpLimits& limits = {});

}  // namespace bl::inference
