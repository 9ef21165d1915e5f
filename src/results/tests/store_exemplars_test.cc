#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "results/exemplars.h"
#include "results/store_editor.h"
#include "results/store_schema_revision.h"
#include "results/tests/store_fixture.h"
#include "results/undo.h"

// Which traces results name, on a real store.
namespace bl::results::testing {
namespace {

const Editor k_editor{"t1", "ci"};

TraceId trace(std::uint64_t n) {
  return {0xA0, n};
}

Exemplar exemplar(std::uint64_t n, ExemplarRole role,
                  std::optional<std::int64_t> sample = std::nullopt) {
  Exemplar one;
  one.trace_id = trace(n);
  one.role = role;
  one.sample_no = sample;
  return one;
}

struct StoreExemplarsTest : ::testing::Test {
  StoreFixture store;
  Exemplars exemplars{*store.database, store.clock};

  std::vector<Exemplar> links(const std::string& id) {
    const auto found = exemplars.of_result(id);
    EXPECT_TRUE(found.ok()) << found.error().message;
    return found.ok() ? std::vector<Exemplar>(found->begin(), found->end())
                      : std::vector<Exemplar>();
  }
  std::vector<std::string> naming(const TraceId& id) {
    const auto page = exemplars.results_of(id, std::nullopt, 100);
    EXPECT_TRUE(page.ok()) << page.error().message;
    std::vector<std::string> ids;
    for (const auto& result : page->results) ids.push_back(result.result_id);
    return ids;
  }
  std::string submit(std::vector<Exemplar> linked, std::optional<std::string> key = std::nullopt) {
    Submission submission = submission_of({.key = std::move(key)});
    submission.exemplars = std::move(linked);
    return store.submit(submission).id;
  }
};

TEST_F(StoreExemplarsTest, a_submission_names_its_traces_and_they_name_it) {
  Exemplar slowest = exemplar(1, ExemplarRole::slowest, 2);
  slowest.span_id = SpanId{7};
  slowest.start_ns = 1'722'513'600'000'000'001;
  slowest.end_ns = 1'722'513'600'000'000'003;
  const Exemplar median = exemplar(2, ExemplarRole::median, 1);
  const std::string id = submit({median, slowest});
  EXPECT_EQ(links(id), (std::vector{slowest, median}));  // in the order of roles
  EXPECT_EQ(naming(trace(1)), std::vector{id});
  EXPECT_EQ(naming(trace(3)), std::vector<std::string>());
}

TEST_F(StoreExemplarsTest, the_same_submission_again_changes_no_link) {
  const std::vector<Exemplar> linked = {exemplar(1, ExemplarRole::slowest, 0)};
  const std::string id = submit(linked, "key");
  ASSERT_TRUE(exemplars.link(id, std::vector{exemplar(9, ExemplarRole::manual)}, k_editor).ok());
  EXPECT_EQ(submit(linked, "key"), id);
  EXPECT_EQ(links(id), (std::vector{linked.front(), exemplar(9, ExemplarRole::manual)}));
}

TEST_F(StoreExemplarsTest, the_same_link_again_takes_on_span_and_times) {
  const std::string id = submit({});
  Exemplar one = exemplar(1, ExemplarRole::slowest);
  ASSERT_TRUE(exemplars.link(id, std::vector{one}, k_editor).ok());
  one.span_id = SpanId{5};
  one.start_ns = 12;
  ASSERT_TRUE(exemplars.link(id, std::vector{one}, k_editor).ok());
  ASSERT_TRUE(exemplars.link(id, std::vector{one}, k_editor).ok());
  EXPECT_EQ(links(id), std::vector{one});
}

TEST_F(StoreExemplarsTest, a_sample_that_is_not_there_is_refused_by_name_and_nothing_is_linked) {
  const std::string id = submit({});  // of three samples
  const std::vector<Exemplar> linked = {exemplar(1, ExemplarRole::slowest, 2),
                                        exemplar(2, ExemplarRole::fastest, 3)};
  const auto refused = exemplars.link(id, linked, k_editor);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::invalid);
  ASSERT_EQ(refused.error().faults.size(), 1u);
  EXPECT_EQ(refused.error().faults.front().path, "/exemplars/1/sample_no");
  EXPECT_EQ(links(id), std::vector<Exemplar>());
}

TEST_F(StoreExemplarsTest, a_result_names_at_most_so_many_traces) {
  Exemplars few(*store.database, store.clock, SummaryMode::best, {.per_result_max = 2});
  const std::string id = submit({exemplar(1, ExemplarRole::slowest)});
  ASSERT_TRUE(few.link(id, std::vector{exemplar(2, ExemplarRole::slowest)}, k_editor).ok());
  const auto refused = few.link(id, std::vector{exemplar(3, ExemplarRole::slowest)}, k_editor);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_NE(refused.error().message.find("at most 2"), std::string::npos);
  // What is there already may come again.
  EXPECT_TRUE(few.link(id, std::vector{exemplar(2, ExemplarRole::slowest)}, k_editor).ok());
  EXPECT_EQ(links(id).size(), 2u);
}

TEST_F(StoreExemplarsTest, links_are_taken_back_by_what_is_said_of_them) {
  const std::string id =
      submit({exemplar(1, ExemplarRole::slowest, 0), exemplar(1, ExemplarRole::outlier, 0),
              exemplar(1, ExemplarRole::outlier, 1), exemplar(2, ExemplarRole::median)});
  ASSERT_TRUE(exemplars
                  .unlink(id, {.trace_id = trace(1), .role = ExemplarRole::outlier, .sample_no = 1},
                          k_editor)
                  .ok());
  EXPECT_EQ(links(id).size(), 3u);
  ASSERT_TRUE(exemplars.unlink(id, {.trace_id = trace(1)}, k_editor).ok());
  EXPECT_EQ(links(id), std::vector{exemplar(2, ExemplarRole::median)});
  EXPECT_EQ(exemplars.unlink(id, {.trace_id = trace(1)}, k_editor).error().code, Code::not_found);
}

TEST_F(StoreExemplarsTest, links_go_with_their_result) {
  const std::string kept = submit({exemplar(1, ExemplarRole::slowest)});
  const std::string edited = submit({exemplar(1, ExemplarRole::slowest)});
  store.clock.advance(std::chrono::seconds(1));
  Submission submission = submission_of({.run_id = "run-2"});
  submission.exemplars = {exemplar(2, ExemplarRole::fastest)};
  const std::string undone = store.submit(submission).id;

  StoreResultEditor editor(*store.database, store.clock);
  ASSERT_TRUE(editor.remove(edited, k_editor).ok());
  EXPECT_EQ(naming(trace(1)), std::vector{kept});
  EXPECT_EQ(exemplars.of_result(edited).error().code, Code::not_found);

  StoreResultUndo undo(*store.database, store.clock);
  UndoSelection selection;
  selection.run_id = "run-2";
  selection.may = [](std::string_view) { return Result<void>(); };
  ASSERT_TRUE(
      undo.undo(selection, 1, k_editor, [](std::size_t, std::size_t) { return true; }).ok());
  EXPECT_EQ(naming(trace(2)), std::vector<std::string>());
  EXPECT_EQ(store.value("select count(*) from bl_exemplar"), "1");
  ASSERT_TRUE(wipe_results(*store.database).ok());
  EXPECT_EQ(store.value("select count(*) from bl_exemplar"), "0");
}

TEST_F(StoreExemplarsTest, what_another_program_removed_is_named_no_more) {
  const std::string id = submit({exemplar(1, ExemplarRole::slowest)});
  store.run_sql(fmt::format("delete from benchmark_result where id = '{}'", id));
  EXPECT_EQ(naming(trace(1)), std::vector<std::string>());
  EXPECT_EQ(exemplars.named_traces({}, 10)->size(), 0u);
}

TEST_F(StoreExemplarsTest, a_link_to_no_result_is_refused) {
  const auto refused =
      exemplars.link("nobody", std::vector{exemplar(1, ExemplarRole::manual)}, k_editor);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_EQ(exemplars.repository_of("nobody").error().code, Code::not_found);
}

TEST_F(StoreExemplarsTest, results_of_a_trace_come_in_pages_newest_first) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.insert(ids.begin(),
               submit({exemplar(1, ExemplarRole::slowest, 0), exemplar(1, ExemplarRole::manual)}));
    store.clock.advance(std::chrono::seconds(1));
  }
  std::vector<std::string> seen;
  std::optional<std::string> before;
  do {
    const auto page = exemplars.results_of(trace(1), before, 2);
    ASSERT_TRUE(page.ok()) << page.error().message;
    for (const auto& result : page->results) {
      seen.push_back(result.result_id);
      EXPECT_EQ(result.exemplars.size(), 2u);
      EXPECT_EQ(result.name, "sort");
    }
    before = page->next;
  } while (before);
  EXPECT_EQ(seen, ids);
}

