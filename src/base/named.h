#pragma once

#include <compare>
#include <functional>
#include <utility>

namespace bl {

/// A value whose type says what it means: a run id cannot be passed where a result id is wanted.
/// `using RunId = Named<struct RunIdTag, std::string>;`
template <class Tag, class T>
struct Named {
  T v{};
  auto operator<=>(const Named&) const = default;
  bool operator==(const Named&) const = default;
};

}  // namespace bl

template <class Tag, class T>
struct std::hash<bl::Named<Tag, T>> {
  std::size_t operator()(const bl::Named<Tag, T>& named) const { return std::hash<T>{}(named.v); }
};
