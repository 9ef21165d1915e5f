#include "results/units.h"

#include <gtest/gtest.h>

#include "results/model.h"

namespace bl::results {
namespace {

using verdict::Direction;

std::string refusal(const std::string& text) {
  const auto units = parse_user_units(text);
  return units.ok() ? "accepted" : units.error().message;
}

TEST(Units, a_list_says_symbol_direction_and_perhaps_a_name) {
  const auto units = parse_user_units(" req/s=more, us = less : microseconds,GB-s=less,µs=less,");
  ASSERT_TRUE(units.ok()) << units.error().message;
  EXPECT_EQ(*units, (std::vector<UserUnit>{{"req/s", "req/s", Direction::more_is_better},
                                           {"us", "microseconds", Direction::less_is_better},
                                           {"GB-s", "GB-s", Direction::less_is_better},
                                           {"µs", "µs", Direction::less_is_better}}));
  EXPECT_TRUE(parse_user_units("")->empty());
}

TEST(Units, what_is_no_unit_is_refused_by_name) {
  EXPECT_EQ(refusal("us"), "results.units: wants SYMBOL=more or SYMBOL=less: 'us'");
  EXPECT_EQ(refusal("a=less,us=fewer"),
            "results.units: wants SYMBOL=more or SYMBOL=less: 'us=fewer'");
  EXPECT_EQ(refusal("a=less,,b=less"), "results.units: wants SYMBOL=more or SYMBOL=less: ''");
  EXPECT_EQ(refusal("=less"), "results.units: a symbol has 1 to 32 bytes: '=less'");
  std::string long_symbol(33, 'u');
  EXPECT_EQ(refusal(long_symbol.append("=less")).substr(0, 46),
            "results.units: a symbol has 1 to 32 bytes: 'uu");
  EXPECT_EQ(refusal("us=less:"), "results.units: a long name has 1 to 64 bytes: 'us=less:'");
  std::string long_name = "us=less:";
  EXPECT_EQ(refusal(long_name.append(65, 'n')).substr(0, 45),
            "results.units: a long name has 1 to 64 bytes:");
  EXPECT_EQ(refusal("u'=less"),
            "results.units: a symbol has letters, digits, blanks and /%_.^*+()#-: 'u''");
  EXPECT_EQ(refusal("\xff=less").substr(0, 25), "results.units: not UTF-8:");
  EXPECT_EQ(refusal("us=less,us=more"), "results.units: a symbol stands twice: 'us'");
}

TEST(Units, a_built_in_unit_keeps_its_meaning) {
  for (const char* symbol : {"B", "B/s", "s", "ns", "i/s", "b/s"}) {
    std::string text = symbol;
    text += "=more";
    EXPECT_EQ(refusal(text).substr(0, 46), "results.units: a built-in unit keeps its meani");
  }
}

TEST(Units, so_many_fit_and_no_more) {
  const UnitLimits two{.units_max = 2};
  EXPECT_EQ(parse_user_units("a=less,b=less", two)->size(), 2u);
  EXPECT_EQ(parse_user_units("a=less,b=less,c=less", two).error().message,
            "results.units: more than 2 units: 'c'");
}

TEST(Units, without_any_the_contract_holds) {
  EXPECT_EQ(known_unit_symbols(), "B, B/s, s, ns, i/s");
  EXPECT_EQ(sql_of_more_is_better("r.unit"), "right(r.unit, 2) = '/s'");
}

}  // namespace
}  // namespace bl::results
