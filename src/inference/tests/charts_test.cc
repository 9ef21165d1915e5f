#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "inference/calculator.h"
#include "inference/chart_metrics.h"
#include "inference/chart_point.h"
#include "inference/trend.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

const Registry& april() {
  return Registry::built_in(Edition::april_2026);
}
const ChartLabels& labels() {
  return ChartLabels::built_in();
}

DatedRow a_row(double interactivity, double throughput, std::string date = "2026-03-01") {
  DatedRow dated;
  ServingConfig& c = dated.row.config;
  c.hardware = "h200";
  c.framework = "trt";
  c.model = "dsr1";
  c.precision = "fp8";
  c.spec_method = "none";
  c.decode_tp = 8;
  dated.row.conc = 64;
  dated.row.metrics = {{"median_intvty", interactivity},
                       {"median_e2el", 2.0},
                       {"tput_per_gpu", throughput},
                       {"output_tput_per_gpu", throughput * 0.8},
                       {"input_tput_per_gpu", throughput * 0.2}};
  dated.date = std::move(date);
  return dated;
}

std::vector<ChartPoint> interactivity_points(const std::vector<DatedRow>& rows) {
  return charts_of(rows, april(), labels(), MissingValues::absent).interactivity;
}

TEST(DerivedMetrics, follow_from_throughput_power_and_price) {
  const auto m =
      derive({.total = 1000, .output = 800, .input = 200}, power_and_cost(april(), "b200_trt"));
  EXPECT_DOUBLE_EQ(*m[DerivedMetric::throughput_per_mw], 460829.4930875576);
  EXPECT_DOUBLE_EQ(*m[DerivedMetric::cost_hyperscaler], 0.5416666666666666);
  EXPECT_DOUBLE_EQ(*m[DerivedMetric::joules], 2.17);
}

TEST(DerivedMetrics, each_has_one_name) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < k_derived_metric_count; ++i) {
    const auto metric = static_cast<DerivedMetric>(i);
    EXPECT_EQ(derived_metric_named(name_of(metric)), metric);
    names.insert(name_of(metric));
    EXPECT_TRUE(chart_metric_named("y_" + std::string(name_of(metric))));
  }
  EXPECT_THAT(names, SizeIs(k_derived_metric_count));
}

TEST(DerivedMetrics, more_power_of_the_users_gives_less_for_a_megawatt) {
  const PowerAndCost b200 = power_and_cost(april(), "b200");
  const auto m = derive({.total = 1000, .output = 0, .input = 0}, b200);
  const auto divided = [&](double kw) {
    return *user_throughput_per_mw(m, b200, kw, UserPower::divided);
  };
  EXPECT_LT(divided(4), divided(2));
  EXPECT_NEAR(divided(2), 500000, 0.001);  // 1000 tokens/s over 2 kW
}

TEST(ChartPoint, a_missing_value_is_left_out_of_our_charts_and_0_in_the_compatible_ones) {
  DatedRow row = a_row(30, 500);
  std::erase_if(row.row.metrics, [](const auto& m) { return m.first == "median_e2el"; });
  const Charts ours = charts_of({row}, april(), labels(), MissingValues::absent);
  EXPECT_THAT(ours.interactivity, SizeIs(1));
  EXPECT_THAT(ours.end_to_end, SizeIs(0));
  const Charts theirs = charts_of({row}, april(), labels(), MissingValues::zero);
  ASSERT_THAT(theirs.end_to_end, SizeIs(1));
  EXPECT_EQ(theirs.end_to_end[0].x, 0);
}

TEST(ChartPoint, ours_keep_percentiles_that_the_dashboard_drops) {
  DatedRow row = a_row(30, 500);
  row.row.metrics.emplace_back("p99.9_ttft", 3);
  EXPECT_TRUE(find_metric(chart_entry(row, april(), MissingValues::absent).values, "p99.9_ttft"));
  EXPECT_FALSE(find_metric(chart_entry(row, april(), MissingValues::zero).values, "p99.9_ttft"));
}

TEST(ChartPoint, disaggregated_serving_counts_the_accelerators_of_both_roles) {
  DatedRow row = a_row(30, 500);
  row.row.config.disagg = true;
  row.row.config.num_prefill_gpu = 4;
  row.row.config.num_decode_gpu = 2;
  EXPECT_EQ(interactivity_points({row})[0].entry.all.tp, 6);
}

