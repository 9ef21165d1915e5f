#include "inference/spline.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace bl::inference {
namespace {

using testing::ElementsAre;

struct Curve {
  std::vector<double> xs, ys;
  double at(double x, TwoKnots two_knots = TwoKnots::straight) const {
    return hermite_interpolate(xs, ys, monotone_slopes(xs, ys, two_knots), x);
  }
};

rc::Gen<Curve> some_curve() {
  const auto step = rc::gen::map(rc::gen::inRange(1, 5000), [](int n) { return n / 100.0; });
  const auto height = rc::gen::map(rc::gen::inRange(0, 10000), [](int n) { return n / 10.0; });
  return rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<double, double>>>(
                          rc::gen::pair(step, height))),
                      [](const std::vector<std::pair<double, double>>& knots) {
                        Curve curve;
                        for (const auto& [dx, y] : knots) {
                          curve.xs.push_back((curve.xs.empty() ? 0 : curve.xs.back()) + dx);
                          curve.ys.push_back(y);
                        }
                        return curve;
                      });
}

constexpr double k_rounding = 1e-9;

TEST(Spline, two_knots_are_a_line_or_bent_as_the_dashboard_bends_them) {
  const Curve curve{{0, 10}, {0, 100}};
  EXPECT_DOUBLE_EQ(curve.at(5), 50);
  EXPECT_DOUBLE_EQ(curve.at(5, TwoKnots::bent), 59.375);
  EXPECT_THAT(monotone_slopes(curve.xs, curve.ys, TwoKnots::bent), ElementsAre(15, 7.5));
}

TEST(Spline, does_not_go_on_beyond_its_ends) {
  const Curve curve{{1, 2, 4}, {3, 5, 6}};
  EXPECT_EQ(curve.at(-100), 3);
  EXPECT_EQ(curve.at(100), 6);
  EXPECT_EQ((Curve{{}, {}}.at(1)), 0);
  EXPECT_EQ((Curve{{7}, {8}}.at(1)), 8);
}

TEST(Spline, knots_at_one_place_are_no_division_by_zero) {
  const Curve curve{{1, 1, 2, 2}, {3, 4, 5, 6}};
  for (const double x : {0.9, 1.0, 1.5, 2.0, 2.1}) EXPECT_TRUE(std::isfinite(curve.at(x)));
}

// What d3 draws, to 1e-9: its own curves, sampled inside every piece.
TEST(Spline, is_what_d3_draws) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  ASSERT_NE(source, nullptr);
  std::ifstream file(std::string(source) + "/src/inference/tests/monotone_x_samples.txt");
  ASSERT_TRUE(file);
  Curve curve;
  int samples = 0;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string kind;
    line >> kind;
    if (kind == "knots") {
      curve = {};
      for (double x, y; line >> x >> y;) curve.xs.push_back(x), curve.ys.push_back(y);
    } else if (kind == "at") {
      double x = 0, y = 0;
      line >> x >> y;
      EXPECT_NEAR(curve.at(x), y, 1e-9 * std::max(1.0, std::abs(y))) << text;
      ++samples;
    }
  }
  EXPECT_GT(samples, 200);
}

RC_GTEST_PROP(Spline, goes_through_its_knots, ()) {
  const Curve curve = *some_curve();
  for (std::size_t i = 0; i < curve.xs.size(); ++i)
    RC_ASSERT(std::abs(curve.at(curve.xs[i]) - curve.ys[i]) <= k_rounding);
}

RC_GTEST_PROP(Spline, never_leaves_the_two_knots_around_it, ()) {
  const Curve curve = *some_curve();
  for (std::size_t i = 0; i + 1 < curve.xs.size(); ++i) {
    const auto [low, high] = std::minmax(curve.ys[i], curve.ys[i + 1]);
    for (int part = 1; part < 16; ++part) {
      const double x = curve.xs[i] + (curve.xs[i + 1] - curve.xs[i]) * part / 16;
      for (const TwoKnots two_knots : {TwoKnots::straight, TwoKnots::bent}) {
        const double y = curve.at(x, two_knots);
        RC_ASSERT(y >= low - k_rounding && y <= high + k_rounding);
      }
    }
  }
}

RC_GTEST_PROP(Spline, is_monotone_where_its_knots_are, ()) {
  const Curve curve = *some_curve();
  for (std::size_t i = 0; i + 1 < curve.xs.size(); ++i) {
    const bool rising = curve.ys[i + 1] >= curve.ys[i];
    double before = curve.ys[i];
    for (int part = 1; part <= 16; ++part) {
      const double y = curve.at(curve.xs[i] + (curve.xs[i + 1] - curve.xs[i]) * part / 16);
      RC_ASSERT((rising ? y >= before - k_rounding : y <= before + k_rounding));
      before = y;
    }
  }
}

}  // namespace
}  // namespace bl::inference
