#include <gtest/gtest.h>

#include "base/markdown.h"
#include "results/ci/junit.h"
#include "results/ci/markdown.h"

namespace bl::results {
namespace {

json::Value report_with(const std::string& rows) {
  std::string text =
      R"({"status":"failure","status_reason":"1 of 2 analyzed results regressed",)"
      R"("missing_run_ids":["gone"],"summary":{"contender_results":2,"compared":2,"analyzed":2,)"
      R"("regressions":1,"improvements":0,"benchmark_errors":0},)"
      R"("report_url":"/ci/report?run_ids=r",)"
      R"("runs":[{"run_id":"r","baseline_run_id":"b","baseline_error":null,"comparisons":[)";
  text.append(rows).append("]}]}");
  return json::parse(text).value();
}

const std::string k_regressed =
    R"({"status":"regressed","name":"sort","tags":{"name":"sort","size":"5"},"hardware":"m1",)"
    R"("unit":"s","contender":{"single_value_summary":2},"baseline":{"single_value_summary":1},)"
    R"("analysis":{"pairwise":{"percent_change":-100},"lookback_z_score":{"z_score":-12.5}},)"
    R"("error":null,"links":{"result":"/results/n","compare":"/compare?baseline=o&contender=n"}})";

TEST(CiMarkdown, shows_what_regressed_and_links_to_it) {
  const auto text = ci_markdown(report_with(k_regressed), {.base_url = "https://perf.example.org"});
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(
      *text,
      "## Performance: failure\n\n"
      "1 of 2 analyzed results regressed\n\n"
      "2 results · 2 compared · 2 analyzed · 1 regressions · 0 improvements · 0 failed\n"
      "\n- run `r` against `b`\n- run `gone`: no results\n"
      "\n### Regressions (1)\n\n"
      "| benchmark | hardware | baseline | contender | change | z-score |\n"
      "|---|---|---|---|---|---|\n"
      "| [sort, size=5](https://perf.example.org/compare?baseline=o&contender=n) | m1 | 1 s | "
      "2 s | -100 % | -12.5 |\n"
      "\n[The whole report](https://perf.example.org/ci/report?run_ids=r)\n");
}

TEST(CiMarkdown, tells_how_the_series_stand) {
  json::Value report = report_with(k_regressed);
  report.set("verdict", json::parse(R"({"slower":2,"faster":0,"wait":1,"steady":9,"unknown":0,)"
                                    R"("worst":{"name":"s_rt","sentence":"12 % slower."}})")
                            .value());
  const std::string text = *ci_markdown(report, {});
  EXPECT_NE(text.find("\nOn the default branch: 2 series slower, 0 faster, 1 need more results. "
                      "Worst: s\\_rt. 12 % slower.\n"),
            std::string::npos)
      << text;
}

TEST(CiMarkdown, no_text_of_a_result_becomes_markup) {
  EXPECT_EQ(markdown_escaped("a|b\n<script> [x](https://evil) `c` @team"),
            "a\\|b &lt;script\\> \\[x\\](https&#58;//evil) \\`c\\` @&#8203;team");
  const std::string hostile =
      R"({"status":"errored","name":"x\n# title | <img src=x> @everyone","hardware":"m|1",)"
      R"("reason":"the result failed","error":{}})";
  const std::string text = *ci_markdown(report_with(hostile), {});
  EXPECT_EQ(text.find("<img"), std::string::npos);
  EXPECT_EQ(text.find("@everyone"), std::string::npos);
  EXPECT_EQ(text.find("\n# title"), std::string::npos);
  EXPECT_NE(text.find("m\\|1"), std::string::npos);
}

TEST(CiMarkdown, a_long_table_is_cut_and_says_so) {
  std::string rows = k_regressed;
  for (int i = 0; i < 99; ++i) rows.append(",").append(k_regressed);
  const std::string few = *ci_markdown(report_with(rows), {.rows_max = 10});
  EXPECT_NE(few.find("### Regressions (100)"), std::string::npos);
  EXPECT_NE(few.find("90 more are not shown."), std::string::npos);
  const std::string small = *ci_markdown(report_with(rows), {.rows_max = 100, .bytes_max = 2'000});
  EXPECT_LT(small.size(), 2'300u);
  EXPECT_FALSE(ci_markdown(json::Value::object(), {}).ok());
}

TEST(CiJunit, a_regression_is_a_failure_and_what_cannot_be_judged_is_skipped) {
  const std::string others =
      R"(,{"status":"stable","name":"steady","tags":{},"hardware":"m1","analysis":null})"
      R"(,{"status":"errored","name":"bad","tags":{},"hardware":"m1","error":{"e":"<&>"}})"
      R"(,{"status":"missing_baseline","name":"new","tags":{},"hardware":"m1",)"
      R"("reason":"no \"b\""})";
  const auto text = ci_junit(report_with(k_regressed + others));
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(
      *text,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"performance\">\n"
      "  <testsuite name=\"r\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\">\n"
      "    <testcase classname=\"m1\" name=\"sort size=5\"><failure type=\"regression\" "
      "message=\"the lookback z-score regressed\">{&quot;pairwise&quot;:{&quot;percent_change"
      "&quot;:-100},&quot;lookback_z_score&quot;:{&quot;z_score&quot;:-12.5}}</failure>"
      "</testcase>\n"
      "    <testcase classname=\"m1\" name=\"steady\"></testcase>\n"
      "    <testcase classname=\"m1\" name=\"bad\"><error type=\"benchmark\" message=\"the result "
      "failed\">{&quot;e&quot;:&quot;&lt;&amp;&gt;&quot;}</error></testcase>\n"
      "    <testcase classname=\"m1\" name=\"new\"><skipped message=\"no &quot;b&quot;\"/>"
      "</testcase>\n"
      "  </testsuite>\n"
      "  <testsuite name=\"gone\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\">\n"
      "    <testcase classname=\"run\" name=\"gone\"><error type=\"run\" message=\"the run has no "
      "results\"/></testcase>\n  </testsuite>\n</testsuites>\n");
}

}  // namespace
}  // namespace bl::results
