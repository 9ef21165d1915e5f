#pragma once

#include <array>

#include "verdict/evidence.h"

/// Written by bench/accuracy/calibrate.py: the weights of evidence.h, in the order of its features.
namespace bl::verdict {

inline constexpr std::array<double, k_online_features> k_online_weights = {
    -6.0633,  0.073619, 0.12422,  -0.27428, 0.10817, 1.0826,  -0.43466, -0.31475, -0.43363,
    -0.18971, 0.048257, -0.27355, -0.1025,  0.28165, 0.17231, -1.1167,  -3.4717};
/// Added for each doubling of the window.
inline constexpr std::array<double, k_online_features> k_online_weights_per_octave = {
    1.0244,    0.064789, 0.27761,  0.13047,    0.25214,  -0.22232, 0.12975, 0.030522, 0.11964,
    -0.052461, 0.053431, -0.31496, -0.0018898, -0.52328, 0.066101, 0.28105, 0.85739};
/// Added for a window of one result.
inline constexpr std::array<double, k_online_features> k_online_weights_of_one = {
    -0.24677, -0.080748, 0.28215, 0.36668, 0.21943, 0, 0.033434, -0.050128, 0.30379,
    0.045327, -0.11882,  0.42533, 0,       0,       0, 1.5879,   0.29114};

inline constexpr std::array<double, k_segment_features> k_segment_weights = {
    1.062,  0.37801, -0.94044, 1.1329,  -0.84492, -5.9047, -4.6989,
    1.1522, 1.0231,  -2.7964,  -1.1563, 0.024168, 2.4471};

}  // namespace bl::verdict
