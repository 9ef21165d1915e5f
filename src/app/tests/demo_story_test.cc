#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/demo/documents.h"
#include "base/json.h"

/// The story of `demo --full`: the same for the same seed, one slowdown, and ids that agree.
namespace bl::app::demo {
namespace {

const Timestamp k_until = *parse_rfc3339("2026-11-01T12:00:00Z");

/// All that is sent, as one text.
std::string told(const Story& story) {
  std::string text;
  for (const StoryCommit& commit : story.commits) {
    for (const Measurement& measured : measure(story, commit)) {
      text += submission_of(story, measured) + "\n";
      for (const traces::Span& span : spans_of(measured)) text += span.span_id.hex();
    }
    for (const events::BuildEvent& event : build_of(story, commit)) text += event.event_id;
    if (commit.sweep) text += sweep_rows_of(story, commit);
  }
  return text;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Medians of a benchmark's results of the default branch.
std::vector<double> levels(const Story& story, const Benchmark& benchmark) {
  std::vector<double> medians;
  for (const StoryCommit& commit : story.commits) {
    if (commit.pull_request) continue;
    for (const Measurement& measured : measure(story, commit)) {
      if (measured.benchmark == &benchmark) medians.push_back(median(measured.values()));
    }
  }
  return medians;
}

TEST(DemoStory, is_the_same_for_the_same_seed_and_end_and_another_for_another) {
  const Story story = make_story({.seed = 7, .until = k_until});
  EXPECT_EQ(told(story), told(make_story({.seed = 7, .until = k_until})));
  EXPECT_NE(told(story), told(make_story({.seed = 8, .until = k_until})));
}

TEST(DemoStory, has_sixty_commits_in_their_order_and_nothing_newer_than_its_end) {
  const Story story = make_story({.seed = 7, .until = k_until});
  ASSERT_GE(story.commits.size(), 60u);
  std::set<std::string> shas, runs;
  for (std::size_t i = 0; i < story.commits.size(); ++i) {
    const StoryCommit& commit = story.commits[i];
    EXPECT_TRUE(shas.insert(commit.sha).second);
    EXPECT_TRUE(runs.insert(commit.run_id).second);
    EXPECT_TRUE(events::is_uuid(commit.run_id)) << commit.run_id;
    if (i > 0) {
      EXPECT_EQ(commit.parent, story.commits[i - 1].sha);
      EXPECT_GT(commit.time, story.commits[i - 1].measured_at());
    }
    for (const events::BuildEvent& event : build_of(story, commit)) {
      EXPECT_TRUE(events::validate(event).ok());
      EXPECT_EQ(event.build_request_id, commit.run_id);
      EXPECT_LE(event.timestamp, k_until.micros * 1'000);
    }
  }
}

TEST(DemoStory, one_commit_made_three_benchmarks_slower_and_nothing_else) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Story story = make_story({.seed = seed, .until = k_until});
    int slower = 0;
    for (const Benchmark& benchmark : benchmarks()) {
      const std::vector<double> all = levels(story, benchmark);
      // One build failed before the guilty commit, so that its result stands one place earlier.
      const auto step = all.begin() + static_cast<std::ptrdiff_t>(story.guilty) - 1;
      const double before = median({all.begin(), step});
      const double after = median({step, all.end()});
      const bool shares_the_part =
          std::ranges::any_of(benchmark.parts, [](const Part& part) { return part.grows; });
      const double change = after / before - 1;
      if (shares_the_part) {
        EXPECT_GT(change, 0.05) << benchmark.name;
        EXPECT_LT(change, 0.15) << benchmark.name;
        ++slower;
      } else {
        EXPECT_LT(std::abs(change), 0.03) << benchmark.name;
      }
    }
    EXPECT_EQ(slower, 3);
  }
}

TEST(DemoStory, a_sample_takes_as_long_as_its_trace_and_the_result_names_it) {
  const Story story = make_story({.seed = 1, .until = k_until});
  const StoryCommit& commit = story.commits[story.guilty];
  int linked = 0;
  for (const Measurement& measured : measure(story, commit)) {
    const traces::Spans spans = spans_of(measured);
    const auto body = json::parse(submission_of(story, measured));
    ASSERT_TRUE(body.ok());
    const json::Value* exemplars = body->find("exemplars");
    EXPECT_EQ(exemplars != nullptr, !spans.empty());
    if (exemplars == nullptr) continue;
    ++linked;
    ASSERT_EQ(exemplars->items().size(), measured.samples.size());
    for (std::size_t i = 0; i < measured.samples.size(); ++i) {
      const std::string id = exemplars->items()[i].find("trace_id")->as_string();
      const auto root = std::ranges::find_if(spans, [&](const traces::Span& span) {
        return span.trace_id.hex() == id && !span.parent_span_id;
      });
      ASSERT_NE(root, spans.end());
      EXPECT_EQ(traces::run_id_of(*root), commit.run_id);
      const double seconds = body->find("stats")->find("data")->items()[i].as_double();
      EXPECT_NEAR(static_cast<double>(root->duration_ns()) / 1e9, seconds, 1e-9);
    }
    for (const traces::Span& span : spans) {
      if (!span.parent_span_id) continue;
      const auto parent = std::ranges::find_if(spans, [&](const traces::Span& one) {
        return one.trace_id == span.trace_id && one.span_id == *span.parent_span_id;
      });
      ASSERT_NE(parent, spans.end());
      EXPECT_GE(span.start_ns, parent->start_ns);
      EXPECT_LE(span.end_ns, parent->end_ns);
    }
  }
  EXPECT_EQ(linked, 4);
}

}  // namespace
}  // namespace bl::app::demo
