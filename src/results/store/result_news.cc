#include "results/result_news.h"

#include "store/both_dialects.h"

namespace bl::results {
namespace {

constexpr std::int64_t k_changes_at_first = 1'000;

}  // namespace

Result<ResultNews> result_news(store::Database& database, std::optional<std::int64_t> mark) {
  ResultNews news;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    news = {};
    BL_RETURN_IF_ERROR(
        connection.query(store::both_dialects<"select coalesce(max(seq), 0) from @change_log">(),
                         {}, [&](const store::Row& row) {
                           news.mark = row.integer(0);
                           return true;
                         }));
    const std::int64_t since = mark.value_or(news.mark - k_changes_at_first);
    if (since >= news.mark) return {};
    return connection.query(
        store::both_dialects<
            "select distinct c.repository, c.sha from @change_log l join benchmark_result r on "
            "r.id = l.result_id join \"commit\" c on c.id = r.commit_id where l.seq > $1 and l.seq "
            "<= $2 and l.op = 'insert' and c.sha <> '' and c.repository <> '' and "
            "(c.fork_point_sha is null or c.fork_point_sha <> c.sha)">(),
        {since, news.mark}, [&](const store::Row& row) {
          news.commits.push_back({std::string(row.text(0)), std::string(row.text(1))});
          return true;
        });
  }));
  return news;
}

}  // namespace bl::results
