#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/report.h"
#include "gate/tests/made_benchmarks.h"

namespace bl::gate {
namespace {

using testing::HasSubstr;
using testing::Not;

Benchmarks measured() {
  return {noisy("new", 1, 0.01, 5, 9), noisy("read <all> & more", 1.5, 0.01, 5, 2),
          noisy("sort", 1, 0.01, 5, 2)};
}

Report report() {
  return {.judgement = judge({.baseline = {noisy("read <all> & more", 1, 0.01, 10, 1),
                                           noisy("sort", 1, 0.01, 10, 1)},
                              .measured = measured()}),
          .compared_with = "baselines/linux-x86_64.json of 2026-11-23",
          .warnings = {"the baseline is 91 days old"},
          .record_command = "benchlake gate record"};
}

TEST(Report, one_screen_says_what_got_slower_by_how_much_how_sure_and_what_to_do) {
  const std::string screen = to_screen(report(), {});
  EXPECT_THAT(screen, HasSubstr("3 benchmarks: 1 got worse, 1 fine, 1 new\n"));
  EXPECT_THAT(screen, HasSubstr("compared with baselines/linux-x86_64.json of 2026-11-23"));
  EXPECT_THAT(screen, HasSubstr("warning: the baseline is 91 days old"));
  EXPECT_THAT(screen, HasSubstr("regression"));
  EXPECT_THAT(screen, HasSubstr("+50.8 %"));
  EXPECT_THAT(screen, HasSubstr("p 0.001"));
  EXPECT_THAT(screen, HasSubstr("make it the baseline: benchlake gate record"));
}

TEST(Report, many_that_are_fine_are_counted_unless_all_are_wanted) {
  Benchmarks before, now;
  for (int i = 100; i < 140; ++i) {
    before.push_back(noisy("b" + std::to_string(i), 1, 0.01, 10, 1));
    now.push_back(noisy("b" + std::to_string(i), 1, 0.01, 5, 2));
  }
  const Report report{.judgement = judge({.baseline = before, .measured = now})};
  EXPECT_THAT(to_screen(report, {}), HasSubstr("... and 25 more (--all)"));
  EXPECT_THAT(to_screen(report, {.shows_all = true}), Not(HasSubstr("more (--all)")));
}

TEST(Report, json_has_every_figure) {
  const auto parsed = json::parse(to_json(report()));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->find("verdict")->as_string(), "regression");
  EXPECT_EQ(parsed->find("exit_code")->as_int64(), 1);
  const json::Value& worst = parsed->find("benchmarks")->items()[0];
  EXPECT_EQ(worst.find("name")->as_string(), "read <all> & more");
  EXPECT_EQ(worst.find("status")->as_string(), "regression");
  const json::Value& median = worst.find("figures")->items()[0];
  EXPECT_EQ(median.find("what")->as_string(), "median");
  EXPECT_NEAR(median.find("change")->as_double(), 0.5, 0.02);
  EXPECT_LT(median.find("low")->as_double(), median.find("high")->as_double());
}

TEST(Report, junit_has_a_case_for_each_benchmark) {
  const std::string xml = to_junit(report());
  EXPECT_THAT(xml, HasSubstr("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(xml, HasSubstr("name=\"read &lt;all&gt; &amp; more\""));
  EXPECT_THAT(xml, HasSubstr("<failure type=\"regression\""));
}

TEST(Report, markdown_has_a_line_for_each_figure) {
  const std::string text = to_markdown(report());
  EXPECT_THAT(text, HasSubstr("### Performance: 3 benchmarks"));
  EXPECT_THAT(text, HasSubstr("| read \\<all> & more | median | regression |"));
}

TEST(Report, percentiles_rates_and_counters_are_told_even_where_no_bound_asks_for_them) {
  Report with_figures = report();
  with_figures.measured = measured();
  with_figures.measured[2].extras["rows_per_s"] = {.rounds = {{3000}, {1000}, {2000}}};
  const std::string screen = to_screen(with_figures, {.shows_all = true});
  EXPECT_THAT(screen, HasSubstr("p99"));
  EXPECT_THAT(screen, HasSubstr("rows_per_s 2"));
  EXPECT_THAT(to_screen(with_figures, {}), Not(HasSubstr("p99")));
  const std::string text = to_markdown(with_figures);
  EXPECT_THAT(text, HasSubstr("| measured | p50 | p95 | p99 | spread |"));
  EXPECT_THAT(text, HasSubstr("rows\\_per\\_s 2"));
  const auto parsed = json::parse(to_json(with_figures));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  for (const json::Value& row : parsed->find("benchmarks")->items()) {
    const json::Value* figures = row.find("measured");
    ASSERT_NE(figures, nullptr);
    EXPECT_LE(figures->find("p50")->as_double(), figures->find("p99")->as_double());
    if (row.find("name")->as_string() == "sort") {
      EXPECT_EQ(figures->find("extras")->find("rows_per_s")->as_double(), 2000);
    }
  }
}

TEST(Report, an_explanation_says_why) {
  const auto text = to_explanation(report(), "read <all> & more");
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("median: regression, worse by more than the bound"));
  EXPECT_THAT(*text, HasSubstr("95 times in 100"));
  EXPECT_THAT(*text, HasSubstr("bound +10.0 %"));
  EXPECT_EQ(to_explanation(report(), "no such").error().code, Code::not_found);
}

TEST(Report, history_documents_are_submissions) {
  const auto documents =
      to_submissions(measured(), report().judgement,
                     {.run_id = "r1", .commit = "0123", .machine = json::Value::object()});
  ASSERT_EQ(documents.size(), 3u);
  EXPECT_EQ(documents[1].find("tags")->find("name")->as_string(), "read <all> & more");
  EXPECT_EQ(documents[1].find("info")->find("gate_verdict")->as_string(), "regression");
  EXPECT_EQ(documents[1].find("stats")->find("data")->items().size(), 25u);
  EXPECT_EQ(documents[1].find("stats")->find("unit")->as_string(), "s");
}

}  // namespace
}  // namespace bl::gate
