#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "inference/chart_dates.h"
#include "inference/chart_labels.h"
#include "inference/chart_presets.h"
#include "inference/colors.h"
#include "inference/csv_export.h"
#include "inference/data_sheet.h"
#include "inference/downsample.h"
#include "inference/evaluation_chart.h"
#include "inference/legend.h"
#include "inference/run_names.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const Registry& april() {
  return Registry::built_in(Edition::april_2026);
}
const ChartLabels& labels() {
  return ChartLabels::built_in();
}

TEST(ChartLabels, an_operators_file_adds_words_and_unknown_keys_are_told_with_their_line) {
  auto files = ChartLabels::built_in_files();
  files.push_back({"mine.toml", "[words.fastserve]\nlabel = \"FastServe\"\n"});
  const auto read = ChartLabels::read(files);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->framework("fastserve"), "FastServe");
  EXPECT_EQ(read->framework("vllm"), "vLLM");
  files.back().text = "[words.fastserve]\nlabel = \"FastServe\"\nbold = true\n";
  const auto refused = ChartLabels::read(files);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().faults[0].path, "mine.toml:3");
}

TEST(ChartLabels, every_accelerator_of_the_registry_that_was_recorded_has_a_label) {
  for (const Hardware& hardware : april().hardware()) {
    EXPECT_EQ(labels().hardware(hardware.key).label, hardware.label);
    EXPECT_EQ(labels().sort_index(hardware.key), hardware.sort) << hardware.key;
  }
}

TEST(ChartLabels, a_key_that_nobody_has_listed_is_shown_when_its_accelerator_is_known) {
  const Registry& september = Registry::built_in(Edition::september_2026);
  EXPECT_EQ(labels().hardware("vr200_vllm_mtp").display(), "Unknown");
  EXPECT_EQ(labels().hardware("vr200_vllm_mtp", september).display(), "Vera Rubin (vLLM, MTP)");
  EXPECT_EQ(labels().hardware("gb200_foo", september).display(), "GB200 NVL72 (FOO)");
  EXPECT_EQ(labels().hardware("h200_trt", september), labels().hardware("h200_trt"));
}

TEST(ChartLabels, an_alias_is_a_known_key_and_means_one) {
  for (const auto& [alias, canonical] : labels().key_aliases()) {
    EXPECT_TRUE(labels().is_known(alias)) << alias;
    EXPECT_TRUE(labels().is_known(canonical)) << canonical;
    EXPECT_EQ(labels().canonical_key(alias), canonical);
  }
}

TEST(EvaluationKeys, exact_ones_find_frameworks_whose_names_hold_dashes) {
  const auto key = [](EvaluationKeys how) {
    return evaluation_hardware_key(labels(), april(), "H200 CW", "dynamo-trt", "mtp", how);
  };
  EXPECT_EQ(key(EvaluationKeys::exact), "h200_dynamo-trt_mtp");
  EXPECT_EQ(key(EvaluationKeys::as_dashboard), "h200");
}

EvaluationBar a_bar(std::string hw_key, std::string label, double score, double error) {
  EvaluationBar bar;
  bar.hw_key = std::move(hw_key);
  bar.label = std::move(label);
  bar.score = score;
  bar.score_error = error;
  return bar;
}

TEST(EvaluationChart, bars_of_one_label_are_one_with_the_range_of_all) {
  const std::vector<EvaluationBar> bars = {
      a_bar("b200_trt", "A", 0.9, 0.02), a_bar("b200_trt", "A", 0.99, 0.02),
      a_bar("gb200", "C", 0.5, 0), a_bar("h100_vllm", "off", 0.5, 0)};
  const auto merged = aggregated(bars, {"b200_trt", "gb200"}, labels());
  ASSERT_THAT(merged, SizeIs(2));
  EXPECT_EQ(merged[0].hw_key, "gb200");
  EXPECT_DOUBLE_EQ(merged[1].score, 0.945);
  EXPECT_DOUBLE_EQ(merged[1].error_min, 0.88);
  EXPECT_DOUBLE_EQ(merged[1].error_max, 1);
}

