#pragma once

#include <span>
#include <vector>

/// Monotone cubic interpolation after Steffen (A&A 239, 1990; spec/inference.md 5.6), equal to d3's
/// curveMonotoneX: smooth, never beyond the two knots that enclose it, monotone where they are.
/// Pure; threads: any.
namespace bl::inference {

/// -1 below zero, else +1: also of 0 and NaN.
double sign(double x);

/// What becomes of two knots. `bent` is what the InferenceX dashboard computes: the tangents 1.5 s
/// and 0.75 s, so that the middle of (0,0)-(10,100) is 59.375; `straight` is the line that d3 (and
/// the dashboard's own chart) draws between them.
enum class TwoKnots : unsigned char { straight, bent };

/// The tangents at the knots. `xs` ascend (equal ones give flat pieces), `ys` has as many; fewer
/// than two knots have tangents of 0.
std::vector<double> monotone_slopes(std::span<const double> xs, std::span<const double> ys,
                                    TwoKnots two_knots);

/// The curve's value at `x`; beyond the ends the end's value, 0 without knots. The three spans are
/// equally long. Cost: O(log n).
double hermite_interpolate(std::span<const double> xs, std::span<const double> ys,
                           std::span<const double> slopes, double x);

}  // namespace bl::inference
