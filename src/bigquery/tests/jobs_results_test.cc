#include <gtest/gtest.h>

#include "base/testing/temporary_folder.h"
#include "bigquery/lake_schema.h"
#include "bigquery/query_results.h"
#include "bigquery/tests/door_world.h"

namespace bl::bigquery {
namespace {

class QueryResults : public testing::Test {
 protected:
  std::unique_ptr<Results> open() {
    return Results::open({*disk_, clock_, ids_}, folder_.at("results"), limits_).value();
  }
  QueryResultHandle numbers(Results& results, int from, int count) {
    auto writer = results.begin(schema_).value();
    std::string rows;
    for (int i = from; i < from + count; ++i) rows += "{\"n\":" + std::to_string(i) + "}\n";
    EXPECT_TRUE(writer->add(batch_of(schema_, rows)).ok());
    return writer->finish().value();
  }
  static std::int64_t first(const Result<columns::Batch>& batch) {
    return batch->column(0).as<std::int64_t>().value()[0];
  }

  ManualClock clock_{Timestamp::from_seconds(1'722'513'600)};
  SystemRandom random_;
  IdSource ids_{clock_, random_};
  std::unique_ptr<Disk> disk_ = make_real_disk();
  TemporaryFolder folder_{TemporaryFolder::Place::memory, "results"};
  TableSchema schema_ = schema_from(R"([{"name":"n","type":"INTEGER"}])");
  ResultLimits limits_{.batch_rows = 100};
};

TEST_F(QueryResults, any_row_is_reached_and_the_rest_of_its_batch) {
  const auto results = open();
  auto writer = results->begin(schema_).value();
  for (int i = 0; i < 25; ++i) {
    std::string rows;
    for (int k = 0; k < 10; ++k) rows += "{\"n\":" + std::to_string(i * 10 + k) + "}\n";
    ASSERT_OK(writer->add(batch_of(schema_, rows)));
  }
  const QueryResultHandle made = writer->finish().value();
  EXPECT_EQ(made->rows(), 250);
  for (std::int64_t row = 0; row < made->rows(); ++row) {
    const auto batch = made->batch_at(row);
    ASSERT_OK(batch);
    EXPECT_EQ(first(batch), row);
    EXPECT_EQ(batch->rows(), (row < 200 ? 100 : 50) - row % 100);
  }
}

TEST_F(QueryResults, another_process_finds_them_by_their_ids) {
  std::string id;
  {
    const auto results = open();
    id = numbers(*results, 7, 3)->id();
  }
  const auto results = open();
  const auto found = results->find(id);
  ASSERT_OK(found);
  EXPECT_EQ((*found)->rows(), 3);
  EXPECT_EQ((*found)->schema(), schema_);
  EXPECT_EQ(first((*found)->batch_at(1)), 8);
}

TEST_F(QueryResults, an_answer_that_is_too_large_for_memory_is_read_from_its_file) {
  limits_.memory_bytes_max = 1;
  const auto results = open();
  const QueryResultHandle made = numbers(*results, 0, 300);
  EXPECT_EQ(first(made->batch_at(299)), 299);
}

TEST_F(QueryResults, an_empty_answer_has_its_columns) {
  const auto results = open();
  const QueryResultHandle made = results->begin(schema_).value()->finish().value();
  EXPECT_EQ(made->rows(), 0);
  EXPECT_EQ(made->schema(), schema_);
}

TEST_F(QueryResults, they_go_after_a_day) {
  limits_.keep = std::chrono::hours(24);
  const auto results = open();
  const std::string id = numbers(*results, 0, 3)->id();
  clock_.advance(std::chrono::hours(25));
  EXPECT_EQ(results->find(id).error().code, Code::not_found);
  EXPECT_EQ(results->sweep().value(), 1);
  EXPECT_TRUE(disk_->list(folder_.at("results"))->empty());
}

TEST_F(QueryResults, they_stay_as_long_as_somebody_holds_them) {
  limits_.memory_bytes_max = 1;
  const auto results = open();
  const std::string id = numbers(*results, 0, 3)->id();
  {
    // Also of an answer that was found twice.
    const QueryResultHandle held = results->find(id).value();
    const auto pin = results->find(id).value()->pin();
    clock_.advance(std::chrono::hours(25));
    EXPECT_FALSE(results->find(id).ok());
    EXPECT_EQ(results->sweep().value(), 0);
    EXPECT_EQ(first(held->batch_at(2)), 2);
  }
  EXPECT_EQ(results->sweep().value(), 1);
}

TEST_F(QueryResults, more_files_than_may_be_push_the_oldest_out) {
  limits_.files_max = 2;
  const auto results = open();
  const std::string oldest = numbers(*results, 0, 3)->id();
  const std::string second = numbers(*results, 0, 3)->id();
  const std::string third = numbers(*results, 0, 3)->id();
  EXPECT_FALSE(results->find(oldest).ok());
  EXPECT_TRUE(results->find(second).ok());
  EXPECT_TRUE(results->find(third).ok());
}

TEST_F(QueryResults, what_is_cut_off_or_never_finished_is_no_answer) {
  std::string id;
  {
    const auto results = open();
    id = numbers(*results, 0, 3)->id();
    const auto unfinished = results->begin(schema_).value();
    ASSERT_OK(unfinished->add(batch_of(schema_, "{\"n\":1}")));
  }
  EXPECT_EQ(disk_->list(folder_.at("results"))->size(), 1u);
  auto file = disk_->open_append(folder_.at("results") + "/" + id + ".rows").value();
  ASSERT_OK(file->truncate(file->size().value() - 5));
  const auto results = open();
  EXPECT_EQ(results->find(id).error().code, Code::not_found);
}

TEST_F(QueryResults, an_answer_has_a_largest_size) {
  limits_.bytes_max = 1'000;
  const auto results = open();
  auto writer = results->begin(schema_).value();
  std::string rows;
  for (int i = 0; i < 200; ++i) rows += "{\"n\":1}\n";
  const auto added = writer->add(batch_of(schema_, rows));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, Code::too_large);
}

}  // namespace
}  // namespace bl::bigquery
