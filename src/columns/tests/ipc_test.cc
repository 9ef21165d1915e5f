#include "columns/ipc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columns/c_data.h"
#include "columns/table.h"

namespace bl::columns {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using Rows = Table<Is<"id", std::int64_t>, Is<"name", std::optional<std::string_view>>,
                   Is<"ok", bool>, Is<"samples", std::optional<List<double>>>>;

Batch some_rows(int from, int count) {
  Rows::Builder builder;
  for (int i = from; i < from + count; ++i) {
    const std::string name = "name-" + std::to_string(i);
    const std::vector<double> samples(static_cast<std::size_t>(i % 4), i * 0.5);
    std::optional<std::string_view> shown;
    if (i % 5 != 0) shown = name;
    BL_CHECK(builder.append(i, shown, i % 2 == 0, samples));
  }
  return builder.finish().value();
}

Result<std::vector<Batch>> read_all(std::string bytes, const IpcLimits& limits = {}) {
  BL_TRY(auto reader, IpcReader::open(std::move(bytes), limits));
  std::vector<Batch> batches;
  while (true) {
    BL_TRY(auto batch, reader->next());
    if (!batch) return batches;
    batches.push_back(*std::move(batch));
  }
}

class Ipc : public ::testing::TestWithParam<IpcCompression> {};
INSTANTIATE_TEST_SUITE_P(, Ipc,
                         ::testing::Values(IpcCompression::none, IpcCompression::lz4,
                                           IpcCompression::zstd));

TEST_P(Ipc, a_stream_gives_back_its_schema_and_batches) {
  const std::vector<Batch> batches{some_rows(0, 100), some_rows(100, 1), some_rows(0, 0),
                                   some_rows(0, 50).slice(13, 29)};
  const std::string bytes = to_ipc(Rows::schema(), batches, GetParam()).value();
  auto reader = IpcReader::open(bytes, {}).value();
  EXPECT_EQ(reader->schema(), Rows::schema());
  EXPECT_EQ(read_all(bytes).value(), batches);
}

TEST_P(Ipc, a_batch_alone_is_read_back_under_its_schema) {
  const Batch batch = some_rows(3, 77).slice(9, 60);
  std::string bytes = "before: ";
  ASSERT_TRUE(append_ipc_batch(batch, GetParam(), bytes).ok());
  EXPECT_EQ(bytes.size() % 8, 0u);
  EXPECT_EQ(read_ipc_batch(std::string_view(bytes).substr(8), Rows::schema(), {}).value(), batch);
}

TEST_P(Ipc, every_cut_is_an_error_or_fewer_batches) {
  const std::vector<Batch> batches{some_rows(0, 20), some_rows(20, 20)};
  const std::string bytes = to_ipc(Rows::schema(), batches, GetParam()).value();
  for (std::size_t end = 0; end < bytes.size(); ++end) {
    const auto read = read_all(bytes.substr(0, end));
    if (read.ok()) {
      ASSERT_LE(read->size(), 2u);
      for (std::size_t i = 0; i < read->size(); ++i) ASSERT_EQ((*read)[i], batches[i]);
    } else {
      ASSERT_EQ(read.error().code, Code::malformed) << end << read.error().message;
    }
  }
}

TEST_P(Ipc, flipped_bits_are_an_error_or_other_values_and_never_a_crash) {
  const std::string bytes = to_ipc(Rows::schema(), {{some_rows(0, 20)}}, GetParam()).value();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {char(1), char(0x80)}) {
      std::string broken = bytes;
      broken[at] = static_cast<char>(broken[at] ^ flip);
      const auto read = read_all(broken, {.memory_bytes_max = 1u << 20});
      if (read.ok()) {
        for (const auto& batch : *read) (void)batch.text();
      } else {
        ASSERT_THAT(read.error().code,
                    AnyOf(Code::malformed, Code::too_large, Code::unsupported, Code::invalid))
            << at << read.error().message;
      }
    }
  }
}

TEST(IpcLimits, each_is_reached_by_name) {
  const std::string bytes =
      to_ipc(Rows::schema(), {{some_rows(0, 100), some_rows(0, 100)}}, IpcCompression::zstd)
          .value();
  const auto refusal = [&](const IpcLimits& limits) {
    const auto read = read_all(bytes, limits);
    EXPECT_EQ(read.ok() ? Code::internal : read.error().code, Code::too_large);
    return read.ok() ? "" : read.error().message;
  };
  EXPECT_THAT(refusal({.bytes_max = 100}), HasSubstr("of more than 100 bytes: "));
  EXPECT_EQ(refusal({.memory_bytes_max = 3000}), "Arrow IPC data unpacks to more bytes than: 3000");
  EXPECT_EQ(refusal({.rows_max = 99}), "an Arrow batch has more rows than 99: 100");
  EXPECT_EQ(refusal({.batches_max = 1}), "Arrow IPC data has more batches than: 1");
  const auto narrow = read_all(bytes, {.schema = {.columns_max = 3}});
  EXPECT_EQ(narrow.error().message, "a schema has too many columns, at most: 3");
}

