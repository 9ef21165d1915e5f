#pragma once

#include <array>

#include "verdict/evidence.h"

/// Written by bench/accuracy/calibrate.py: the weights of evidence.h, in the order of its features.
namespace bl::verdict {

inline constexpr std::array<double, k_online_features> k_online_weights = {
    -8.2075,  0.098509, 0.11275,  -0.28784, 0.51732, 1.319,   -0.53799, -0.26708, -0.47101,
    -0.18096, 0.028514, -0.30166, -0.11842, 0.38623, 0.15895, -0.64528, -3.7717};
/// Added for each doubling of the window.
inline constexpr std::array<double, k_online_features> k_online_weights_per_octave = {
    1.386,     0.062091, 0.30249,  0.18545,   0.21703,  -0.23568, 0.18776, 0.026595, 0.13657,
    -0.031192, 0.050729, -0.21037, 0.0058902, -0.35606, 0.083387, 0.27746, 0.70498};
/// Added for a window of one result.
inline constexpr std::array<double, k_online_features> k_online_weights_of_one = {
    0.43326,  -0.17231, 0.32629, 0.41539, -0.057432, 0, 0.043866, -0.1899,  0.35026,
    0.041617, -0.15535, 0.44821, 0,       0,         0, 1.19,     -0.065011};

inline constexpr std::array<double, k_segment_features> k_segment_weights = {
    0.29815, 0.64173, 0,       1.5397,  -1.008,   -7.1839, -4.1918,
    0.39551, 1.0867,  -2.6922, -1.4668, -0.25528, 2.3173};

}  // namespace bl::verdict
