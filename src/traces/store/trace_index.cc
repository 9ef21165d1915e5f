#include "traces/store/trace_index.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "base/numbers.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_manifest = "manifest";
constexpr std::string_view k_names = "names.json";
constexpr std::string_view k_suffix = ".segment";
constexpr std::uint64_t k_manifest_bytes_max = 256u << 20;

std::string with_sum(std::string text) {
  return fmt::format("{:016x}\n{}", xxh3_64(text), text);
}
std::optional<std::string_view> without_sum(std::string_view text) {
  if (text.size() < 17 || text[16] != '\n') return std::nullopt;
  const std::string_view body = text.substr(17);
  if (fmt::format("{:016x}", xxh3_64(body)) != text.substr(0, 16)) return std::nullopt;
  return body;
}

}  // namespace

std::optional<TraceBounds> TraceIndex::State::find(const TraceId& id) const {
  std::optional<TraceBounds> found;
  for (const auto& segment : segments) {
    const auto one = segment->find(id);
    if (!one) continue;
    if (found) {
      found->add(*one);
    } else {
      found = one;
    }
  }
  return found;
}

std::size_t TraceIndex::State::bytes() const {
  std::size_t bytes = 0;
  for (const auto& segment : segments) bytes += segment->bytes();
  for (const std::string& key : covered) bytes += key.size() + 64;
  return bytes;
}

bool TraceIndex::State::has(const TraceId& id) const {
  return std::ranges::any_of(segments, [&](const auto& segment) { return segment->has(id); });
}

Result<std::unique_ptr<TraceIndex>> TraceIndex::open(Disk& disk, const std::string& folder,
                                                     Log& log, NameLists& names,
                                                     std::size_t segments_max) {
  BL_RETURN_IF_ERROR(disk.make_folder(folder));
  std::unique_ptr<TraceIndex> index(new TraceIndex(disk, folder, segments_max));
  index->state_ = std::make_shared<State>();
  if (const auto loaded = index->load(names); !loaded.ok()) {
    if (loaded.error().code != Code::not_found) {
      log.warning("the index of traces is made anew", {{"why", loaded.error().message}});
    }
    index->state_ = std::make_shared<State>();
  }
  index->sweep(*index->state_);
  return index;
}

Result<void> TraceIndex::load(NameLists& names) {
  const std::string path = folder_ + "/" + std::string(k_manifest);
  BL_TRY(const std::string text, read_file(disk_, path, k_manifest_bytes_max));
  const auto body = without_sum(text);
  if (!body) return Error{Code::corrupt, "the manifest of the index is damaged: " + path};
  BL_TRY(const json::Value manifest, json::parse(*body));
  auto state = std::make_shared<State>();
  const json::Value* next = manifest.find("next");
  const json::Value* segments = manifest.find("segments");
  const json::Value* covered = manifest.find("covered");
  const bool ok = next != nullptr && next->is_number() && segments != nullptr &&
                  segments->is_array() && covered != nullptr && covered->is_array();
  if (!ok) return Error{Code::corrupt, "the manifest of the index is of another kind: " + path};
  next_ = static_cast<std::uint64_t>(next->as_int64().value_or(1));
  for (const json::Value& one : segments->items()) {
    BL_TRY(auto segment, TraceSegment::open(disk_, folder_ + "/" + one.as_string()));
    state->segments.push_back(std::move(segment));
  }
  for (const json::Value& one : covered->items()) state->covered.insert(one.as_string());
  // Who wrote before it was counted did not say.
  const json::Value* traces = manifest.find("traces");
  if (traces != nullptr && traces->is_number()) {
    state->traces = traces->as_int64().value_or(0);
  } else {
    for (SegmentWalk walk(state->segments); walk.next().has_value();) ++state->traces;
  }
  const std::string names_path = folder_ + "/" + std::string(k_names);
  BL_TRY(std::string saved, read_file(disk_, names_path, k_manifest_bytes_max));
  const auto lists = without_sum(saved);
  if (!lists) return Error{Code::corrupt, "the names of the index are damaged: " + names_path};
  BL_RETURN_IF_ERROR(names.read(*lists));
  saved_names_ = *lists;
  state_ = std::move(state);
  return {};
}

std::shared_ptr<const TraceIndex::State> TraceIndex::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string TraceIndex::new_path() {
  return fmt::format("{}/{:08d}{}", folder_, next_++, k_suffix);
}

