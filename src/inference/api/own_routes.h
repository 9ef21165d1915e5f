#pragma once

#include "inference/api/answers.h"
#include "net/query_fields.h"
#include "net/router.h"

namespace bl::inference {

/// The routes below /api/v1/inference/.
void add_own_routes(net::Router& router, std::shared_ptr<Reads> reads);
/// Those of the InferenceX dashboard.
void add_dashboard_routes(net::Router& router, std::shared_ptr<Reads> reads);

/// What a request asks, decoded; as the routes do it, so do the tools of /mcp. Errors: invalid,
/// with every fault as `?name`.
Result<Asked> frontier_asked(const net::Request& request, const ReadPorts& ports);
Result<Asked> calculator_asked(const net::Request& request, const ReadPorts& ports);
Result<Asked> trend_asked(const net::Request& request, const ReadPorts& ports);
Result<Asked> skipped_asked(const net::Request& request, const ReadPorts& ports);

/// The path and the parameters of these names, in their order.
std::string question_key(const net::Request& request, std::span<const std::string_view> names);

}  // namespace bl::inference