TEST(Colors, lines_of_a_vendor_share_its_zone_and_no_two_are_equal) {
  const std::vector<std::string> keys = {"h100_vllm", "b200_trt", "gb200", "mi355x_sglang", "zzz"};
  for (const Ground ground : {Ground::light, Ground::dark}) {
    const auto colors = line_colors(keys, ground, {april(), labels(), ColorZones::built_in()});
    std::set<std::string> different;
    for (const auto& [key, color] : colors) different.insert(color);
    EXPECT_THAT(different, SizeIs(keys.size()));
  }
}

TEST(Csv, cells_are_quoted_when_they_must_be_and_only_then) {
  EXPECT_EQ(csv_cell(std::string("a,\"b\"\n")), "\"a,\"\"b\"\"\n\"");
  EXPECT_EQ(csv_cell(std::string(" x ")), " x ");
  EXPECT_EQ(csv_cell(1.5), "1.5");
  EXPECT_EQ(csv_cell({}), "");
}

TEST(Csv, times_are_in_seconds_and_say_so) {
  const ChartPoint point;
  const auto ours = inference_csv(std::vector{point}, {.model = "GLM-5"});
  EXPECT_THAT(ours.headers, testing::Contains("Median TTFT (s)"));
  EXPECT_THAT(ours.headers, SizeIs(40));
  EXPECT_THAT(ours.rows[0], SizeIs(40));
  const std::string notes[] = {"a note"};
  EXPECT_THAT(csv_text(ours, notes), testing::StartsWith("# a note\nModel,ISL,OSL,"));
  EXPECT_THAT(csv_text(ours, {}), HasSubstr("\nGLM-5,,,"));
}

TEST(Legend, a_click_shows_one_alone_then_adds_and_a_last_one_shows_all) {
  const NameSet all = {"a", "b", "c"};
  EXPECT_EQ(after_click(all, "b", all), NameSet{"b"});
  EXPECT_EQ(after_click({"b"}, "b", all), all);
  EXPECT_EQ(after_click({"b"}, "c", all), (NameSet{"b", "c"}));
  EXPECT_EQ(after_click({"b", "c"}, "b", all), NameSet{"c"});
}

TEST(Legend, a_search_looks_at_label_and_title_and_the_active_may_come_first) {
  const std::vector<LegendItem> items = {
      {"H100", "NVIDIA H100", false}, {"MI300X", "AMD", true}, {"H200", "NVIDIA H200", true}};
  EXPECT_THAT(shown_items(items, " nvidia ", LegendOrder::as_given), ElementsAre(0u, 2u));
  EXPECT_THAT(shown_items(items, "", LegendOrder::active_first), ElementsAre(1u, 2u, 0u));
}

RC_GTEST_PROP(Legend, gradients_begin_at_0_end_at_1_and_know_every_colour_once, ()) {
  std::vector<LabelledPoint> points;
  const int n = *rc::gen::inRange(2, 12);
  double x = 0;
  for (int i = 0; i < n; ++i) {
    const std::string label = "TP" + std::to_string(*rc::gen::inRange(1, 5));
    points.push_back({x += *rc::gen::inRange(1, 50), label, "#" + label});
  }
  const auto stops = gradient_stops(points);
  if (!stops) return;
  RC_ASSERT(stops->front() == (GradientStop{0, points.front().color}));
  RC_ASSERT(stops->back() == (GradientStop{1, points.back().color}));
}

TEST(ChartDates, months_run_on_where_a_month_is_short) {
  EXPECT_EQ(*months_before("2026-03-31", 1), "2026-03-03");
  EXPECT_EQ(*months_before("2024-02-29", 12), "2023-03-01");
  EXPECT_EQ(*months_before("2026-01-15", 1), "2025-12-15");
  for (const char* bad : {"", "2026-13-01", "2026-02-30", "2026-2-3", "20260203xx"})
    EXPECT_EQ(months_before(bad, 1).error().code, Code::invalid) << bad;
}

TEST(ChartDates, weeks_begin_on_monday) {
  EXPECT_EQ(*monday_of("2026-01-04"), "2025-12-29");
  EXPECT_EQ(*monday_of("2026-01-05"), "2026-01-05");
}

