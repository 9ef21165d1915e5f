#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "results/alerts.h"
#include "store/database.h"

/// Alert rules, their events, and the messages that are on their way, in the store. An event and
/// its messages are written in one transaction with the state of their rule; a message is claimed
/// for a time (a lease), and whoever finishes it must still hold it. Several servers may share one
/// store: no event happens twice, and a message that was sent by a server that died is sent again.
/// Threads: any. Errors of all: those of the store, and those named.
namespace bl::results {

/// Who changes a rule; for the audit.
struct AlertActor {
  std::string id, name;
};

/// Where messages go: a channel's kind (`webhook`, `email`, ...) and which one of them.
struct AlertTarget {
  std::string channel;
  std::string target;      ///< never a secret
  std::string repository;  ///< not empty: events of this repository alone
  bool wants(std::string_view of_repository) const {
    return repository.empty() || repository == of_repository;
  }
};

/// A rule to evaluate.
struct WatchedRule {
  AlertRule rule;
  std::string evaluated_mark;  ///< LatestRun::mark of the last evaluation; empty: none
};

/// The newest run that a rule watches.
struct LatestRun {
  std::string run_id;
  std::optional<std::string> commit_sha;
  /// Changes with every result of the run; of a rule of kind verdict also when verdicts of the
  /// project that waited are made.
  std::string mark;
};

/// A message to send, claimed by us.
struct AlertDelivery {
  std::string id;
  std::string channel, target;
  std::int64_t attempt = 0;  ///< this one, from 1
  AlertEvent event;
  std::string rule_name;
};

/// A message as operators see it.
struct AlertDeliveryView {
  std::string id, event_id, rule_id, channel, target, status;
  std::int64_t attempts = 0;
  std::optional<Timestamp> last_attempt_at, next_attempt_at, delivered_at;
  std::optional<std::string> last_error;
  Timestamp created_at;
};

struct AlertCounts {
  std::int64_t rules = 0, open = 0, pending = 0, failed = 0;
};

struct AlertStoreLimits {
  std::int64_t watched_max = 10'000;  ///< rules that one look reads
  /// Newest runs of a repository among which one with the rule's reason is searched.
  std::int64_t runs_looked_at_max = 1'000;
  std::size_t error_bytes_max = 500;  ///< kept of why a message was not delivered
};

class StoreAlerts {
 public:
  /// The database is migrated with alert_migrations() (schema.h).
  StoreAlerts(store::Database& database, IdSource& ids, const Clock& clock,
              AlertStoreLimits limits = {})
      : database_(database), ids_(ids), clock_(clock), limits_(limits) {}

  // Rules. Every change is an audit row.
  /// Errors: too_many (the user has rules_per_user_max), conflict (there is no such user).
  Result<AlertRule> create(const AlertRuleBody& body, std::string_view user_id,
                           const AlertActor& actor, const AlertRuleLimits& limits = {});
  /// Errors: not_found.
  Result<AlertRule> rule(std::string_view id);
  struct Filter {
    std::optional<std::string> user_id;    ///< absent: everybody's
    std::optional<std::string> before_id;  ///< cursor: only ids smaller than this
    std::int64_t count_max = 100;
  };
  /// Newest id first.
  Result<std::vector<AlertRule>> rules(const Filter& filter);
  /// A rule that watches something else from now on (repository, run_reason) is inactive again.
  /// Errors: not_found.
  Result<AlertRule> update(std::string_view id, const AlertRuleBody& body, const AlertActor& actor);
  /// With its events and their messages. Errors: not_found.
  Result<void> remove(std::string_view id, const AlertActor& actor);
  /// Newest first.
  Result<std::vector<AlertEvent>> events(std::string_view rule_id, std::int64_t count_max);

  // Evaluation.
  /// Changes whenever a result is stored through any server.
  Result<std::int64_t> newest_change();
  /// The enabled ones.
  Result<std::vector<WatchedRule>> watched();
  Result<std::optional<LatestRun>> latest_run(const AlertRule& rule);
  /// What a rule of kind verdict looks at.
  Result<AlertFinding> verdict_finding(const AlertRule& rule);
  /// Stores what the finding makes of the rule, its events, and for each a message to every
  /// target that wants it (none while the rule is muted). Gives the events; none when the rule was
  /// changed, disabled or removed since it was read: then nothing is stored.
  Result<std::vector<AlertEvent>> conclude(const AlertRule& rule, const LatestRun& run,
                                           const AlertFinding& finding,
                                           std::span<const AlertTarget> targets);

  // Messages.
  /// Cheap: whether claim() may find something.
  Result<bool> has_due(Timestamp now);
  /// The oldest message to that target that is due; nobody else is given it before `retry_at`.
  Result<std::optional<AlertDelivery>> claim(const AlertTarget& target, Timestamp retry_at);
  /// False: the claim ended meanwhile, and another server may be at it.
  Result<bool> delivered(const AlertDelivery& delivery);
  /// Tried again at `retry_at`; never when that is absent. False as above.
  Result<bool> not_delivered(const AlertDelivery& delivery, std::string_view reason,
                             std::optional<Timestamp> retry_at);
  /// What waits for another attempt, and was not tried since `tried_before`, is due at once.
  Result<void> hasten(Timestamp tried_before);
  /// What failed for good waits again, due at once and with all of its attempts. Gives their
  /// number.
  Result<std::int64_t> revive_failed();
  /// The same of one message; nothing for one that waits. Errors: not_found, conflict (it was
  /// delivered).
  Result<void> revive(std::string_view id);
  /// Messages made before `before` that nobody tried to deliver since then, because their target is
  /// no longer configured or no server ran, fail; so do those claimed more than `attempts_max`
  /// times, whose senders died. Gives their number.
  Result<std::int64_t> give_up(Timestamp before, std::int64_t attempts_max);
  /// Newest id first; `status` empty: any.
  Result<std::vector<AlertDeliveryView>> deliveries(std::string_view status,
                                                    std::optional<std::string> before_id,
                                                    std::int64_t count_max);
  Result<AlertCounts> counts();

 private:
  store::Database& database_;
  IdSource& ids_;
  const Clock& clock_;
  const AlertStoreLimits limits_;
};

/// `alert rule 'nightly' (ID)` of each rule that the user owns, by id; within a transaction of the
/// caller. At most 1,000.
Result<std::vector<std::string>> alert_rules_of(store::Connection& connection,
                                                std::string_view user_id);

/// The counts alone, of an open store: for the status page.
Result<AlertCounts> alert_counts(store::Database& database);

}  // namespace bl::results