TEST_F(StoreExemplarsTest, named_traces_come_once_each_by_id_page_by_page) {
  submit({exemplar(3, ExemplarRole::slowest), exemplar(1, ExemplarRole::median)});
  submit({exemplar(2, ExemplarRole::slowest), exemplar(1, ExemplarRole::manual)});
  const auto first = exemplars.named_traces({}, 2);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(*first, (std::vector{trace(1), trace(2)}));
  EXPECT_EQ(*exemplars.named_traces(first->back(), 2), std::vector{trace(3)});
  EXPECT_EQ(*exemplars.named_traces(trace(3), 2), std::vector<TraceId>());
}

TEST_F(StoreExemplarsTest, exemplars_of_series_have_the_value_of_their_sample) {
  Exemplar early = exemplar(1, ExemplarRole::slowest, 2);
  early.start_ns = (k_start.micros - 10) * 1'000;
  const std::string id = submit({early, exemplar(2, ExemplarRole::manual)});
  Submission other = submission_of({.name = "join", .tags = {{"size", "9"}}, .run_id = "run-2"});
  other.exemplars = {exemplar(3, ExemplarRole::fastest, 0)};
  store.submit(other);

  ExemplarQuery query{.start = Timestamp{k_start.micros - 10}, .end = k_start};
  query.name = "sort";
  const auto found = exemplars.find(query, 10);
  ASSERT_TRUE(found.ok()) << found.error().message;
  ASSERT_EQ(found->exemplars.size(), 2u);
  EXPECT_EQ(found->exemplars[0].exemplar, early);
  EXPECT_EQ(found->exemplars[0].at.micros, k_start.micros - 10);
  EXPECT_EQ(found->exemplars[0].value, 3.0);
  EXPECT_EQ(found->exemplars[0].result_id, id);
  EXPECT_EQ(found->exemplars[1].value, 1.0);  // the result's own: seconds, the least
  EXPECT_FALSE(found->is_cut);

  query.name = "join";
  const auto joined = exemplars.find(query, 10);
  ASSERT_EQ(joined->exemplars.size(), 1u);
  EXPECT_EQ(joined->exemplars[0].tags.find("size")->as_string(), "9");

  query.name.reset();
  query.start = k_start;
  EXPECT_EQ(exemplars.find(query, 10)->exemplars.size(), 2u);
  const auto newest = exemplars.find(query, 1);
  EXPECT_EQ(newest->exemplars.size(), 1u);
  EXPECT_TRUE(newest->is_cut);
}

