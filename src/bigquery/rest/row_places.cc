#include "bigquery/rest/row_places.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/numbers.h"

namespace bl::bigquery::rest {
namespace {

struct Token {
  std::uint64_t id = 0;
  std::int64_t row = 0;
};

std::string text_of(const Token& token) {
  const std::string text = fmt::format("{} {}", static_cast<std::int64_t>(token.id), token.row);
  return base64url(std::as_bytes(std::span(text)));
}

std::optional<Token> token_of(std::string_view text) {
  const auto plain = base64url_decode(text);
  if (!plain) return std::nullopt;
  const std::size_t blank = plain->find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const auto id = parse_int64(std::string_view(*plain).substr(0, blank));
  const auto row = parse_int64(std::string_view(*plain).substr(blank + 1));
  if (!id || !row || *row < 0) return std::nullopt;
  return Token{static_cast<std::uint64_t>(*id), *row};
}

}  // namespace

std::string RowPlaces::put(Place place) {
  const std::uint64_t id = random_.next_u64();
  const std::int64_t row = place.row;
  const auto now = clock_.steady_now();
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const auto& one) { return now - one.second.used > known_for_; });
  if (kept_.size() >= count_max_) {
    kept_.erase(
        std::ranges::min_element(kept_, {}, [](const auto& one) { return one.second.used; }));
  }
  kept_.insert_or_assign(id, Kept{std::move(place), now});
  return text_of({id, row});
}

std::string RowPlaces::token_at(std::string_view token, std::int64_t row) {
  const auto known = token_of(token);
  BL_CHECK(known.has_value());
  return text_of({known->id, row});
}

Result<RowPlaces::Place> RowPlaces::find(const std::string& token, std::int64_t table) {
  const auto wanted = token_of(token);
  const auto now = clock_.steady_now();
  const std::lock_guard lock(mutex_);
  const auto found = wanted ? kept_.find(wanted->id) : kept_.end();
  if (found == kept_.end() || found->second.place.table != table ||
      now - found->second.used > known_for_ || wanted->row > found->second.place.snapshot.rows()) {
    return Error{Code::invalid, "Invalid value for pageToken: begin anew without it: " + token};
  }
  found->second.used = now;
  Place place = found->second.place;
  place.row = wanted->row;
  return place;
}

}  // namespace bl::bigquery::rest
