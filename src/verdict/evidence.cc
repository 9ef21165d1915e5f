#include "verdict/evidence.h"

#include <cmath>
#include <numeric>

#include "verdict/evidence_weights.h"

namespace bl::verdict {

double log_odds(const OnlineFeatures& features, int window) {
  const double octaves = std::log2(static_cast<double>(window));
  double sum = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    double weight = k_online_weights[i] + k_online_weights_per_octave[i] * octaves;
    if (window == 1) weight += k_online_weights_of_one[i];
    sum += weight * features[i];
  }
  return sum;
}

double log_odds(const SegmentFeatures& features) {
  return std::inner_product(features.begin(), features.end(), k_segment_weights.begin(), 0.0);
}

double probability(double log_odds) {
  return 1 / (1 + std::exp(-log_odds));
}

}  // namespace bl::verdict
