#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>

#include "base/hash.h"
#include "traces/store/attribute_scan.h"
#include "traces/store/group_facts.h"
#include "traces/store/text_filter.h"

// A file of facts: magic, counts, the key of the file that it is of, for each group a record, for
// each service the end of its name, the names in their order, the services of each group with their
// durations, the words of the filters; then the sum of all that. Little endian, as everywhere where
// this runs.
namespace bl::traces {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t k_services_max = 0xFFFF;  // a number has 16 bits; with more, none are kept

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// Hashes, each once. One thread.
class HashSet {
 public:
  HashSet() : slots_(1u << 12) {}
  bool add(std::uint64_t hash) {
    if (hash == 0) hash = 1;  // 0 is a free slot
    if ((count_ + 1) * 2 > slots_.size()) grow();
    std::uint64_t& slot = place_of(hash);
    if (slot == hash) return false;
    slot = hash;
    ++count_;
    return true;
  }
  std::vector<std::uint64_t> take() && {
    std::erase(slots_, std::uint64_t{0});
    return std::move(slots_);
  }

 private:
  std::uint64_t& place_of(std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    while (slots_[at] != 0 && slots_[at] != hash) at = (at + 1) & mask;
    return slots_[at];
  }
  void grow() {
    std::vector<std::uint64_t> old(2 * slots_.size());
    old.swap(slots_);
    for (const std::uint64_t hash : old) {
      if (hash != 0) place_of(hash) = hash;
    }
  }
  std::vector<std::uint64_t> slots_;
  std::size_t count_ = 0;
};

// All texts of a column, and what attributes they hold. False: texts that we did not write.
Result<bool> add_texts(std::size_t column, std::optional<AttributeText> kind, const Rows& rows,
                       const CellsOf& cells, HashSet& hashes, std::string& scratch) {
  BL_TRY(const parquet::Cells found, cells(column, rows));
  HashSet seen;
  for (std::size_t i = 0; i < found.texts.size(); ++i) {
    if (!found.is_null.empty() && found.is_null[i]) continue;
    const std::uint64_t hash = text_filter::hash_of(column, found.texts[i]);
    if (!kind) {
      hashes.add(hash);
      continue;
    }
    if (!seen.add(hash)) continue;
    const bool is_ours = each_attribute(
        found.texts[i], *kind, scratch,
        [&](std::string_view fragment) { hashes.add(text_filter::hash_of(column, fragment)); });
    if (!is_ours) return false;
  }
  return true;
}

}  // namespace

void GroupFactsWriter::Durations::add(std::uint8_t step) {
  least = std::min(least, step);
  greatest = std::max(greatest, step);
}

Result<void> GroupFactsWriter::add_durations(const Rows& rows, const CellsOf& cells, Group& group) {
  static const std::size_t k_service = span_column("service"),
                           k_duration = span_column("duration_ns");
  BL_TRY(const parquet::Cells services, cells(k_service, rows));
  BL_TRY(const parquet::Cells durations, cells(k_duration, rows));
  std::unordered_map<std::uint32_t, std::size_t> places;
  Durations* last = nullptr;
  std::string_view last_name;
  group.services.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint8_t step = duration_step(durations.numbers[i]);
    group.durations.add(step);
    const std::string_view name = services.texts[i];
    if (last == nullptr || name != last_name) {
      auto known = services_.find(name);
      if (known == services_.end()) {
        const auto number = static_cast<std::uint32_t>(services_.size());
        known = services_.emplace(std::string(name), number).first;
      }
      const auto [place, is_new] = places.emplace(known->second, group.services.size());
      if (is_new) group.services.emplace_back(known->second, Durations());
      last = &group.services[place->second].second;
      last_name = name;
    }
    last->add(step);
  }
  group.services.shrink_to_fit();
  return {};
}

