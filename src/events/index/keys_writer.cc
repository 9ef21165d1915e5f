#include "events/index/keys_writer.h"

#include <algorithm>
#include <limits>

namespace bl::events::index {
namespace {

constexpr std::array<Kind, k_kinds> k_all_kinds{Kind::build, Kind::partition, Kind::run,
                                                Kind::label};

template <class T>
Result<void> write_section(SectionWriter& out, std::span<const T> values) {
  BL_RETURN_IF_ERROR(out.append_all(values));
  return out.end_section();
}
template <class T>
Result<void> write_section(SectionWriter& out, const std::vector<T>& values) {
  return write_section(out, std::span<const T>(values));
}
template <class T>
Result<void> append_value(SectionWriter& out, const T& value) {
  return out.append_all(std::span<const T>(&value, 1));
}

/// Half as many slots again as ids: a search looks at about two.
std::uint64_t slots_for(std::uint64_t ids) {
  return ids + ids / 2;
}

/// Writes ids that come by their hash, each where it says or behind.
class IdWriter {
 public:
  IdWriter(SectionWriter& out, std::uint64_t slots) : out_(out), slots_(slots) {}
  Result<void> add(std::uint64_t id) {
    const std::uint64_t wanted = id_slot(id >> 32, slots_);
    for (; at_ < wanted; ++at_) BL_RETURN_IF_ERROR(append_value(out_, std::uint64_t{0}));
    ++at_;
    return append_value(out_, id);
  }
  Result<void> finish() {
    for (; at_ < slots_; ++at_) BL_RETURN_IF_ERROR(append_value(out_, std::uint64_t{0}));
    return out_.end_section();
  }

