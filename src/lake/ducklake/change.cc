// How the catalog is changed: one transaction of the extension's for each change, again while
// others are in the way, and a look when nobody said how it ended.
//
// A commit of DuckLake inserts the row of snapshot n + 1, whose number is a key: of two that began
// at n, one ends, the other is told. The extension then tries again with another number, if what
// was committed meanwhile does not contradict (spec/lake-ducklake.md 1.13). Two that replace a row
// of the same small table do contradict: that is how a stale publisher is refused.
//
// When PostgreSQL's answer to COMMIT is lost, the transaction may be kept, or still be under way in
// the server. A snapshot that carries our id says that it was kept. When there is none, we commit a
// change of our own (settle): its number comes behind that of the lost one, so the lost one is kept
// by then, or never will be. Then a second look is final.
#include <fmt/format.h>

#include <array>

#include "base/hash.h"
#include "lake/ducklake/ducklake_catalog.h"

namespace bl::lake {

Result<DuckLakeCatalog::Lane> DuckLakeCatalog::lane(std::timed_mutex& mutex) {
  Lane held(mutex, std::defer_lock);
  if (held.try_lock_for(options_.limits.wait_max)) return held;
  metrics_.wait_limit.add();
  return Error{Code::timeout, fmt::format("the catalog was busy for {} ms: {}",
                                          options_.limits.wait_max.count(), place_.address)};
}

Result<void> DuckLakeCatalog::pause(int attempt, Deadline until, const Error& why) {
  metrics_.again.add();
  if (attempt >= options_.limits.attempts_max) {
    metrics_.attempts_limit.add();
    return Error{Code::overloaded,
                 fmt::format("the catalog: {} attempts met others: {}", attempt, why.message)};
  }
  auto wait = options_.limits.first_pause * (1 << std::min(attempt - 1, 10));
  wait = std::min<std::chrono::milliseconds>(wait, options_.limits.pause_max);
  wait -= std::chrono::milliseconds(
      world_.random.below(static_cast<std::uint64_t>(wait.count() / 2 + 1)));
  if (world_.clock.steady_now() + wait >= until) {
    metrics_.wait_limit.add();
    const Code code = why.code == Code::conflict ? Code::overloaded : why.code;
    return Error{code, fmt::format("the catalog, after {} ms: {}", options_.limits.wait_max.count(),
                                   why.message)};
  }
  if (!world_.wait(wait)) return Error{Code::cancelled, "the program is stopping"};
  return {};
}

Result<std::unique_ptr<DiskLock>> DuckLakeCatalog::lock_file(Deadline until) {
  if (place_.kind != CatalogPlace::Kind::sqlite) return std::unique_ptr<DiskLock>();
  const std::string path = place_.target + ".lock";
  for (int attempt = 1;; ++attempt) {
    auto lock = world_.disk.lock(path, "the lake's catalog");
    if (lock.ok() || lock.error().code != Code::conflict) return lock;
    // Others hold it for one change: this wait has no other bound than its time.
    const Error busy{Code::timeout, "another process changes the catalog: " + place_.target};
    BL_RETURN_IF_ERROR(pause(std::min(attempt, options_.limits.attempts_max - 1), until, busy));
  }
}

Result<void> DuckLakeCatalog::mend(std::unique_ptr<CatalogSession>& session) {
  if (!session->broken()) return {};
  const bool changes = &session == &changing_;
  auto other =
      changes ? changing_session(options_, place_, world_.disk) : looking_session(options_, place_);
  if (!other.ok()) return std::move(other).error();
  if (changes) BL_RETURN_IF_ERROR(attach_again(**other, place_, data_path_));
  session = *std::move(other);
  return {};
}

Result<void> DuckLakeCatalog::run(std::string_view sql) {
  auto done = changing_->run(sql);
  if (!done.ok()) return std::move(done).error();
  return {};
}

std::string DuckLakeCatalog::new_id() {
  std::array<std::byte, 16> bytes;
  world_.random.fill(bytes);
  return "bl-" + to_hex(bytes);
}

Result<void> DuckLakeCatalog::say(std::string_view message, std::string_view extra_info) {
  BL_TRY(const std::string text, duck::quoted_text(message));
  BL_TRY(const std::string extra, duck::quoted_text(extra_info));
  return run(
      fmt::format("CALL lake.set_commit_message('benchlake', {}, extra_info => {})", text, extra));
}

Result<void> DuckLakeCatalog::say(const CommitRecord& record) {
  return say(Listing::message_start(record.table) + record.what, to_text(record));
}

Result<std::int64_t> DuckLakeCatalog::change(std::string_view commit_id, const Body& body) {
  const auto begun = world_.clock.steady_now();
  BL_TRY(const Lane held, lane(changing_mutex_));
  BL_TRY(const auto file, lock_file(deadline()));
  if (file) {  // a file that is gone would be written on, nameless
    BL_TRY(const bool there, world_.disk.exists(place_.target));
    if (!there) return Error{Code::corrupt, "the lake's catalog is gone: " + place_.address};
  }
  auto done = attempts<std::int64_t>(changing_, [&] { return one_change(commit_id, body); });
  metrics_.commit_seconds.observe(
      std::chrono::duration<double>(world_.clock.steady_now() - begun).count());
  if (done.ok()) {
    metrics_.commits.add();
  } else {
    (done.error().code == Code::outcome_unknown ? metrics_.unknown : metrics_.refused).add();
  }
  return done;
}

Result<std::int64_t> DuckLakeCatalog::one_change(std::string_view commit_id, const Body& body) {
  changing_->begin();
  BL_RETURN_IF_ERROR(run("BEGIN"));
  auto done = body();
  const bool whole = done.ok();
  if (whole) done = run("COMMIT");
  if (done.ok()) {
    BL_TRY(const Rows rows,
           changing_->query("SELECT id::VARCHAR FROM ducklake_last_committed_snapshot('lake')"));
    if (const auto id = rows.number(0, 0)) return *id;
    return Error{Code::internal, "the extension does not say what it committed"};
  }
  Error why = done.error();
  const Fate fate = changing_->fate();
  abandon(whole);
  if (!whole || fate == Fate::contended) return why;
  changing_->set_fate(Fate::refused);  // no further attempt: it may be there
  return look_up(commit_id, std::move(why));
}

void DuckLakeCatalog::abandon(bool committing) {
  const Fate fate = changing_->fate();
  (void)changing_->run("ROLLBACK");  // fails when the engine has done so
  // Where SQLite refuses a COMMIT because others read, the extension forgets its connection and
  // the lock that this one holds, until the catalog is detached: nobody could read any more.
  if (committing && place_.kind == CatalogPlace::Kind::sqlite) {
    Result<void> again = run("DETACH lake");
    if (again.ok()) again = attach_again(*changing_, place_, data_path_);
    if (!again.ok()) changing_->give_up();
  }
  changing_->set_fate(fate);
}

Result<std::int64_t> DuckLakeCatalog::look_up(std::string_view commit_id, Error why) {
  metrics_.looked_up.add();
  const auto look = [&] {
    return attempts<std::optional<std::int64_t>>(changing_, [&] {
      changing_->begin();
      Listing listing(*changing_, place_, data_path_);
      return listing.commit(commit_id);
    });
  };
  auto found = look();
  if (found.ok() && !*found) {
    const auto settled = settle();
    found = settled.ok() ? look() : Result<std::optional<std::int64_t>>(settled.error());
  }
  changing_->begin();
  if (!found.ok()) {
    return Error{Code::outcome_unknown,
                 fmt::format("the answer to a commit was lost ({}), and looking failed ({}): {}",
                             why.message, found.error().message, commit_id)};
  }
  if (*found) return **found;
  return why;
}

Result<void> DuckLakeCatalog::settle() {
  if (place_.kind == CatalogPlace::Kind::sqlite) return {};  // nothing is under way elsewhere
  const auto done = attempts<bool>(changing_, [&]() -> Result<bool> {
    changing_->begin();
    BL_RETURN_IF_ERROR(run("BEGIN"));
    Result<void> touched =
        run(fmt::format("UPDATE lake.{}.{} SET number = number + 1", k_publishers, k_fence));
    if (touched.ok()) touched = say("settle", "{}");
    if (touched.ok()) touched = run("COMMIT");
    if (touched.ok()) return true;
    abandon(false);
    return touched.error();
  });
  if (!done.ok()) return done.error();
  return {};
}

Result<std::int64_t> DuckLakeCatalog::publisher_number(const std::string& table) {
  BL_TRY(const Rows rows, changing_->query(fmt::format("SELECT token::VARCHAR FROM lake.{}.{}",
                                                       k_publishers, duck::quoted_name(table))));
  if (rows.count() != 1 || !rows.number(0, 0)) {
    return Error{Code::corrupt, "the catalog has no single publisher of table " + table};
  }
  return *rows.number(0, 0);
}

Result<void> DuckLakeCatalog::touch_publisher(const std::string& table, int by) {
  return run(fmt::format("UPDATE lake.{}.{} SET token = token + {}", k_publishers,
                         duck::quoted_name(table), by));
}

Result<DuckLakeCatalog::Held> DuckLakeCatalog::hold(const PublisherToken& token) {
  Listing listing(*changing_, place_, data_path_);
  Held held;
  // The transaction's snapshot first: what others commit behind it contradicts.
  BL_TRY(held.head, listing.head());
  BL_TRY(held.table, listing.table(token.table, held.head));
  BL_TRY(const std::int64_t number, publisher_number(token.table));
  if (number != token.number) {
    return Error{Code::conflict,
                 fmt::format("another publisher has taken the table {}: it has number {}, this one "
                             "{}",
                             token.table, number, token.number)};
  }
  BL_TRY(held.head, listing.head());
  BL_TRY(auto newest, listing.change(held.table, held.head));
  if (!newest) {
    return Error{Code::corrupt, "the catalog has lost the newest commit of table " + token.table};
  }
  held.newest = *std::move(newest);
  return held;
}

}  // namespace bl::lake
