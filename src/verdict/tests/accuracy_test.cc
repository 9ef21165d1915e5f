#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "base/json.h"
#include "verdict/series_lines.h"

// Keeps the verdicts from getting worse: the public part of the accuracy benchmark, judged anew and
// counted with the main rules of its score.py (margin 5, direction, warm-up 20). The whole table:
// ./dev bench accuracy.

namespace bl::verdict {
namespace {

struct Tally {
  int changes = 0, at_once = 0, within_3 = 0, within_10 = 0, within_20 = 0, false_alarms = 0;
  int offline = 0, exact = 0, offline_false = 0, offline_changes = 0;
  std::size_t results = 0;
};

std::int64_t integer(const json::Value& object, const char* key) {
  return object.find(key)->as_int64().value();
}

bool is_ignored(const json::Value& label, std::int64_t i) {
  for (const json::Value& range : label.find("ignore")->items())
    if (i >= range.items()[0].as_int64() && i <= range.items()[1].as_int64()) return true;
  return false;
}

void count_online(const json::Value& label, const json::Value& verdict, Tally& tally) {
  const auto& changes = label.find("changes")->items();
  std::vector<std::int64_t> delay(changes.size(), -1);
  for (const json::Value& alarm : verdict.find("online")->items()) {
    const std::int64_t t = integer(alarm, "t"), i = integer(alarm, "i");
    if (t < 20) continue;
    bool matched = false, stale = false;
    for (std::size_t k = 0; k < changes.size(); ++k) {
      const std::int64_t at = integer(changes[k], "i");
      const bool same = *changes[k].find("direction") == *alarm.find("direction");
      stale = stale || (same && at <= t && t <= at + 50);
      if (matched || !same || std::abs(i - at) > 5 || t < at) continue;
      matched = true;
      if (delay[k] < 0) delay[k] = t - at;
    }
    if (!matched && !stale && !is_ignored(label, i) && !is_ignored(label, t)) ++tally.false_alarms;
  }
  for (const std::int64_t d : delay) {
    ++tally.changes;
    tally.at_once += d == 0;
    tally.within_3 += d >= 0 && d < 3;
    tally.within_10 += d >= 0 && d < 10;
    tally.within_20 += d >= 0 && d < 20;
  }
}

void count_offline(const json::Value& label, const json::Value& verdict, Tally& tally) {
  std::set<std::int64_t> used;
  const auto& told = verdict.find("offline")->items();
  for (const json::Value& change : label.find("changes")->items()) {
    ++tally.offline_changes;
    for (const json::Value& c : told) {
      const std::int64_t off = std::abs(integer(c, "i") - integer(change, "i"));
      if (off > 5 || !(*c.find("direction") == *change.find("direction"))) continue;
      if (!used.insert(integer(c, "i")).second) continue;
      ++tally.offline;
      tally.exact += off == 0;
      break;
    }
  }
  for (const json::Value& c : told) {
    const std::int64_t i = integer(c, "i");
    if (!used.contains(i) && i >= 10 && !is_ignored(label, i)) ++tally.offline_false;
  }
}

TEST(Accuracy, is_no_worse_than_it_was) {
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  const std::string folder = std::string(shared != nullptr ? shared : "") + "/accuracy";
  std::ifstream series(folder + "/series.jsonl"), labels(folder + "/labels.jsonl");
  if (!series || !labels) GTEST_SKIP() << "the accuracy benchmark is missing: BENCHLAKE_SHARED";
  std::map<std::string, json::Value> verdicts;
  std::map<std::string, std::size_t> lengths;
  for (std::string line; std::getline(series, line);) {
    auto read = read_series_line(line);
    ASSERT_TRUE(read.ok()) << read.error().message;
    std::string text;
    append_verdict_line(read.value(), text);
    verdicts[read.value().id] = json::parse(text).value();
    lengths[read.value().id] = read.value().results.size();
  }
  Tally tally;
  for (std::string line; std::getline(labels, line);) {
    const json::Value label = json::parse(line).value();
    const std::string& id = label.find("id")->as_string();
    const std::string& family = label.find("family")->as_string();
    if (family == "drift" || family == "tcpd") continue;
    if (label.find("online")->as_bool()) {
      count_online(label, verdicts[id], tally);
      tally.results += lengths[id] - 20;
    }
    if (label.find("kind")->as_string() == "semi") count_offline(label, verdicts[id], tally);
  }
  const auto share = [](int part, int whole) { return static_cast<double>(part) / whole; };
  const double false_alarms = 1000.0 * tally.false_alarms / static_cast<double>(tally.results);
  const auto gate_f1 = [&](int told) {
    return 2.0 * told / (told + tally.false_alarms + tally.changes);
  };
  EXPECT_GE(gate_f1(tally.at_once), 0.38);
  EXPECT_GE(gate_f1(tally.within_3), 0.69);
  EXPECT_GE(gate_f1(tally.within_10), 0.84);
  EXPECT_GE(gate_f1(tally.within_20), 0.86);
  EXPECT_LE(false_alarms, 0.5);
  const double offline_f1 =
      2.0 * tally.offline / (tally.offline + tally.offline_false + tally.offline_changes);
  EXPECT_GE(offline_f1, 0.945);
  EXPECT_GE(share(tally.exact, tally.offline), 0.95);
}

}  // namespace
}  // namespace bl::verdict
