#pragma once

#include <fmt/format.h>

#include <random>

#include "base/hash.h"
#include "engine/duck_engine.h"
#include "results/comparison.h"
#include "results/encode.h"
#include "results/lake_compare.h"
#include "results/lake_history.h"
#include "results/lake_runs.h"
#include "results/lake_series.h"
#include "results/legacy_encode.h"
#include "results/readers.h"
#include "results/tests/replica_world.h"

/// The four readers over the store and over its replica, asked the same.
namespace bl::results::testing {

inline constexpr std::int64_t k_month = 31LL * 24 * k_hour;

struct ReaderOptions {
  SummaryMode mode = SummaryMode::best;
  int commits = 100;
  std::size_t page_bytes = 32u << 20;
};

// -- what a side says, as the API would send it, or its error ---------------------------------

inline std::string text_of(const Error& error) {
  return std::string(name_of(error.code)) + ": " + error.message;
}

inline std::string said_of_history(const Readers& side, const std::string& fingerprint) {
  const auto history = side.history.history(fingerprint);
  if (!history.ok()) return text_of(history.error());
  const auto details = side.history.details(fingerprint);
  if (!details.ok()) return text_of(details.error());
  std::string text = history->repository + " " + history->hardware_hash + " " +
                     encode_history(*history) + encode_legacy_history(*history, *details);
  for (const auto& [id, times] : details->times_jsons) text += "\n" + id + " " + times;
  for (const auto& [id, info] : history->infos) text += "\n" + id + " " + info;
  for (const HistoryPoint& point : history->points) {
    text += fmt::format("\n{} {} {} {} {}", point.result_id, point.data_json, point.run_tags_json,
                        point.change_annotations_json, point.mean.value_or(-1));
  }
  return text;
}

inline std::string said_of_result(const Readers& side, const std::string& id, SummaryMode mode) {
  const auto result = side.runs.result(id);
  const auto fingerprint = side.history.fingerprint_of(id);
  return (result.ok() ? encode_result(*result, mode) : text_of(result.error())) + "\n" +
         (fingerprint.ok() ? *fingerprint : text_of(fingerprint.error()));
}

/// A list walked from page to page, as many as `pages_max`.
inline std::string said_of_list(const Readers& side, ResultFilter filter, int pages_max = 1'000) {
  std::string text;
  for (int i = 0; i < pages_max; ++i) {
    const auto page = side.runs.results(filter);
    if (!page.ok()) return text + text_of(page.error());
    text += encode_results(*page, std::nullopt) + "\n";
    if (page->empty()) return text;
    filter.before_id = page->back().id;
  }
  return text;
}

inline std::string said_of_whole_list(const Readers& side, ResultFilter filter, SummaryMode mode) {
  std::string text;
  for (;;) {
    const auto page = side.runs.whole_results(filter);
    if (!page.ok()) return text + text_of(page.error());
    for (const StoredResult& result : page->results) text += encode_result(result, mode) + "\n";
    text += page->may_go_on ? "more\n" : "end\n";
    if (!page->may_go_on || page->results.empty()) return text;
    filter.before_id = page->results.back().id;
  }
}

inline std::string said_of_runs(const Readers& side, const std::optional<std::string>& repository,
                                int count) {
  const auto runs = side.runs.recent_runs(repository, count);
  if (!runs.ok()) return text_of(runs.error());
  const auto repositories = side.runs.repositories();
  if (!repositories.ok()) return text_of(repositories.error());
  std::string text = encode_recent_runs(*runs, *repositories, WithAttention::yes);
  for (const RunRow& run : *runs) {
    text += fmt::format("\n{} {} {} {} {}", run.run_id, run.regressed_count, run.improved_count,
                        run.stable_count, run.insufficient_count);
  }
  return text;
}

inline std::string said_of_comparison(const Readers& side, const std::string& baseline,
                                      const std::string& contender,
                                      const std::string& fingerprint) {
  const auto input = side.compare.compare(baseline, contender);
  const auto distribution = side.compare.distribution(baseline, fingerprint);
  std::string text = input.ok() ? encode_comparison(compare(*input, {})) : text_of(input.error());
  if (!distribution.ok()) return text + "\n" + text_of(distribution.error());
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : "-";
  };
  return text + "\n" + number(distribution->mean) + " " + number(distribution->stddev);
}

