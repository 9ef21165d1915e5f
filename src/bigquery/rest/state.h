#pragma once

#include "bigquery/answer_tables.h"
#include "bigquery/default_values.h"
#include "bigquery/rest/answers.h"
#include "bigquery/rest/insert_ids.h"
#include "bigquery/rest/row_places.h"

namespace bl::bigquery::rest {

/// What routes keep from one request to the next. Threads: any.
struct State {
  State(const RestPorts& given, const RestLimits& limits_)
      : ports(given),
        limits(limits_),
        defaults(simple_defaults(given.clock)),
        insert_ids(given.clock, limits_.insert_ids_for, limits_.insert_ids_max),
        places(given.clock, given.random, limits_.place_for, limits_.places_max) {}

  const RestPorts ports;
  const RestLimits limits;
  const DefaultValues defaults;
  InsertIds insert_ids;
  RowPlaces places;
};

/// The answer whose table a call names; null: the table is another. Errors: not_found (the answer
/// is gone).
inline Result<QueryResultHandle> answer_asked(const Call& call) {
  const auto id = answer_named(call.table());
  if (!id || call.parts.answers == nullptr) return QueryResultHandle();
  return call.parts.answers->find(*id);
}

}  // namespace bl::bigquery::rest
