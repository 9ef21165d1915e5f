#pragma once

#include <span>
#include <string_view>

#include "base/time.h"
#include "store/database.h"

/// Who changed or removed what, for ever: one row, written in the transaction of the change itself,
/// so that neither is there without the other. Read by access/ (`GET /api/v1/audit`).
namespace bl::store {

struct AuditEntry {
  Timestamp at;
  std::string_view actor_id;    ///< net::Principal::id; empty for the operator and for commands
  std::string_view actor_name;  ///< as it was then
  std::string_view action;      ///< `result.delete`, `token.create`, ...: domain and verb
  std::string_view object;      ///< id of what was changed
  std::string_view detail;      ///< a JSON object: no credentials, ever; at most 10,000 bytes
};

/// Errors: those of the store.
Result<void> record_audit(Connection& connection, const AuditEntry& entry);

/// Number 6: `bl_audit` (PostgreSQL: `benchlake.audit`): seq, at (microseconds), and the texts.
std::span<const Migration> audit_migrations();

}  // namespace bl::store
