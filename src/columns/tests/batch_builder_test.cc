#include "columns/batch_builder.h"

#include <gtest/gtest.h>

#include "columns/batch_row.h"

namespace bl::columns {
namespace {

Schema schema() {
  return Schema::make({{"flag", Kind::boolean, false},
                       {"number", Kind::int64, true},
                       {"real", Kind::float64, true},
                       {"at", Kind::timestamp, true},
                       {"text", Kind::text, true}})
      .value();
}

TEST(BatchBuilder, what_is_put_is_read_back_cell_by_cell) {
  BatchBuilder builder(schema());
  builder.put(0, true);
  builder.put(1, std::int64_t{7});
  builder.put(2, 1.5);
  builder.put(3, Timestamp{9});
  builder.put(4, std::string_view("Grüße"));
  builder.end_row();
  builder.put(0, false);
  for (std::size_t column = 1; column < 5; ++column) builder.put_null(column);
  builder.end_row();
  EXPECT_EQ(builder.rows(), 2);
  EXPECT_GT(builder.bytes(), 7u);

  auto cells = BatchCells::over(builder.finish().value()).value();

  cells.go_to(0);
  EXPECT_EQ(cells.integer(0), 1);
  EXPECT_EQ(cells.integer(1), 7);
  EXPECT_EQ(cells.real(2), 1.5);
  EXPECT_EQ(cells.integer(3), 9);
  EXPECT_EQ(cells.text(4), "Grüße");
  cells.go_to(1);
  EXPECT_EQ(cells.integer(0), 0);
  for (int column = 1; column < 5; ++column) EXPECT_TRUE(cells.is_null(column));
}

TEST(BatchBuilder, it_begins_anew_behind_a_batch_and_a_clear) {
  BatchBuilder builder(schema());
  for (const bool finishes : {true, false}) {
    builder.put(0, true);
    for (std::size_t column = 1; column < 5; ++column) builder.put_null(column);
    builder.end_row();
    if (finishes) {
      EXPECT_EQ(builder.finish().value().rows(), 1);
    } else {
      builder.clear();
    }
    EXPECT_EQ(builder.rows(), 0);
    EXPECT_EQ(builder.bytes(), 0u);
  }
  EXPECT_EQ(builder.finish().value().rows(), 0);
}

}  // namespace
}  // namespace bl::columns
