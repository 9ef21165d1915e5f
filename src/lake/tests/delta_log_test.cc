// What a Delta log promises: versions, transactions, replacement, growth, checkpoints, cleaning.
#include "lake/delta_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lake/tests/delta_world.h"
#include "objects/testing/faulty_store.h"

namespace bl::lake {
namespace {

using columns::Kind;
using columns::Schema;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using namespace testing;

class ALog : public ::testing::Test {
 protected:
  std::unique_ptr<DeltaLog> create(const DeltaTable& table = {two_columns(), {}, "", {}},
                                   const DeltaLimits& limits = {}) {
    return DeltaLog::create(setting_.world(), "t/", table, limits).value();
  }
  std::unique_ptr<DeltaLog> open() { return DeltaLog::open(setting_.world(), "t/").value(); }
  std::string commit_text(int version) { return setting_.memory.get(commit_key(version)).value(); }

  DeltaSetting setting_;
};

TEST_F(ALog, begins_with_protocol_and_metadata) {
  const auto log = create({two_columns(), {}, "events", {{"bel.schemaVersion", "1"}}});
  const auto snapshot = log->snapshot();
  EXPECT_EQ(snapshot->version, 0);
  EXPECT_EQ(snapshot->protocol, (DeltaProtocol{1, 2, {}, {}}));
  EXPECT_EQ(snapshot->metadata->schema, two_columns());
  EXPECT_EQ(snapshot->metadata->name, "events");
  EXPECT_EQ(snapshot->metadata->id.size(), 36u);
  EXPECT_EQ(snapshot->metadata->configuration.at("bel.schemaVersion"), "1");
  EXPECT_EQ(snapshot->metadata->configuration.at("delta.checkpointInterval"), "100");
  EXPECT_TRUE(snapshot->files.empty());
}

TEST_F(ALog, is_made_once_and_found_by_who_comes_second) {
  const auto first = create();
  const auto second = create();
  EXPECT_EQ(first->snapshot()->metadata->id, second->snapshot()->metadata->id);
  const DeltaTable other{Schema::make({{"x", Kind::int64}}).value(), {}, "", {}};
  EXPECT_EQ(code_of(DeltaLog::create(setting_.world(), "t/", other)), "conflict");
  const DeltaTable strict{two_columns(), {}, "", {{"delta.appendOnly", "true"}}};
  EXPECT_THAT(message_of(DeltaLog::create(setting_.world(), "t/", strict)),
              HasSubstr("delta.appendOnly"));
}

TEST_F(ALog, takes_no_schema_that_delta_has_no_words_for) {
  const auto refused = [&](columns::Field field) {
    const DeltaTable table{Schema::make({std::move(field)}).value(), {}, "", {}};
    return code_of(DeltaLog::create(setting_.world(), "t/", table));
  };
  EXPECT_EQ(refused({"u", Kind::uint64}), "unsupported");
  EXPECT_EQ(refused({"t", Kind::time}), "unsupported");
  EXPECT_EQ(refused({"t", Kind::naive_timestamp}), "unsupported");
  EXPECT_EQ(refused({"a,b", Kind::text}), "invalid");
  const DeltaTable partitioned{two_columns(), {"month"}, "", {}};
  EXPECT_EQ(code_of(DeltaLog::create(setting_.world(), "t/", partitioned)), "invalid");
}

TEST_F(ALog, shows_what_was_appended_in_order) {
  const auto log = create();
  EXPECT_EQ(log->append(append_of("a.parquet"))->version, 1);
  EXPECT_EQ(log->append(append_of("b c.parquet"))->version, 2);
  EXPECT_THAT(paths_of(*log->snapshot()), ElementsAre("a.parquet", "b c.parquet"));
  EXPECT_EQ(log->snapshot()->bytes, 200u);
  const auto other = open();
  EXPECT_THAT(paths_of(*other->snapshot()), ElementsAre("a.parquet", "b c.parquet"));
  EXPECT_THAT(commit_text(2), HasSubstr(R"("path":"b%20c.parquet")"));
  EXPECT_THAT(commit_text(2), HasSubstr(R"("isBlindAppend":true)"));
}

TEST_F(ALog, takes_a_transaction_once) {
  const auto log = create();
  DeltaAppend append = append_of("a.parquet");
  append.transaction = DeltaTransaction{"journal", 7};
  EXPECT_FALSE(log->append(append)->repeated);
  const auto again = open()->append(append).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.version, 1);
  append.transaction->version = 6;  // an older one is in as well
  EXPECT_TRUE(log->append(append)->repeated);
  EXPECT_EQ(log->snapshot()->transaction("journal"), 7);
  EXPECT_EQ(log->snapshot()->transaction("other"), std::nullopt);
  EXPECT_EQ(log->update().value()->files.size(), 1u);
}

TEST_F(ALog, has_a_file_once) {
  const auto log = create();
  ASSERT_TRUE(log->append(append_of("a.parquet")).ok());
  EXPECT_EQ(code_of(log->append(append_of("a.parquet"))), "conflict");
  DeltaAppend twice = append_of("b.parquet");
  twice.files.push_back(twice.files[0]);
  EXPECT_EQ(code_of(log->append(twice)), "invalid");
  for (const char* path : {"", "/abs", "../up", "a//b", "s3://bucket/x", "a\nb"}) {
    EXPECT_EQ(code_of(log->append(append_of(path))), "invalid") << path;
  }
  EXPECT_EQ(log->update().value()->version, 1);
}

TEST_F(ALog, replaces_whole_files_in_one_version) {
  const auto log = create();
  ASSERT_TRUE(log->append(append_of("a.parquet")).ok());
  ASSERT_TRUE(log->append(append_of("b.parquet")).ok());
  DeltaReplace replace;
  replace.remove = {"a.parquet", "b.parquet"};
  replace.add = {some_file("c.parquet")};
  replace.read_version = 2;
  EXPECT_EQ(log->replace(replace)->version, 3);
  EXPECT_THAT(paths_of(*log->snapshot()), ElementsAre("c.parquet"));
  EXPECT_THAT(commit_text(3), HasSubstr(R"("dataChange":false,"extendedFileMetadata":true)"));
  EXPECT_EQ(log->tombstones().size(), 2u);
  EXPECT_EQ(code_of(log->replace(replace)), "conflict") << "they are gone";
  EXPECT_THAT(paths_of(*log->at_version(2).value()), ElementsAre("a.parquet", "b.parquet"));
}

TEST_F(ALog, is_replaced_in_only_as_the_table_allows) {
  const auto log = create({two_columns(), {}, "", {{"delta.appendOnly", "true"}}});
  ASSERT_TRUE(log->append(append_of("a.parquet")).ok());
  DeltaReplace replace;
  replace.remove = {"a.parquet"};
  replace.add = {some_file("b.parquet")};
  replace.read_version = 1;
  replace.data_change = true;
  EXPECT_EQ(code_of(log->replace(replace)), "invalid");
  replace.data_change = false;
  EXPECT_EQ(code_of(log->replace(replace)), "ok");
  EXPECT_EQ(code_of(log->replace({})), "invalid");
}

TEST_F(ALog, lets_appends_pass_a_replacement_but_not_another_plan) {
  const auto log = create();
  ASSERT_TRUE(log->append(append_of("a.parquet")).ok());
  const auto other = open();
  ASSERT_TRUE(other->append(append_of("b.parquet")).ok());
  DeltaReplace replace;
  replace.remove = {"a.parquet"};
  replace.add = {some_file("c.parquet")};
  replace.read_version = 1;
  EXPECT_EQ(log->replace(replace)->version, 3) << "the append in between does not matter";
  DeltaReplace late;
  late.remove = {"a.parquet"};
  late.read_version = 2;
  EXPECT_EQ(code_of(other->replace(late)), "conflict");
}

TEST_F(ALog, refuses_a_plan_that_was_made_for_another_schema) {
  const auto log = create();
  ASSERT_TRUE(log->append(append_of("a.parquet")).ok());
  auto wider = two_columns().fields();
  wider.push_back({"seq", Kind::int64});
  ASSERT_EQ(open()->evolve(Schema::make(wider).value())->version, 2);
  DeltaReplace replace;
  replace.remove = {"a.parquet"};
  replace.read_version = 1;
  EXPECT_EQ(code_of(log->replace(replace)), "conflict");
  replace.read_version = 2;
  EXPECT_EQ(code_of(log->replace(replace)), "ok");
}

TEST_F(ALog, takes_appends_that_were_made_before_a_column_came) {
  const auto log = create();
  DeltaAppend append = append_of("a.parquet");
  append.written_for = log->snapshot()->metadata;
  auto wider = two_columns().fields();
  wider.push_back({"seq", Kind::int64});
  ASSERT_TRUE(open()->evolve(Schema::make(wider).value()).ok());
  EXPECT_EQ(log->append(append)->version, 2);
  // Somebody else's overwrite makes another table of it.
  const std::string last = commit_text(1);
  ASSERT_THAT(last, HasSubstr(R"(\"name\":\"name\",\"type\":\"string\")"));
  std::string changed = last;
  changed.replace(changed.find("\\\"string\\\""), 10, "\\\"double\\\"");
  ASSERT_TRUE(setting_.memory.put_if_absent(commit_key(3), changed).ok());
  append.files = {some_file("b.parquet")};
  EXPECT_EQ(code_of(log->append(append)), "conflict");
}

TEST_F(ALog, grows_by_columns_that_may_be_null) {
  const auto log = create();
  auto wider = two_columns().fields();
  wider.push_back({"pair", columns::Type::structure({{"x", Kind::int32}})});
  EXPECT_EQ(log->evolve(Schema::make(wider).value(), {{"bel.schemaVersion", "2"}})->version, 1);
  wider[2].type.children.push_back({"y", Kind::text});
  EXPECT_EQ(log->evolve(Schema::make(wider).value())->version, 2);
  EXPECT_EQ(log->snapshot()->metadata->schema, Schema::make(wider).value());
  const auto nothing = log->evolve(Schema::make(wider).value()).value();
  EXPECT_TRUE(nothing.repeated);
  EXPECT_EQ(nothing.version, 2);
  EXPECT_EQ(open()->snapshot()->metadata->configuration.at("bel.schemaVersion"), "2");
}

TEST_F(ALog, keeps_the_columns_that_it_has) {
  const auto log = create();
  const auto refused = [&](std::vector<columns::Field> fields) {
    return code_of(log->evolve(Schema::make(std::move(fields)).value()));
  };
  auto fields = two_columns().fields();
  EXPECT_EQ(refused({fields[0]}), "invalid") << "one is dropped";
  fields[1].type = Kind::int64;
  EXPECT_EQ(refused(fields), "invalid") << "another type";
  fields = two_columns().fields();
  fields.push_back({"seq", Kind::int64, false});
  EXPECT_EQ(refused(fields), "invalid") << "a new one that may not be null";
  fields.back() = {"NAME", Kind::text};
  EXPECT_EQ(refused(fields), "invalid") << "a name but for case";
  fields.back() = {"a b", Kind::text};
  EXPECT_EQ(refused(fields), "invalid") << "a name that Parquet readers stumble on";
  fields.back() = {"u", Kind::uint32};
  EXPECT_EQ(refused(fields), "unsupported");
  EXPECT_EQ(log->update().value()->version, 0);
}

TEST_F(ALog, demands_values_for_partition_columns) {
  const auto log = create({two_columns(), {"name"}, "", {}});
  EXPECT_EQ(code_of(log->append(append_of("a.parquet"))), "invalid");
  DeltaAppend append = append_of("name=x/a.parquet");
  append.files[0].partition = {{"name", "x"}};
  EXPECT_EQ(code_of(log->append(append)), "ok");
  EXPECT_EQ(open()->snapshot()->files[0]->partition.at("name"), "x");
}

TEST_F(ALog, writes_a_checkpoint_that_stands_for_all_before) {
  const auto log = create();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(log->append(append_of(fmt::format("{}.p", i))).ok());
  DeltaReplace replace;
  replace.remove = {"1.p"};
  replace.add = {some_file("6.p")};
  replace.add[0].tags = {{"made by", "\"us\""}};
  replace.transaction = DeltaTransaction{"compact", 1};
  replace.read_version = 5;
  ASSERT_TRUE(log->replace(replace).ok());
  EXPECT_EQ(log->checkpoint().value(), 6);
  for (int v = 0; v <= 6; ++v) ASSERT_TRUE(setting_.memory.remove(commit_key(v)).ok());
  const auto again = open();
  const auto snapshot = again->snapshot();
  EXPECT_EQ(snapshot->version, 6);
  EXPECT_THAT(paths_of(*snapshot), ElementsAre("0.p", "2.p", "3.p", "4.p", "6.p"));
  EXPECT_EQ(snapshot->transaction("compact"), 1);
  EXPECT_EQ(snapshot->metadata->id, log->snapshot()->metadata->id);
  EXPECT_EQ(snapshot->metadata->schema, two_columns());
  EXPECT_EQ(snapshot->files[0]->statistics, R"({"numRecords":5})");
  EXPECT_EQ(snapshot->files[4]->tags.at("made by"), "\"us\"");
  ASSERT_EQ(again->tombstones().size(), 1u);
  EXPECT_EQ(again->tombstones()[0].path, "1.p");
  EXPECT_EQ(again->append(append_of("7.p"))->version, 7);
  EXPECT_THAT(setting_.memory.get("t/_delta_log/_last_checkpoint").value(),
              HasSubstr(R"("version":6,"size":9)"));
}

TEST_F(ALog, makes_checkpoints_by_itself) {
  const auto log = create({two_columns(), {}, "", {{"delta.checkpointInterval", "4"}}});
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(log->append(append_of(fmt::format("{}.p", i))).ok());
  EXPECT_TRUE(setting_.memory.head("t/_delta_log/00000000000000000004.checkpoint.parquet").ok());
  EXPECT_TRUE(setting_.memory.head("t/_delta_log/00000000000000000008.checkpoint.parquet").ok());
  EXPECT_EQ(setting_.metric("bl_lake_delta_checkpoints_total", {{"outcome", "made"}}), 2);
  EXPECT_EQ(open()->snapshot()->files.size(), 9u);
}

TEST_F(ALog, forgets_removed_files_after_their_time) {
  const auto log = create();
  ASSERT_TRUE(log->append(append_of("a.p")).ok());
  DeltaReplace replace;
  replace.remove = {"a.p"};
  replace.data_change = true;
  replace.read_version = 1;
  ASSERT_TRUE(log->replace(replace).ok());
  setting_.clock.advance(24h * 8);
  EXPECT_EQ(log->tombstones().size(), 1u);
  ASSERT_TRUE(log->checkpoint().ok());
  EXPECT_EQ(log->tombstones().size(), 0u);
  EXPECT_EQ(open()->tombstones().size(), 0u);
}

TEST_F(ALog, is_cleaned_of_what_no_kept_version_needs) {
  const auto log = create();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->append(append_of(fmt::format("{}.p", i))).ok());
  ASSERT_EQ(log->checkpoint().value(), 3);
  ASSERT_TRUE(log->append(append_of("3.p")).ok());
  EXPECT_EQ(log->clean_log().value(), 0u) << "all is young";
  setting_.clock.advance(24h * 31);
  ASSERT_TRUE(log->append(append_of("4.p")).ok());
  EXPECT_EQ(log->clean_log().value(), 3u) << "versions 0 to 2";
  EXPECT_EQ(log->clean_log().value(), 0u);
  EXPECT_EQ(open()->snapshot()->files.size(), 5u);
  EXPECT_EQ(open()->at_version(3).value()->files.size(), 3u);
  EXPECT_EQ(code_of(log->at_version(2)), "corrupt") << message_of(log->at_version(2));
}

