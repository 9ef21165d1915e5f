#include "access/audit_log.h"

#include <limits>

#include "store/both_dialects.h"

namespace bl::access {
namespace {

const store::Sql k_all = store::both_dialects<
    "select seq, at, actor_id, actor_name, action, object, detail from @audit"
    " where seq < $1 order by seq desc limit $2">();
const store::Sql k_of_object = store::both_dialects<
    "select seq, at, actor_id, actor_name, action, object, detail from @audit"
    " where seq < $1 and object = $3 order by seq desc limit $2">();

AuditRow row_of(const store::Row& row) {
  return {.seq = row.integer(0),
          .at = Timestamp{row.integer(1)},
          .actor_id = std::string(row.text(2)),
          .actor_name = std::string(row.text(3)),
          .action = std::string(row.text(4)),
          .object = std::string(row.text(5)),
          .detail = std::string(row.text(6))};
}

}  // namespace

Result<AuditPage> read_audit(store::Database& database, const AuditFilter& filter) {
  const std::int64_t before = filter.before.value_or(std::numeric_limits<std::int64_t>::max());
  const std::int64_t count = std::int64_t(filter.page_size) + 1;
  AuditPage page;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    page.rows.clear();
    const auto add = [&](const store::Row& row) {
      page.rows.push_back(row_of(row));
      return true;
    };
    if (!filter.object) return connection.query(k_all, {before, count}, add);
    return connection.query(k_of_object, {before, count, std::string_view(*filter.object)}, add);
  }));
  if (page.rows.size() > static_cast<std::size_t>(filter.page_size)) {
    page.rows.pop_back();
    page.may_go_on = true;
  }
  return page;
}

}  // namespace bl::access
