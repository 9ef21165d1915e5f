#include "traces/store/name_lists.h"

#include <algorithm>
#include <mutex>

#include "traces/store/json_text.h"

namespace bl::traces {

void NameLists::add(const Spans& spans) {
  Found found;
  const auto add_keys = [&](AttributePlace place, const Attributes& list) {
    for (const Attribute& one : list) found.keys.emplace(place, one.key);
  };
  const Resource* resource = nullptr;
  const Scope* scope = nullptr;
  std::string_view service;
  for (const Span& span : spans) {
    if (resource != span.resource.get()) {
      resource = span.resource.get();
      service = service_of(*resource);
      add_keys(AttributePlace::resource, resource->attributes);
    }
    if (scope != span.scope.get()) {
      scope = span.scope.get();
      add_keys(AttributePlace::scope, scope->attributes);
    }
    found.operations.emplace(service, std::pair(span.kind, std::string_view(span.name)));
    add_keys(AttributePlace::span, span.attributes);
    for (const SpanEvent& event : span.events) add_keys(AttributePlace::event, event.attributes);
    for (const SpanLink& link : span.links) add_keys(AttributePlace::link, link.attributes);
  }
  {
    // Nearly always all of it is known.
    const std::shared_lock lock(mutex_);
    std::erase_if(found.operations, [&](const auto& one) {
      const auto at = operations_.find(one.first);
      return at != operations_.end() &&
             at->second.contains(KindAndName(one.second.first, one.second.second));
    });
    std::erase_if(found.keys, [&](const auto& one) {
      const auto at = keys_.find(one.first);
      return at != keys_.end() && at->second.contains(one.second);
    });
  }
  if (!found.operations.empty() || !found.keys.empty()) keep(found);
}

bool NameLists::has_room() {
  if (count_ < names_max_) {
    ++count_;
    return true;
  }
  ++left_out_;
  return false;
}

void NameLists::keep(const Found& found) {
  const std::unique_lock lock(mutex_);
  for (const auto& [service, operation] : found.operations) {
    const KindAndName one(operation.first, operation.second);
    auto at = operations_.find(service);
    if (at != operations_.end() && at->second.contains(one)) continue;
    if (!has_room()) continue;
    if (at == operations_.end()) at = operations_.try_emplace(std::string(service)).first;
    at->second.insert(one);
  }
  for (const auto& [place, key] : found.keys) {
    auto& keys = keys_[place];
    if (!keys.contains(key) && has_room()) keys.emplace(key);
  }
}

std::vector<std::string> NameLists::services() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> out;
  out.reserve(operations_.size());
  for (const auto& [service, operations] : operations_) out.push_back(service);
  return out;
}

std::vector<Operation> NameLists::operations(std::string_view service,
                                             std::optional<SpanKind> kind) const {
  std::vector<Operation> out;
  {
    const std::shared_lock lock(mutex_);
    const auto at = operations_.find(service);
    if (at == operations_.end()) return out;
    for (const auto& [of_kind, name] : at->second) {
      if (!kind || of_kind == *kind) out.push_back({name, of_kind});
    }
  }
  std::ranges::sort(out, [](const Operation& a, const Operation& b) {
    return std::tie(a.name, a.kind) < std::tie(b.name, b.kind);
  });
  return out;
}

std::vector<AttributeKey> NameLists::keys(std::optional<AttributePlace> place) const {
  const std::shared_lock lock(mutex_);
  std::vector<AttributeKey> out;
  for (const auto& [where, keys] : keys_) {
    if (place && *place != AttributePlace::any && *place != where) continue;
    for (const std::string& key : keys) out.push_back({where, key});
  }
  return out;
}

// As an attribute list, whose JSON is there already: service -> [kind, name, ...], place -> keys.
std::string NameLists::text() const {
  Attributes operations, keys;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [service, all] : operations_) {
      Array list;
      for (const auto& [kind, name] : all) {
        list.emplace_back(static_cast<std::int64_t>(kind));
        list.emplace_back(name);
      }
      operations.push_back({service, AnyValue(std::move(list))});
    }
    for (const auto& [place, all] : keys_) {
      Array list;
      for (const std::string& key : all) list.emplace_back(key);
      keys.push_back({std::to_string(static_cast<int>(place)), AnyValue(std::move(list))});
    }
  }
  std::string out = "{";
  append_key(out, "operations");
  append_json(out, operations);
  out += ',';
  append_key(out, "keys");
  append_json(out, keys);
  return out + "}";
}

Result<void> NameLists::read(std::string_view text) {
  const Error damaged(Code::corrupt, "the lists of names of the index of traces are damaged");
  Attributes operations, keys;
  JsonCursor in(text);
  const bool ok = in.members([&](const std::string& key) {
    if (key == "operations") return in.attributes(operations);
    return key == "keys" && in.attributes(keys);
  });
  if (!ok || !in.at_end()) return damaged;
  Found found;
  for (const Attribute& service : operations) {
    const auto* list = std::get_if<Array>(&service.value.value);
    if (list == nullptr || list->size() % 2 != 0) return damaged;
    for (std::size_t i = 0; i < list->size(); i += 2) {
      const auto* kind = std::get_if<std::int64_t>(&(*list)[i].value);
      const auto* name = std::get_if<std::string>(&(*list)[i + 1].value);
      if (kind == nullptr || name == nullptr) return damaged;
      found.operations.emplace(service.key,
                               std::pair(static_cast<SpanKind>(*kind), std::string_view(*name)));
    }
  }
  for (const Attribute& place : keys) {
    const auto* list = std::get_if<Array>(&place.value.value);
    if (list == nullptr || place.key.size() != 1) return damaged;
    for (const AnyValue& one : *list) {
      const auto* key = std::get_if<std::string>(&one.value);
      if (key == nullptr) return damaged;
      found.keys.emplace(static_cast<AttributePlace>(place.key[0] - '0'), *key);
    }
  }
  keep(found);
  return {};
}

std::size_t NameLists::bytes() const {
  const std::shared_lock lock(mutex_);
  constexpr std::size_t k_node = 96;
  return count_ * k_node;
}

std::size_t NameLists::left_out() const {
  const std::shared_lock lock(mutex_);
  return left_out_;
}

}  // namespace bl::traces
