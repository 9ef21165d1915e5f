#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "inference/pareto.h"

/// Fewer points that draw the same line. Pure; threads: any.
namespace bl::inference {

/// How the points between the first and the last are cut into buckets. `even` is Steinarsson's
/// largest-triangle-three-buckets; `shifted` is what the InferenceX dashboard does: the first
/// bucket is left out, a mean counts one point too many, the last point comes twice.
enum class BucketLayout : unsigned char { even, shifted };

/// Largest triangle three buckets (S. Steinarsson, 2013): of each bucket the point that spans the
/// largest triangle with the point chosen before it and the mean of the next bucket. Positions in
/// `points` (ordered by x), all of them when there are no more than `target`; the first and the
/// last when `target` is below 3. Cost: O(n).
std::vector<std::size_t> largest_triangles(std::span<const PlanePoint> points, std::size_t target,
                                           BucketLayout layout);

}  // namespace bl::inference
