#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "verdict/evidence.h"
#include "verdict/relative_values.h"
#include "verdict/residual_density.h"

namespace bl::verdict {

/// The results of one series on one machine, and the level that they stand on now. Private part of
/// OnlineDetector (online.h), apart so that machines can be kept side by side.
///
/// At each result, for every window of the newest 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20 and 24
/// results: how far is their level from that of the results before them (the baseline, at most 80
/// since the last change)? Is that far for this series' noise? How much better does "a new level"
/// explain the window than "the old level, with the outliers and modes that this series has"? How
/// often has the same window moved as far in this series' past? evidence.h turns the answers into
/// log-odds; the most probable window decides.
///
/// It remembers the newest 512 to 1,024 results.
class MachineStream {
 public:
  static constexpr std::array<int, 12> k_windows = {1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24};

  /// One window that was looked at: `first` and `newest` are the caller's indexes.
  struct Candidate {
    std::int64_t first = 0, newest = 0;
    int window = 0;
    bool larger = false;
    double change = 0;  // relative
    OnlineFeatures features{};
    double log_odds = 0;
  };
  using Observer = std::function<void(const Candidate&)>;

  struct Verdict {
    enum class Kind : unsigned char { too_few, none, wait, change } kind = Kind::too_few;
    std::int64_t since = -1;
    double log_odds = -99;
    double change = 0;
    bool larger = false;
    bool recovers = false;
  };

  /// `index` grows with every call; `value` is finite.
  Verdict push(std::int64_t index, double value, int baseline_min, const Observer& observer);
  /// The next result begins a new level, silently; what is known of the noise stays.
  void start_over();
  /// The newest result begins a new level, silently.
  void accept_new_level();
  /// What began with the newest verdict, or the newest result, is noise: back to the old level.
  void call_it_noise();

  struct Drift {
    std::int64_t since;
    double change;  // relative
  };
  /// Of the level that holds; see OnlineDetector::drift.
  std::optional<Drift> drift() const;

  /// The values since a change may have begun, when the newest verdict was `wait`; else empty.
  std::vector<double> waiting_values() const;

  /// Memory that it holds beyond itself.
  std::size_t bytes() const;

 private:
  struct Entry {
    std::int64_t index;
    double value;     // as it came
    double place;     // on the relative scale
    double residual;  // from the level that it was expected on
    bool is_noise;    // the residual tells of noise: no change was under way
    std::array<float, k_windows.size()> shift;  // of each window that ends here
  };
  struct Window {
    std::size_t which;  // index into k_windows
    std::size_t first;  // position of its first result
    int length;
    double level;        // of the baseline
    double baseline;     // results that the level rests on
    double centre;       // level of the window over the baseline's, in units of noise
    double correlation;  // of windows this long
  };
  struct Past {
    double third = 0, most = 0, whole = 0, opposite = 0, outliers = 0, results = 0;
    double familiar = 0, seen = 0;  // results that stood there, of all
  };
  struct Level {
    std::size_t start;
    double place;
  };

  void rescale();
  void trim();
  void estimate_noise();
  void estimate_correlation();
  double correlation_of(int window) const;
  double level_of(std::size_t first, std::size_t last) const;
  bool returned_to_former_level();
  std::optional<Candidate> best_candidate(int baseline_min, const Observer& observer);
  Window measure(std::size_t which, std::size_t first);
  void fill_density(std::size_t before);
  OnlineFeatures features_of(const Window& window);
  double likelihood_of(const Window& window, std::span<const double> units) const;
  double size_prior(double units) const;
  Past past_of(const Window& window) const;
  double recent_noise(std::size_t before) const;
  double recent_spread(std::size_t before) const;
  double underway(const Window& window) const;
  double visits(const Window& window) const;
  double restlessness() const;
  bool recovers(const Window& window) const;
  std::size_t exact_start(std::size_t first) const;
  void begin_level(std::size_t first);

  RelativeScale scale_;
  std::vector<Entry> entries_;
  std::size_t level_start_ = 0;                 // first result of the level that holds
  double noise_ = 0;                            // one unit, a relative difference
  std::array<double, 3> correlation_{1, 1, 1};  // of windows of 4, 8, 16
  // The level before the newest change, while a return to it is to be expected.
  struct Former {
    double level;
    std::size_t level_start;  // where it began
    std::size_t change;       // where the level that holds now began
    std::size_t said_at;      // the result at which that was said
  };
  std::optional<Former> former_;
  std::vector<Level> past_levels_;  // those that changes ended, oldest first
  std::size_t waiting_ = 0;         // results since the change that is waited for began
  // Of the newest result only:
  ResidualDensity density_;
  bool density_is_fresh_ = false;
  std::size_t density_until_ = 0;
};

}  // namespace bl::verdict
