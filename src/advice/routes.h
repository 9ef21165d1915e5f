#pragma once

#include <functional>

#include "advice/adviser.h"
#include "advice/encode.h"
#include "net/router.h"

/// `/api/v1/advice/...`: decode, ask the adviser, encode. Described in openapi_advice.yaml.
namespace bl::advice {

/// All outlive the router.
struct RoutePorts {
  const Adviser& adviser;
  std::string base_url;  ///< of the page, for links in Markdown; empty: none
  /// Writes the comment on its forge now. Not set, or `unsupported`: no forge is configured, and
  /// the route answers 409.
  std::function<Result<PostedComment>(const Question&)> post;
};
void add_routes(net::Router& router, const RoutePorts& ports);

}  // namespace bl::advice