// The names first: what the manifest covers has its names there.
Result<void> TraceIndex::save(const State& state, const NameLists& names) {
  std::string lists = names.text();
  if (lists != saved_names_) {
    BL_RETURN_IF_ERROR(write_file_atomically(disk_, folder_ + "/" + std::string(k_names),
                                             with_sum(lists), FileMode::normal));
    saved_names_ = std::move(lists);
  }
  std::string manifest;
  json::Writer out(manifest);
  out.begin_object()
      .member("next", next_)
      .member("traces", state.traces)
      .key("segments")
      .begin_array();
  for (const auto& segment : state.segments) {
    out.value(segment->path().substr(folder_.size() + 1));
  }
  out.end_array().key("covered").begin_array();
  for (const std::string& key : state.covered) out.value(key);
  out.end_array().end_object();
  return write_file_atomically(disk_, folder_ + "/" + std::string(k_manifest),
                               with_sum(std::move(manifest)), FileMode::normal);
}

// The smallest, as long as the next is not far larger than all of them together: each record is
// written a few times in its life.
Result<void> TraceIndex::merge(State& state) {
  if (state.segments.size() <= segments_max_) return {};
  std::ranges::sort(state.segments, {}, [](const auto& one) { return one->traces(); });
  std::size_t count = 2, sum = state.segments[0]->traces() + state.segments[1]->traces();
  while (count < state.segments.size() && (state.segments.size() - count >= segments_max_ ||
                                           state.segments[count]->traces() <= 2 * sum)) {
    sum += state.segments[count++]->traces();
  }
  const auto end = state.segments.begin() + static_cast<std::ptrdiff_t>(count);
  const std::string path = new_path();
  BL_RETURN_IF_ERROR(merge_segments(disk_, {state.segments.begin(), end}, path));
  BL_TRY(auto merged, TraceSegment::open(disk_, path));
  state.segments.erase(state.segments.begin(), end);
  state.segments.push_back(std::move(merged));
  return {};
}

// What no manifest names any more; a reader that has it mapped goes on.
void TraceIndex::sweep(const State& state) {
  const auto names = disk_.list(folder_);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (!name.ends_with(k_suffix)) continue;
    const std::string path = folder_ + "/" + name;
    const auto is_this = [&](const auto& segment) { return segment->path() == path; };
    if (!std::ranges::any_of(state.segments, is_this)) (void)disk_.remove(path).ok();
  }
}

Result<void> TraceIndex::add(const std::string& file_key, const SegmentWriter& records,
                             const NameLists& names,
                             const std::function<bool(const std::string&)>& is_there) {
  auto next = std::make_shared<State>(*state());
  if (!records.empty()) {
    const std::string path = new_path();
    BL_RETURN_IF_ERROR(records.write(disk_, path));
    BL_TRY(auto segment, TraceSegment::open(disk_, path));
    for (std::size_t i = 0; i < segment->traces(); ++i) {
      next->traces += next->has(segment->id(i)) ? 0 : 1;
    }
    next->segments.push_back(std::move(segment));
  }
  std::erase_if(next->covered, [&](const std::string& key) { return !is_there(key); });
  next->covered.insert(file_key);
  const std::size_t before = next->segments.size();
  BL_RETURN_IF_ERROR(merge(*next));
  BL_RETURN_IF_ERROR(save(*next, names));
  if (next->segments.size() < before) sweep(*next);
  const std::lock_guard lock(mutex_);
  state_ = std::move(next);
  return {};
}

Result<void> TraceIndex::forget(std::int64_t before_ns,
                                const std::function<bool(const std::string&)>& stays,
                                const NameLists& names) {
  auto next = std::make_shared<State>(*state());
  std::erase_if(next->covered, [&](const std::string& key) { return !stays(key); });
  BL_RETURN_IF_ERROR(drop_older(*next, before_ns));
  BL_RETURN_IF_ERROR(save(*next, names));
  sweep(*next);
  const std::lock_guard lock(mutex_);
  state_ = std::move(next);
  return {};
}

// All segments become one, when one of them has such a trace.
Result<void> TraceIndex::drop_older(State& state, std::int64_t before_ns) {
  const auto stays = [&](const TraceBounds& bounds) { return bounds.end_ns >= before_ns; };
  const auto has_older = [&](const auto& segment) {
    for (std::size_t i = 0; i < segment->traces(); ++i) {
      if (segment->end_ns(i) < before_ns) return true;
    }
    return false;
  };
  if (!std::ranges::any_of(state.segments, has_older)) return {};
  const std::string path = new_path();
  BL_RETURN_IF_ERROR(merge_segments(disk_, state.segments, path, stays));
  BL_TRY(auto merged, TraceSegment::open(disk_, path));
  state.traces = static_cast<std::int64_t>(merged->traces());
  state.segments.clear();
  if (merged->traces() > 0) state.segments.push_back(std::move(merged));
  return {};
}

}  // namespace bl::traces
