#include "inference/downsample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bl::inference {
namespace {

double twice_area(PlanePoint a, PlanePoint b, PlanePoint c) {
  return std::abs((a.x - c.x) * (b.y - a.y) - (a.x - b.x) * (c.y - a.y));
}

PlanePoint mean(std::span<const PlanePoint> points) {
  PlanePoint sum;
  for (const PlanePoint& p : points) sum = {sum.x + p.x, sum.y + p.y};
  const auto n = static_cast<double>(points.size());
  return {sum.x / n, sum.y / n};
}

}  // namespace

std::vector<std::size_t> largest_triangles(std::span<const PlanePoint> points, std::size_t target,
                                           BucketLayout layout) {
  const std::size_t n = points.size();
  std::vector<std::size_t> chosen;
  if (n <= target || n < 3) {
    chosen.resize(n);
    std::iota(chosen.begin(), chosen.end(), 0);
    return chosen;
  }
  if (target < 3) return {0, n - 1};
  const double width = static_cast<double>(n - 2) / static_cast<double>(target - 2);
  const auto bucket_begin = [&](std::size_t i) {
    return std::min(static_cast<std::size_t>(static_cast<double>(i) * width) + 1, n - 1);
  };
  const std::size_t shift = layout == BucketLayout::shifted ? 1 : 0;
  chosen.push_back(0);
  for (std::size_t i = shift; i < target - 2 + shift; ++i) {
    const std::size_t begin = bucket_begin(i), end = std::max(bucket_begin(i + 1), begin + 1);
    // The shifted layout counts one more point into the mean.
    const std::size_t next_end = std::max(bucket_begin(i + 2), end + 1) + shift;
    const PlanePoint next =
        end < n ? mean(points.subspan(end, std::min(next_end, n) - end)) : points[n - 1];
    std::size_t best = begin;
    double best_area = -1;
    for (std::size_t k = begin; k < end; ++k) {
      const double area = twice_area(points[chosen.back()], points[k], next);
      if (area > best_area) best = k, best_area = area;
    }
    chosen.push_back(best);
  }
  chosen.push_back(n - 1);
  return chosen;
}

}  // namespace bl::inference
