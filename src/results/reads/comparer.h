#pragma once

#include <array>
#include <deque>
#include <mutex>

#include "results/read_router.h"
#include "results/reads/question.h"

namespace bl::results::reads {

/// Asks both sides what was asked of one, later and on a thread of its own, and keeps account.
class Comparer {
 public:
  Comparer(const Readers& store, const Readers& lake, ReadEvidence& evidence,
           const ReadRouter::World& world, const ReadRouterLimits& limits);

  /// Any thread. False: too many wait.
  bool offer(Question question);
  std::size_t waiting(ReadPort port) const;
  bool work();
  /// Writes down what was counted. Also work() does, now and then.
  void write_account();

 private:
  struct Look {
    Question question;
    std::string store_answer;  ///< as it was when they differed
    std::int64_t place = 0;    ///< that the lake must have reached
    std::chrono::steady_clock::time_point until;
    int looks = 0;
  };
  /// nullopt: the question was put off, or is done.
  void look_first(Question question);
  void look_again(Look look);
  void put_off(Look look);
  void differ(const Question& question, const std::string& store_answer,
              const std::string& lake_answer, std::int64_t place);
  Result<std::string> timed(const Question& question, const Readers& readers, const char* side);
  ReadTally& tally_of(ReadPort port) { return tallies_[static_cast<std::size_t>(port)]; }
  void tell(ReadPort port, const char* outcome);

  const Readers store_, lake_;
  ReadEvidence& evidence_;
  const ReadRouter::World world_;
  const ReadRouterLimits limits_;
  mutable std::mutex mutex_;
  std::deque<Question> asked_;                              // guarded by mutex_
  std::array<std::size_t, k_read_ports.size()> waiting_{};  // guarded by mutex_; put off ones too
  // Of the thread that works.
  std::deque<Look> looks_;
  std::array<ReadTally, k_read_ports.size()> tallies_;
  std::chrono::steady_clock::time_point written_at_;
};

}  // namespace bl::results::reads