TEST(ChartDates, a_configuration_that_is_gone_is_a_change) {
  const auto row = [](std::string date, std::int64_t conc) {
    DatedRow dated;
    dated.row.config.hardware = "b200";
    dated.row.config.framework = "sglang";
    dated.row.config.precision = "fp4";
    dated.row.conc = conc;
    dated.date = std::move(date);
    return dated;
  };
  const std::vector<DatedRow> rows = {row("2026-01-01", 1), row("2026-01-01", 2),
                                      row("2026-01-02", 1), row("2026-01-02", 2),
                                      row("2026-01-03", 1)};
  const ConfigChangeQuery query{{"b200"}, {"fp4"}, "2026-01-01", "2026-12-31"};
  EXPECT_THAT(config_change_dates(rows, query, labels()), ElementsAre("2026-01-01", "2026-01-03"));
}

TEST(RunNames, a_changelog_key_is_shown_and_matched_under_canonical_names) {
  EXPECT_EQ(config_key_label(april(), labels(), "dsr1-fp8-mi355x-sglang-disagg-mtp"),
            "MI355X (MoRI SGLang, MTP) DeepSeek-R1-0528 FP8");
  EXPECT_TRUE(config_key_matches(april(), "dsr1-fp8-h200-trtllm", "h200_trt"));
  EXPECT_FALSE(config_key_matches(april(), "dsr1-fp8-h200-trt", "h200_vllm"));
}

TEST(DataSheets, are_read_strictly_and_a_rack_is_one_domain) {
  const auto sheets = read_data_sheets(built_in_data_sheet_files());
  ASSERT_TRUE(sheets.ok()) << sheets.error().message;
  ASSERT_THAT(*sheets, SizeIs(9));
  const DataSheet& gb200 = (*sheets)[4];
  EXPECT_EQ(domain_memory_text(gb200), "13.82 TB");
  EXPECT_EQ(scale_up_topology(gb200).switches, 18);
  EXPECT_EQ(scale_up_topology(gb200).nodes, 18);
  const DataSheet& mi355x = sheets->back();
  EXPECT_FALSE(scale_up_topology(mi355x).switched);
  EXPECT_EQ(scale_up_topology(mi355x).switches, 0);
  EXPECT_EQ(tflops_text(mi355x.fp4_tflops), "10,066");
}

TEST(ChartPresets, show_only_what_is_known) {
  auto files = built_in_preset_files();
  const auto presets = read_presets(files, labels());
  ASSERT_TRUE(presets.ok()) << presets.error().message;
  EXPECT_THAT(*presets, SizeIs(6));
  EXPECT_TRUE(presets->back().timeline);
  files = {{"mine.toml",
            "[presets.x]\nmodel = \"GLM-5\"\nsequence = \"8k/1k\"\nmetric = \"y_joy\"\n"
            "keys = [\"h100_vllm\", \"h999\"]\n"}};
  const auto refused = read_presets(files, labels());
  ASSERT_FALSE(refused.ok());
  ASSERT_THAT(refused.error().faults, SizeIs(2));
  EXPECT_EQ(refused.error().faults[0].path, "mine.toml:4");
  EXPECT_EQ(refused.error().faults[1].path, "mine.toml:5");
}

RC_GTEST_PROP(LargestTriangles, keep_the_ends_and_the_order_and_no_more_than_the_target, ()) {
  std::vector<PlanePoint> points;
  const int n = *rc::gen::inRange(0, 300);
  for (int i = 0; i < n; ++i)
    points.push_back({static_cast<double>(i), static_cast<double>(*rc::gen::inRange(0, 50))});
  const auto target = *rc::gen::inRange<std::size_t>(0, 60);
  const auto chosen = largest_triangles(points, target, BucketLayout::even);
  RC_ASSERT(std::is_sorted(chosen.begin(), chosen.end()));
  RC_ASSERT(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
  if (points.empty()) return;
  RC_ASSERT(chosen.front() == 0 && chosen.back() == points.size() - 1);
  const std::size_t most = std::max<std::size_t>(target, 2);
  RC_ASSERT(chosen.size() == std::min(points.size(), most));
}

}  // namespace
}  // namespace bl::inference