 private:
  SectionWriter& out_;
  std::uint64_t slots_;
  std::uint64_t at_ = 0;
};

std::array<std::int64_t, k_key_facts> numbers(const KeyFacts& facts) {
  std::array<std::int64_t, k_key_facts> numbers{};
  static_assert(sizeof numbers == sizeof facts);
  std::copy_n(reinterpret_cast<const std::int64_t*>(&facts), k_key_facts, numbers.begin());
  return numbers;
}

// -- of a part in memory

Result<void> write_lists(SectionWriter& out, const MemoryPart& part, Kind kind) {
  const std::vector<MemoryPart::Posting> postings = part.postings(kind);
  std::vector<KeyList> lists;
  std::vector<std::uint32_t> places(postings.size());
  const auto time_of = [&](std::uint32_t place) {
    return part.row(part.first() + place).timestamp;
  };
  for (std::size_t i = 0; i < postings.size(); ++i) {
    places[i] = postings[i].place;
    if (lists.empty() || lists.back().code != postings[i].code) {
      KeyList list;
      list.code = postings[i].code;
      list.first = static_cast<std::uint32_t>(i);
      lists.push_back(list);
    } else if (time_of(places[i]) < time_of(places[i - 1])) {
      lists.back().is_by_time = 1;
    }
    lists.back().count = lists.back().count + 1;
  }
  for (const KeyList& list : lists) {
    if (list.is_by_time == 0) continue;
    const auto begin = places.begin() + list.first;
    std::sort(begin, begin + list.count, [&](std::uint32_t a, std::uint32_t b) {
      return Hit{time_of(a), a} < Hit{time_of(b), b};
    });
  }
  BL_RETURN_IF_ERROR(write_section(out, lists));
  return write_section(out, places);
}

template <class State>
Result<void> write_changes(SectionWriter& out, const EntityChanges<State>& changes) {
  std::vector<std::uint32_t> sizes;
  sizes.reserve(changes.texts.size());
  for (const std::string& text : changes.texts)
    sizes.push_back(static_cast<std::uint32_t>(text.size()));
  BL_RETURN_IF_ERROR(write_section(out, sizes));
  for (const std::string& text : changes.texts) BL_RETURN_IF_ERROR(out.append(text));
  BL_RETURN_IF_ERROR(out.end_section());
  BL_RETURN_IF_ERROR(write_section(out, changes.codes));
  return write_section(out, changes.states);
}

Result<void> write_changes(SectionWriter& out, const AllChanges& changes, Kind kind) {
  switch (kind) {
    case Kind::build:
      return write_changes(out, changes.builds);
    case Kind::partition:
      return write_changes(out, changes.partitions);
    case Kind::run:
      return write_changes(out, changes.runs);
    case Kind::label:
      break;
  }
  return write_changes(out, changes.labels);
}

Result<void> write_ids(SectionWriter& out, const MemoryPart& part, std::uint64_t slots) {
  std::vector<std::uint64_t> ids;
  ids.reserve(part.times().size());
  for (std::int64_t place = part.first(); place < part.end(); ++place) {
    const StoredRow row = part.row(place);
    if (row.tag.is_repeated()) continue;
    const std::uint64_t hash = EventKey{row.id, !row.tag.has_text_id()}.hash();
    ids.push_back(hash >> 32 << 32 | static_cast<std::uint64_t>(place - part.first() + 1));
  }
  std::sort(ids.begin(), ids.end());
  IdWriter writer(out, slots);
  for (const std::uint64_t id : ids) BL_RETURN_IF_ERROR(writer.add(id));
  return writer.finish();
}

bool has_plain_times(const MemoryPart& part) {
  const auto times = part.times();
  return static_cast<std::int64_t>(times.size()) == part.end() - part.first() &&
         std::is_sorted(times.begin(), times.end(),
                        [](const Hit& a, const Hit& b) { return a.place < b.place; });
}
Result<void> write_times(SectionWriter& out, const MemoryPart& part) {
  std::vector<std::uint32_t> places;
  for (const Hit& hit : part.times())
    places.push_back(static_cast<std::uint32_t>(hit.place - part.first()));
  return write_section(out, places);
}

}  // namespace

Result<FileIdentity> write_keys(Disk& disk, const std::string& path, const MemoryPart& part,
                                const AllChanges& changes) {
  BL_TRY(SectionWriter out, SectionWriter::create(disk, path));
  for (const Kind kind : k_all_kinds) {
    BL_RETURN_IF_ERROR(write_lists(out, part, kind));
    BL_RETURN_IF_ERROR(write_changes(out, changes, kind));
  }
  KeyFacts facts;
  facts.first = part.first();
  facts.end = part.end();
  if (!part.times().empty()) {
    facts.time_min = part.times().front().timestamp;
    facts.time_max = part.times().back().timestamp;
  }
  facts.id_slots = static_cast<std::int64_t>(slots_for(part.times().size()));
  facts.texts_first = {changes.builds.first, changes.partitions.first, changes.runs.first,
                       changes.labels.first};
  BL_RETURN_IF_ERROR(write_ids(out, part, static_cast<std::uint64_t>(facts.id_slots)));
  facts.is_plain = has_plain_times(part) ? 1 : 0;
  if (facts.is_plain != 0) {
    BL_RETURN_IF_ERROR(out.end_section());
  } else {
    BL_RETURN_IF_ERROR(write_times(out, part));
  }
  return out.finish(numbers(facts));
}

// -- of files
namespace {

using Files = std::span<const std::shared_ptr<const KeysFile>>;

/// Calls `visit(code, heads)` for each code of sorted runs, ascending; `heads` has the runs' index
/// and the position of the code in each that has it, in the runs' order.
struct Head {
  std::size_t run, at;
};
template <class CodeAt, class Visit>
Result<void> merge_codes(const std::vector<std::size_t>& sizes, CodeAt&& code_at, Visit&& visit) {
  std::vector<std::size_t> next(sizes.size());
  std::vector<Head> heads;
  for (;;) {
    std::uint64_t lowest = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t run = 0; run < sizes.size(); ++run)
      if (next[run] < sizes[run]) lowest = std::min<std::uint64_t>(lowest, code_at(run, next[run]));
    if (lowest == std::numeric_limits<std::uint64_t>::max()) return {};
    heads.clear();
    for (std::size_t run = 0; run < sizes.size(); ++run)
      if (next[run] < sizes[run] && code_at(run, next[run]) == lowest)
        heads.push_back({run, next[run]++});
    BL_RETURN_IF_ERROR(visit(static_cast<std::uint32_t>(lowest), heads));
  }
}

Result<void> merge_lists(SectionWriter& out, Files files, const Rows& rows, Kind kind) {
  std::vector<std::size_t> sizes;
  std::uint64_t postings = 0;
  for (const auto& file : files) {
    sizes.push_back(file->lists(kind).size());
    postings += file->postings(kind).size();
  }
  if (postings > std::numeric_limits<std::uint32_t>::max())
    return Error{Code::too_large,
                 "the index has more than 4 G postings in one file: " + std::to_string(postings)};
  const auto code_at = [&](std::size_t run, std::size_t at) {
    return files[run]->lists(kind)[at].code;
  };
  const std::int64_t first = files.front()->first();
  const auto time_of = [&](std::uint32_t place) { return rows.record(first + place).timestamp; };
  // Lists first, in the file as well; whether one is by time is seen at the seams.
  std::vector<KeyList> lists;
  std::uint64_t total = 0;
  const auto place_of = [&](const Head& head, std::uint32_t nth) {
    const KeysFile& file = *files[head.run];
    const KeyList& list = file.lists(kind)[head.at];
    return static_cast<std::uint32_t>(file.first() - first) + file.postings(kind)[list.first + nth];
  };
  BL_RETURN_IF_ERROR(merge_codes(sizes, code_at, [&](std::uint32_t code, const auto& heads) {
    KeyList merged;
    merged.code = code;
    merged.first = static_cast<std::uint32_t>(total);
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const KeyList& list = files[heads[i].run]->lists(kind)[heads[i].at];
      total += list.count;
      bool is_by_time = list.is_by_time != 0;
      if (i != 0 && !is_by_time) {
        const KeyList& before = files[heads[i - 1].run]->lists(kind)[heads[i - 1].at];
        is_by_time =
            time_of(place_of(heads[i], 0)) < time_of(place_of(heads[i - 1], before.count - 1));
      }
      if (is_by_time) merged.is_by_time = 1;
    }
    merged.count = static_cast<std::uint32_t>(total - merged.first) & 0x7fffffff;
    lists.push_back(merged);
    return Result<void>();
  }));
  BL_RETURN_IF_ERROR(write_section(out, lists));
  std::size_t at = 0;
  std::vector<std::uint32_t> places;
  BL_RETURN_IF_ERROR(merge_codes(sizes, code_at, [&](std::uint32_t, const auto& heads) {
    places.clear();
    for (const Head& head : heads)
      for (std::uint32_t i = 0; i < files[head.run]->lists(kind)[head.at].count; ++i)
        places.push_back(place_of(head, i));
    if (lists[at++].is_by_time != 0)
      std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
        return Hit{time_of(a), a} < Hit{time_of(b), b};
      });
    return out.append_all(std::span<const std::uint32_t>(places));
  }));
  return out.end_section();
}