TEST(ChartPoint, only_the_newest_day_of_each_line_is_latest) {
  DatedRow other = a_row(10, 100, "2026-01-01");
  other.row.config.precision = "fp4";
  const auto latest =
      newest_of_each_line({a_row(30, 500, "2026-02-01"), a_row(31, 501, "2026-03-01"), other});
  EXPECT_THAT(latest, ElementsAre(Field(&DatedRow::date, "2026-03-01"),
                                  Field(&DatedRow::date, "2026-01-01")));
}

TEST(ChartMetrics, fronts_are_made_for_each_hardware_key_and_precision) {
  std::vector<DatedRow> rows = {a_row(30, 500), a_row(20, 600), a_row(10, 550)};
  DatedRow fp4 = a_row(5, 5);
  fp4.row.config.precision = "fp4";
  rows.push_back(fp4);
  const auto points = interactivity_points(rows);
  const ChartMetric* metric = chart_metric_named("y_tpPerGpu");
  const ChartChoice choice{.kind = ChartKind::interactivity, .metric = metric, .x = {}};
  const auto shown = shown_points(points, choice, {});
  const auto fronts = fronts_of(points, shown, metric->corner(choice.kind));
  EXPECT_THAT(fronts, ElementsAre(Field(&ChartFront::line, "h200_trt__fp4"),
                                  Field(&ChartFront::line, "h200_trt__fp8")));
  EXPECT_THAT(fronts[1].points, SizeIs(2));
}

TEST(ChartMetrics, what_costs_too_much_or_waits_too_long_is_not_shown) {
  std::vector<DatedRow> rows = {a_row(30, 500), a_row(31, 1)};
  rows[0].row.metrics.emplace_back("p99_ttft", 61);
  rows[1].row.metrics.emplace_back("p99_ttft", 1);
  const auto points = interactivity_points(rows);
  const auto shown = [&](std::string_view metric) {
    return shown_points(points, {ChartKind::interactivity, chart_metric_named(metric), {}}, {});
  };
  EXPECT_THAT(shown("y_costh"), ElementsAre(Field(&ShownPoint::position, 0u)));
  EXPECT_THAT(shown("y_inputTputPerGpu"), ElementsAre(Field(&ShownPoint::position, 1u)));
}

TEST(ChartMetrics, points_are_found_by_every_name_of_their_hardware) {
  std::vector<ChartPoint> points(2);
  points[0].entry.hw_key = "gb200_dynamo-trtllm";
  points[1].entry.hw_key = "b200_trt";
  const std::string wanted[] = {"gb200_dynamo-trt"};
  EXPECT_THAT(of_hardware(points, wanted, labels()), ElementsAre(0u));
  EXPECT_THAT(of_hardware(points, {}, labels()), SizeIs(2));
}

TEST(ChartMetrics, over_a_time_to_first_token_the_front_bends_the_other_way) {
  const ChartMetric& metric = *chart_metric_named("y_inputTputPerGpu");
  const auto kind = ChartKind::interactivity;
  EXPECT_EQ(x_value(kind, metric, {}), "p99_ttft");
  EXPECT_EQ(corner_over(kind, metric, "p99_ttft"), Corner::upper_right);
  EXPECT_EQ(corner_over(kind, metric, "median_intvty"), Corner::upper_left);
}

// `hwKey__precision` can be taken apart because no part holds two underscores.
TEST(LineKey, no_name_of_the_registries_holds_its_separator) {
  const auto no_separator = [](std::string_view name) {
    EXPECT_EQ(name.find("__"), std::string_view::npos) << name;
    EXPECT_FALSE(name.starts_with('_') || name.ends_with('_')) << name;
  };
  for (const Edition edition : {Edition::april_2026, Edition::september_2026}) {
    const Registry& registry = Registry::built_in(edition);
    for (const auto& precision : registry.precisions()) no_separator(precision);
    for (const Hardware& hardware : registry.hardware()) {
      for (const Framework& framework : registry.frameworks()) {
        for (const std::string& spec : registry.spec_methods()) {
          no_separator(serving_key(
              labels(),
              ServingNames{.hardware = hardware.key, .framework = framework.key, .spec = spec}));
        }
      }
    }
  }
}

std::vector<OperatingPoint> operating_points(const std::vector<DatedRow>& rows) {
  std::vector<OperatingPoint> points;
  for (const DatedRow& row : rows)
    points.push_back(*operating_point(row.row, april(), labels(), MissingValues::absent));
  return points;
}

