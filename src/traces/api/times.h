#pragma once

#include "base/instants.h"
#include "base/time.h"
#include "net/query_fields.h"
#include "traces/trace_store.h"

/// Instants and windows of requests. Private to this domain.
namespace bl::traces {

/// The newest instant that the clock gives, in nanoseconds.
std::int64_t now_ns(const Clock& clock);
/// The parameter of that name as an instant.
std::optional<std::int64_t> instant_of(net::QueryFields& fields, std::string_view name);
/// The parameter of that name as a length of time, `150ms`.
std::optional<std::int64_t> nanoseconds_of(net::QueryFields& fields, std::string_view name);
/// `start` and `end`; without an end the window ends in a moment, without a start it is
/// `length_ns` long. A window that is empty is a fault.
Window window_of(net::QueryFields& fields, const Clock& clock, std::int64_t length_ns);
/// `start` and `end`, of which neither is needed.
std::optional<Window> hint_of(net::QueryFields& fields);

}  // namespace bl::traces
