#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/utf8.h"
#include "gate/bisect.h"

namespace bl::gate {
namespace {

using State = verdict::Bisection::State;
using Change = verdict::BisectionChange;

constexpr std::size_t k_suspects_max = 5;

const char* name_of(State state) {
  switch (state) {
    case State::found:
      return "found";
    case State::two_changes:
      return "two_changes";
    case State::no_change:
      return "no_change";
    case State::unknown:
      break;
  }
  return "unknown";
}

std::string short_of(const RangeCommit& commit) {
  return commit.sha.substr(0, 10);
}

/// `a1b2c3d4e5  lexer: copy the token`, or the stretch of several.
std::string commit_text(const BisectOutcome& outcome, const Change& change) {
  const RangeCommit& last = outcome.commits[change.last];
  if (change.first == change.last)
    return fmt::format("{}  {}", short_of(last), valid_utf8(last.subject));
  std::size_t skipped = 0;
  for (std::size_t i = change.first; i <= change.last; ++i) skipped += outcome.skipped.count(i);
  return fmt::format("one of {}..{}{}", short_of(outcome.commits[change.first]), short_of(last),
                     skipped > 0 ? fmt::format(": {} commits cannot be run", skipped) : "");
}

std::string change_text(const BisectOutcome& outcome, const Change& change) {
  const bool less = outcome.better == Direction::less_is_better;
  const bool is_worse = less ? change.change > 0 : change.change < 0;
  return fmt::format("{} by {:.1f} % ({} .. {})", is_worse ? "worse" : "better",
                     100 * std::fabs(change.change), percent_text(change.low),
                     percent_text(change.high));
}

/// Rounded down, and never up to certainty.
std::string sure_text(double probability) {
  return fmt::format("{:.1f} %", std::min(99.9, std::floor(1000 * probability) / 10));
}

void add_runs(const BisectOutcome& outcome, std::string& text) {
  const std::size_t all = outcome.runs + outcome.runs_before;
  text += fmt::format("runs:   {} of {} among {} commits ({} .. {})", all, outcome.measured,
                      outcome.commits.size(), short_of(outcome.commits.front()),
                      short_of(outcome.commits.back()));
  if (outcome.runs_before > 0)
    text += fmt::format(", {} of them known before", outcome.runs_before);
  if (outcome.failures > 0) text += fmt::format(", {} failed", outcome.failures);
  text += fmt::format("; noise {:.2g} %\n", 100 * outcome.answer.noise);
  for (const auto& [place, why] : outcome.skipped)
    text += fmt::format("passed over: {}: {}\n", short_of(outcome.commits[place]), valid_utf8(why));
}

void add_suspects(const BisectOutcome& outcome, std::string& text) {
  std::vector<std::size_t> places;
  for (std::size_t i = 1; i < outcome.answer.guilty.size(); ++i) places.push_back(i);
  std::ranges::stable_sort(places, [&](std::size_t a, std::size_t b) {
    return outcome.answer.guilty[a] > outcome.answer.guilty[b];
  });
  if (places.size() > k_suspects_max) places.resize(k_suspects_max);
  for (const std::size_t place : places)
    text +=
        fmt::format("  {:>5.1f} %  {}  {}\n", 100 * outcome.answer.guilty[place],
                    short_of(outcome.commits[place]), valid_utf8(outcome.commits[place].subject));
  text += fmt::format("  {:>5.1f} %  no change at all\n  {:>5.1f} %  two changes\n",
                      100 * outcome.answer.none, 100 * outcome.answer.two);
}

void add_next(const BisectOutcome& outcome, std::string& text) {
  if (outcome.answer.next.empty()) return;
  text += "run next, with what each run tells:\n";
  for (const verdict::BisectionNext& next : outcome.answer.next)
    text += fmt::format("  {}  {:.2f} bits  {}\n", short_of(outcome.commits[next.commit]),
                        next.bits, valid_utf8(outcome.commits[next.commit].subject));
}

void add_reproduction(const BisectOutcome& outcome, const BisectWords& words, std::string& text) {
  if (words.command.empty()) return;
  const Change& change = outcome.answer.changes.back();
  text += fmt::format("reproduce:\n  git checkout {} && benchlake check --against {}{} -- {}\n",
                      short_of(outcome.commits[change.last]),
                      short_of(outcome.commits[change.first - 1]),
                      words.prepare ? " --prepare " + *words.prepare : "", words.command);
}

json::Value number(std::size_t count) {
  return json::Value::number(static_cast<std::int64_t>(count));
}

json::Value commit_json(const RangeCommit& commit) {
  json::Value document = json::Value::object();
  document.set("sha", json::Value::string(commit.sha));
  document.set("subject", json::Value::string(valid_utf8(commit.subject)));
  return document;
}

json::Value changes_json(const BisectOutcome& outcome) {
  json::Value changes = json::Value::array();
  for (const Change& change : outcome.answer.changes) {
    json::Value document = json::Value::object();
    document.set("first", commit_json(outcome.commits[change.first]));
    document.set("last", commit_json(outcome.commits[change.last]));
    document.set("probability", json::Value::number(change.probability));
    document.set("change", json::Value::number(change.change));
    document.set("low", json::Value::number(change.low));
    document.set("high", json::Value::number(change.high));
    changes.items().push_back(std::move(document));
  }
  return changes;
}

}  // namespace

std::string shell_text(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    const bool is_plain = !word.empty() && std::ranges::all_of(word, [](char c) {
      const auto u = static_cast<unsigned char>(c);
      return (u < 128 && std::isalnum(u) != 0) ||
             std::string_view("_-./=:,+@%").find(c) != std::string_view::npos;
    });
    if (is_plain) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
    text += '\'';
  }
  return text;
}

