#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "bigquery/rest/state.h"

namespace bl::bigquery::rest {

template <class T>
struct ListPage {
  std::span<const T> items;
  std::string next_token;  ///< empty: nothing is behind them
};

/// The page of a list that is ordered by name: what comes behind `pageToken`, at most `maxResults`.
/// Keep `all`. Errors: invalid.
template <class T>
Result<ListPage<T>> page_of(const Call& call, const std::vector<T>& all,
                            const std::string& (*name_of)(const T&)) {
  BL_TRY(const std::string begin, page_begin(call.request));
  BL_TRY(const auto wanted, integer_parameter(call.request, "maxResults"));
  const std::size_t most = call.state.limits.items_max;
  const std::size_t count_max =
      wanted && *wanted > 0 ? std::min(static_cast<std::size_t>(*wanted), most) : most;
  const auto first =
      begin.empty() ? all.begin() : std::ranges::upper_bound(all, begin, {}, name_of);
  const auto left = static_cast<std::size_t>(all.end() - first);
  ListPage<T> page{std::span<const T>(first, std::min(left, count_max)), ""};
  if (left > count_max) page.next_token = page_token(name_of(page.items.back()));
  return page;
}

}  // namespace bl::bigquery::rest
