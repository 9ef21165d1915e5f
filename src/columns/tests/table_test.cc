#include "columns/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bl::columns {
namespace {

using ::testing::HasSubstr;

using Points = Table<Is<"series", std::int64_t>, Is<"at", Timestamp>, Is<"failed", bool>,
                     Is<"unit", std::optional<std::string_view>>, Is<"mean", std::optional<double>>,
                     Is<"samples", List<double>>>;

template <class Builder, class... Values>
concept Appends = requires(Builder builder, Values... values) { builder.append(values...); };
using Samples = std::vector<double>;

// What does not fit the columns is no program.
static_assert(Appends<Points::Builder, int, Timestamp, bool, const char*, double, Samples>);
static_assert(Appends<Points::Builder, std::int64_t, Timestamp, bool, std::nullopt_t,
                      std::optional<double>, Samples>);
static_assert(!Appends<Points::Builder, int, Timestamp, bool, const char*, double>);  // one short
static_assert(!Appends<Points::Builder, double, Timestamp, bool, const char*, double, Samples>);
static_assert(!Appends<Points::Builder, int, std::int64_t, bool, const char*, double, Samples>);
static_assert(!Appends<Points::Builder, int, Timestamp, int, const char*, double, Samples>);
static_assert(!Appends<Points::Builder, std::nullopt_t, Timestamp, bool, const char*, double,
                       Samples>);  // series is never null
static_assert(!Appends<Points::Builder, std::optional<std::int64_t>, Timestamp, bool, const char*,
                       double, Samples>);
static_assert(
    !Appends<Points::Builder, int, Timestamp, bool, const char*, double, std::vector<std::string>>);

TEST(Table, the_schema_says_what_the_type_says) {
  EXPECT_EQ(Points::schema().text(),
            "series: int64 not null, at: timestamp not null, failed: boolean not null, unit: text, "
            "mean: float64, samples: list<float64> not null");
}

TEST(Table, rows_are_read_back_as_they_were_appended) {
  Points::Builder builder;
  ASSERT_TRUE(builder.append(7, Timestamp{5}, true, "s", 1.5, Samples{1, 2}));
  ASSERT_TRUE(builder.append(8, Timestamp{6}, false, std::nullopt, std::nullopt, Samples{}));
  ASSERT_TRUE(builder.append(9, Timestamp{7}, true, std::optional<std::string_view>("ms"),
                             std::optional<double>(2.5), Samples{3}));
  const Batch batch = builder.finish().value();
  const auto rows = Points::read(batch).value();
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows.column<"series">()[2], 9);
  EXPECT_EQ(rows.column<"at">()[1], Timestamp{6});
  EXPECT_TRUE(rows.column<"failed">()[0]);
  EXPECT_FALSE(rows.column<"failed">()[1]);
  EXPECT_EQ(rows.column<"unit">().get(0), "s");
  EXPECT_EQ(rows.column<"unit">().get(1), std::nullopt);
  EXPECT_EQ(rows.column<"unit">().get(2), "ms");
  EXPECT_EQ(rows.column<"mean">().get(2), 2.5);
  EXPECT_TRUE(rows.column<"mean">().is_null(1));
  EXPECT_EQ(rows.column<"samples">().size(0), 2);
  EXPECT_EQ(rows.column<"samples">().size(1), 0);
  EXPECT_EQ(rows.column<"samples">().at(2, 0), 3.0);
}

TEST(Table, a_builder_is_empty_after_finish_and_builds_again) {
  Points::Builder builder;
  ASSERT_TRUE(builder.append(1, Timestamp{}, true, std::nullopt, 1.0, Samples{1}));
  const Batch first = builder.finish().value();
  EXPECT_EQ(builder.rows(), 0);
  EXPECT_EQ(builder.bytes(), 0u);
  ASSERT_TRUE(builder.append(2, Timestamp{}, true, "x", 1.0, Samples{}));
  const Batch second = builder.finish().value();
  EXPECT_EQ(Points::read(second).value().column<"unit">().get(0), "x");
  EXPECT_EQ(Points::read(first).value().column<"unit">().get(0), std::nullopt);
  EXPECT_EQ(builder.finish().value().rows(), 0);
}

