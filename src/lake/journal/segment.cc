#include "lake/journal/segment.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/numbers.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_suffix = ".journal";
constexpr std::size_t k_digits = 20;
constexpr std::uint64_t k_window_bytes = 1 << 20;

// The group at `offset`, when it is whole.
struct Found {
  std::vector<JournalRecord> records;
  std::uint64_t bytes = 0;
};
Result<std::optional<Found>> group_at(FileWindow& window, const JournalId& id, std::uint64_t offset,
                                      std::uint64_t size) {
  BL_TRY(const std::string_view head, window.bytes(offset, k_group_header_bytes));
  const auto header = decode_group_header(head, id);
  if (!header) return std::optional<Found>();
  const std::uint64_t room = size - offset;
  if (room < k_group_header_bytes + k_group_trailer_bytes ||
      header->body_bytes > room - k_group_header_bytes - k_group_trailer_bytes) {
    return std::optional<Found>();
  }
  const std::uint64_t rest = header->body_bytes + k_group_trailer_bytes;
  BL_TRY(const std::string_view body, window.bytes(offset + k_group_header_bytes, rest));
  auto records = decode_group_body(*header, body);
  if (!records || records->empty()) return std::optional<Found>();
  return std::optional(Found{std::move(*records), k_group_header_bytes + rest});
}

}  // namespace

std::string segment_name(RecordNo first) {
  return fmt::format("{:020}{}", first, k_suffix);
}

std::optional<RecordNo> first_of_segment_name(std::string_view name) {
  if (name.size() != k_digits + k_suffix.size() || !name.ends_with(k_suffix)) return std::nullopt;
  const auto number = parse_int64(name.substr(0, k_digits));
  if (!number || *number < 1) return std::nullopt;
  return static_cast<RecordNo>(*number);
}

Result<std::string_view> FileWindow::bytes(std::uint64_t offset, std::uint64_t size) {
  const bool is_inside = offset >= begin_ && offset - begin_ <= window_.size() &&
                         size <= window_.size() - (offset - begin_);
  if (!is_inside) {
    BL_TRY(const std::uint64_t file_bytes, file_.size());
    const std::uint64_t left = file_bytes > offset ? file_bytes - offset : 0;
    window_.resize(std::min(left, std::max(size, k_window_bytes)));
    BL_TRY(
        const std::size_t got,
        file_.read_at(offset, std::as_writable_bytes(std::span(window_.data(), window_.size()))));
    window_.resize(got);
    begin_ = offset;
  }
  return std::string_view(window_).substr(offset - begin_, size);
}

Result<GroupsRead> read_groups(
    FileWindow& window, const JournalId& id, std::uint64_t offset, std::uint64_t bytes_max,
    RecordNo next, const std::function<bool(std::uint64_t, std::span<const JournalRecord>)>& each) {
  while (offset < bytes_max) {
    BL_TRY(const auto group, group_at(window, id, offset, bytes_max));
    if (!group || group->records.front().no != next) return GroupsRead{offset, false};
    if (!each(offset, group->records)) return GroupsRead{offset, true};
    offset += group->bytes;
    next += group->records.size();
  }
  return GroupsRead{offset, true};
}

Result<bool> has_group_behind(FileWindow& window, const JournalId& id, std::uint64_t offset,
                              std::uint64_t size, RecordNo next) {
  for (++offset; offset + k_group_header_bytes <= size; ++offset) {
    BL_TRY(const std::string_view head, window.bytes(offset, k_group_header_bytes));
    const auto header = decode_group_header(head, id);
    if (!header || header->first <= next) continue;
    BL_TRY(const auto group, group_at(window, id, offset, size));
    if (group) return true;
  }
  return false;
}

}  // namespace bl::lake
