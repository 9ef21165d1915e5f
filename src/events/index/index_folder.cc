#include "events/index/index_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file_copy.h"
#include "base/hash.h"
#include "events/index/keys_writer.h"

namespace bl::events::index {
namespace {

constexpr std::string_view k_manifest = "manifest";
constexpr std::string_view k_first_line = "benchlake event index 1";
constexpr std::string_view k_rows_suffix = ".rows", k_keys_suffix = ".keys";
constexpr std::uint64_t k_manifest_bytes_max = 64u << 20;

struct ManifestFile {
  std::string name;
  FileIdentity identity;
};
struct Manifest {
  IndexOwner owner;
  std::vector<ManifestFile> rows, keys;
};

std::string sum_line(std::string_view text) {
  return fmt::format("sum {:016x}\n", xxh3_64(text));
}

std::string manifest_text(const DiskState& state) {
  const std::string& id = state.owner.table_id;
  std::string text = fmt::format("{}\ntable {}\nversion {}\nevents {}\n", k_first_line,
                                 to_hex(std::as_bytes(std::span(id.data(), id.size()))),
                                 state.owner.version, state.owner.events);
  const auto add = [&](std::string_view kind, const auto& file) {
    text += fmt::format("{} {} {} {:016x}\n", kind, file.name(), file.identity().bytes,
                        file.identity().hash);
  };
  for (const auto& file : state.rows.files) add("rows", *file);
  for (const auto& file : state.keys) add("keys", *file);
  return text + sum_line(text);
}

template <class Number>
bool parse(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view next_word(std::string_view& text, char until) {
  const std::size_t end = std::min(text.find(until), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool parse_hex(std::string_view hex, std::string& bytes) {
  if (hex.size() % 2 != 0) return false;
  for (; !hex.empty(); hex.remove_prefix(2)) {
    std::uint8_t byte = 0;
    if (!parse(hex.substr(0, 2), byte, 16)) return false;
    bytes.push_back(static_cast<char>(byte));
  }
  return true;
}

bool is_ours(std::string_view name) {
  return name.ends_with(k_rows_suffix) || name.ends_with(k_keys_suffix);
}

bool parse_line(std::string_view line, Manifest& manifest) {
  const std::string_view word = next_word(line, ' ');
  if (word == "table") return parse_hex(line, manifest.owner.table_id);
  if (word == "version") return parse(line, manifest.owner.version);
  if (word == "events") return parse(line, manifest.owner.events);
  if (word != "rows" && word != "keys") return false;
  ManifestFile file;
  file.name = next_word(line, ' ');
  (word == "rows" ? manifest.rows : manifest.keys).push_back(file);
  FileIdentity& identity = (word == "rows" ? manifest.rows : manifest.keys).back().identity;
  return is_ours(file.name) && file.name.find('/') == std::string::npos &&
         parse(next_word(line, ' '), identity.bytes) && parse(line, identity.hash, 16);
}

Error damaged(std::string_view what) {
  return Error{Code::corrupt, "the index' manifest " + std::string(what)};
}

Result<Manifest> parse_manifest(std::string_view text) {
  const std::size_t sum = text.rfind("sum ");
  if (sum == std::string_view::npos || sum_line(text.substr(0, sum)) != text.substr(sum))
    return damaged("has another sum");
  text = text.substr(0, sum);
  if (next_word(text, '\n') != k_first_line) return damaged("is of another version");
  Manifest manifest;
  while (!text.empty()) {
    const std::string_view line = next_word(text, '\n');
    if (!parse_line(line, manifest)) return damaged("has a line: " + std::string(line));
  }
  return manifest;
}

// Files follow each other from place 0 on; rows, keys and owner have the same events.
bool is_whole(const DiskState& state) {
  std::int64_t next = 0;
  for (const auto& file : state.rows.files) {
    if (file->first() != next || file->end() < next) return false;
    next = file->end();
  }
  if (next != state.owner.events) return false;
  next = 0;
  for (const auto& file : state.keys) {
    if (file->first() != next) return false;
    next = file->end();
  }
  return next == state.owner.events;
}

// Every byte is read and summed: several files at once.
template <class Open>
Result<void> for_each_at_once(std::size_t count, Open&& open) {
  constexpr std::size_t k_threads = 4;
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> first;  // under mutex
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      auto opened = open(i);
      if (opened.ok()) continue;
      const std::lock_guard lock(mutex);
      if (!first) first = std::move(opened).error();
      next = count;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(k_threads, count); ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (first) return *first;
  return {};
}

Error as_damage(Error error) {
  // A file that the manifest names must be there.
  if (error.code == Code::not_found || error.code == Code::too_large) error.code = Code::corrupt;
  return error;
}

}  // namespace

Result<std::shared_ptr<const DiskState>> IndexFolder::load() {
  BL_TRY(const std::vector<std::string> names, disk_.list(folder_));
  for (const std::string& name : names) {
    std::uint64_t number = 0;
    if (is_ours(name) && parse(std::string_view(name).substr(0, name.size() - 5), number))
      next_number_ = std::max(next_number_, number + 1);
  }
  BL_TRY(const std::string text,
         read_file(disk_, folder_ + "/" + std::string(k_manifest), k_manifest_bytes_max));
  BL_TRY(const Manifest manifest, parse_manifest(text));
  auto state = std::make_shared<DiskState>();
  state->owner = manifest.owner;
  state->rows.files.resize(manifest.rows.size());
  state->keys.resize(manifest.keys.size());
  const auto open_file = [&](std::size_t i) -> Result<void> {
    if (i < manifest.rows.size()) {
      const ManifestFile& file = manifest.rows[i];
      BL_TRY(state->rows.files[i], RowsFile::open(disk_, folder_, file.name, file.identity));
      return {};
    }
    i -= manifest.rows.size();
    const ManifestFile& file = manifest.keys[i];
    BL_TRY(state->keys[i], KeysFile::open(disk_, folder_, file.name, file.identity));
    return {};
  };
  auto opened = for_each_at_once(manifest.rows.size() + manifest.keys.size(), open_file);
  if (!opened.ok()) return as_damage(std::move(opened).error());
  if (!is_whole(*state)) return damaged("names files that do not fit");
  sweep(*state);
  return std::shared_ptr<const DiskState>(std::move(state));
}

Result<bool> IndexFolder::take_over(const std::string& other) {
  const std::string theirs = other + "/" + std::string(k_manifest);
  BL_TRY(const std::string manifest, read_file(disk_, theirs, k_manifest_bytes_max));
  BL_TRY(const std::vector<std::string> names, disk_.list(other));
  for (const std::string& name : names) {
    if (!is_ours(name)) continue;
    const std::string from = other + "/" + name, to = folder_ + "/" + name;
    if (disk_.link(from, to).ok()) continue;
    const auto copied =
        copy_file(disk_, from, to, [](std::uint64_t, std::uint64_t) { return true; });
    if (!copied.ok() && copied.error().code != Code::not_found) return copied.error();
  }
  // Files go only after a manifest that does not name them: with the same one, all are here.
  BL_TRY(const std::string then, read_file(disk_, theirs, k_manifest_bytes_max));
  if (then != manifest) return false;
  BL_RETURN_IF_ERROR(write_file_atomically(disk_, folder_ + "/" + std::string(k_manifest), manifest,
                                           FileMode::normal));
  return true;
}

std::optional<Timestamp> IndexFolder::saved_at() const {
  const auto facts = disk_.facts(folder_ + "/" + std::string(k_manifest));
  if (!facts.ok()) return std::nullopt;
  return facts->modified;
}

Result<void> IndexFolder::clear() {
  const auto remove = [&](std::string_view name) -> Result<void> {
    auto removed = disk_.remove(folder_ + "/" + std::string(name));
    if (!removed.ok() && removed.error().code != Code::not_found) return removed;
    return {};
  };
  BL_RETURN_IF_ERROR(remove(k_manifest));
  BL_RETURN_IF_ERROR(disk_.sync_folder(folder_));
  BL_TRY(const std::vector<std::string> names, disk_.list(folder_));
  for (const std::string& name : names)
    if (is_ours(name)) BL_RETURN_IF_ERROR(remove(name));
  return {};
}

void IndexFolder::disown() {
  (void)disk_.remove(folder_ + "/" + std::string(k_manifest));
}

std::string IndexFolder::new_name(std::string_view suffix) {
  return fmt::format("{:08}{}", next_number_++, suffix);
}

Result<std::shared_ptr<const DiskState>> IndexFolder::write(const DiskState& state,
                                                            const MemoryPart* part,
                                                            const AllChanges& changes,
                                                            const IndexOwner& owner) {
  auto next = std::make_shared<DiskState>(state);
  next->owner = owner;
  if (part != nullptr) {
    const std::string rows_name = new_name(k_rows_suffix), keys_name = new_name(k_keys_suffix);
    BL_TRY(RowsWriter rows, RowsWriter::create(disk_, folder_ + "/" + rows_name, part->first()));
    for (std::int64_t place = part->first(); place < part->end(); ++place)
      BL_RETURN_IF_ERROR(rows.add(part->row(place)));
    BL_TRY(const FileIdentity rows_identity, rows.finish());
    BL_TRY(const FileIdentity keys_identity,
           write_keys(disk_, folder_ + "/" + keys_name, *part, changes));
    BL_TRY(auto rows_file, RowsFile::open(disk_, folder_, rows_name, rows_identity));
    BL_TRY(auto keys_file, KeysFile::open(disk_, folder_, keys_name, keys_identity));
    next->rows.files.push_back(std::move(rows_file));
    next->keys.push_back(std::move(keys_file));
  }
  BL_RETURN_IF_ERROR(commit(*next));
  return std::shared_ptr<const DiskState>(std::move(next));
}

Result<std::shared_ptr<const DiskState>> IndexFolder::merge(const DiskState& state,
                                                            std::size_t files,
                                                            std::uint64_t rows_bytes_max) {
  files = std::min(files, state.keys.size());
  std::size_t best = 0;
  std::int64_t best_events = std::numeric_limits<std::int64_t>::max();
  for (std::size_t from = 0; from + files <= state.keys.size(); ++from) {
    const std::int64_t events = state.keys[from + files - 1]->end() - state.keys[from]->first();
    if (events < best_events) best_events = events, best = from;
  }
  // What a disk has damaged since the open must not get new sums.
  for (std::size_t i = best; i < best + files; ++i) BL_RETURN_IF_ERROR(state.keys[i]->check());
  for (const auto& file : state.rows.files) BL_RETURN_IF_ERROR(file->check());
  auto next = std::make_shared<DiskState>(state);
  BL_TRY(auto merged, merge_keys_of(state, best, best + files));
  BL_TRY(next->rows, merge_rows_of(state.rows, merged->first(), merged->end(), rows_bytes_max));
  const auto from = next->keys.begin() + static_cast<std::ptrdiff_t>(best);
  next->keys.erase(from + 1, from + static_cast<std::ptrdiff_t>(files));
  next->keys[best] = std::move(merged);
  BL_RETURN_IF_ERROR(commit(*next));
  return std::shared_ptr<const DiskState>(std::move(next));
}

Result<std::shared_ptr<const KeysFile>> IndexFolder::merge_keys_of(const DiskState& state,
                                                                   std::size_t from,
                                                                   std::size_t to) {
  const std::string name = new_name(k_keys_suffix);
  BL_TRY(const FileIdentity identity,
         merge_keys(disk_, folder_ + "/" + name, std::span(state.keys).subspan(from, to - from),
                    state.rows));
  BL_TRY(auto file, KeysFile::open(disk_, folder_, name, identity));
  return std::shared_ptr<const KeysFile>(std::move(file));
}

Result<Rows> IndexFolder::merge_rows_of(const Rows& rows, std::int64_t first, std::int64_t end,
                                        std::uint64_t bytes_max) {
  Rows merged = rows;
  merged.files.clear();
  std::vector<std::shared_ptr<const RowsFile>> together;
  std::uint64_t bytes = 0;
  const auto write = [&]() -> Result<void> {
    if (together.size() < 2) {
      merged.files.insert(merged.files.end(), together.begin(), together.end());
    } else {
      const std::string name = new_name(k_rows_suffix);
      BL_TRY(RowsWriter out,
             RowsWriter::create(disk_, folder_ + "/" + name, together.front()->first()));
      for (const auto& file : together) BL_RETURN_IF_ERROR(out.add(*file));
      BL_TRY(const FileIdentity identity, out.finish());
      BL_TRY(auto opened, RowsFile::open(disk_, folder_, name, identity));
      merged.files.push_back(std::move(opened));
    }
    together.clear();
    bytes = 0;
    return {};
  };
  for (const auto& file : rows.files) {
    const bool is_within = file->first() >= first && file->end() <= end;
    const std::uint64_t size = file->identity().bytes;
    if (!is_within || bytes + size > bytes_max) BL_RETURN_IF_ERROR(write());
    if (is_within) {
      together.push_back(file);
      bytes += size;
    } else {
      merged.files.push_back(file);
    }
  }
  BL_RETURN_IF_ERROR(write());
  return merged;
}

Result<void> IndexFolder::commit(const DiskState& state) {
  // The names of the new files, before the one that names them.
  BL_RETURN_IF_ERROR(disk_.sync_folder(folder_));
  BL_RETURN_IF_ERROR(write_file_atomically(disk_, folder_ + "/" + std::string(k_manifest),
                                           manifest_text(state), FileMode::normal));
  sweep(state);
  return {};
}

void IndexFolder::sweep(const DiskState& state) {
  auto names = disk_.list(folder_);
  if (!names.ok()) return;  // next time
  for (const std::string& name : *names) {
    const auto is_it = [&](const auto& file) { return file->name() == name; };
    const bool is_named = std::any_of(state.rows.files.begin(), state.rows.files.end(), is_it) ||
                          std::any_of(state.keys.begin(), state.keys.end(), is_it);
    if (is_ours(name) && !is_named) (void)disk_.remove(folder_ + "/" + name);
  }
}

}  // namespace bl::events::index
