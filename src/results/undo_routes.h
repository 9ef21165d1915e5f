#pragma once

#include <chrono>

#include "net/router.h"
#include "results/undo.h"

/// `POST /api/v1/results/undo`: what would go, and, with the number of results that was agreed to,
/// its removal. Role writer, and the repositories of all that is selected. Described in
/// openapi_undo.yaml.
namespace bl::results {

/// All outlive the router.
struct UndoPorts {
  StoreResultUndo& undo;
  const Clock& clock;
  /// Of one call; what is not removed then is for the next one.
  std::chrono::milliseconds work_time{15'000};
};

void add_undo_route(net::Router& router, const UndoPorts& ports);

}  // namespace bl::results
