#pragma once

#include <cstdint>
#include <string_view>

/// The change detector: its name and version (stored beside every verdict; a new version
/// recomputes), and the words that its two faces share: `online.h` decides at the newest result,
/// `segmentation.h` looks at a whole history. docs/verdict.md tells the method in plain words, with
/// its scores.
namespace bl::verdict {

inline constexpr std::string_view k_detector_name = "evidence";
/// Grows with every change that can change a verdict.
inline constexpr int k_detector_version = 2;

/// What a person says of a result of a series; teaches the detector from that result on.
enum class Lesson : unsigned char {
  none,
  expected,         ///< a change of level begins here and is wanted: no verdict, a new baseline
  machine_changed,  ///< the machine became another one here: as a new `machine`
  noise,            ///< what began here is noise: no verdict, the baseline stays as it was
};

/// One result of a series, in the order of commits. `machine` is the identity of what it ran on,
/// as a number that the caller gives; a change of it is no change of code.
struct Observation {
  double value = 0;
  std::uint32_t machine = 0;
  Lesson lesson = Lesson::none;
  /// The benchmark itself is another one from here on (its version, its parameters, its unit): a
  /// new baseline on every machine, no verdict.
  bool benchmark_changed = false;
};

}  // namespace bl::verdict
