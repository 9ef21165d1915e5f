#pragma once

#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <set>

#include "inference/stored.h"

namespace bl::inference {

/// Batches between parsers and writers, bounded in bytes. Batches of one run are written one after
/// the other, in their order: of equal rows the last counts. Threads: any.
class SweepQueue {
 public:
  struct Item {
    std::size_t run = 0;  ///< which one, in the order of the source
    Sweep sweep;
    std::uint64_t bytes = 0;
  };

  explicit SweepQueue(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  /// Waits for room; a batch that is larger than all of it goes alone. False after close().
  bool put(Item item);
  /// Waits for a batch of a run that nobody writes. nullopt: nothing comes any more.
  std::optional<Item> take();
  /// The batch that was taken is written, its memory given back.
  void done(std::size_t run, std::uint64_t bytes);
  void finish();  ///< nothing more is put
  void close();   ///< what waits is dropped

 private:
  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::list<Item> waiting_;
  std::set<std::size_t> written_now_;
  std::uint64_t bytes_ = 0;  // waiting and being written
  bool finished_ = false;
  bool closed_ = false;
};

}  // namespace bl::inference