Result<void> GroupFactsWriter::add(std::int64_t row_count, const CellsOf& cells) {
  struct TextColumn {
    std::size_t place;
    std::optional<AttributeText> kind;
  };
  static const std::vector<TextColumn> k_columns = [] {
    std::vector<TextColumn> columns;
    for (const char* name : {"name", "kind", "status", "service", "run_id"}) {
      columns.push_back({span_column(name), std::nullopt});
    }
    columns.push_back({span_column("attributes"), AttributeText::list});
    columns.push_back({span_column("resource"), AttributeText::member});
    columns.push_back({span_column("scope"), AttributeText::member});
    columns.push_back({span_column("events"), AttributeText::members});
    columns.push_back({span_column("links"), AttributeText::members});
    return columns;
  }();
  Rows rows(static_cast<std::size_t>(row_count));
  std::iota(rows.begin(), rows.end(), 0);
  Group group;
  group.rows = static_cast<std::uint32_t>(row_count);
  BL_RETURN_IF_ERROR(add_durations(rows, cells, group));
  HashSet hashes;
  std::string scratch;
  bool is_ours = true;
  for (const TextColumn& column : k_columns) {
    BL_TRY(is_ours, add_texts(column.place, column.kind, rows, cells, hashes, scratch));
    if (!is_ours) break;
  }
  if (is_ours) group.filter = text_filter::made_of(std::move(hashes).take());
  groups_.push_back(std::move(group));
  return {};
}

Result<void> GroupFactsWriter::write(Disk& disk, const std::string& path,
                                     std::string_view file_key) const {
  using Record = GroupFacts::Record;
  static_assert(sizeof(Record) == 24);
  const bool has_services = services_.size() <= k_services_max;
  std::vector<std::string_view> names;
  if (has_services) {
    for (const auto& [name, number] : services_) names.push_back(name);
  }
  std::ranges::sort(names);
  std::vector<std::uint32_t> sorted(services_.size());
  std::string ends, texts, records, entries, words;
  for (std::size_t i = 0; i < names.size(); ++i) {
    sorted[services_.find(names[i])->second] = static_cast<std::uint32_t>(i);
    texts += names[i];
    append(ends, static_cast<std::uint32_t>(texts.size()));
  }
  for (const Group& group : groups_) {
    Record record;
    record.rows = group.rows;
    record.least = group.durations.least;
    record.greatest = group.durations.greatest;
    record.entries_at = static_cast<std::uint32_t>(entries.size() / 4);
    record.words_at = static_cast<std::uint32_t>(words.size() / 8);
    record.words = static_cast<std::uint32_t>(group.filter.size());
    if (has_services) {
      record.flags = Record::k_has_services;
      record.entries = static_cast<std::uint32_t>(group.services.size());
      std::vector<std::uint32_t> packed;
      for (const auto& [number, durations] : group.services) {
        packed.push_back(sorted[number] << 16 | std::uint32_t{durations.least} << 8 |
                         durations.greatest);
      }
      std::ranges::sort(packed);
      for (const std::uint32_t one : packed) append(entries, one);
    }
    for (const std::uint64_t word : group.filter) append(words, word);
    append(records, record);
  }
  std::string all(k_facts_magic);
  for (const std::size_t count :
       {groups_.size(), names.size(), file_key.size(), texts.size(), words.size()}) {
    append(all, static_cast<std::uint64_t>(count));
  }
  for (const std::string_view part :
       {file_key, std::string_view(records), std::string_view(ends), std::string_view(texts),
        std::string_view(entries), std::string_view(words)}) {
    all += part;
  }
  append(all, xxh3_64(all));
  const std::string temporary = path + ".tmp";
  if (const auto old = disk.remove(temporary); !old.ok() && old.error().code != Code::not_found) {
    return old;
  }
  {
    BL_TRY(const auto file, disk.create(temporary, FileMode::normal));
    BL_RETURN_IF_ERROR(file->append(all));
  }
  return disk.rename(temporary, path);
}

}  // namespace bl::traces
