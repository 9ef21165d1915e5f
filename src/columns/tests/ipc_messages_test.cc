#include "columns/ipc_messages.h"

#include <gtest/gtest.h>

#include "columns/builders.h"

namespace bl::columns {
namespace {

TEST(IpcMessages, forms_must_fit_their_columns) {
  const auto schema = Schema::make({{"x", Kind::int64}}).value();
  WireField field;
  field.name = "x";
  EXPECT_TRUE(IpcMessages::make(schema, {field}, IpcCompression::none).ok());
  EXPECT_FALSE(IpcMessages::make(schema, {}, IpcCompression::none).ok());
  field.form = WireField::Form::month_day_nano;
  EXPECT_FALSE(IpcMessages::make(schema, {field}, IpcCompression::none).ok());
  field.form = WireField::Form::decimal256;
  field.precision = 76;
  field.scale = 38;
  EXPECT_FALSE(IpcMessages::make(schema, {field}, IpcCompression::none).ok());
}

TEST(IpcMessages, a_schema_and_its_batches_make_a_stream) {
  const auto schema =
      Schema::make({{"n", Kind::int64, false}, {"d", Type::decimal(10, 2)}}).value();
  ColumnBuilder<std::int64_t> numbers;
  ColumnBuilder<Decimal> decimals;
  for (const std::int64_t value : {1, 2, 3}) {
    numbers.append(value);
    value == 2 ? decimals.append_null()
               : decimals.append(Decimal{static_cast<std::uint64_t>(-value), -1});
  }
  std::vector<ColumnData> data;
  data.push_back(numbers.take());
  data.push_back(decimals.take());
  const Batch batch = Batch::make(schema, 3, std::move(data)).value();

  std::vector<WireField> fields(2);
  fields[0].name = "n";
  fields[0].nullable = false;
  fields[1].name = "wide";
  fields[1].form = WireField::Form::decimal256;
  fields[1].precision = 76;
  fields[1].scale = 4;
  const auto messages = IpcMessages::make(schema, fields, IpcCompression::none).value();
  auto reader = IpcReader::open(
      messages.schema_message() + messages.batch_message(batch.slice(1, 2)).value(), {});
  EXPECT_EQ((*reader)->schema().text(), "n: int64 not null, wide: decimal256(76, 4)");
  const Batch read = (*reader)->next().value().value();
  EXPECT_EQ(read.rows(), 2);

  // What is not ours is read as it lies: -0.03 of scale 4 is -300.
  struct Words {
    std::int64_t of[4];
  };
  const Column wide = read.column(1);
  EXPECT_TRUE(wide.is_null(0));
  EXPECT_EQ(wide.as_raw<Words>().value()[1].of[0], -300);
  EXPECT_EQ(wide.as_raw<Words>().value()[1].of[3], -1);
  EXPECT_FALSE(wide.as_raw<std::int64_t>().ok());
  EXPECT_FALSE(read.column(0).as_raw<std::int64_t>().ok());
  EXPECT_EQ(messages.batch_message(read).error().code, Code::invalid);
}

}  // namespace
}  // namespace bl::columns
