#include "lake/journal/keys.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/hash.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_magic("BLJKEY\0\1", 8);  // the last byte is the version
constexpr std::size_t k_sum_bytes = sizeof(std::uint64_t);

std::uint64_t number_of(const JournalKeys::Entry& entry) {
  return entry.known.no;
}

}  // namespace

JournalKeys::Digest JournalKeys::digest_of(std::string_view key) {
  const auto sum = sha256(key);
  Digest digest;
  std::memcpy(digest.data(), sum.data(), sizeof digest);
  return digest;
}

const JournalKeys::Known* JournalKeys::find(std::string_view key) const {
  const auto found = by_digest_.find(digest_of(key));
  return found == by_digest_.end() ? nullptr : &found->second;
}

void JournalKeys::add(std::string_view key, Timestamp at, const Known& known) {
  add({digest_of(key), at, known});
}

// A segment that was about to go may be there beside its file of keys.
void JournalKeys::add(const Entry& entry) {
  if (!order_.empty() && entry.known.no <= order_.back().known.no) return;
  order_.push_back(entry);
  by_digest_.insert_or_assign(entry.digest, entry.known);
}

void JournalKeys::forget(std::size_t count_min, Timestamp before) {
  while (order_.size() > count_min && order_.front().at < before) {
    const auto found = by_digest_.find(order_.front().digest);
    // A key that was forgotten may have come again.
    if (found != by_digest_.end() && found->second.no == order_.front().known.no) {
      by_digest_.erase(found);
    }
    order_.pop_front();
  }
}

std::size_t JournalKeys::count(RecordNo first, RecordNo next) const {
  const auto begin = std::ranges::lower_bound(order_, first, {}, number_of);
  const auto end = std::ranges::lower_bound(begin, order_.end(), next, {}, number_of);
  return static_cast<std::size_t>(end - begin);
}

std::string JournalKeys::encode(const JournalId& id, RecordNo first, RecordNo next) const {
  std::string out(k_magic);
  const auto put = [&](const void* bytes, std::size_t size) {
    out.append(static_cast<const char*>(bytes), size);
  };
  put(id.data(), id.size());
  const auto begin = std::ranges::lower_bound(order_, first, {}, number_of);
  const auto end = std::ranges::lower_bound(begin, order_.end(), next, {}, number_of);
  const auto count = static_cast<std::uint64_t>(end - begin);
  put(&count, sizeof count);
  for (auto entry = begin; entry != end; ++entry) {
    put(entry->digest.data(), sizeof entry->digest);
    put(&entry->at.micros, sizeof entry->at.micros);
    put(&entry->known.no, sizeof entry->known.no);
    put(&entry->known.payload_sum, sizeof entry->known.payload_sum);
  }
  const std::uint64_t sum = xxh3_64(out);
  put(&sum, sizeof sum);
  return out;
}

Result<void> JournalKeys::decode(std::string_view bytes, const JournalId& id) {
  const Error broken{Code::corrupt, "a journal's file of keys fails its checksum"};
  if (bytes.size() < k_keys_head_bytes + sizeof(std::uint64_t)) return broken;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  const auto get = [&](auto& value, std::size_t at) {
    static_assert(std::is_trivially_copyable_v<std::remove_reference_t<decltype(value)>>);
    std::memcpy(&value, bytes.data() + at, sizeof value);
  };
  std::uint64_t sum = 0;
  get(sum, body.size());
  if (sum != xxh3_64(body)) return broken;
  const std::size_t version_at = k_magic.size() - 1;
  if (body.substr(0, version_at) != k_magic.substr(0, version_at)) return broken;
  if (body[version_at] != k_magic[version_at]) {
    return Error{Code::unsupported,
                 "a journal's file of keys of version " +
                     std::to_string(static_cast<unsigned char>(body[version_at]))};
  }
  if (std::memcmp(body.data() + 8, id.data(), id.size()) != 0) {
    return Error{Code::corrupt, "a file of keys belongs to another journal"};
  }
  std::uint64_t count = 0;
  get(count, 24);
  if (count != (body.size() - k_keys_head_bytes) / k_keys_entry_bytes ||
      (body.size() - k_keys_head_bytes) % k_keys_entry_bytes != 0) {
    return broken;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t at = k_keys_head_bytes + i * k_keys_entry_bytes;
    Entry entry;
    get(entry.digest, at);
    get(entry.at.micros, at + 16);
    get(entry.known.no, at + 24);
    get(entry.known.payload_sum, at + 32);
    add(entry);
  }
  return {};
}

std::uint64_t keys_in_file_of(std::uint64_t bytes) {
  const std::uint64_t around = k_keys_head_bytes + k_sum_bytes;
  return bytes < around ? 0 : (bytes - around) / k_keys_entry_bytes;
}

EarlierKeys::EarlierKeys(std::vector<std::pair<std::string, JournalKeys>> journals) {
  for (auto& [id, keys] : journals) {
    const auto journal = static_cast<std::uint32_t>(journals_.size());
    journals_.push_back(std::move(id));
    for (const JournalKeys::Entry& entry : keys.entries()) {
      order_.emplace_back(entry.at, entry.digest);
      // A key that was forgotten may have come again.
      const auto [place, is_new] =
          by_digest_.try_emplace(entry.digest, Place{journal, entry.at, entry.known});
      if (!is_new && place->second.at < entry.at) {
        place->second = Place{journal, entry.at, entry.known};
      }
    }
  }
  std::ranges::sort(order_);
}

std::optional<EarlierKeys::Known> EarlierKeys::find(std::string_view key) const {
  if (by_digest_.empty()) return std::nullopt;
  const auto found = by_digest_.find(JournalKeys::digest_of(key));
  if (found == by_digest_.end()) return std::nullopt;
  return Known{found->second.record, &journals_[found->second.journal]};
}

void EarlierKeys::forget(std::size_t count_min, Timestamp before) {
  while (size() > count_min && order_[forgotten_].first < before) {
    const auto found = by_digest_.find(order_[forgotten_].second);
    if (found != by_digest_.end() && found->second.at == order_[forgotten_].first) {
      by_digest_.erase(found);
    }
    ++forgotten_;
  }
  if (forgotten_ == order_.size()) {
    order_.clear();
    forgotten_ = 0;
  }
}

}  // namespace bl::lake
