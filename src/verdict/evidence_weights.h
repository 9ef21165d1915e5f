#pragma once

#include <array>

#include "verdict/evidence.h"

/// Written by bench/accuracy/calibrate.py: the weights of evidence.h, in the order of its features.
namespace bl::verdict {

inline constexpr std::array<double, k_online_features> k_online_weights = {
    -4.9862,  0.17282,    0.096398,  0.24263,  -0.075575, 1.2878,  -0.35903, -0.12016,
    -0.44155, -0.0086165, -0.072514, -0.58617, -0.025117, 0.34168, 0.16699,  -0.12177,
    -1.8468,  -0.061807,  0.28135,   -3.8316,  -0.52554,  1.1325,
};
/// Added for each doubling of the window.
inline constexpr std::array<double, k_online_features> k_online_weights_per_octave = {
    0.61554,   0.020466,  0.29993,   -0.052383, 0.22282,    -0.214,   0.13339,  -0.01339,
    0.058042,  -0.07091,  0.083885,  -0.079654, 0.00041933, -0.65004, 0.071934, -0.032437,
    -0.099858, -0.056581, -0.029451, 0.58341,   0.071545,   -0.46607,
};
/// Added for a window of one result.
inline constexpr std::array<double, k_online_features> k_online_weights_of_one = {
    0.49735, -0.19837,  0.38918,   -0.11119, 0.010657, 0,        -0.11459, -0.26334,
    0.3102,  -0.070822, -0.004775, 1.0688,   0,        0,        0,        0.3912,
    -1.2355, 0.12697,   -0.15123,  0.71495,  -0.71141, -0.17512,
};

inline constexpr std::array<double, k_segment_features> k_segment_weights = {
    0.67295, -0.53544, -0.1738, 2.259,    0.13223, -9.3466, -5.2487,
    0.61506, 0.84992,  -2.8468, -0.80141, 0.18466, 2.4813,
};

}  // namespace bl::verdict
