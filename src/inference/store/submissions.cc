#include "inference/store/submissions.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace bl::inference {
namespace {

void add_parts(std::set<std::string, std::less<>>& parts, std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    parts.emplace(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

}  // namespace

void SubmissionList::add(const store::Row& row, const ServingConfig& config) {
  const std::int64_t config_id = row.integer(0);
  if (!open_ || open_->config_id != config_id || open_->summary.date != row.text(1)) {
    close();
    open_ = {.config_id = config_id,
             .summary = {.config = config, .date = std::string(row.text(1))},
             .sequences = {},
             .concurrencies = {}};
  }
  SubmissionSummary& summary = open_->summary;
  summary.points += row.integer(2);
  add_parts(open_->sequences, row.text(3));
  add_parts(open_->concurrencies, row.text(4));
  if (!summary.image) summary.image = row.text_or_null(5);
}

void SubmissionList::close() {
  if (!open_) return;
  SubmissionSummary& summary = open_->summary;
  summary.distinct_sequences = std::ssize(open_->sequences);
  summary.distinct_concurrencies = std::ssize(open_->concurrencies);
  for (const std::string& one : open_->concurrencies) {
    std::int64_t number = 0;
    std::from_chars(one.data(), one.data() + one.size(), number);
    summary.max_concurrency = std::max(summary.max_concurrency, number);
  }
  found_.emplace_back(open_->config_id, std::move(summary));
  open_.reset();
}

Submissions SubmissionList::finish() {
  close();
  std::ranges::sort(found_, [](const auto& a, const auto& b) {
    if (a.second.date != b.second.date) return a.second.date > b.second.date;
    if (a.second.points != b.second.points) return a.second.points > b.second.points;
    return a.first < b.first;
  });
  Submissions submissions;
  std::map<std::pair<std::string, std::string>, std::int64_t> volume;
  for (auto& [config_id, summary] : found_) {
    volume[{summary.date, summary.config.hardware}] += summary.points;
    submissions.summary.push_back(std::move(summary));
  }
  for (const auto& [key, points] : volume) {
    submissions.volume.push_back({key.first, key.second, points});
  }
  found_.clear();
  return submissions;
}

}  // namespace bl::inference
