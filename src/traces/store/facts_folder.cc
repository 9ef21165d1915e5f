#include "traces/store/facts_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "traces/store/direct_reads.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_suffix = ".facts";

}  // namespace

FactsFolder::FactsFolder(Disk& disk, std::string folder, std::size_t bytes_max, Metrics& metrics,
                         Log& log)
    : disk_(disk),
      folder_(std::move(folder)),
      bytes_max_(bytes_max),
      log_(log),
      missing_(
          metrics.counter("bl_traces_facts_missing_total",
                          "Files of spans that a search looked into without facts of their row "
                          "groups",
                          {})) {}

std::string FactsFolder::path_of(std::string_view file_key) const {
  return fmt::format("{}/{:016x}{}", folder_, xxh3_64(file_key), k_suffix);
}

std::shared_ptr<const GroupFacts> FactsFolder::of(const lake::DataFile& file,
                                                  const FileLayout& layout) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = open_.find(file.key); it != open_.end()) {
      it->second.used = ++uses_;
      return it->second.facts;
    }
    if (!made_.contains(file.key)) {
      missing_.add();
      return nullptr;
    }
  }
  auto opened = GroupFacts::open(disk_, path_of(file.key), file.key);
  bool fits = opened.ok() && (*opened)->groups() == layout.groups.size();
  for (std::size_t i = 0; fits && i < layout.groups.size(); ++i) {
    fits = (*opened)->rows(i) == layout.groups[i].rows;
  }
  if (!fits) {
    missing_.add();
    (void)disk_.remove(path_of(file.key)).ok();
    const std::lock_guard lock(mutex_);
    made_.erase(file.key);  // so that they are made anew
    return nullptr;
  }
  add(file.key, *opened);
  return *std::move(opened);
}

void FactsFolder::add(const std::string& file_key, std::shared_ptr<const GroupFacts> facts) {
  const std::lock_guard lock(mutex_);
  const std::size_t size = facts->bytes();
  if (!open_.emplace(file_key, Entry{std::move(facts), ++uses_}).second) return;
  bytes_ += size;
  while (bytes_ > bytes_max_ && open_.size() > 1) {
    const auto oldest =
        std::ranges::min_element(open_, {}, [](const auto& one) { return one.second.used; });
    bytes_ -= oldest->second.facts->bytes();
    open_.erase(oldest);
  }
}

bool FactsFolder::has(const std::string& file_key) {
  {
    const std::lock_guard lock(mutex_);
    if (made_.contains(file_key) || absent_.contains(file_key)) return true;
  }
  // Of an earlier process; whoever needs them sees whether they are whole.
  const auto opened = GroupFacts::open(disk_, path_of(file_key), file_key);
  if (!opened.ok()) return false;
  const std::lock_guard lock(mutex_);
  made_.insert(file_key);
  return true;
}

Result<void> FactsFolder::write(objects::ObjectStore& store, const lake::DataFile& file,
                                const FileLayout& layout) {
  GroupFactsWriter writer;
  std::vector<std::size_t> groups(layout.groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i;
  BL_RETURN_IF_ERROR(each_group(store, file, *layout.chunks, groups, {},
                                [&](std::size_t group, const CellsOf& cells) {
                                  return writer.add(layout.chunks->groups[group].rows, cells);
                                }));
  return writer.write(disk_, path_of(file.key), file.key);
}

void FactsFolder::make(objects::ObjectStore& store, const lake::DataFile& file,
                       const FileLayout& layout) {
  // Files that only the engine reads are searched by it.
  const auto done = layout.chunks ? write(store, file, layout) : Result<void>();
  const std::lock_guard lock(mutex_);
  if (done.ok() && layout.chunks) {
    made_.insert(file.key);
    return;
  }
  absent_.insert(file.key);
  if (!done.ok()) {
    log_.warning("facts of a file of spans are not made: searches read all of it",
                 {{"file", file.key}, {"why", done.error().message}});
  }
}

void FactsFolder::keep(const lake::FileSet& files) {
  std::set<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    const auto is_gone = [&](const std::string& key) { return files.find(key) == nullptr; };
    std::erase_if(made_, is_gone);
    std::erase_if(absent_, is_gone);
    for (auto it = open_.begin(); it != open_.end();) {
      if (!is_gone(it->first)) {
        ++it;
        continue;
      }
      bytes_ -= it->second.facts->bytes();
      it = open_.erase(it);
    }
    for (const std::string& key : made_) names.insert(path_of(key));
  }
  const auto there = disk_.list(folder_);
  if (!there.ok()) return;
  for (const std::string& name : *there) {
    const std::string path = folder_ + "/" + name;
    const bool is_facts = name.ends_with(k_suffix) || name.ends_with(".facts.tmp");
    // What cannot be removed now is tried again then.
    if (is_facts && !names.contains(path)) (void)disk_.remove(path).ok();
  }
}

std::size_t FactsFolder::files() const {
  const std::lock_guard lock(mutex_);
  return made_.size() + absent_.size();
}

std::size_t FactsFolder::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace bl::traces
