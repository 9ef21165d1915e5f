#include "results/store_catalogue.h"

#include <gtest/gtest.h>

#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

struct Catalogue : StoreFixture {
  StoreCatalogueReader reader{*database};

  std::vector<std::string> runs_of(const std::vector<std::string>& hashes, int page_size = 100,
                                   std::optional<std::string> after = std::nullopt) {
    std::vector<std::string> ids;
    const auto runs = reader.runs({hashes, std::move(after), page_size});
    for (const RunEntity& run : *runs) ids.push_back(run.run_id);
    return ids;
  }
};

TEST(Catalogue, commits_without_a_time_come_first_then_the_newest) {
  Catalogue store;
  for (const int i : {2, 5, 3}) store.submit(submission_of(on_commit(i)));
  Draft unknown = on_commit(4);
  unknown.commit_time.reset();
  store.submit(submission_of(unknown));
  std::vector<std::string> hashes;
  const auto all = store.reader.commits();
  for (const CatalogueCommit& entity : *all) hashes.push_back(entity.commit.sha);
  EXPECT_EQ(hashes, (std::vector{sha_of(4), sha_of(5), sha_of(3), sha_of(2)}));
  const std::vector<std::string> wanted = {sha_of(3), "nobody's", sha_of(5)};
  const auto some = store.reader.commits(wanted).value();
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[0].commit.sha, sha_of(5));
}

TEST(Catalogue, a_commit_knows_its_parents_row) {
  Catalogue store;
  store.submit(submission_of(on_commit(1)));
  Submission child = submission_of(on_commit(2));
  child.result.commit.parent = sha_of(1);
  store.submit(child);
  const auto commits = store.reader.commits().value();
  EXPECT_EQ(store.reader.commit(commits[0].commit.id)->parent_id, commits[1].commit.id);
  EXPECT_FALSE(store.reader.commit(commits[1].commit.id)->parent_id);
  EXPECT_EQ(store.reader.commit("nope").error().code, Code::not_found);
}

TEST(Catalogue, documents_and_hardware_are_found_by_the_ids_that_results_name) {
  Catalogue store;
  Submission submission = submission_of(on_commit(1));
  submission.result.info.set("compiler", json::Value::string("g++"));
  const StoredResult result = store.runs.result(store.submit(submission).id).value();
  EXPECT_EQ(store.reader.document(DocumentKind::info, result.info_id)->content, result.info);
  EXPECT_EQ(store.reader.document(DocumentKind::context, result.context_id)->content,
            result.context);
  EXPECT_EQ(store.reader.documents(DocumentKind::context)->size(), 1u);
  EXPECT_EQ(store.reader.hardware(result.hardware_id)->hardware.identity(),
            result.hardware.identity());
  for (const DocumentKind kind : {DocumentKind::context, DocumentKind::info}) {
    EXPECT_EQ(store.reader.document(kind, "nope").error().code, Code::not_found);
  }
  EXPECT_EQ(store.reader.hardware("nope").error().code, Code::not_found);
}

TEST(Catalogue, a_list_ends_after_five_hundred) {
  Catalogue store;
  std::vector<Submission> many;
  for (int i = 0; i < 501; ++i) {
    Draft draft = on_commit(i);
    draft.machine = "m" + std::to_string(1000 + i);
    many.push_back(submission_of(draft));
    many.back().result.context.set("i", json::Value::number(std::int64_t{i}));
  }
  for (const auto& outcome : store.writer.submit_many(many)) ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(store.reader.commits()->size(), 500u);
  EXPECT_EQ(store.reader.commits()->front().commit.sha, sha_of(500));
  EXPECT_EQ(store.reader.documents(DocumentKind::context)->size(), 500u);
  EXPECT_EQ(store.reader.hardware()->size(), 500u);
  EXPECT_EQ(store.reader.hardware()->front().hardware.name, "m1000");
}

TEST(Catalogue, runs_of_commits_are_paged_by_their_ids) {
  Catalogue store;
  for (const char* run : {"c", "a", "B", "b"}) {
    Draft draft = on_commit(1);
    draft.run_id = run;
    store.submit(submission_of(draft));
    draft.name = "another";
    store.submit(submission_of(draft));
  }
  Draft other = on_commit(2);
  other.run_id = "other";
  store.submit(submission_of(other));
  EXPECT_EQ(store.runs_of({sha_of(1)}), (std::vector<std::string>{"B", "a", "b", "c"}));
  EXPECT_EQ(store.runs_of({sha_of(1), sha_of(2)}, 2, "b"),
            (std::vector<std::string>{"c", "other"}));
  EXPECT_EQ(store.runs_of({sha_of(1)}, 1), (std::vector<std::string>{"B"}));
  EXPECT_TRUE(store.runs_of({"nobody's"}).empty());
  EXPECT_TRUE(store.runs_of({}).empty());
  const std::vector<std::string> too_many(k_hashes_max + 1, "x");
  EXPECT_EQ(store.reader.runs({too_many}).error().code, Code::invalid);
  EXPECT_EQ(store.reader.commits(too_many).error().code, Code::invalid);
}

TEST(Catalogue, a_run_is_what_its_earliest_result_says) {
  Catalogue store;
  Draft late = on_commit(1);
  late.run_id = "run";
  late.run_reason = "late";
  late.timestamp = Timestamp{late.timestamp.micros + k_hour};
  const std::string late_id = store.submit(submission_of(late)).id;
  Draft early = on_commit(1);
  early.run_id = "run";
  early.run_reason = "early";
  early.machine = "m2";
  const std::string early_id = store.submit(submission_of(early)).id;
  const auto entity = [&] { return store.reader.run("run").value(); };
  EXPECT_EQ(entity().run_reason, "early");
  EXPECT_EQ(entity().hardware.hardware.name, "m2");
  EXPECT_EQ(entity().commit->sha, sha_of(1));
  const std::vector<std::string> hashes = {sha_of(1)};
  EXPECT_EQ(store.reader.runs({hashes})->front().run_reason, "early");
  // Another process deletes it: what is there now counts at once.
  store.run_sql("delete from benchmark_result where id = '" + early_id + "'");
  EXPECT_EQ(entity().run_reason, "late");
  store.run_sql("delete from benchmark_result where id = '" + late_id + "'");
  EXPECT_EQ(store.reader.run("run").error().code, Code::not_found);
}

}  // namespace
}  // namespace bl::results::testing
