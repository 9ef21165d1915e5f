#include "traces/store/answer_cache.h"

#include <fmt/format.h>

namespace bl::traces {
namespace {

std::size_t bytes_of(const AnyValue& value);

std::size_t bytes_of(const Attributes& attributes) {
  std::size_t bytes = 0;
  for (const Attribute& one : attributes) {
    bytes += sizeof(Attribute) + one.key.capacity() + bytes_of(one.value);
  }
  return bytes;
}

std::size_t bytes_of(const AnyValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.value)) return text->capacity();
  if (const auto* bytes = std::get_if<Bytes>(&value.value)) return bytes->bytes.capacity();
  if (const auto* map = std::get_if<Attributes>(&value.value)) return bytes_of(*map);
  std::size_t bytes = 0;
  if (const auto* array = std::get_if<Array>(&value.value)) {
    for (const AnyValue& one : *array) bytes += sizeof(AnyValue) + bytes_of(one);
  }
  return bytes;
}

Counter counter_of(Metrics& metrics, std::string_view what) {
  return metrics.counter("bl_traces_cache_total", "What happened to answers by id in the cache",
                         {{"event", std::string(what)}});
}

}  // namespace

std::size_t bytes_of(const Spans& spans) {
  std::size_t bytes = 0;
  const Resource* resource = nullptr;
  for (const Span& span : spans) {
    bytes += sizeof(Span) + span.name.capacity() + bytes_of(span.attributes);
    for (const SpanEvent& event : span.events) {
      bytes += sizeof(SpanEvent) + event.name.capacity() + bytes_of(event.attributes);
    }
    for (const SpanLink& link : span.links) bytes += sizeof(SpanLink) + bytes_of(link.attributes);
    if (resource != span.resource.get()) bytes += bytes_of(span.resource->attributes);
    resource = span.resource.get();
  }
  return bytes;
}

AnswerCache::AnswerCache(std::uint64_t bytes_max, Metrics& metrics)
    : bytes_max_(bytes_max),
      counters_(std::make_unique<std::array<std::atomic<std::uint64_t>, k_counters>>()),
      hits_(counter_of(metrics, "hit")),
      misses_(counter_of(metrics, "miss")),
      stale_(counter_of(metrics, "stale")),
      inserts_(counter_of(metrics, "insert")),
      evictions_(counter_of(metrics, "evict")),
      skips_(counter_of(metrics, "skip")),
      held_(metrics.gauge("bl_traces_cache_bytes", "Memory of answers by id in the cache", {})) {}

std::string AnswerCache::key_of(const TraceQuery& query) {
  std::string key = fmt::format("{} {} {} {}", query.id.hex(), query.hint_pad_ns, query.allow_full,
                                query.spans_max);
  if (query.hint) key += fmt::format(" h{} {}", query.hint->start_ns, query.hint->end_ns);
  if (query.after) {
    key += fmt::format(" a{} {} {}", query.after->start_ns, query.after->span_id.value,
                       static_cast<int>(query.after->kind));
  }
  if (query.family) key += fmt::format(" f{}", query.family->value);
  if (query.only) key += fmt::format(" o{}", static_cast<int>(*query.only));
  return key;
}

std::shared_ptr<const TraceAnswer> AnswerCache::find(const std::string& key,
                                                     std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) {
    misses_.add();
    return nullptr;
  }
  if (it->second->version != version) {
    stale_.add();
    bytes_ -= it->second->bytes;
    entries_.erase(it->second);
    by_key_.erase(it);
    return nullptr;
  }
  hits_.add();
  entries_.splice(entries_.begin(), entries_, it->second);
  return it->second->answer;
}

bool AnswerCache::takes(std::size_t bytes) {
  if (bytes <= bytes_max_ / 8) return true;
  skips_.add();
  return false;
}

void AnswerCache::add(const std::string& key, std::uint64_t version,
                      std::shared_ptr<const TraceAnswer> answer, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;
  entries_.push_front({key, version, std::move(answer), bytes + 2 * key.size()});
  by_key_.emplace(key, entries_.begin());
  bytes_ += entries_.front().bytes;
  inserts_.add();
  while (bytes_ > bytes_max_) {
    bytes_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
    evictions_.add();
  }
  held_.set(static_cast<double>(bytes_));
}

std::size_t AnswerCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace bl::traces
