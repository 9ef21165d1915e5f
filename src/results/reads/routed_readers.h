#pragma once

#include "results/reads/routing.h"

/// The ports as a router gives them out: each call is one read.
namespace bl::results::reads {

class RoutedHistory final : public HistoryReader {
  template <class Ask>
  auto ask(const char* method, std::string_view text, const Ask& of) {
    return routing_.read(ReadPort::history, of, [&] {
      return Question{.port = ReadPort::history, .method = method, .texts = {std::string(text)}};
    });
  }

 public:
  explicit RoutedHistory(Routing& routing) : routing_(routing) {}
  Result<results::History> history(std::string_view fingerprint) override {
    return ask("history", fingerprint,
               [&](const Readers& side) { return side.history.history(fingerprint); });
  }
  Result<HistoryDetails> details(std::string_view fingerprint) override {
    return ask("details", fingerprint,
               [&](const Readers& side) { return side.history.details(fingerprint); });
  }
  Result<std::string> fingerprint_of(std::string_view result_id) override {
    return ask("fingerprint_of", result_id,
               [&](const Readers& side) { return side.history.fingerprint_of(result_id); });
  }

 private:
  Routing& routing_;
};

class RoutedCompare final : public CompareReader {
  template <class Ask>
  auto ask(const char* method, std::string_view first, std::string_view second, const Ask& of) {
    return routing_.read(ReadPort::compare, of, [&] {
      return Question{.port = ReadPort::compare,
                      .method = method,
                      .texts = {std::string(first), std::string(second)}};
    });
  }

 public:
  explicit RoutedCompare(Routing& routing) : routing_(routing) {}
  Result<CompareInput> compare(std::string_view baseline_id,
                               std::string_view contender_id) override {
    return ask("compare", baseline_id, contender_id, [&](const Readers& side) {
      return side.compare.compare(baseline_id, contender_id);
    });
  }
  Result<verdict::Distribution> distribution(std::string_view baseline_id,
                                             std::string_view fingerprint) override {
    return ask("distribution", baseline_id, fingerprint, [&](const Readers& side) {
      return side.compare.distribution(baseline_id, fingerprint);
    });
  }

 private:
  Routing& routing_;
};

class RoutedHealth final : public ProjectHealthReader {
 public:
  explicit RoutedHealth(Routing& routing) : routing_(routing) {}
  Result<SeriesPage> series(const SeriesFilter& filter) override {
    return routing_.read(
        ReadPort::health, [&](const Readers& side) { return side.health.series(filter); },
        [&] { return Question{.port = ReadPort::health, .method = "series", .series = filter}; });
  }
  Result<Facts> facts() override {
    return routing_.read(
        ReadPort::health, [](const Readers& side) { return side.health.facts(); },
        [] { return Question{.port = ReadPort::health, .method = "facts"}; });
  }
  Result<std::vector<SearchHit>> search(std::string_view text, int count_max) override {
    return routing_.read(
        ReadPort::health, [&](const Readers& side) { return side.health.search(text, count_max); },
        [&] {
          return Question{.port = ReadPort::health,
                          .method = "search",
                          .texts = {std::string(text)},
                          .count = count_max};
        });
  }

 private:
  Routing& routing_;
};

class RoutedRuns final : public RunBrowser {
 public:
  explicit RoutedRuns(Routing& routing) : routing_(routing) {}
  Result<std::vector<ResultRow>> results(const ResultFilter& filter) override {
    return routing_.read(
        ReadPort::runs, [&](const Readers& side) { return side.runs.results(filter); },
        [&] { return Question{.port = ReadPort::runs, .method = "results", .results = filter}; });
  }
  Result<WholePage> whole_results(const ResultFilter& filter) override {
    return routing_.read(
        ReadPort::runs, [&](const Readers& side) { return side.runs.whole_results(filter); },
        [&] {
          return Question{.port = ReadPort::runs, .method = "whole_results", .results = filter};
        });
  }
  Result<StoredResult> result(std::string_view id) override {
    return routing_.read(
        ReadPort::runs, [&](const Readers& side) { return side.runs.result(id); },
        [&] {
          return Question{.port = ReadPort::runs, .method = "result", .texts = {std::string(id)}};
        });
  }
  Result<std::vector<RunRow>> recent_runs(std::optional<std::string> repository,
                                          int count) override {
    return routing_.read(
        ReadPort::runs,
        [&](const Readers& side) { return side.runs.recent_runs(repository, count); },
        [&] {
          Question question{.port = ReadPort::runs, .method = "recent_runs", .count = count};
          if (repository) question.texts.push_back(*repository);
          return question;
        });
  }
  Result<std::vector<std::string>> repositories() override {
    return routing_.read(
        ReadPort::runs, [](const Readers& side) { return side.runs.repositories(); },
        [] { return Question{.port = ReadPort::runs, .method = "repositories"}; });
  }

 private:
  Routing& routing_;
};

}  // namespace bl::results::reads
