#include "lake/journal/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <ranges>
#include <set>

#include "base/hash.h"
#include "objects/listing.h"

namespace bl::lake {
namespace {

constexpr std::size_t k_digits = 20;
constexpr std::size_t k_id_digits = 32;
constexpr std::uint64_t k_number_max = std::numeric_limits<std::int64_t>::max();
constexpr std::string_view k_keys_start = "keys-";
constexpr std::size_t k_keys_name_bytes = k_keys_start.size() + 3 * (k_digits + 1) + 16;

// Exactly twenty digits, from 1 on.
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.size() != k_digits || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  if (number == 0 || number > k_number_max) return std::nullopt;
  return number;
}

// What is behind PREFIX/ID/ in a key.
void take_name(Chain& chain, std::string_view name, const objects::ObjectInfo& info) {
  if (const auto ordinal = number_of(name)) {
    chain.objects.push_back({*ordinal, info.key, info.size, info.modified});
    return;
  }
  if (name.size() != k_keys_name_bytes || !name.starts_with(k_keys_start)) return;
  const auto number = [&](std::size_t index) {
    return number_of(name.substr(k_keys_start.size() + index * (k_digits + 1), k_digits));
  };
  const auto first = number(0), next = number(1), ordinal = number(2);
  if (!first || !next || !ordinal) return;
  chain.keys.push_back({*first, *next, *ordinal, info.key, info.size, info.modified});
}

// Names of keys come after those of the objects that they speak of.
void complete(Chain& chain) {
  std::ranges::sort(chain.keys, [](const KeysObject& a, const KeysObject& b) {
    return std::pair(a.next, a.first) < std::pair(b.next, b.first);
  });
  const auto first =
      std::ranges::lower_bound(chain.objects, chain.first_ordinal(), {}, &ChainObject::ordinal);
  chain.trimmed.assign(chain.objects.begin(), first);
  chain.objects.erase(chain.objects.begin(), first);
}

Result<void> list_all(objects::ObjectStore& store, const std::string& prefix,
                      std::size_t objects_max,
                      const std::function<void(const objects::ObjectInfo&)>& each) {
  std::size_t count = 0;
  return objects::for_each_object(
      store, prefix, [&](const objects::ObjectInfo& info) -> Result<void> {
        if (++count > objects_max) {
          return Error{
              Code::too_large,
              fmt::format("more than {} objects are under the journals' {}", objects_max, prefix)};
        }
        each(info);
        return {};
      });
}

Error in_object(Error error, const std::string& key) {
  error.message = fmt::format("{}, in {}", error.message, key);
  return error;
}

// The objects up to the first place that nobody has taken yet. Only seals may stand behind it:
// somebody seals the chain.
Result<std::size_t> count_without_gap(const Chain& chain) {
  std::uint64_t next = chain.first_ordinal();
  std::size_t count = 0;
  while (count < chain.objects.size() && chain.objects[count].ordinal == next) {
    ++count;
    ++next;
  }
  for (std::size_t i = count; i < chain.objects.size(); ++i) {
    const ChainObject& behind = chain.objects[i];
    if (behind.is_seal()) continue;
    return Error{Code::corrupt, fmt::format("objects {} to {} of a journal are missing, before {}",
                                            next, behind.ordinal - 1, behind.key)};
  }
  return count;
}

}  // namespace

bool Chain::is_sealed() const {
  std::uint64_t next = first_ordinal();
  for (const ChainObject& object : objects) {
    if (object.ordinal != next++) return false;
    if (object.is_seal()) return true;
  }
  return false;
}

std::string object_key(const std::string& prefix, const std::string& id, std::uint64_t ordinal) {
  return fmt::format("{}/{}/{:020}", prefix, id, ordinal);
}

std::string keys_object_key(const std::string& prefix, const std::string& id,
                            const KeysObject& keys, std::uint64_t chance) {
  return fmt::format("{}/{}/{}{:020}-{:020}-{:020}-{:016x}", prefix, id, k_keys_start, keys.first,
                     keys.next, keys.ordinal, chance);
}