template <class State>
Result<void> merge_states(SectionWriter& out, Files files, Kind kind) {
  for (const auto& file : files)
    BL_RETURN_IF_ERROR(out.append_all(file->all<std::uint32_t>(kind, k_text_sizes)));
  BL_RETURN_IF_ERROR(out.end_section());
  for (const auto& file : files) BL_RETURN_IF_ERROR(out.append(file->texts(kind)));
  BL_RETURN_IF_ERROR(out.end_section());
  std::vector<std::size_t> sizes;
  for (const auto& file : files)
    sizes.push_back(file->all<std::uint32_t>(kind, k_state_codes).size());
  const auto code_at = [&](std::size_t run, std::size_t at) {
    return files[run]->all<std::uint32_t>(kind, k_state_codes)[at];
  };
  BL_RETURN_IF_ERROR(merge_codes(
      sizes, code_at, [&](std::uint32_t code, const auto&) { return append_value(out, code); }));
  BL_RETURN_IF_ERROR(out.end_section());
  BL_RETURN_IF_ERROR(merge_codes(sizes, code_at, [&](std::uint32_t, const auto& heads) {
    const Head& newest = heads.back();
    return append_value(out, files[newest.run]->all<State>(kind, k_states)[newest.at]);
  }));
  return out.end_section();
}

