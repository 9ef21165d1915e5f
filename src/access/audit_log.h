#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/audit.h"

/// Reading what store/audit.h wrote.
namespace bl::access {

struct AuditRow {
  std::int64_t seq = 0;
  Timestamp at;
  std::string actor_id, actor_name, action, object;
  std::string detail;  ///< a JSON object
};

struct AuditFilter {
  std::optional<std::string> object;   ///< of this one alone
  std::optional<std::int64_t> before;  ///< older than this seq
  int page_size = 100;
};

struct AuditPage {
  std::vector<AuditRow> rows;  ///< newest first
  bool may_go_on = false;
};

/// Cost: one look at an index. Errors: those of the store.
Result<AuditPage> read_audit(store::Database& database, const AuditFilter& filter);

}  // namespace bl::access
