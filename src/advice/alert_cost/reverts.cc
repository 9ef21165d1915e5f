#include <algorithm>
#include <map>

#include "advice/alert_cost/parts.h"

// A server keeps the first line of a message, where git and the forges write `Revert "SUBJECT"`;
// the line with the hash is in the messages of clients that send them whole.
namespace bl::advice {
namespace {

constexpr std::string_view k_by_hash = "his reverts commit ";
constexpr std::string_view k_by_subject = "Revert \"";
constexpr std::size_t k_digits_min = 7;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

std::string_view first_line(std::string_view message) {
  return message.substr(0, message.find_first_of("\r\n"));
}

/// `Faster parser (#12)` -> `Faster parser`.
std::string_view without_number(std::string_view subject) {
  if (!subject.ends_with(')')) return subject;
  const std::size_t begin = subject.rfind(" (#");
  if (begin == std::string_view::npos || begin + 4 >= subject.size()) return subject;
  const std::string_view number = subject.substr(begin + 3, subject.size() - begin - 4);
  const bool is_number = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? subject.substr(0, begin) : subject;
}

std::string_view hash_in(std::string_view message) {
  const std::size_t place = message.find(k_by_hash);
  if (place == std::string_view::npos) return {};
  const std::string_view rest = message.substr(place + k_by_hash.size());
  const auto end = std::ranges::find_if_not(rest, is_hex);
  const auto digits = static_cast<std::size_t>(end - rest.begin());
  return digits >= k_digits_min ? rest.substr(0, digits) : std::string_view();
}

std::string_view subject_in(std::string_view message) {
  const std::string_view line = first_line(message);
  if (!line.starts_with(k_by_subject)) return {};
  const std::size_t end = line.rfind('"');
  if (end <= k_by_subject.size()) return {};
  return line.substr(k_by_subject.size(), end - k_by_subject.size());
}

class Reverts {
 public:
  explicit Reverts(std::span<const CostCommit> commits) {
    for (const CostCommit& commit : commits) {
      by_hash_.emplace(commit.sha, &commit);
      by_subject_[without_number(first_line(commit.message))].push_back(&commit);
    }
    for (auto& [subject, same] : by_subject_)
      std::ranges::sort(same, {}, [](const CostCommit* one) { return one->timestamp; });
  }

  const CostCommit* guilty_of(const CostCommit& commit) const {
    if (const std::string_view hash = hash_in(commit.message); !hash.empty()) {
      return commit_of(hash);
    }
    const std::string_view subject = subject_in(commit.message);
    if (subject.empty()) return nullptr;
    const auto same = by_subject_.find(without_number(subject));
    if (same == by_subject_.end()) return nullptr;
    const CostCommit* newest = nullptr;
    for (const CostCommit* one : same->second) {
      if (one->timestamp < commit.timestamp) newest = one;
    }
    return newest;
  }

 private:
  /// Of hashes that begin alike, none.
  const CostCommit* commit_of(std::string_view prefix) const {
    const auto found = by_hash_.lower_bound(prefix);
    if (found == by_hash_.end() || !found->first.starts_with(prefix)) return nullptr;
    const auto next = std::next(found);
    const bool is_one = next == by_hash_.end() || !next->first.starts_with(prefix);
    return is_one ? found->second : nullptr;
  }

  std::map<std::string_view, const CostCommit*> by_hash_;
  std::map<std::string_view, std::vector<const CostCommit*>> by_subject_;
};

}  // namespace

std::vector<Revert> reverts_of(std::span<const CostCommit> commits) {
  const Reverts all(commits);
  std::vector<Revert> found;
  std::set<const CostCommit*> taken_back;
  for (const CostCommit& commit : commits) {
    const CostCommit* guilty = all.guilty_of(commit);
    if (guilty == nullptr || guilty->timestamp >= commit.timestamp) continue;
    found.push_back({&commit, guilty});
    taken_back.insert(guilty);
  }
  for (Revert& revert : found) revert.is_taken_back = taken_back.contains(revert.commit);
  return found;
}

}  // namespace bl::advice