TEST(Calculator, reads_the_front_between_its_points_and_nothing_beyond_them) {
  const auto points = operating_points({a_row(50, 2000), a_row(30, 3000), a_row(40, 100)});
  const auto at = [&](double interactivity) {
    return estimate(points, {Target::interactivity, interactivity}, Provider::rental,
                    TwoKnots::straight);
  };
  EXPECT_DOUBLE_EQ(at(40)->value, 2500);
  EXPECT_THAT(at(40)->nearest, ElementsAre(1u, 0u));
  EXPECT_FALSE(at(29.9));
  EXPECT_FALSE(at(50.1));
  EXPECT_FALSE(at(std::nan("")));
}

TEST(Calculator, at_a_measured_point_gives_what_was_measured) {
  const auto points = operating_points({a_row(50, 2000), a_row(30, 3000), a_row(10, 3500)});
  for (const OperatingPoint& p : points) {
    const auto e = estimate(points, {Target::interactivity, p.interactivity}, Provider::neocloud,
                            TwoKnots::straight);
    EXPECT_DOUBLE_EQ(e->value, p.throughputs.total);
    EXPECT_DOUBLE_EQ(e->cost, *p.derived[DerivedMetric::cost_neocloud]);
    EXPECT_EQ(e->concurrency, 64);
  }
}

TEST(Calculator, the_cheapest_and_the_fastest_come_first) {
  std::vector<OperatingEstimate> estimates(3);
  estimates[0].value = 300, estimates[0].cost = 2;
  estimates[1].value = 500, estimates[1].cost = 3;
  estimates[2].value = 100, estimates[2].cost = 1;
  EXPECT_THAT(best_first(estimates, BarMetric::throughput, TokenKind::total),
              ElementsAre(1u, 0u, 2u));
  EXPECT_THAT(best_first(estimates, BarMetric::cost, TokenKind::total), ElementsAre(2u, 0u, 1u));
}

RC_GTEST_PROP(Calculator, an_estimate_stays_between_its_nearest_points, ()) {
  std::vector<DatedRow> rows;
  const int n = *rc::gen::inRange(1, 20);
  for (int i = 0; i < n; ++i)
    rows.push_back(a_row(*rc::gen::inRange(1, 100), *rc::gen::inRange(1, 5000)));
  const auto points = operating_points(rows);
  const double target = *rc::gen::inRange(10, 1000) / 10.0;
  const auto e =
      estimate(points, {Target::interactivity, target}, Provider::rental, TwoKnots::straight);
  if (!e) return;
  double low = 1e300, high = 0;
  for (const std::size_t i : e->nearest) {
    low = std::min(low, points[i].throughputs.total);
    high = std::max(high, points[i].throughputs.total);
  }
  RC_ASSERT(e->value >= low - 1e-9 && e->value <= high + 1e-9);
}

TEST(Trend, each_day_counts_its_own_points_and_the_last_value_lasts_until_today) {
  const auto points = interactivity_points(
      {a_row(30, 100, "2026-03-01"), a_row(40, 80, "2026-03-01"), a_row(30, 200, "2026-03-02"),
       a_row(40, 160, "2026-03-02"), a_row(50, 160, "2026-03-03")});
  const auto lines = trends(points, {.interactivity = 35}, "2026-03-09", TwoKnots::straight,
                            MissingValues::absent);
  ASSERT_THAT(lines, SizeIs(1));
  const auto& line = lines.at("h200_trt__fp8");
  ASSERT_THAT(line, SizeIs(3));
  EXPECT_DOUBLE_EQ(line[0].value, 90);
  EXPECT_DOUBLE_EQ(line[1].value, 180);
  EXPECT_EQ(line[2].date, "2026-03-09");
  EXPECT_TRUE(line[2].synthetic);
}

TEST(Trend, a_metric_that_a_point_lacks_is_no_value_but_0_for_compatible_clients) {
  std::vector<DatedRow> rows = {a_row(30, 100), a_row(40, 80)};
  std::erase_if(rows[0].row.metrics, [](const auto& m) { return m.first == "input_tput_per_gpu"; });
  const auto points = interactivity_points(rows);
  const TrendTarget target{.interactivity = 30, .metric = DerivedMetric::input_throughput};
  EXPECT_FALSE(metric_at(points, target, TwoKnots::straight, MissingValues::absent));
  EXPECT_EQ(metric_at(points, target, TwoKnots::straight, MissingValues::zero), 0);
}

}  // namespace
}  // namespace bl::inference