std::optional<JournalId> parse_journal_id(std::string_view text) {
  if (text.size() != k_id_digits) return std::nullopt;
  JournalId id;
  for (std::size_t i = 0; i < id.size(); ++i) {
    unsigned char byte = 0;
    const char* begin = text.data() + 2 * i;
    const auto read = std::from_chars(begin, begin + 2, byte, 16);
    if (read.ec != std::errc() || read.ptr != begin + 2) return std::nullopt;
    id[i] = std::byte(byte);
  }
  if (to_hex(id) != text) return std::nullopt;
  return id;
}

Result<Chain> list_chain(objects::ObjectStore& store, const std::string& prefix,
                         const std::string& id, std::size_t objects_max) {
  const auto bytes_of_id = parse_journal_id(id);
  if (!bytes_of_id) return Error{Code::invalid, "the id of a journal is 32 hex digits: " + id};
  Chain chain{id, *bytes_of_id, {}, {}, {}};
  const std::string start = prefix + "/" + id + "/";
  BL_RETURN_IF_ERROR(list_all(store, start, objects_max, [&](const objects::ObjectInfo& info) {
    take_name(chain, std::string_view(info.key).substr(start.size()), info);
  }));
  if (chain.objects.empty() && chain.keys.empty()) {
    return Error{Code::not_found, fmt::format("no journal has this id under {}: {}", prefix, id)};
  }
  complete(chain);
  return chain;
}

Result<std::vector<Chain>> list_chains(objects::ObjectStore& store, const std::string& prefix,
                                       std::size_t objects_max) {
  std::vector<Chain> chains;
  const std::size_t id_at = prefix.size() + 1;
  const auto take = [&](const objects::ObjectInfo& info) {
    const std::string_view rest = std::string_view(info.key).substr(id_at);
    const std::string_view text = rest.substr(0, rest.find('/'));
    if (text.size() == rest.size()) return;
    if (chains.empty() || chains.back().id != text) {
      const auto id = parse_journal_id(text);
      if (!id) return;
      chains.push_back({std::string(text), *id, {}, {}, {}});
    }
    take_name(chains.back(), rest.substr(text.size() + 1), info);
  };
  BL_RETURN_IF_ERROR(list_all(store, prefix + "/", objects_max, take));
  for (Chain& chain : chains) complete(chain);
  return chains;
}

Result<std::unique_ptr<ReadObject>> read_object(objects::ObjectStore& store, const JournalId& id,
                                                std::uint64_t ordinal, const std::string& key) {
  auto read = std::make_unique<ReadObject>();
  BL_TRY(read->bytes, store.get(key));
  auto group = decode_object(read->bytes, id, ordinal);
  if (!group.ok()) return in_object(std::move(group).error(), key);
  read->group = std::move(*group);
  return read;
}

Result<ChainEnd> read_chain(objects::ObjectStore& store, const Chain& chain, RecordNo first,
                            const std::function<bool(const ObjectGroup&)>& each) {
  const auto trimmed = [&](RecordNo begin) {
    return Error{Code::not_found, fmt::format("the journal {} begins at record {}, behind {}",
                                              chain.id, begin, first)};
  };
  BL_TRY(const std::size_t count, count_without_gap(chain));
  if (first < chain.first_record()) return trimmed(chain.first_record());
  ChainEnd end{chain.first_record(), ChainEnd::Kind::open};
  for (std::size_t i = 0; i < count; ++i) {
    const ChainObject& object = chain.objects[i];
    const auto read = read_object(store, chain.bytes_of_id, object.ordinal, object.key);
    if (!read.ok()) {
      if (read.error().code == Code::not_found) {
        return Error{Code::not_found, "trimmed while it was read: " + object.key};
      }
      const bool is_last = i + 1 == chain.objects.size();
      if (read.error().code != Code::corrupt || !is_last) return read.error();
      end.kind = ChainEnd::Kind::torn;
      return end;
    }
    const ObjectGroup& group = (*read)->group;
    if (group.is_seal()) {
      end.kind = ChainEnd::Kind::sealed;
      return end;
    }
    if (group.first != end.next) {
      return in_object(Error{Code::corrupt,
                             fmt::format("an object of a journal begins at record {} instead of {}",
                                         group.first, end.next)},
                       object.key);
    }
    end.next = group.first + group.records.size();
    if (end.next > first && !each(group)) return end;
  }
  return end;
}