Result<void> merge_states(SectionWriter& out, Files files, Kind kind) {
  switch (kind) {
    case Kind::build:
      return merge_states<BuildState>(out, files, kind);
    case Kind::partition:
      return merge_states<PartitionRefState>(out, files, kind);
    case Kind::run:
      return merge_states<RunState>(out, files, kind);
    case Kind::label:
      break;
  }
  return merge_states<LabelState>(out, files, kind);
}

Result<void> merge_ids(SectionWriter& out, Files files, std::uint64_t slots) {
  std::vector<std::span<const std::uint64_t>> rests;
  for (const auto& file : files) rests.push_back(file->ids());
  IdWriter writer(out, slots);
  const auto pass_gaps = [](std::span<const std::uint64_t>& rest) {
    while (!rest.empty() && rest.front() == 0) rest = rest.subspan(1);
  };
  for (auto& rest : rests) pass_gaps(rest);
  for (;;) {
    std::size_t lowest = rests.size();
    for (std::size_t i = 0; i < rests.size(); ++i) {
      if (rests[i].empty()) continue;
      if (lowest == rests.size() || rests[i].front() >> 32 < rests[lowest].front() >> 32)
        lowest = i;
    }
    if (lowest == rests.size()) return writer.finish();
    const auto base = static_cast<std::uint64_t>(files[lowest]->first() - files.front()->first());
    BL_RETURN_IF_ERROR(writer.add(rests[lowest].front() + base));
    rests[lowest] = rests[lowest].subspan(1);
    pass_gaps(rests[lowest]);
  }
}

bool have_plain_times(Files files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i]->facts().is_plain == 0) return false;
    if (i != 0 && files[i]->facts().time_min < files[i - 1]->facts().time_max) return false;
  }
  return true;
}

Result<void> merge_times(SectionWriter& out, Files files, const Rows& rows) {
  struct Run {
    const KeysFile* file;
    std::size_t at;
    Hit head;
  };
  std::vector<Run> runs;
  const auto read_head = [&](Run& run) {
    const std::int64_t place = run.file->place_by_time(run.at);
    run.head = {rows.record(place).timestamp, place};
  };
  for (const auto& file : files) {
    if (file->timed_events() == 0) continue;
    runs.push_back({file.get(), 0, {}});
    read_head(runs.back());
  }
  while (!runs.empty()) {
    const auto lowest = std::min_element(
        runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.head < b.head; });
    BL_RETURN_IF_ERROR(
        append_value(out, static_cast<std::uint32_t>(lowest->head.place - files.front()->first())));
    if (++lowest->at < lowest->file->timed_events()) {
      read_head(*lowest);
    } else {
      runs.erase(lowest);
    }
  }
  return out.end_section();
}

}  // namespace

Result<FileIdentity> merge_keys(Disk& disk, const std::string& path, Files files,
                                const Rows& rows) {
  BL_TRY(SectionWriter out, SectionWriter::create(disk, path));
  for (const Kind kind : k_all_kinds) {
    BL_RETURN_IF_ERROR(merge_lists(out, files, rows, kind));
    BL_RETURN_IF_ERROR(merge_states(out, files, kind));
  }
  KeyFacts facts = files.front()->facts();
  facts.end = files.back()->end();
  std::uint64_t ids = 0;
  for (const auto& file : files) {
    facts.time_min = std::min(facts.time_min, file->facts().time_min);
    facts.time_max = std::max(facts.time_max, file->facts().time_max);
    ids += static_cast<std::uint64_t>(std::count_if(file->ids().begin(), file->ids().end(),
                                                    [](std::uint64_t id) { return id != 0; }));
  }
  facts.id_slots = static_cast<std::int64_t>(slots_for(ids));
  BL_RETURN_IF_ERROR(merge_ids(out, files, static_cast<std::uint64_t>(facts.id_slots)));
  facts.is_plain = have_plain_times(files) ? 1 : 0;
  if (facts.is_plain != 0) {
    BL_RETURN_IF_ERROR(out.end_section());
  } else {
    BL_RETURN_IF_ERROR(merge_times(out, files, rows));
  }
  return out.finish(numbers(facts));
}

}  // namespace bl::events::index