/// Pages walked by turns: each side goes on where the other one ended.
inline std::string said_of_series(std::span<const Readers> turns, SeriesFilter filter) {
  std::string text;
  for (std::size_t i = 0; i < 1'000; ++i) {
    const auto page = turns[i % turns.size()].health.series(filter);
    if (!page.ok()) return text + text_of(page.error());
    text += encode_series(*page) + page->next_cursor.value_or("end") + "\n";
    if (!page->next_cursor) return text;
    filter.cursor = *page->next_cursor;
  }
  return text;
}

inline std::string said_of_facts(const Readers& side) {
  const auto facts = side.health.facts();
  return facts.ok() ? encode_facts(*facts, "1") : text_of(facts.error());
}

inline std::string said_of_search(const Readers& side, const std::string& words, int count) {
  const auto hits = side.health.search(words, count);
  if (!hits.ok()) return text_of(hits.error());
  std::string text;
  for (const SearchHit& hit : *hits) {
    text += hit.kind + "|" + hit.title + "|" + hit.detail + "|" + hit.href + "\n";
  }
  return text;
}

// -- the world -------------------------------------------------------------------------------

struct ReadersWorld : ReplicaWorld {
  explicit ReadersWorld(unsigned seed = 1) : source(seed) {
    auto opened = engine::open_duck_engine(lake->store(), metrics, {});
    BL_CHECK(opened.ok());
    engine = *std::move(opened);
  }

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(source); }

  /// A result of any kind.
  Submission any_submission() {
    Draft draft = on_commit(below(24));
    const int kind = below(10);
    if (kind == 0) draft.sha.clear();
    if (kind == 1) draft.commit_time.reset();  // known by its hash alone
    if (kind == 2 || kind == 3) {
      draft.sha = md5_hex("branch " + std::to_string(below(6))) + "00000000";
      draft.branch = below(2) == 0 ? "me:feature" : "me:other";
      draft.fork_point = below(5) == 0 ? sha_of(99) : sha_of(below(24));  // 99: not there
      draft.commit_time = Timestamp{k_start.micros + below(24) * k_hour + 60'000'000};
    }
    draft.name = "case-" + std::to_string(below(4));
    if (below(3) == 0) draft.tags = {{"size", std::to_string(below(3))}};
    draft.machine = below(4) == 0 ? "m2" : "m1";
    draft.unit = below(6) == 0 ? "B/s" : "s";  // mixed within a series
    draft.errored = below(9) == 0;
    draft.begins_change = below(9) == 0;
    draft.run_id = "run-" + std::to_string(below(6));
    if (below(2) == 0) draft.batch_id = "batch-" + std::to_string(below(3));
    if (below(2) == 0) draft.run_reason = below(2) == 0 ? "commit" : "merge";
    // Edges of months, ties to the microsecond, results that come late.
    const std::int64_t edge = 1'725'148'800'000'000;  // 2024-09-01T00:00:00Z
    draft.timestamp = below(3) == 0
                          ? Timestamp{edge + below(3) - 1}
                          : Timestamp{k_start.micros + below(3) * k_month + below(3) * k_hour};
    draft.data.clear();
    for (int n = below(5); n >= 0; --n) draft.data.push_back(0.1 + below(1'000) / 7.0);
    Submission submission = submission_of(draft);
    BenchmarkResult& result = submission.result;
    if (below(4) == 0) {
      result.repository = "https://github.com/org/other";
      result.commit.repository = result.repository;
    }
    if (below(5) == 0) result.run_tags.set("name", json::Value::string("tag \"Ü\" \\"));
    if (below(5) == 0) result.info.set("compiler", json::Value::string(below(2) == 0 ? "a" : "b"));
    if (below(8) == 0) result.validation = *json::parse(R"({"b":[1,2.50],"a":null})");
    return submission;
  }
  std::vector<Submitted> fill(int count) {
    std::vector<Submitted> some;
    for (int i = 0; i < count; ++i) {
      clock.advance(std::chrono::milliseconds(below(2) * 700));
      some.push_back(submit(any_submission()));
    }
    made.insert(made.end(), some.begin(), some.end());
    return some;
  }

  /// Asks both sides for everything, and compares.
  void compare_all(const ReaderOptions& options = {}) {
    StoreRunBrowser store_runs(*database, options.mode,
                               {.page_samples_bytes_max = options.page_bytes});
    StoreHistoryReader store_history(*database, options.mode, options.commits);
    StoreCompareReader store_compare(*database, options.mode, options.commits);
    StoreProjectHealthReader store_health(*database, options.mode, options.commits);
    LakeRunBrowser lake_runs(*lake, *engine, options.mode,
                             {.page_samples_bytes_max = options.page_bytes});
    const store::Dialect of = database->dialect();
    LakeHistoryReader lake_history(*lake, *engine, of, options.mode, options.commits);
    LakeCompareReader lake_compare(*lake, *engine, options.mode, options.commits);
    LakeProjectHealthReader lake_health(*lake, *engine, of, options.mode, options.commits);
    const Readers store{store_history, store_compare, store_health, store_runs, options.mode};
    const Readers lake_side{lake_history, lake_compare, lake_health, lake_runs, options.mode};
    compare_results(store, lake_side, options);
    compare_series(store, lake_side);
  }

  void compare_results(const Readers& store, const Readers& lake_side,
                       const ReaderOptions& options) {
    std::vector<std::string> ids{
        "0123456789abcdef0123456789abcdef",  "",  "odd",   "ABCDEF00000000000000000000000000", "f",
        "0123456789abcdef0123456789abcdef0", "g", "0\x01z"};
    std::set<std::string> fingerprints{"0123456789abcdef0123456789abcdef", "no such series", ""};
    for (const Submitted& one : made) {
      ids.push_back(one.id);
      fingerprints.insert(one.history_fingerprint);
    }
    for (const std::string& fingerprint : fingerprints) {
      SCOPED_TRACE("history " + fingerprint);
      EXPECT_EQ(said_of_history(lake_side, fingerprint), said_of_history(store, fingerprint));
    }
    for (const std::string& id : some_of(ids, 20)) {
      SCOPED_TRACE("result " + id);
      EXPECT_EQ(said_of_result(lake_side, id, options.mode),
                said_of_result(store, id, options.mode));
    }
    for (int i = 0; i < 12; ++i) {
      const std::string &baseline = any_of(ids), &contender = any_of(ids);
      const std::string fingerprint = any_of(std::vector(fingerprints.begin(), fingerprints.end()));
      SCOPED_TRACE("comparison " + baseline + " " + contender + " " + fingerprint);
      EXPECT_EQ(said_of_comparison(lake_side, baseline, contender, fingerprint),
                said_of_comparison(store, baseline, contender, fingerprint));
    }
    compare_pairs(store, lake_side);
    compare_lists(store, lake_side, ids, options.mode);
    for (const auto& repository :
         {std::optional<std::string>(), std::optional<std::string>(k_repository),
          std::optional<std::string>("https://github.com/org/other"),
          std::optional<std::string>("none")}) {
      for (int count = 1; count <= 7; count += 2) {
        SCOPED_TRACE(fmt::format("runs {} {}", repository.value_or("-"), count));
        EXPECT_EQ(said_of_runs(lake_side, repository, count),
                  said_of_runs(store, repository, count));
      }
    }
  }

  // Results of one series: what is compared in earnest.
  void compare_pairs(const Readers& store, const Readers& lake_side) {
    std::map<std::string, std::string> first;
    for (const Submitted& one : made) {
      const auto [earlier, is_new] = first.emplace(one.history_fingerprint, one.id);
      if (is_new) continue;
      SCOPED_TRACE("pair " + earlier->second + " " + one.id);
      EXPECT_EQ(said_of_comparison(lake_side, earlier->second, one.id, one.history_fingerprint),
                said_of_comparison(store, earlier->second, one.id, one.history_fingerprint));
      earlier->second = one.id;
    }
  }

  void compare_lists(const Readers& store, const Readers& lake_side,
                     const std::vector<std::string>& ids, SummaryMode mode) {
    std::vector<ResultFilter> filters(10);
    filters[1].run_id = "run-" + std::to_string(below(6));
    filters[2].batch_id = "batch-1";
    filters[3].run_reason = "merge";
    filters[4].earliest = Timestamp{1'725'148'800'000'000};
    filters[4].latest = Timestamp{1'725'148'800'000'000};
    filters[5].latest = Timestamp{1'725'148'799'999'999};
    filters[6].run_id = "run-2";
    filters[6].earliest = Timestamp{k_start.micros + k_hour};
    filters[7].run_id = "no such run";
    filters[8].earliest = Timestamp{k_start.micros + 9 * k_month};
    filters[9].from_id = any_of(ids);
    for (std::size_t i = 0; i < filters.size(); ++i) {
      filters[i].page_size = 1 + below(7);
      SCOPED_TRACE(fmt::format("list {} by {}", i, filters[i].page_size));
      EXPECT_EQ(said_of_list(lake_side, filters[i]), said_of_list(store, filters[i]));
    }
    for (const std::string& cursor : some_of(ids, 15)) {
      ResultFilter filter;
      filter.before_id = cursor;
      filter.page_size = 3;
      SCOPED_TRACE("before " + cursor);
      EXPECT_EQ(said_of_list(lake_side, filter, 1), said_of_list(store, filter, 1));
    }
    for (int size = 1; size <= 7; ++size) {
      ResultFilter filter;
      filter.page_size = size;
      filter.run_id = "run-3";
      EXPECT_EQ(said_of_list(lake_side, filter), said_of_list(store, filter)) << size;
    }
    for (const int size : {5, 100}) {
      ResultFilter filter;
      filter.page_size = size;
      EXPECT_EQ(said_of_whole_list(lake_side, filter, mode),
                said_of_whole_list(store, filter, mode));
    }
  }

  void compare_series(const Readers& store, const Readers& lake_side) {
    const Readers store_alone[] = {store};
    const Readers by_turns[] = {lake_side, store};
    const Readers lake_alone[] = {lake_side};
    std::vector<SeriesFilter> filters(9);
    filters[1].text = "CASE-1 s";
    filters[2].repository = k_repository;
    filters[3].hardware = "m2";
    filters[4].status = SeriesStatus::insufficient;
    filters[5].active_since = Timestamp{1'725'148'800'000'000};
    filters[6].active_until = Timestamp{1'725'148'799'999'999};
    filters[7].fingerprint = made.empty() ? "none" : made.front().history_fingerprint;
    filters[8].text = "no such thing";
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const bool is_all = i == 0;  // with every size of a page
      for (const auto sort :
           {SeriesFilter::Sort::recent, SeriesFilter::Sort::name, SeriesFilter::Sort::change}) {
        filters[i].sort = sort;
        for (int size = is_all ? 1 : 1 + below(7); size <= 7; size += is_all ? 1 : 7) {
          filters[i].page_size = size;
          SCOPED_TRACE(fmt::format("series {} {} by {}", i, static_cast<int>(sort), size));
          const std::string expected = said_of_series(store_alone, filters[i]);
          EXPECT_EQ(said_of_series(by_turns, filters[i]), expected);
          if (size == 3) {
            EXPECT_EQ(said_of_series(lake_alone, filters[i]), expected);
          }
        }
      }
    }
    for (const char* cursor : {"x", "!", "MQ", "AAAAAAAA"}) {
      SeriesFilter filter;
      filter.cursor = cursor;
      EXPECT_EQ(said_of_series(lake_alone, filter), said_of_series(store_alone, filter));
    }
    EXPECT_EQ(said_of_facts(lake_side), said_of_facts(store));
    std::vector<std::string> words{"case-1", "  ", "run-", "run-1", "m1 CASE", "abc", "06", "Ü"};
    words.push_back(sha_of(3).substr(0, 6));
    if (!made.empty()) words.push_back(made.back().id.substr(0, 8));
    for (const std::string& word : words) {
      SCOPED_TRACE("search " + word);
      for (const int count : {2, 50}) {
        EXPECT_EQ(said_of_search(lake_side, word, count), said_of_search(store, word, count));
      }
    }
  }

  /// The first ones, which are odd, and some more.
  std::vector<std::string> some_of(const std::vector<std::string>& all, std::size_t count) {
    std::vector<std::string> some(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), count / 2)));
    while (some.size() < std::min(all.size(), count)) some.push_back(any_of(all));
    return some;
  }
  const std::string& any_of(const std::vector<std::string>& some) {
    return some[static_cast<std::size_t>(below(static_cast<int>(some.size())))];
  }

  std::mt19937 source;
  std::unique_ptr<engine::Engine> engine;
  std::vector<Submitted> made;
};

}  // namespace bl::results::testing