TEST(Table, slices_share_memory_and_begin_at_their_own_row) {
  Points::Builder builder;
  for (int i = 0; i < 100; ++i) {
    const std::string unit = "u" + std::to_string(i);
    std::optional<std::string_view> shown;
    if (i % 3 != 0) shown = unit;
    ASSERT_TRUE(builder.append(i, Timestamp{i}, i % 2 == 0, shown, i * 1.0, Samples{double(i)}));
  }
  const Batch whole = builder.finish().value();
  for (const int from : {0, 1, 7, 8, 63, 99}) {
    const auto rows = Points::read(whole.slice(from, 100 - from)).value();
    EXPECT_EQ(rows.size(), 100 - from);
    EXPECT_EQ(rows.column<"series">()[0], from);
    EXPECT_EQ(rows.column<"failed">()[0], from % 2 == 0);
    EXPECT_EQ(rows.column<"unit">().get(0).has_value(), from % 3 != 0);
    EXPECT_EQ(rows.column<"samples">().at(0, 0), from);
    if (from % 3 != 0) {
      EXPECT_EQ(rows.column<"unit">()[0], "u" + std::to_string(from));
    }
  }
  EXPECT_EQ(whole.slice(100, 0).rows(), 0);
}

TEST(Table, a_full_builder_refuses_the_row_and_keeps_the_others) {
  using Texts = Table<Is<"t", std::string_view>>;
  Texts::Builder by_rows({.rows_max = 2});
  EXPECT_TRUE(by_rows.append("a"));
  EXPECT_TRUE(by_rows.append("b"));
  EXPECT_FALSE(by_rows.append("c"));
  EXPECT_EQ(by_rows.finish().value().rows(), 2);
  EXPECT_TRUE(by_rows.append("c"));

  Texts::Builder by_bytes({.bytes_max = 20});
  EXPECT_TRUE(by_bytes.append("12345678"));
  EXPECT_FALSE(by_bytes.append("123456789"));
  EXPECT_TRUE(by_bytes.append("1234"));
  EXPECT_EQ(by_bytes.finish().value().rows(), 2);
  EXPECT_FALSE(by_bytes.append(std::string(21, 'x')));  // alone too large
}

TEST(Table, text_that_is_no_utf8_is_refused_with_the_columns_name) {
  using Texts = Table<Is<"t", std::string_view>>;
  Texts::Builder builder;
  ASSERT_TRUE(builder.append("\xff"));
  EXPECT_THAT(builder.finish().error().message, HasSubstr("column: t"));
  // Two halves of a character are not text, though together they are.
  ASSERT_TRUE(builder.append("\xc3"));
  ASSERT_TRUE(builder.append("\xa9"));
  EXPECT_EQ(builder.finish().error().code, Code::invalid);
  ASSERT_TRUE(builder.append("\xc3\xa9"));
  EXPECT_EQ(builder.finish().value().rows(), 1);
}

TEST(Table, reading_names_the_column_that_does_not_fit) {
  using Narrow = Table<Is<"a", std::int64_t>>;
  using Wrong = Table<Is<"a", double>>;
  using Missing = Table<Is<"b", std::int64_t>>;
  using MayBeNull = Table<Is<"a", std::optional<std::int64_t>>>;
  Narrow::Builder builder;
  ASSERT_TRUE(builder.append(1));
  const Batch batch = builder.finish().value();
  EXPECT_EQ(Wrong::read(batch).error().message,
            "a: a column of float64 was asked for, it is of: int64");
  EXPECT_EQ(Missing::read(batch).error().message, "no such column: b");
  EXPECT_TRUE(MayBeNull::read(batch).ok());
  MayBeNull::Builder nulls;
  ASSERT_TRUE(nulls.append(std::nullopt));
  EXPECT_EQ(Narrow::read(nulls.finish().value()).error().message,
            "null where none may be, in the column: a");
}

}  // namespace
}  // namespace bl::columns