TEST(IpcErrors, what_is_no_stream_is_malformed) {
  EXPECT_EQ(IpcReader::open("", {}).error().code, Code::malformed);
  EXPECT_EQ(IpcReader::open("hello world, this is text", {}).error().code, Code::malformed);
  EXPECT_EQ(read_ipc_batch("", Rows::schema(), {}).error().code, Code::malformed);
}

TEST(IpcErrors, a_batch_under_another_schema_is_refused) {
  using Other = Table<Is<"id", std::string_view>>;
  std::string bytes;
  ASSERT_TRUE(append_ipc_batch(some_rows(0, 10), IpcCompression::none, bytes).ok());
  EXPECT_EQ(read_ipc_batch(bytes, Other::schema(), {}).error().code, Code::malformed);
  const auto stream = to_ipc(Other::schema(), {{some_rows(0, 1)}}, IpcCompression::none);
  EXPECT_EQ(stream.error().code, Code::invalid);
}

TEST(IpcErrors, the_sinks_error_is_the_writers) {
  auto writer = IpcWriter::start(Rows::schema(), IpcCompression::none, [](std::string_view) {
    return Result<void>(Error{Code::disk_full, "no room: /x"});
  });
  const auto said = writer.ok() ? (*writer)->write(some_rows(0, 1)) : Result<void>(writer.error());
  EXPECT_EQ(said.error().code, Code::disk_full);
  EXPECT_EQ(said.error().message, "no room: /x");
}

TEST(CData, a_batch_goes_out_and_comes_in_without_a_copy) {
  const Batch batch = some_rows(0, 1000).slice(10, 500);
  CArray array = export_batch(batch);
  const void* memory = array->children[0]->buffers[1];
  const Schema schema = import_schema(export_schema(batch.schema())).value();
  EXPECT_EQ(schema, batch.schema());
  const Batch back = import_batch(std::move(array), schema).value();
  EXPECT_EQ(back, batch);
  EXPECT_EQ(export_batch(back)->children[0]->buffers[1], memory);
}

TEST(CData, what_is_dropped_is_released_once) {
  CArray array = export_batch(some_rows(0, 10));
  CArray other = std::move(array);
  EXPECT_EQ(array->release, nullptr);
  array = std::move(other);
  EXPECT_NE(array->release, nullptr);
}

TEST(Batches, are_joined_selected_and_renamed) {
  const std::vector<Batch> parts{some_rows(0, 10), some_rows(10, 5)};
  EXPECT_EQ(concatenate(parts).value(), some_rows(0, 15));
  const std::vector<std::string> names{"ok", "id"};
  const Batch chosen = parts[0].select(names).value();
  EXPECT_EQ(chosen.schema().text(), "ok: boolean not null, id: int64 not null");
  const std::vector<std::string> unknown{"nobody"};
  EXPECT_EQ(parts[0].select(unknown).error().message, "no such column: nobody");
  const Schema renamed = Schema::make({{"a", Kind::boolean}, {"b", Kind::int64}}).value();
  EXPECT_EQ(chosen.with_schema(renamed).value().schema(), renamed);
  EXPECT_EQ(chosen.with_schema(Rows::schema()).error().code, Code::invalid);
  EXPECT_FALSE(concatenate(std::vector<Batch>{chosen, parts[0]}).ok());
}

TEST(Schemas, refuse_what_no_table_may_have) {
  const auto said = [](std::vector<Field> fields) {
    const auto made = Schema::make(std::move(fields));
    return made.ok() ? "" : made.error().message;
  };
  EXPECT_EQ(said({{"", Kind::int64}}), "a column has no name: int64");
  EXPECT_EQ(said({{"a", Kind::int64}, {"a", Kind::text}}), "a column's name is there twice: a");
  EXPECT_THAT(said({{"d", Type::decimal(39, 2)}}), HasSubstr("no such decimal: decimal(39, 2)"));
  EXPECT_EQ(said({{"l", Kind::list}}), "a list has one kind of element: l");
  EXPECT_EQ(said({{"s", Type::structure({})}}), "a struct has at least one field: s");
  EXPECT_EQ(said({{"\xff", Kind::int64}}), "a column's name is not UTF-8 text: \xef\xbf\xbd");
  Type deep = Kind::int64;
  for (int i = 0; i < 17; ++i) deep = Type::list(std::move(deep));
  EXPECT_THAT(said({{"x", deep}}), HasSubstr("nests too deep"));
  EXPECT_EQ(said({{"m", Type::map(Kind::text, Kind::float64)}}), "");
}

}  // namespace
}  // namespace bl::columns