std::string to_screen(const BisectOutcome& outcome, const BisectWords& words) {
  const verdict::Bisection& answer = outcome.answer;
  std::string text;
  switch (answer.state) {
    case State::found:
      text += fmt::format("guilty: {}\nsure:   {}\nchange: {}\n",
                          commit_text(outcome, answer.changes[0]), sure_text(answer.confidence),
                          change_text(outcome, answer.changes[0]));
      break;
    case State::two_changes:
      text += fmt::format("two changes, {} sure:\n", sure_text(answer.confidence));
      for (const Change& change : answer.changes)
        text += fmt::format("  {}\n    {}\n", commit_text(outcome, change),
                            change_text(outcome, change));
      break;
    case State::no_change:
      text += fmt::format("no change between the ends\nsure:   {}\n", sure_text(answer.confidence));
      break;
    case State::unknown:
      text += fmt::format("not known yet: {} wanted\n", sure_text(words.confidence));
      add_suspects(outcome, text);
      break;
  }
  add_runs(outcome, text);
  add_next(outcome, text);
  if (answer.state == State::found || answer.state == State::two_changes)
    add_reproduction(outcome, words, text);
  return text;
}

json::Value to_json(const BisectOutcome& outcome, const BisectWords& words) {
  const verdict::Bisection& answer = outcome.answer;
  json::Value document = json::Value::object();
  document.set("state", json::Value::string(name_of(answer.state)));
  document.set("exit_code", json::Value::number(static_cast<std::int64_t>(outcome.exit_code())));
  document.set("confidence", json::Value::number(answer.confidence));
  document.set("confidence_wanted", json::Value::number(words.confidence));
  document.set("benchmark", json::Value::string(outcome.benchmark));
  document.set("unit", json::Value::string(outcome.unit));
  document.set("is_worse", json::Value::boolean(outcome.is_worse()));
  document.set("changes", changes_json(outcome));
  document.set("none", json::Value::number(answer.none));
  document.set("two", json::Value::number(answer.two));
  document.set("noise", json::Value::number(answer.noise));
  document.set("runs", number(outcome.runs));
  document.set("runs_before", number(outcome.runs_before));
  document.set("failures", number(outcome.failures));
  json::Value commits = json::Value::array();
  for (std::size_t i = 0; i < outcome.commits.size(); ++i) {
    json::Value commit = commit_json(outcome.commits[i]);
    commit.set("probability", json::Value::number(answer.guilty[i]));
    const auto skipped = outcome.skipped.find(i);
    if (skipped != outcome.skipped.end())
      commit.set("skipped", json::Value::string(valid_utf8(skipped->second)));
    commits.items().push_back(std::move(commit));
  }
  document.set("commits", std::move(commits));
  json::Value next = json::Value::array();
  for (const verdict::BisectionNext& run : answer.next) {
    json::Value entry = commit_json(outcome.commits[run.commit]);
    entry.set("bits", json::Value::number(run.bits));
    next.items().push_back(std::move(entry));
  }
  document.set("next", std::move(next));
  return document;
}

}  // namespace bl::gate
