#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/metrics.h"
#include "lake/ducklake/attach.h"
#include "lake/ducklake/listing.h"
#include "lake/open_catalog.h"

namespace bl::lake {

struct CatalogMetrics {
  explicit CatalogMetrics(Metrics& metrics);
  Counter commits, refused, unknown;  ///< changes, by how they ended
  Counter again;                      ///< attempts that met another's
  Counter looked_up;                  ///< commits whose answer was lost
  Histogram commit_seconds, snapshot_seconds;
  Counter wait_limit, attempts_limit, files_limit;
};

/// The catalog that open_catalog() gives. Private to this folder.
///
/// A change is one transaction of the extension's (Change below). What the catalog's own database
/// knows is read in that database's SQL (Listing). Two lanes, each of one caller at a time: one
/// changes, one reads.
class DuckLakeCatalog final : public Catalog {
 public:
  static Result<std::unique_ptr<Catalog>> open(CatalogOptions options, objects::ObjectStore& store,
                                               objects::World world);

  Result<void> create_table(const TableDefinition& definition) override;
  Result<void> alter_table(const PublisherToken& token, std::vector<columns::Field> added,
                           const std::map<std::string, std::string>& properties) override;
  Result<void> drop_table(const PublisherToken& token) override;
  Result<std::vector<std::string>> tables() override;
  Result<PublisherToken> take(const std::string& table) override;
  Result<std::int64_t> publish(const PublisherToken& token, const Commit& commit) override;
  Result<std::optional<std::int64_t>> committed(const PublisherToken& token,
                                                std::string_view commit_id) override;
  Result<std::int64_t> newest(const std::string& table) override;
  Result<CatalogSnapshot> snapshot(const std::string& table,
                                   std::optional<std::int64_t> at) override;
  Result<std::vector<SnapshotInfo>> history(const std::string& table,
                                            std::size_t count_max) override;
  Result<std::vector<std::string>> listed_files(const std::string& table) override;
  Result<std::vector<std::string>> expire(Timestamp older_than,
                                          std::span<const std::int64_t> keep) override;
  Result<std::vector<std::string>> expired_files() override;
  Result<void> forget_files(std::span<const std::string> keys) override;
  std::string number() const override { return number_; }
  std::string address() const override { return place_.address; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  using Body = std::function<Result<void>()>;
  using Lane = std::unique_lock<std::timed_mutex>;

  DuckLakeCatalog(CatalogOptions options, CatalogPlace place, objects::ObjectStore& store,
                  objects::World world);
  Result<void> start();

  // Waits and attempts (lanes.cc).
  Deadline deadline() const { return world_.clock.steady_now() + options_.limits.wait_max; }
  Result<Lane> lane(std::timed_mutex& mutex);
  /// Of a SQLite file among processes; nothing in PostgreSQL.
  Result<std::unique_ptr<DiskLock>> lock_file(Deadline deadline);
  /// Pauses before attempt number n + 1; errors: timeout (it would be too late), cancelled.
  Result<void> pause(int attempt, Deadline deadline, const Error& why);
  /// Runs `body` until it is not contended. The caller has the lane of `session`.
  template <class Answer>
  Result<Answer> attempts(std::unique_ptr<CatalogSession>& session,
                          const std::function<Result<Answer>()>& body);
  /// Another engine in the place of one that failed.
  Result<void> mend(std::unique_ptr<CatalogSession>& session);
  /// A look into the catalog, in the reading lane.
  template <class Answer>
  Result<Answer> read(const std::function<Result<Answer>(Listing&)>& body);

  // Changes (change.cc).
  /// BEGIN, `body` on the changing session, COMMIT under that id; again while others are in the
  /// way. Gives the new snapshot's id.
  Result<std::int64_t> change(std::string_view commit_id, const Body& body);
  Result<std::int64_t> one_change(std::string_view commit_id, const Body& body);
  /// Ends a transaction that failed; `committing`: at its end.
  void abandon(bool committing);
  /// How a commit ended whose answer was lost.
  Result<std::int64_t> look_up(std::string_view commit_id, Error why);
  /// Commits something: then no commit that was begun before is still under way.
  Result<void> settle();
  std::string new_id();
  Result<void> say(std::string_view author_message, std::string_view extra_info);
  Result<void> say(const CommitRecord& record);
  /// The table now, and its newest change. Errors: conflict (the token is stale).
  struct Held {
    TableRow table;
    std::int64_t head = 0;
    TableChange newest;
  };
  Result<Held> hold(const PublisherToken& token);
  Result<std::int64_t> publisher_number(const std::string& table);
  Result<void> touch_publisher(const std::string& table, int by);
  Result<std::int64_t> publish_once(const PublisherToken& token, const Commit& commit);
  Result<void> remove_files(const Held& held, const std::vector<std::string>& keys,
                            const std::map<std::string, std::int64_t>& listed);
  Result<void> add_files(const Held& held, const std::vector<DataFile>& files,
                         const std::map<std::string, std::int64_t>& listed);
  Result<void> run(std::string_view sql);

  // Expiry (expiry.cc).
  Result<std::vector<std::int64_t>> expirable(Timestamp older_than,
                                              std::span<const std::int64_t> keep);
  Result<std::set<std::string>> scheduled(CatalogSession& session);
  /// Of all tables, or of those that have or had that name.
  Result<std::set<std::string>> listed_anywhere(CatalogSession& session,
                                                const std::string& table = {});
  Result<void> forget(const std::set<std::string>& keys);

  const CatalogOptions options_;
  const CatalogPlace place_;
  objects::ObjectStore& store_;
  const objects::World world_;
  std::string data_path_;
  std::string number_;  ///< set by start()
  CatalogMetrics metrics_;

  std::timed_mutex changing_mutex_, reading_mutex_;
  std::unique_ptr<CatalogSession> changing_;          // used by who has changing_mutex_
  std::unique_ptr<CatalogSession> reading_;           // used by who has reading_mutex_
  std::int64_t known_head_ = -1;                      // guarded by reading_mutex_
  std::map<std::string, std::int64_t> known_newest_;  // at known_head_; guarded by reading_mutex_
};

template <class Answer>
Result<Answer> DuckLakeCatalog::attempts(std::unique_ptr<CatalogSession>& session,
                                         const std::function<Result<Answer>()>& body) {
  const Deadline until = deadline();
  int lost = 0;
  for (int attempt = 1;; ++attempt) {
    const Result<void> mended = mend(session);
    if (!mended.ok()) {
      if (++lost > 3) return mended.error();
      BL_RETURN_IF_ERROR(pause(attempt, until, mended.error()));
      continue;
    }
    Result<Answer> answer = body();
    if (answer.ok() || session->fate() == Fate::refused) return answer;
    // The pool of connections may hold some that a restart of the server has ended.
    if (session->fate() == Fate::lost && ++lost > 3) return answer;
    BL_RETURN_IF_ERROR(pause(attempt, until, answer.error()));
  }
}

template <class Answer>
Result<Answer> DuckLakeCatalog::read(const std::function<Result<Answer>(Listing&)>& body) {
  BL_TRY(const Lane held, lane(reading_mutex_));
  return attempts<Answer>(reading_, [&]() -> Result<Answer> {
    reading_->begin();
    Listing listing(*reading_, place_, data_path_);
    return body(listing);
  });
}

}  // namespace bl::lake
