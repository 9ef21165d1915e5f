#pragma once

#include <span>

/// The scale on which the detector looks at a series: relative differences, so that multiplying
/// every value by a positive factor changes nothing. Pure; any thread.
namespace bl::verdict {

/// Maps values to numbers whose differences are relative changes. Positive series: the natural
/// logarithm of value / reference. Series with a value of zero or below: value / reference, the
/// reference being the median magnitude. Rounded to 2^-36 (1.5e-11), so that equal values stay
/// equal after a change of unit whose rounding differs in the last bits.
class RelativeScale {
 public:
  RelativeScale() = default;
  /// Of finite values. O(n).
  static RelativeScale of(std::span<const double> values);

  bool is_logarithmic() const { return logarithmic_; }
  /// Whether `value` can stand on this scale; if not, make a new scale from all values.
  bool holds(double value) const { return !logarithmic_ || value > 0; }
  /// Finite for every finite value that the scale holds; within +-1e12.
  double of(double value) const;
  /// A difference on this scale as relative change: 0.1 is ten percent more.
  double relative_change(double difference) const;

 private:
  bool logarithmic_ = true;
  double reference_ = 0;  // a logarithm when logarithmic, else a magnitude
};

}  // namespace bl::verdict
