#pragma once

#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "base/uri.h"
#include "store/database.h"

/// The store in a PostgreSQL server (13 or newer): a pool that reads, a pool that writes, each
/// transaction on a connection of its own. Several programs may use one database.
///
/// A write that meets a serialization failure or a deadlock (40001, 40P01), or whose connection
/// breaks before COMMIT, is run again: it was rolled back. When the connection breaks during
/// COMMIT, the transaction's id is looked up on a new one before anybody is answered.
namespace bl::store {

/// `postgres://user:password@host:port/database?parameter=value`; the host may be a socket's folder
/// (percent-encoded). Parameters: those of libpq that say how to connect (sslmode, sslrootcert,
/// sslcert, sslkey, application_name, target_session_attrs, passfile, service, channel_binding).
/// Connects once, to find out. Errors: invalid (a parameter that is not one of them), unsupported
/// (the server is too old, its encoding is not UTF8), unavailable, not_found (no such database).
Result<std::unique_ptr<Database>> open_postgres(const Uri& uri, const DatabaseLimits& limits,
                                                Log& log, Metrics& metrics);

}  // namespace bl::store
