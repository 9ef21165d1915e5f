#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/search.h"
#include "net/router.h"

/// One search box over everything: asks each domain in turn and shows all answers together.
namespace bl::app {

/// A domain's own search. Threads: any.
using SearchSource =
    std::function<Result<std::vector<SearchHit>>(std::string_view text, int count_max)>;

/// GET /api/v1/search?q=&limit=: at most `limit` hits of each source, in the sources' order.
void add_search_routes(net::Router& router, std::vector<SearchSource> sources);

}  // namespace bl::app
