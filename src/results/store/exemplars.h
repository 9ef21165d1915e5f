#pragma once

#include <span>
#include <string_view>

#include "base/time.h"
#include "results/exemplar.h"
#include "store/database.h"

/// Exemplars inside a transaction of somebody else. Private to the store's side of the domain.
namespace bl::results {

struct NewExemplar {
  std::string_view result_id;
  Timestamp result_timestamp;
  const Exemplar* exemplar = nullptr;
};
/// What is there already takes on the span and the times.
Result<void> put_exemplars(store::Connection& connection, Timestamp now,
                           std::span<const NewExemplar> exemplars);
/// Of a result that goes.
Result<void> remove_exemplars(store::Connection& connection, std::string_view result_id);

}  // namespace bl::results
