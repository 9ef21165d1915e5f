#pragma once

#include <cstdint>

#include "net/router.h"

/// How fresh an answer is, told only to those who ask: a request with the header
/// `Benchlake-Freshness: ask` is answered with `Benchlake-Answered-By: store` or `lake`, and of the
/// lake with `Benchlake-Lake-Place` (of the change log) and `Benchlake-Lake-Behind` (seconds).
namespace bl::results {

/// Collects what the readers say while one request is answered, on one thread.
class ReadFreshness {
 public:
  ReadFreshness();
  ~ReadFreshness();
  ReadFreshness(const ReadFreshness&) = delete;
  ReadFreshness& operator=(const ReadFreshness&) = delete;

  /// Of a reader; nothing when nobody asked. The lake's first place stands.
  static void note_lake(std::int64_t place, double seconds_behind);
  void tell(net::Response& response) const;

 private:
  bool is_lake_ = false;
  std::int64_t place_ = 0;
  double seconds_behind_ = 0;
};

/// The handler, which tells how fresh its answer is.
net::Handler telling_freshness(net::Handler handler);

}  // namespace bl::results
