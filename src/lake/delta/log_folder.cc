#include "lake/delta/log_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/json.h"

namespace bl::lake::delta {
namespace {

constexpr std::size_t k_hint_bytes_max = 16u << 20;  // some writers repeat the schema in it
constexpr std::string_view k_clock_mark = "_benchlake_clock";
constexpr std::size_t k_commits_per_thread = 4;  // fewer are not worth one

/// Of the folder that holds the log: `/data/t/`, `s3://bucket/t/`.
std::string table_address(const objects::ObjectStore& store, const std::string& prefix) {
  constexpr std::string_view some = "_delta_log/x";
  std::string address = store.address(prefix + std::string(some));
  if (address.ends_with(some)) address.resize(address.size() - some.size());
  return address;
}

}  // namespace

LogFolder::LogFolder(objects::ObjectStore& store, std::string prefix, const DeltaLimits& limits)
    : store_(store),
      prefix_(std::move(prefix)),
      table_(table_address(store, prefix_)),
      limits_(limits) {}

std::string LogFolder::key(std::string_view name) const {
  std::string key = prefix_;
  key += k_log_folder;
  key += name;
  return key;
}

Result<std::vector<LogEntry>> LogFolder::list(DeltaVersion from) {
  const std::string folder = key("");
  objects::ListRequest request{folder, folder + version_text(from), objects::k_list_count_max};
  std::vector<LogEntry> out;
  std::size_t seen = 0;
  while (true) {
    BL_TRY(const auto page, store_.list(request));
    for (const auto& object : page.objects) {
      const std::string_view name = std::string_view(object.key).substr(folder.size());
      // Folders and the hint begin with `_`, behind every version.
      if (name[0] > '9') return out;
      if (++seen > limits_.log_objects_max) {
        return Error{Code::too_large, fmt::format("a Delta log has too many objects, at most {}",
                                                  limits_.log_objects_max)};
      }
      if (const auto parsed = parse_log_name(name)) {
        out.push_back({*parsed, object.key, object.size, object.modified});
      }
    }
    if (!page.next) return out;
    request.after = *page.next;
  }
}

Result<Timestamp> LogFolder::careful_now(const Clock& clock) {
  const std::string mark = key(k_clock_mark);
  BL_RETURN_IF_ERROR(store_.replace(mark, "the store's clock is read here\n"));
  BL_TRY(const objects::ObjectInfo info, store_.head(mark));
  return std::min(info.modified, clock.now());
}

Result<std::optional<std::string>> LogFolder::commit(DeltaVersion version) {
  auto bytes = store_.get_range(key(commit_name(version)), {0, limits_.commit_bytes_max + 1});
  if (!bytes.ok()) {
    if (bytes.error().code == Code::not_found) return std::optional<std::string>();
    return std::move(bytes).error();
  }
  if (bytes->size() > limits_.commit_bytes_max) {
    return Error{Code::too_large, fmt::format("a commit has more than {} bytes: {}",
                                              limits_.commit_bytes_max, commit_name(version))};
  }
  return std::optional<std::string>(std::move(bytes).value());
}

Result<std::vector<std::string>> LogFolder::commits(const std::vector<DeltaVersion>& versions) {
  std::vector<std::optional<Result<std::optional<std::string>>>> answers(versions.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < versions.size(); i = next++) answers[i] = commit(versions[i]);
  };
  std::vector<std::thread> threads;
  const std::size_t others = std::min(limits_.fetches_max, versions.size() / k_commits_per_thread);
  for (std::size_t i = 1; i < others; ++i) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (!answers[i]->ok()) return std::move(*answers[i]).error();
    auto& bytes = answers[i]->value();
    if (!bytes) {
      return Error{Code::not_found, "a commit is gone: " + commit_name(versions[i])};
    }
    out.push_back(*std::move(bytes));
  }
  return out;
}

Result<std::optional<DeltaVersion>> LogFolder::hint() {
  auto bytes = store_.get_range(key(k_last_checkpoint), {0, k_hint_bytes_max});
  if (!bytes.ok()) {
    if (bytes.error().code == Code::not_found) return std::optional<DeltaVersion>();
    return std::move(bytes).error();
  }
  const auto parsed = json::parse(*bytes, {.string_bytes_max = k_hint_bytes_max});
  if (!parsed.ok()) return std::optional<DeltaVersion>();
  const json::Value* version = parsed->find("version");
  if (version == nullptr || !version->is_number()) return std::optional<DeltaVersion>();
  const auto number = version->as_int64();
  if (!number || *number < 0) return std::optional<DeltaVersion>();
  return number;
}

}  // namespace bl::lake::delta