Result<bool> is_torn(objects::ObjectStore& store, const Chain& chain) {
  if (chain.objects.empty() || chain.objects.back().is_seal()) return false;
  const ChainObject& last = chain.objects.back();
  const auto read = read_object(store, chain.bytes_of_id, last.ordinal, last.key);
  if (read.ok()) return false;
  if (read.error().code == Code::corrupt) return true;
  return read.error();
}

Result<JournalKeys> read_chain_keys(objects::ObjectStore& store, const Chain& chain) {
  JournalKeys keys;
  for (const KeysObject& object : chain.keys) {
    BL_TRY(const std::string bytes, store.get(object.key));
    if (auto read = keys.decode(bytes, chain.bytes_of_id); !read.ok()) {
      return in_object(std::move(read).error(), object.key);
    }
  }
  BL_TRY(const std::size_t count, count_without_gap(chain));
  for (std::size_t i = 0; i < count; ++i) {
    const ChainObject& object = chain.objects[i];
    if (object.is_seal()) break;
    const auto read = read_object(store, chain.bytes_of_id, object.ordinal, object.key);
    if (!read.ok()) {
      const bool is_torn = read.error().code == Code::corrupt && i + 1 == chain.objects.size();
      if (is_torn) break;
      return read.error();
    }
    for (const JournalRecord& record : (*read)->group.records) {
      if (record.key.empty()) continue;
      keys.add(record.key, record.at, {record.no, xxh3_64(record.payload)});
    }
  }
  return keys;
}

namespace {

// A key is known until it is old and so many came after it. Gives the keys of such objects.
std::set<std::string> forgotten_keys(const std::vector<Chain>& chains, Timestamp old,
                                     std::uint64_t keys_min) {
  std::vector<const KeysObject*> newest_first;
  for (const Chain& chain : chains) {
    for (const KeysObject& keys : chain.keys) newest_first.push_back(&keys);
  }
  std::ranges::sort(newest_first, std::greater(), [](const KeysObject* keys) {
    return std::pair(keys->modified, std::string_view(keys->key));
  });
  std::uint64_t newer = 0;
  std::set<std::string> forgotten;
  for (const KeysObject* keys : newest_first) {
    const std::uint64_t count = keys_in_file_of(keys->bytes);
    if (keys->modified < old && (count == 0 || newer >= keys_min)) forgotten.insert(keys->key);
    newer += count;
  }
  return forgotten;
}

}  // namespace

Result<void> sweep_chains(objects::ObjectStore& store, const std::string& prefix,
                          const ObjectJournalLimits& limits, const Clock& clock) {
  BL_TRY(const auto chains, list_chains(store, prefix, limits.list_objects_max));
  const Timestamp old = clock.now() - std::chrono::seconds(limits.journal.keys_seconds_min +
                                                           limits.clock_skew_seconds_max);
  const auto forgotten = forgotten_keys(chains, old, limits.journal.keys_min);
  for (const Chain& chain : chains) {
    for (const ChainObject& object : chain.trimmed) {
      BL_RETURN_IF_ERROR(store.remove(object.key));
    }
    const bool is_ended = chain.is_sealed() && chain.objects.front().is_seal();
    // While there are records, or a writer, the newest name tells how far they are trimmed.
    std::size_t left = chain.keys.size();
    for (const KeysObject& keys : chain.keys) {
      const bool is_newest = &keys == &chain.keys.back();
      if (!forgotten.contains(keys.key) || (is_newest && !is_ended)) continue;
      BL_RETURN_IF_ERROR(store.remove(keys.key));
      --left;
    }
    const bool is_old = std::ranges::all_of(
        chain.objects, [&](const ChainObject& object) { return object.modified < old; });
    if (!is_ended || left > 0 || !is_old) continue;
    // The seal that a late writer meets goes last.
    for (const ChainObject& seal : chain.objects | std::views::reverse) {
      BL_RETURN_IF_ERROR(store.remove(seal.key));
    }
  }
  return {};
}

}  // namespace bl::lake