TEST_F(ALog, is_read_as_of_a_time) {
  const auto log = create();
  const Timestamp start = setting_.clock.now();
  setting_.clock.advance(1h);
  ASSERT_TRUE(log->append(append_of("a.p")).ok());
  setting_.clock.advance(1h);
  ASSERT_TRUE(log->append(append_of("b.p")).ok());
  EXPECT_EQ(log->at_time(start).value()->version, 0);
  EXPECT_EQ(log->at_time(start + 119min).value()->version, 1);
  EXPECT_EQ(log->at_time(start + 120min).value()->version, 2);
  EXPECT_EQ(code_of(log->at_time(start - 1s)), "not_found");
  EXPECT_EQ(code_of(log->at_version(3)), "not_found");
  EXPECT_EQ(code_of(log->at_version(-1)), "not_found");
}

TEST_F(ALog, asks_once_to_learn_that_nothing_is_new) {
  create();
  objects::testing::FaultyStore counting(setting_.memory, *setting_.disk, [](const auto&) {
    return objects::testing::ObjectFault::none;
  });
  const auto log = DeltaLog::open(setting_.world(counting), "t/").value();
  const auto other = open();
  std::uint64_t before = counting.calls();
  ASSERT_EQ(log->update().value()->version, 0);
  EXPECT_EQ(counting.calls() - before, 1u);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(other->append(append_of(fmt::format("{}.p", i))).ok());
  before = counting.calls();
  ASSERT_EQ(log->update().value()->version, 3);
  EXPECT_EQ(counting.calls() - before, 4u);
  before = counting.calls();
  ASSERT_TRUE(log->append(append_of("x.p")).ok());
  EXPECT_EQ(counting.calls() - before, 1u) << "an append is one put";
}

