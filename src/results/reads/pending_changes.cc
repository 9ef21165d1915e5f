#include "results/reads/pending_changes.h"

#include "store/both_dialects.h"

namespace bl::results::reads {
namespace {

using store::both_dialects;
using store::param_of;

Result<bool> has_more_than(store::Connection& connection, std::int64_t place, std::int64_t count) {
  bool found = false;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select 1 from @change_log where seq > $1 order by seq limit 1 offset $2">(),
      {place, count}, [&](const store::Row&) {
        found = true;
        return false;
      }));
  return found;
}

std::optional<std::string> text_at(const std::vector<std::string>& texts, std::size_t place) {
  return place < texts.size() ? std::optional(texts[place]) : std::nullopt;
}

}  // namespace

Result<bool> is_touched(store::Database& database, std::int64_t place, const Subject& subject,
                        const PendingLimits& limits) {
  bool touched = false;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(touched, has_more_than(connection, place, 0));
    if (!touched) return {};
    BL_TRY(touched, has_more_than(connection, place, limits.changes_max));
    if (touched) return {};
    const auto first = text_at(subject.result_ids, 0);
    const auto second = text_at(subject.result_ids, 1);
    return connection.query(
        both_dialects<
            "select 1 from @change_log l left join benchmark_result r on r.id = l.result_id where "
            "l.seq > $1 and (r.id is null or r.history_fingerprint = $2 or r.run_id = $3 or "
            "r.batch_id = $4 or r.id in ($5, $6) or r.history_fingerprint in (select "
            "history_fingerprint from benchmark_result where id in ($5, $6))) limit 1">(),
        {place, param_of(subject.fingerprint), param_of(subject.run_id), param_of(subject.batch_id),
         param_of(first), param_of(second)},
        [&](const store::Row&) {
          touched = true;
          return false;
        });
  }));
  return touched;
}

Result<std::int64_t> newest_place(store::Database& database) {
  std::int64_t place = 0;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) {
    return connection.query(both_dialects<"select coalesce(max(seq), 0) from @change_log">(), {},
                            [&](const store::Row& row) {
                              place = row.integer(0);
                              return false;
                            });
  }));
  return place;
}

}  // namespace bl::results::reads
