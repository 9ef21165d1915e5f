#include "traces/store/group_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "base/hash.h"
#include "traces/store/text_filter.h"

namespace bl::traces {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t k_head_bytes = 8 + k_facts_counts * 8;
constexpr std::size_t k_sum_bytes = 8;

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

}  // namespace

std::uint8_t duration_step(std::int64_t duration_ns) {
  if (duration_ns <= 0) return 0;
  const auto value = static_cast<std::uint64_t>(duration_ns);
  const int octave = std::bit_width(value) - 1;
  const std::uint64_t quarter =
      octave >= 2 ? (value >> (octave - 2)) & 3 : (value << (2 - octave)) & 3;
  return static_cast<std::uint8_t>(1 + octave * 4 + static_cast<int>(quarter));
}

// Reading
// ------------------------------------------------------------------------------------------

Result<std::shared_ptr<const GroupFacts>> GroupFacts::open(Disk& disk, const std::string& path,
                                                           std::string_view file_key) {
  const auto damaged = [&](std::string_view what) {
    return Error{Code::corrupt,
                 fmt::format("facts of a file of spans are damaged, {}: {}", what, path)};
  };
  std::shared_ptr<GroupFacts> facts(new GroupFacts);
  BL_TRY(facts->file_, map_file(disk, path));
  const std::string_view all = facts->file_->bytes();
  if (all.size() < k_head_bytes + k_sum_bytes || !all.starts_with(k_facts_magic)) {
    return damaged("they are none");
  }
  std::string_view rest = all.substr(0, all.size() - k_sum_bytes);
  if (xxh3_64(rest) != load<std::uint64_t>(all, rest.size())) return damaged("their sum");
  std::uint64_t counts[k_facts_counts];
  for (std::size_t i = 0; i < k_facts_counts; ++i) {
    counts[i] = load<std::uint64_t>(all, 8 + 8 * i);
    if (counts[i] > all.size()) return damaged("their counts");
  }
  rest.remove_prefix(k_head_bytes);
  bool fits = true;
  const auto take = [&](std::uint64_t size) {
    fits = fits && size <= rest.size();
    const std::string_view part = rest.substr(0, fits ? size : 0);
    rest.remove_prefix(part.size());
    return part;
  };
  const std::string_view key = take(counts[2]);
  facts->count_ = counts[0];
  facts->records_ = take(counts[0] * sizeof(Record));
  facts->ends_ = take(counts[1] * 4);
  facts->names_ = take(counts[3]);
  fits = fits && counts[4] <= rest.size();
  facts->entries_ = take(fits ? rest.size() - counts[4] : 0);
  facts->words_ = take(counts[4]);
  if (!fits) return damaged("their size");
  if (key != file_key) return damaged("they are of another file");
  for (std::size_t i = 0; i < facts->count_; ++i) {
    const Record one = facts->record(i);
    if (std::uint64_t{one.entries_at} + one.entries > facts->entries_.size() / 4 ||
        std::uint64_t{one.words_at} + one.words > facts->words_.size() / 8) {
      return damaged("a group of theirs");
    }
  }
  facts->file_->release();
  return std::shared_ptr<const GroupFacts>(std::move(facts));
}

GroupFacts::Record GroupFacts::record(std::size_t group) const {
  return load<Record>(records_, group * sizeof(Record));
}

std::int64_t GroupFacts::rows(std::size_t group) const {
  return record(group).rows;
}

std::optional<std::uint32_t> GroupFacts::service_number(std::string_view name) const {
  const auto end_of = [&](std::size_t i) {
    return std::min<std::size_t>(load<std::uint32_t>(ends_, i * 4), names_.size());
  };
  std::size_t low = 0, high = ends_.size() / 4;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::size_t from = middle == 0 ? 0 : end_of(middle - 1), to = end_of(middle);
    const std::string_view one = names_.substr(from, to > from ? to - from : 0);
    if (one == name) return static_cast<std::uint32_t>(middle);
    if (one < name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return std::nullopt;
}

GroupFacts::Steps GroupFacts::steps_of(const Record& record, const std::string* service) const {
  if (service == nullptr || (record.flags & Record::k_has_services) == 0) {
    return {true, record.least, record.greatest};
  }
  const auto number = service_number(*service);
  if (!number) return {.is_there = false};
  std::uint32_t low = record.entries_at, high = record.entries_at + record.entries;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const auto entry = load<std::uint32_t>(entries_, std::size_t{middle} * 4);
    if (entry >> 16 == *number) {
      return {true, static_cast<std::uint8_t>(entry >> 8), static_cast<std::uint8_t>(entry)};
    }
    if (entry >> 16 < *number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return {.is_there = false};
}

bool GroupFacts::may_hold_attribute(const Record& record, const RowCondition& condition) const {
  if (record.words == 0) return true;
  const std::string_view words =
      words_.substr(std::size_t{record.words_at} * 8, std::size_t{record.words} * 8);
  const auto has = [&](const std::string& text) {
    return text_filter::may_hold(words, text_filter::hash_of(condition.column, text));
  };
  const RowCondition::Attribute& wanted = condition.attribute;
  if (wanted.values.empty()) return has(wanted.key);
  return std::ranges::any_of(wanted.values,
                             [&](const std::string& value) { return has(wanted.key + value); });
}

// `service`: the one that a row must be of besides.
bool GroupFacts::may_hold(const Record& record, const RowCondition& condition,
                          const std::string* service) const {
  using Kind = RowCondition::Kind;
  static const std::size_t k_service = span_column("service"),
                           k_duration = span_column("duration_ns");
  const bool is_equal = condition.comparison == Comparison::equal;
  switch (condition.kind) {
    case Kind::always:
    case Kind::none_of:
      return true;
    case Kind::all_of: {
      for (const RowCondition& part : condition.parts) {
        const bool names_one = part.kind == Kind::text && part.column == k_service &&
                               part.comparison == Comparison::equal;
        if (names_one) service = &part.text;
      }
      return std::ranges::all_of(condition.parts, [&](const RowCondition& part) {
        return may_hold(record, part, service);
      });
    }
    case Kind::any_of:
      return std::ranges::any_of(condition.parts, [&](const RowCondition& part) {
        return may_hold(record, part, service);
      });
    case Kind::number: {
      if (condition.column != k_duration) return true;
      const Steps steps = steps_of(record, service);
      const std::uint8_t step = duration_step(condition.number);
      if (!steps.is_there) return false;
      switch (condition.comparison) {
        case Comparison::equal:
          return steps.least <= step && step <= steps.greatest;
        case Comparison::less:
        case Comparison::at_most:
          return steps.least <= step;
        case Comparison::more:
        case Comparison::at_least:
          return steps.greatest >= step;
        default:
          return true;
      }
    }
    case Kind::text: {
      if (!is_equal) return true;
      if (condition.column == k_service && !steps_of(record, &condition.text).is_there)
        return false;
      if (record.words == 0) return true;
      const std::string_view words =
          words_.substr(std::size_t{record.words_at} * 8, std::size_t{record.words} * 8);
      return text_filter::may_hold(words, text_filter::hash_of(condition.column, condition.text));
    }
    case Kind::attribute:
      return may_hold_attribute(record, condition);
  }
  return true;
}

bool GroupFacts::may_hold(std::size_t group, const RowCondition& condition) const {
  return may_hold(record(group), condition, nullptr);
}

}  // namespace bl::traces
