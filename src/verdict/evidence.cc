#include "verdict/evidence.h"

#include <cmath>
#include <numeric>

#include "verdict/evidence_trees.h"
#include "verdict/evidence_weights.h"

namespace bl::verdict {

namespace {

/// What a plain weighted sum says.
double linear(const OnlineFeatures& features, int window) {
  const double octaves = std::log2(static_cast<double>(window));
  double sum = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    double weight = k_online_weights[i] + k_online_weights_per_octave[i] * octaves;
    if (window == 1) weight += k_online_weights_of_one[i];
    sum += weight * features[i];
  }
  return sum;
}

/// What the decision trees say: they know what a sum cannot, such as that a large jump means
/// little in a series that hiccups and much in one that never did.
double branching(const OnlineFeatures& features, int window) {
  std::array<float, k_online_features + 1> seen;
  for (std::size_t i = 0; i < features.size(); ++i) seen[i] = static_cast<float>(features[i]);
  seen.back() = static_cast<float>(window);
  double sum = 0;
  for (const int root : k_tree_roots) {
    int at = root;
    while (!is_leaf(k_tree_nodes[static_cast<std::size_t>(at)])) {
      const TreeNode& node = k_tree_nodes[static_cast<std::size_t>(at)];
      at = seen[node.feature] <= node.value ? at + 1 : at + node.above;
    }
    sum += static_cast<double>(k_tree_nodes[static_cast<std::size_t>(at)].value);
  }
  return sum;
}

}  // namespace

double log_odds(const OnlineFeatures& features, int window) {
  return (linear(features, window) + branching(features, window)) / 2;
}

double log_odds(const SegmentFeatures& features) {
  return std::inner_product(features.begin(), features.end(), k_segment_weights.begin(), 0.0);
}

double probability(double log_odds) {
  return 1 / (1 + std::exp(-log_odds));
}

}  // namespace bl::verdict
