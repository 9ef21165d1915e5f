#include <fmt/format.h>

#include "results/read_freshness.h"

namespace bl::results {
namespace {

thread_local ReadFreshness* asked = nullptr;

}  // namespace

ReadFreshness::ReadFreshness() {
  asked = this;
}

ReadFreshness::~ReadFreshness() {
  asked = nullptr;
}

void ReadFreshness::note_lake(std::int64_t place, double seconds_behind) {
  if (asked == nullptr || asked->is_lake_) return;
  asked->is_lake_ = true;
  asked->place_ = place;
  asked->seconds_behind_ = seconds_behind;
}

void ReadFreshness::tell(net::Response& response) const {
  response.headers.add("Benchlake-Answered-By", is_lake_ ? "lake" : "store");
  if (!is_lake_) return;
  response.headers.add("Benchlake-Lake-Place", std::to_string(place_));
  response.headers.add("Benchlake-Lake-Behind", fmt::format("{:.3f}", seconds_behind_));
}

net::Handler telling_freshness(net::Handler handler) {
  return [handler = std::move(handler)](net::Request& request) {
    if (!net::equal_without_case(request.headers.get("Benchlake-Freshness"), "ask")) {
      return handler(request);
    }
    const ReadFreshness freshness;
    net::Response response = handler(request);
    freshness.tell(response);
    return response;
  };
}

}  // namespace bl::results
