#include "traces/analysis/span_matching.h"

#include <algorithm>
#include <map>

namespace bl::traces {
namespace {

using Index = std::size_t;
using Candidates = std::vector<Index>;

class Matcher {
 public:
  Matcher(const MatchSide& base, const MatchSide& compare) : base_(base), compare_(compare) {
    matching_.compare_of.assign(base.identity.size(), k_unmatched);
    matching_.base_of.assign(compare.identity.size(), k_unmatched);
  }

  SpanMatching run() {
    match_below_matched_parents();
    match_rest([](const MatchSide& side, Index at) {
      const auto& parent = side.tree.nodes[at].parent;
      return std::pair(side.identity[at], parent ? side.identity[*parent] + 1 : 0);
    });
    match_rest([](const MatchSide& side, Index at) { return side.identity[at]; });
    return std::move(matching_);
  }

 private:
  void match(Index base, Index compare) {
    matching_.compare_of[base] = compare;
    matching_.base_of[compare] = base;
    ++matching_.matched;
  }

  /// The first of the one with the first of the other, and so on.
  void match_in_order(const Candidates& base, const Candidates& compare) {
    const std::size_t count = std::min(base.size(), compare.size());
    for (std::size_t i = 0; i < count; ++i) match(base[i], compare[i]);
    if (count > 0 && base.size() != compare.size()) matching_.ambiguous += count;
  }

  void match_siblings(const Candidates& base, const Candidates& compare) {
    std::map<Index, std::pair<Candidates, Candidates>> by_identity;
    for (const Index at : base) by_identity[base_.identity[at]].first.push_back(at);
    for (const Index at : compare) by_identity[compare_.identity[at]].second.push_back(at);
    for (const auto& [identity, both] : by_identity) match_in_order(both.first, both.second);
  }

  void match_below_matched_parents() {
    match_siblings(base_.tree.roots, compare_.tree.roots);
    for (const Index at : base_.tree.walk) {  // parents first
      const Index other = matching_.compare_of[at];
      if (other == k_unmatched) continue;
      match_siblings(base_.tree.nodes[at].children, compare_.tree.nodes[other].children);
    }
  }

  /// Those that are left, by `key`, in the order of the walks.
  template <class Key>
  void match_rest(const Key& key) {
    std::map<decltype(key(base_, Index{})), std::pair<Candidates, Candidates>> groups;
    for (const Index at : base_.tree.walk) {
      if (matching_.compare_of[at] == k_unmatched) groups[key(base_, at)].first.push_back(at);
    }
    for (const Index at : compare_.tree.walk) {
      if (matching_.base_of[at] == k_unmatched) groups[key(compare_, at)].second.push_back(at);
    }
    for (const auto& [unused, both] : groups) match_in_order(both.first, both.second);
  }

  const MatchSide& base_;
  const MatchSide& compare_;
  SpanMatching matching_;
};

}  // namespace

SpanMatching match_spans(const MatchSide& base, const MatchSide& compare) {
  return Matcher(base, compare).run();
}

}  // namespace bl::traces
