#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "results/read_freshness.h"
#include "results/read_router.h"
#include "results/reads/breaker.h"
#include "results/reads/comparer.h"
#include "results/reads/pending_changes.h"

namespace bl::results::reads {

/// Why the store answered although the lake was to.
enum class Instead : unsigned char {
  paused,   ///< the lake failed or was slow too often lately
  behind,   ///< too far
  changed,  ///< what is asked about did, and the lake does not know
  failed,
  absent,  ///< the lake has no such thing, or says no
};
inline constexpr std::array<const char*, 5> k_instead_names{"paused", "behind", "changed", "failed",
                                                            "absent"};

/// Lets the modes decide for each read who answers it. Threads: any; compare_some() is one at a
/// time.
class Routing {
 public:
  Routing(const Readers& store, const Readers& lake, ReadEvidence& evidence,
          const ReadRouter::World& world, const ReadRouterLimits& limits)
      : store_(store),
        lake_(lake),
        world_(world),
        limits_(limits),
        comparer_(store, lake, evidence, world, limits),
        ports_{Port(ReadPort::history, world.metrics), Port(ReadPort::compare, world.metrics),
               Port(ReadPort::health, world.metrics), Port(ReadPort::runs, world.metrics)} {}
  ~Routing() { comparer_.write_account(); }

  /// `ask`: of Readers, the answer. `question`: the same as data, made only when it is needed.
  template <class Ask, class Make>
  auto read(ReadPort name, const Ask& ask, const Make& question)
      -> decltype(ask(std::declval<const Readers&>())) {
    Port& port = port_of(name);
    const ReadMode mode = port.mode();
    if (is_drawn(mode.shadow_percent) && !comparer_.offer(question())) ++port.left_out;
    if (!mode.is_lake) {
      ++port.by_store;
      return ask(store_);
    }
    const ReplicaStatus status = world_.replica();
    if (const auto why = why_not_lake(port, status, question)) return instead(port, *why, ask);
    const auto start = world_.clock.steady_now();
    auto answer = ask(lake_);
    const bool failed = !answer.ok() && !is_answer(answer.error());
    note_end(port, failed, start);
    if (!answer.ok()) {
      if (failed) {
        world_.log.warning("read_lake",
                           {{"port", name_of(name)}, {"error", answer.error().message}});
      }
      return instead(port, failed ? Instead::failed : Instead::absent, ask);
    }
    ++port.by_lake;
    port.lake_reads.add();
    ReadFreshness::note_lake(status.place, status.seconds_behind);
    return answer;
  }

  SummaryMode mode() const { return store_.mode; }
  void set_modes(const ReadModes& modes) {
    for (Port& port : ports_) {
      port.is_lake = mode_of(modes, port.name).is_lake;
      port.shadow_percent = mode_of(modes, port.name).shadow_percent;
    }
  }
  ReadModes modes() const {
    ReadModes modes;
    for (const Port& port : ports_) mode_of(modes, port.name) = port.mode();
    return modes;
  }

  std::vector<ReadState> states() const {
    std::vector<ReadState> states;
    for (const Port& port : ports_) {
      states.push_back(
          {.port = port.name,
           .mode = port.mode(),
           .is_paused = port.is_paused,
           .by_store = port.by_store,
           .by_lake = port.by_lake,
           .comparisons_waiting = static_cast<std::int64_t>(comparer_.waiting(port.name)),
           .comparisons_left_out = port.left_out});
    }
    return states;
  }

  bool compare_some() { return comparer_.work(); }

  Result<ReadReplay> replay(const ReadMismatch& mismatch) {
    BL_TRY(const Question question, parse_question(mismatch.question));
    ReadReplay replay;
    BL_TRY(replay.store_answer, answer_of(question, store_));
    BL_TRY(replay.lake_answer, answer_of(question, lake_));
    replay.is_equal = replay.store_answer == replay.lake_answer;
    return replay;
  }

 private:
  struct Port {
    Port(ReadPort which, Metrics& metrics)
        : name(which),
          lake_reads(metrics.counter("bl_reads_of_lake_total", "reads that the lake answered",
                                     {{"port", name_of(which)}})),
          paused(metrics.gauge("bl_reads_paused",
                               "1 while the store answers because the lake failed too often",
                               {{"port", name_of(which)}})),
          instead{count_of(which, metrics, 0), count_of(which, metrics, 1),
                  count_of(which, metrics, 2), count_of(which, metrics, 3),
                  count_of(which, metrics, 4)} {}
    static Counter count_of(ReadPort which, Metrics& metrics, std::size_t why) {
      return metrics.counter("bl_reads_instead_total",
                             "reads that the store answered although the lake was to, by why",
                             {{"port", name_of(which)}, {"why", k_instead_names[why]}});
    }
    ReadMode mode() const { return {is_lake.load(), shadow_percent.load()}; }

    const ReadPort name;
    std::atomic<bool> is_lake = false;
    std::atomic<double> shadow_percent = 0;
    std::atomic<std::int64_t> by_store = 0, by_lake = 0, left_out = 0;
    std::atomic<bool> is_paused = false;
    std::mutex mutex;
    Breaker breaker;  // guarded by mutex
    Counter lake_reads;
    Gauge paused;
    std::array<Counter, k_instead_names.size()> instead;
  };
  Port& port_of(ReadPort name) { return ports_[static_cast<std::size_t>(name)]; }

  bool is_drawn(double percent) {
    constexpr std::uint64_t k_steps = 1'000'000;
    if (percent <= 0) return false;
    return static_cast<double>(world_.random.below(k_steps)) < percent / 100 * k_steps;
  }

  template <class Make>
  std::optional<Instead> why_not_lake(Port& port, const ReplicaStatus& status,
                                      const Make& question) {
    if (!status.is_whole || !status.error.empty() ||
        status.seconds_behind > std::chrono::duration<double>(limits_.behind_max).count()) {
      return Instead::behind;
    }
    const Subject subject = subject_of(question());
    if (!subject.is_everything()) {
      const auto touched = is_touched(world_.database, status.place, subject);
      if (!touched.ok() || *touched) return Instead::changed;
    }
    const std::lock_guard lock(port.mutex);
    if (port.breaker.allows(world_.clock.steady_now())) return std::nullopt;
    return Instead::paused;
  }

  template <class Ask>
  auto instead(Port& port, Instead why, const Ask& ask)
      -> decltype(ask(std::declval<const Readers&>())) {
    port.instead[static_cast<std::size_t>(why)].add();
    ++port.by_store;
    return ask(store_);
  }

  void note_end(Port& port, bool failed, std::chrono::steady_clock::time_point start) {
    const auto now = world_.clock.steady_now();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - start);
    const std::lock_guard lock(port.mutex);
    const bool opened = port.breaker.ended(now, failed, took);
    port.is_paused = port.breaker.is_open();
    port.paused.set(port.is_paused ? 1 : 0);
    if (opened) world_.log.error("reads_paused", {{"port", name_of(port.name)}});
  }

  const Readers store_, lake_;
  const ReadRouter::World world_;
  const ReadRouterLimits limits_;
  Comparer comparer_;
  std::array<Port, k_read_ports.size()> ports_;
};

}  // namespace bl::results::reads
