#pragma once

#include "events/delta/event_table.h"

namespace bl::events::delta {

/// Where the table of a URI lies. Errors: not_found (mode=ro), and those of objects::open_store.
Result<TablePlace> place_of(const LogUri& uri, const LogWorld& world);

}  // namespace bl::events::delta
