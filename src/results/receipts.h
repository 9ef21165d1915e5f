#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "results/model.h"
#include "results/ports.h"
#include "store/database.h"

/// Receipts: who sent which submission, when, and with which outcome. That of a stored result is
/// who sent it, beside the result's number, written with it and gone with it; the time is that of
/// its id. Those of replays are written in their transaction. Those of refused submissions are
/// gathered and written a moment later: a crash may lose them, a full queue drops and counts them.
/// Never a body: what a refusal keeps is its code and sentence, and key and run where they could be
/// read. Receipts of replays and refusals go by age and by number.
namespace bl::results {

struct ReceiptLimits {
  std::chrono::hours age_max{24 * 90};
  std::int64_t count_max = 10'000'000;  ///< counted by their numbers, which may have gaps
  std::size_t queue_max = 50'000;       ///< refusals that wait to be written
  std::size_t summary_bytes_max = 500;
  std::size_t key_bytes_max = 1'000;  ///< of a refused submission's key and run; longer: cut
  std::int64_t removed_at_once = 5'000;
  std::chrono::milliseconds sweep_every{60'000};
  /// Numbers do not follow the time exactly: refusals wait before they are written.
  std::chrono::minutes disorder_max{60};
};

/// What could be read of a submission that was refused.
struct ReceiptSubject {
  std::optional<std::string> submission_key, run_id;
};
ReceiptSubject receipt_subject(const json::Value& document);
/// The same of a body; nothing when it is no JSON.
ReceiptSubject receipt_subject(std::string_view body);

struct Receipt {
  enum class Outcome : unsigned char { stored, replayed, refused };
  std::int64_t seq = 0;  ///< of a stored result its number; of the others a number of their own
  Timestamp at;
  Submitter submitter;
  Outcome outcome = Outcome::stored;
  std::optional<std::string> run_id, result_id;
  std::optional<std::string> submission_key;  ///< of a stored result: where it was asked for
  std::optional<std::string> code, summary;   ///< of a refusal
};
const char* name_of(Receipt::Outcome outcome);

/// Where a page ended, in both kinds of receipts.
struct ReceiptPosition {
  std::int64_t result_no = std::numeric_limits<std::int64_t>::max();
  std::int64_t seq = std::numeric_limits<std::int64_t>::max();
};

struct ReceiptFilter {
  std::optional<std::string> submission_key, run_id;
  std::optional<Timestamp> since;  ///< not older than this
  ReceiptPosition before;          ///< cursor
  std::int64_t count_max = 100;
};

/// Newest first; a refusal that waited may stand a page too early. Shorter than asked when `since`
/// hides some; `next` is absent at the end.
struct ReceiptPage {
  std::vector<Receipt> receipts;
  std::optional<ReceiptPosition> next;
};

/// Threads: any; work() belongs to one background thread.
class Receipts {
 public:
  /// The database is migrated with alert_migrations() (schema.h).
  Receipts(store::Database& database, const Clock& clock, Log& log, Metrics& metrics,
           ReceiptLimits limits = {});

  /// Notes a refusal. What is no refusal (the server's own trouble: 5xx) is none. Cost: a copy.
  void refused(const Submitter& submitter, const Error& error, ReceiptSubject subject);

  /// The number of who sent something; a new one is stored at once. Not inside of a transaction.
  /// Errors: those of the store.
  Result<std::int64_t> submitter_number(const Submitter& submitter);
  /// A submission that was stored before.
  struct Replay {
    std::int64_t submitter_no = 0;
    const Submission* submission = nullptr;
    const Submitted* submitted = nullptr;
  };
  /// Inside the transaction that found them.
  static Result<void> add_replays(store::Connection& connection, Timestamp now,
                                  std::span<const Replay> replays);

  /// Writes the refusals that wait, and now and then removes what is too old or too much. What goes
  /// wrong is logged, and tried again.
  void work();
  /// Writes the refusals that wait. Errors: those of the store; they wait on.
  Result<void> flush();
  Result<ReceiptPage> list(const ReceiptFilter& filter);

 private:
  struct Refusal {
    Timestamp at;
    Submitter submitter;
    ReceiptSubject subject;
    std::string code, summary;
  };

  Result<void> sweep();
  Result<std::int64_t> remove_some();

  store::Database& database_;
  const Clock& clock_;
  const ReceiptLimits limits_;
  Counter removed_, queue_hits_, count_hits_;
  RecurringError errors_;                                          // of the background thread
  std::optional<std::chrono::steady_clock::time_point> swept_at_;  // of the background thread

  std::mutex mutex_;
  std::vector<Refusal> waiting_;                                         // guarded by mutex_
  std::map<std::pair<std::string, std::string>, std::int64_t> numbers_;  // guarded by mutex_
};

}  // namespace bl::results
