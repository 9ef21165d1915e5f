#include <algorithm>
#include <bit>

#include "traces/model.h"

namespace bl::traces {
namespace {

bool same(const AnyValue::Value& a, const AnyValue::Value& b) {
  if (a.index() != b.index()) return false;
  if (const double* number = std::get_if<double>(&a)) {
    const double other = std::get<double>(b);
    if (*number != *number || other != other) return *number != *number && other != other;
    return std::bit_cast<std::uint64_t>(*number) == std::bit_cast<std::uint64_t>(other);
  }
  return a == b;
}

std::size_t make_canonical(AnyValue& value) {
  std::size_t gone = 0;
  if (auto* array = std::get_if<Array>(&value.value)) {
    for (AnyValue& element : *array) gone += make_canonical(element);
  } else if (auto* members = std::get_if<Attributes>(&value.value)) {
    gone += traces::make_canonical(*members);
  }
  return gone;
}

}  // namespace

AnyValue::AnyValue() = default;
AnyValue::AnyValue(const AnyValue&) = default;
AnyValue::AnyValue(AnyValue&&) noexcept = default;
AnyValue& AnyValue::operator=(const AnyValue&) = default;
AnyValue& AnyValue::operator=(AnyValue&&) noexcept = default;
AnyValue::~AnyValue() = default;
bool AnyValue::operator==(const AnyValue& other) const {
  return same(value, other.value);
}

const AnyValue* find(const Attributes& attributes, std::string_view key) {
  for (auto it = attributes.rbegin(); it != attributes.rend(); ++it) {
    if (it->key == key) return &it->value;
  }
  return nullptr;
}

std::size_t make_canonical(Attributes& attributes) {
  std::size_t gone = 0;
  for (Attribute& one : attributes) gone += make_canonical(one.value);
  std::ranges::stable_sort(attributes, {}, &Attribute::key);
  // Of equal keys the last one: it stands last among its equals.
  auto keep = attributes.begin();
  for (auto it = attributes.begin(); it != attributes.end(); ++it) {
    const bool is_last = std::next(it) == attributes.end() || std::next(it)->key != it->key;
    if (!is_last) continue;
    if (keep != it) *keep = std::move(*it);
    ++keep;
  }
  gone += static_cast<std::size_t>(attributes.end() - keep);
  attributes.erase(keep, attributes.end());
  return gone;
}

std::size_t make_canonical(Resource& resource) {
  return make_canonical(resource.attributes);
}
std::size_t make_canonical(Scope& scope) {
  return make_canonical(scope.attributes);
}

std::size_t make_canonical(Span& span) {
  std::size_t gone = make_canonical(span.attributes);
  for (SpanEvent& event : span.events) gone += make_canonical(event.attributes);
  for (SpanLink& link : span.links) gone += make_canonical(link.attributes);
  return gone;
}

}  // namespace bl::traces