TEST_F(ALog, catches_up_over_many_versions) {
  const auto log = create();
  const auto other = open();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(other->append(append_of(fmt::format("{}.p", i))).ok());
  EXPECT_EQ(log->append(append_of("last.p"))->version, 41);
  EXPECT_EQ(log->snapshot()->files.size(), 41u);
}

TEST_F(ALog, that_was_cleaned_meanwhile_is_read_anew) {
  const auto log = create();
  const auto other = open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(other->append(append_of(fmt::format("{}.p", i))).ok());
  ASSERT_TRUE(other->checkpoint().ok());
  setting_.clock.advance(24h * 31);
  ASSERT_EQ(other->clean_log().value(), 3u);
  EXPECT_EQ(log->append(append_of("last.p"))->version, 4) << "not version 1, which is free";
  EXPECT_EQ(open()->snapshot()->files.size(), 4u);
}

TEST_F(ALog, gives_a_snapshot_that_does_not_change) {
  const auto log = create();
  const auto before = log->snapshot();
  ASSERT_TRUE(log->append(append_of("a.p")).ok());
  EXPECT_EQ(before->version, 0);
  EXPECT_TRUE(before->files.empty());
  EXPECT_EQ(log->snapshot(), log->snapshot()) << "made once for a version";
}

TEST_F(ALog, says_when_others_take_every_version) {
  const auto log = create();
  const auto other = open();
  int taken = 0;
  // Whenever we pause, somebody was faster.
  DeltaWorld world = setting_.world();
  world.wait = [&](std::chrono::milliseconds pause) {
    setting_.clock.advance(pause);
    return other->append(append_of(fmt::format("{}.p", ++taken))).ok();
  };
  DeltaLimits limits;
  limits.commit_time_max = 5s;
  const auto slow = DeltaLog::open(world, "t/", limits).value();
  ASSERT_TRUE(other->append(append_of("first.p")).ok());
  EXPECT_EQ(code_of(slow->append(append_of("mine.p"))), "timeout");
  EXPECT_EQ(setting_.metric("bl_lake_delta_limit_hits_total", {{"limit", "commit_time_max"}}), 1);
  EXPECT_GT(taken, 5);
  EXPECT_EQ(open()->snapshot()->files.size(), static_cast<std::size_t>(taken) + 1);
}

TEST_F(ALog, takes_no_commit_over_its_limit) {
  DeltaLimits limits;
  limits.commit_bytes_max = 2'000;
  const auto log = create({two_columns(), {}, "", {}}, limits);
  DeltaAppend append;
  for (int i = 0; i < 30; ++i) append.files.push_back(some_file(fmt::format("{}.p", i)));
  EXPECT_EQ(code_of(log->append(append)), "too_large");
  EXPECT_EQ(log->append(append_of("a.p"))->version, 1);
}

}  // namespace
}  // namespace bl::lake
