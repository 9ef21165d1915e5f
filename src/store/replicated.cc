#include "store/replicated.h"

#include <limits>

namespace bl::store {
namespace {

struct LastWrite {
  const void* to = nullptr;  // which database
  std::int64_t at_ns = std::numeric_limits<std::int64_t>::min();
};
thread_local LastWrite last_write;

std::int64_t nanoseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

// The replica's own trouble, not the work's. A read that took too long would take as long again.
bool is_trouble(const Error& error) {
  return error.code == Code::unavailable || error.code == Code::overloaded ||
         error.code == Code::io || error.code == Code::internal || error.code == Code::corrupt;
}

}  // namespace

ReplicatedDatabase::ReplicatedDatabase(Database& writer, Open open, const Clock& clock, Log& log,
                                       Metrics& metrics, ReplicaLimits limits)
    : writer_(writer),
      open_(std::move(open)),
      clock_(clock),
      log_(log),
      limits_(limits),
      replica_reads_(metrics.counter("bl_store_replica_reads_total",
                                     "reads of stores with a read replica, by who answered",
                                     {{"by", "replica"}})),
      writer_reads_(metrics.counter("bl_store_replica_reads_total",
                                    "reads of stores with a read replica, by who answered",
                                    {{"by", "writer"}})),
      failures_(metrics.counter("bl_store_replica_failures_total",
                                "times that the read replica failed and the writer answered")) {}

bool ReplicatedDatabase::is_for_writer() const {
  const std::int64_t now = nanoseconds(clock_.steady_now().time_since_epoch());
  if (now < paused_until_ns_.load(std::memory_order_relaxed)) return true;
  return last_write.to == this && now - last_write.at_ns < nanoseconds(limits_.own_writes_kept);
}

void ReplicatedDatabase::note_failure(const Error& error) {
  failures_.add();
  const std::int64_t now = nanoseconds(clock_.steady_now().time_since_epoch());
  const std::int64_t until = now + nanoseconds(limits_.pause);
  if (paused_until_ns_.exchange(until, std::memory_order_relaxed) < now)
    log_.warning("store_replica", {{"error", error.message}});
}

Result<Database*> ReplicatedDatabase::replica() {
  if (Database* opened = opened_.load(std::memory_order_acquire)) return opened;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return Error{Code::unavailable, "the read replica is being opened"};
  if (replica_ == nullptr) {
    BL_TRY(replica_, open_());
    opened_.store(replica_.get(), std::memory_order_release);
  }
  return replica_.get();
}

Result<void> ReplicatedDatabase::read(const std::function<Result<void>(Connection&)>& work) {
  if (!is_for_writer()) {
    const Result<Database*> opened = replica();
    auto outcome = opened.ok() ? (*opened)->read(work) : Result<void>(opened.error());
    if (outcome.ok()) {
      replica_reads_.add();
      return outcome;
    }
    const Error& error = outcome.error();
    if (is_trouble(error)) {
      note_failure(error);
    } else if (error.code != Code::not_found) {
      return outcome;
    }
  }
  writer_reads_.add();
  return writer_.read(work);
}

Result<void> ReplicatedDatabase::write(const std::function<Result<void>(Connection&)>& work) {
  auto outcome = writer_.write(work);
  last_write = {this, nanoseconds(clock_.steady_now().time_since_epoch())};
  return outcome;
}

Result<void> ReplicatedDatabase::migrate(std::span<const Migration> migrations) {
  return writer_.migrate(migrations);
}

}  // namespace bl::store