// Against a plain map of what was said: whatever order links, repeats, takings back and removals
// come in, both sides say the same.
TEST_F(StoreExemplarsTest, both_sides_say_what_was_said) {
  using Key = std::tuple<ExemplarRole, std::optional<std::int64_t>, TraceId>;
  StoreResultEditor editor(*store.database, store.clock);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t bound) { return random() % bound; };
    std::map<std::string, std::map<Key, Exemplar>> said;
    for (int i = 0; i < 4; ++i) said[submit({})];
    for (int step = 0; step < 60; ++step) {
      const auto at = std::next(said.begin(), static_cast<std::ptrdiff_t>(below(said.size())));
      auto& [id, expected] = *at;
      Exemplar one = exemplar(100 * seed + below(5), static_cast<ExemplarRole>(below(5)));
      if (below(2) == 0) one.sample_no = static_cast<std::int64_t>(below(3));
      if (below(3) == 0) one.start_ns = static_cast<std::int64_t>(below(1'000));
      const std::uint64_t deed = below(20);
      if (deed == 0 && said.size() > 1) {
        ASSERT_TRUE(editor.remove(id, k_editor).ok());
        said.erase(at);
      } else if (deed < 5) {
        const auto gone = std::erase_if(expected, [&](const auto& entry) {
          return entry.second.trace_id == one.trace_id && entry.second.role == one.role;
        });
        const auto done =
            exemplars.unlink(id, {.trace_id = one.trace_id, .role = one.role}, k_editor);
        EXPECT_EQ(done.ok(), gone > 0) << "seed " << seed;
      } else {
        ASSERT_TRUE(exemplars.link(id, std::vector{one}, k_editor).ok());
        expected[{one.role, one.sample_no, one.trace_id}] = one;
      }
    }
    std::map<TraceId, std::vector<std::string>> naming_of;
    for (const auto& [id, expected] : said) {
      std::vector<Exemplar> wanted;
      for (const auto& [key, one] : expected) {
        wanted.push_back(one);
        auto& ids = naming_of[one.trace_id];
        if (ids.empty() || ids.front() != id) ids.insert(ids.begin(), id);
      }
      EXPECT_EQ(links(id), wanted) << "seed " << seed;
    }
    std::vector<TraceId> named;
    for (const auto& [id, ids] : naming_of) {
      EXPECT_EQ(naming(id), ids) << "seed " << seed;
      named.push_back(id);
    }
    EXPECT_EQ(*exemplars.named_traces(trace(100 * seed - 1), 5), named) << "seed " << seed;
  }
}

}  // namespace
}  // namespace bl::results::testing
