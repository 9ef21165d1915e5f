#include "traces/api/places.h"

#include <array>

namespace bl::traces {
namespace {

constexpr std::array<std::pair<AttributePlace, std::string_view>, 6> k_places = {
    {{AttributePlace::span, "span"},
     {AttributePlace::resource, "resource"},
     {AttributePlace::scope, "scope"},
     {AttributePlace::event, "event"},
     {AttributePlace::link, "link"},
     {AttributePlace::any, "any"}}};

}  // namespace

std::string_view name_of(AttributePlace place) {
  for (const auto& [one, name] : k_places) {
    if (one == place) return name;
  }
  return {};
}

std::optional<AttributePlace> attribute_place_named(std::string_view name) {
  for (const auto& [place, one] : k_places) {
    if (one == name) return place;
  }
  return std::nullopt;
}

}  // namespace bl::traces
