#include "results/reads/comparer.h"

#include "results/reads/pending_changes.h"

namespace bl::results::reads {
namespace {

constexpr int k_first_looks = 16;  ///< in one go
constexpr std::chrono::seconds k_account_every{5};

}  // namespace

Comparer::Comparer(const Readers& store, const Readers& lake, ReadEvidence& evidence,
                   const ReadRouter::World& world, const ReadRouterLimits& limits)
    : store_(store),
      lake_(lake),
      evidence_(evidence),
      world_(world),
      limits_(limits),
      written_at_(world.clock.steady_now()) {}

bool Comparer::offer(Question question) {
  const std::lock_guard lock(mutex_);
  std::size_t all = 0;
  for (const std::size_t one : waiting_) all += one;
  if (all >= limits_.comparisons_max) return false;
  ++waiting_[static_cast<std::size_t>(question.port)];
  asked_.push_back(std::move(question));
  return true;
}

std::size_t Comparer::waiting(ReadPort port) const {
  const std::lock_guard lock(mutex_);
  return waiting_[static_cast<std::size_t>(port)];
}

void Comparer::tell(ReadPort port, const char* outcome) {
  world_.metrics
      .counter("bl_read_comparisons_total",
               "answers of store and lake that were compared, by how that ended",
               {{"port", name_of(port)}, {"outcome", outcome}})
      .add();
  const std::lock_guard lock(mutex_);
  --waiting_[static_cast<std::size_t>(port)];
}

Result<std::string> Comparer::timed(const Question& question, const Readers& readers,
                                    const char* side) {
  const auto start = world_.clock.steady_now();
  auto answer = answer_of(question, readers);
  world_.metrics
      .histogram("bl_read_comparison_seconds", "how long a side took to answer a comparison",
                 Metrics::latency_bounds(), {{"port", name_of(question.port)}, {"side", side}})
      .observe(std::chrono::duration<double>(world_.clock.steady_now() - start).count());
  return answer;
}

void Comparer::look_first(Question question) {
  const ReadPort port = question.port;
  // By turns, so that what one side warms helps the other as often.
  const bool store_first = world_.random.below(2) == 0;
  auto store_answer = store_first ? timed(question, store_, "store") : Result<std::string>("");
  auto lake_answer = timed(question, lake_, "lake");
  if (!store_first) store_answer = timed(question, store_, "store");
  if (!store_answer.ok()) {
    ++tally_of(port).moved;
    return tell(port, "moved");
  }
  if (!lake_answer.ok()) {
    world_.log.warning("read_comparison", {{"port", name_of(port)},
                                           {"method", question.method},
                                           {"error", lake_answer.error().message}});
    ++tally_of(port).failed;
    return tell(port, "failed");
  }
  if (*store_answer == *lake_answer) {
    ++tally_of(port).equal;
    return tell(port, "equal");
  }
  put_off({.question = std::move(question),
           .store_answer = *std::move(store_answer),
           .until = world_.clock.steady_now() + limits_.catch_up_max});
}

// Until the lake has all that the store had when they differed.
void Comparer::put_off(Look look) {
  const auto place = newest_place(world_.database);
  if (!place.ok()) {
    ++tally_of(look.question.port).moved;
    return tell(look.question.port, "moved");
  }
  look.place = *place;
  looks_.push_back(std::move(look));
}

void Comparer::look_again(Look look) {
  const ReadPort port = look.question.port;
  const std::int64_t place = world_.replica().place;
  auto lake_answer = timed(look.question, lake_, "lake");
  auto store_answer = timed(look.question, store_, "store");
  if (!lake_answer.ok() || !store_answer.ok()) {
    ReadTally& tally = tally_of(port);
    ++(lake_answer.ok() ? tally.moved : tally.failed);
    return tell(port, lake_answer.ok() ? "moved" : "failed");
  }
  if (*lake_answer == *store_answer) {
    ++tally_of(port).equal;
    return tell(port, "equal");
  }
  if (*store_answer == look.store_answer) {
    differ(look.question, *store_answer, *lake_answer, place);
    return tell(port, "different");
  }
  look.store_answer = *std::move(store_answer);
  if (++look.looks < limits_.looks_max) return put_off(std::move(look));
  ++tally_of(port).moved;
  tell(port, "moved");
}

void Comparer::differ(const Question& question, const std::string& store_answer,
                      const std::string& lake_answer, std::int64_t place) {
  ++tally_of(question.port).different;
  const auto id = evidence_.keep({.port = question.port,
                                  .question = text_of(question),
                                  .place = place,
                                  .store_answer = store_answer,
                                  .lake_answer = lake_answer});
  world_.log.error("read_mismatch", {{"port", name_of(question.port)},
                                     {"method", question.method},
                                     {"mismatch", id.ok() ? *id : ""},
                                     {"error", id.ok() ? "" : id.error().message}});
}

bool Comparer::work() {
  if (!world_.replica().is_whole) return false;  // there is nothing to compare with yet
  bool more = false;
  for (int i = 0; i < k_first_looks; ++i) {
    std::optional<Question> question;
    {
      const std::lock_guard lock(mutex_);
      if (asked_.empty()) break;
      question = std::move(asked_.front());
      asked_.pop_front();
      more = !asked_.empty();
    }
    look_first(*std::move(question));
  }
  const ReplicaStatus status = world_.replica();
  const auto now = world_.clock.steady_now();
  for (std::size_t left = looks_.size(); left > 0; --left) {
    Look look = std::move(looks_.front());
    looks_.pop_front();
    if (status.place >= look.place) {
      look_again(std::move(look));
    } else if (now >= look.until) {
      ++tally_of(look.question.port).moved;
      tell(look.question.port, "moved");
    } else {
      looks_.push_back(std::move(look));
    }
  }
  if (now - written_at_ >= k_account_every) write_account();
  return more;
}

void Comparer::write_account() {
  written_at_ = world_.clock.steady_now();
  for (const ReadPort port : k_read_ports) {
    ReadTally& tally = tally_of(port);
    if (tally.is_empty()) continue;
    if (const auto counted = evidence_.count(port, tally); counted.ok()) {
      tally = {};
    } else {
      world_.log.warning("read_account", {{"error", counted.error().message}});
    }
  }
}

}  // namespace bl::results::reads
