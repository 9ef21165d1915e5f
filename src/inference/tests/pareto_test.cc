#include "inference/pareto.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace bl::inference {
namespace {

using testing::ElementsAre;

std::vector<PlanePoint> on_front(const std::vector<PlanePoint>& points, Corner corner) {
  std::vector<PlanePoint> front;
  for (const std::size_t i : pareto_front(points, corner)) front.push_back(points[i]);
  return front;
}

constexpr Corner k_corners[] = {Corner::upper_left, Corner::upper_right, Corner::lower_left,
                                Corner::lower_right};

// The rule as it is told, for each point against all others: nobody may be at least as good in both
// ways; of equal points the first counts. upper_right alone lets points of equal height stand.
bool belongs(const std::vector<PlanePoint>& points, std::size_t i, Corner corner) {
  const bool more_x = corner == Corner::upper_left || corner == Corner::lower_right;
  const bool more_y = corner == Corner::upper_left || corner == Corner::upper_right;
  const PlanePoint p = points[i];
  for (std::size_t k = 0; k < points.size(); ++k) {
    const PlanePoint q = points[k];
    const bool x_as_good = more_x ? q.x >= p.x : q.x <= p.x;
    const bool y_as_good = more_y ? q.y >= p.y : q.y <= p.y;
    if (k == i || !x_as_good || !y_as_good) continue;
    if (q == p ? k < i : !(corner == Corner::upper_right && q.y == p.y)) return false;
  }
  return true;
}

// Few different values, so that ties are common.
rc::Gen<std::vector<PlanePoint>> crowded_points() {
  return rc::gen::container<std::vector<PlanePoint>>(rc::gen::map(
      rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::inRange(0, 12)), [](std::pair<int, int> p) {
        return PlanePoint{static_cast<double>(p.first), p.second * 0.5};
      }));
}

TEST(ParetoFront, keeps_what_nothing_beats_in_both_ways) {
  const std::vector<PlanePoint> points = {{10, 5}, {20, 4}, {15, 3}, {30, 1}, {5, 5}};
  EXPECT_THAT(on_front(points, Corner::upper_left),
              ElementsAre(PlanePoint{10, 5}, PlanePoint{20, 4}, PlanePoint{30, 1}));
  EXPECT_THAT(on_front(points, Corner::lower_right), ElementsAre(PlanePoint{30, 1}));
  EXPECT_THAT(on_front(points, Corner::lower_left),
              ElementsAre(PlanePoint{5, 5}, PlanePoint{15, 3}, PlanePoint{30, 1}));
  EXPECT_THAT(on_front(points, Corner::upper_right),
              ElementsAre(PlanePoint{5, 5}, PlanePoint{10, 5}));
}

TEST(ParetoFront, of_nothing_is_nothing_and_what_is_no_number_is_on_none) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Corner corner : k_corners) {
    EXPECT_TRUE(pareto_front({}, corner).empty());
    const std::vector<PlanePoint> points = {{nan, 1}, {1, nan}, {2, 2}};
    EXPECT_THAT(pareto_front(points, corner), ElementsAre(2u));
  }
}

TEST(ParetoFront, mirrored_corners_have_names_and_come_back) {
  for (const Corner corner : k_corners) {
    EXPECT_EQ(corner_named(name_of(corner)), corner);
    EXPECT_NE(mirrored(corner), corner);
    EXPECT_EQ(mirrored(mirrored(corner)), corner);
  }
  EXPECT_FALSE(corner_named("middle"));
}

RC_GTEST_PROP(ParetoFront, is_what_the_slow_twin_says, ()) {
  const auto points = *crowded_points();
  for (const Corner corner : k_corners) {
    std::set<std::size_t> expected;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (belongs(points, i, corner)) expected.insert(i);
    }
    const auto front = pareto_front(points, corner);
    RC_ASSERT(std::set<std::size_t>(front.begin(), front.end()) == expected);
    RC_ASSERT(std::is_sorted(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
      return corner == Corner::lower_right ? points[a].x > points[b].x : points[a].x < points[b].x;
    }));
  }
}

RC_GTEST_PROP(ParetoFront, of_a_front_is_itself, ()) {
  const auto points = *crowded_points();
  for (const Corner corner : k_corners) {
    const auto front = on_front(points, corner);
    RC_ASSERT(on_front(front, corner) == front);
  }
}

}  // namespace
}  // namespace bl::inference
