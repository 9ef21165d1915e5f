#pragma once

#include <functional>

#include "net/router.h"
#include "results/read_router.h"

/// Which side answers reads of results, how both agree, and what they did not agree on. Decode,
/// call, encode. Described in openapi_reads.yaml.
namespace bl::results {

/// What the routes call. All outlive the router.
struct ReadRoutePorts {
  ReadEvidence& evidence;
  ReadRouter* router = nullptr;  ///< null: there is no lake to ask, the store answers everything
  std::function<bool()> is_unproven;  ///< the lake answers although evidence is missing; may be
                                      ///< empty: never
};

void add_read_routes(net::Router& router, const ReadRoutePorts& ports);

}  // namespace bl::results
