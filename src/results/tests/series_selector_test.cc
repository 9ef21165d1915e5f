#include "results/series_selector.h"

#include <gtest/gtest.h>

namespace bl::results {
namespace {

const SeriesLabels k_labels = {
    {"__name__", "benchlake_result"}, {"benchmark", "sort.big"}, {"unit", "s"}};

bool matches(std::string_view query) {
  const auto selector = parse_series_selector(query);
  EXPECT_TRUE(selector.ok()) << query << ": " << selector.error().message;
  return selector.ok() && selector->matches(k_labels);
}

TEST(SeriesSelector, a_name_and_matchers_all_hold) {
  for (const char* query :
       {"benchlake_result", "benchlake_result{}", "{benchmark=\"sort.big\"}",
        " benchlake_result { benchmark = \"sort.big\" , unit!='ns', } ",
        "{\"benchlake_result\", `benchmark`=`sort.big`}", "{__name__=\"benchlake_result\"}",
        "{benchmark=~\"join|sort\\\\.big\"}", "{benchmark=~\"(join|sort\\\\.big)\"}",
        "{benchmark!~\"join|scan\"}", "{unit=~\".*\"}", "{unit=~\".+\"}", "{host=\"\"}",
        "{host!=\"m1\", unit=\"s\"}", "{host=~\".*\"}"}) {
    EXPECT_TRUE(matches(query)) << query;
  }
}

TEST(SeriesSelector, one_that_does_not_hold_is_enough) {
  for (const char* query :
       {"other", "{benchmark=\"sort\"}", "{benchmark!=\"sort.big\"}", "{benchmark=~\"join|sort\"}",
        "{host=~\".+\"}", "{unit!~\".*\"}", "{unit=\"s\",benchmark=\"join\"}", "{host=\"m1\"}"}) {
    EXPECT_FALSE(matches(query)) << query;
  }
}

TEST(SeriesSelector, other_promql_is_refused_by_its_name) {
  const std::pair<const char*, const char*> k_others[] = {
      {"rate(x[5m])", "rate"},
      {"x[5m]", "a range"},
      {"x + y", "operator +"},
      {"x offset 5m", "offset"},
      {"sum by (a) (x)", "by"},
      {"{a=~\"x.*y\"}", "x.*y"},
      {"histogram_quantile(0.9, x)", "histogram_quantile"},
  };
  for (const auto& [query, named] : k_others) {
    const auto selector = parse_series_selector(query);
    ASSERT_FALSE(selector.ok()) << query;
    EXPECT_EQ(selector.error().code, Code::unsupported) << query;
    EXPECT_NE(selector.error().message.find(named), std::string::npos) << selector.error().message;
  }
}

TEST(SeriesSelector, what_is_no_query_is_refused_with_its_place) {
  for (const char* query : {"", "{", "{}", "{a}", "{a=}", "{a=\"x}", "{a=\"x\" b=\"y\"}",
                            "{a=\"\\q\"}", "}", "{a=\"x\"", "{,}", "{a=\"x\",,}"}) {
    const auto selector = parse_series_selector(query);
    ASSERT_FALSE(selector.ok()) << query;
    EXPECT_EQ(selector.error().code, Code::invalid) << query;
  }
}

TEST(SeriesSelector, the_only_value_of_a_label_is_known_where_there_is_one) {
  const auto selector = parse_series_selector("x{a=\"1\",b=~\"1|2\",c!=\"1\",d=~\"4\"}").value();
  EXPECT_EQ(*selector.only_value("__name__"), "x");
  EXPECT_EQ(*selector.only_value("a"), "1");
  EXPECT_EQ(*selector.only_value("d"), "4");
  EXPECT_EQ(selector.only_value("b"), nullptr);
  EXPECT_EQ(selector.only_value("c"), nullptr);
  EXPECT_EQ(selector.only_value("e"), nullptr);
}

}  // namespace
}  // namespace bl::results
