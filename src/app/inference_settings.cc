#include "app/inference_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace bl::app {
namespace {

constexpr std::int64_t k_threads_max = 20;
constexpr std::int64_t k_queue_min = 1 << 20;
constexpr std::uint64_t k_registry_bytes_max = 4 << 20;

Result<std::size_t> threads(const Config& config, const char* key) {
  const std::int64_t number = config.integer(key);
  if (number < 1 || number > k_threads_max) {
    return Error{Code::invalid, fmt::format("{} must be 1 to {}: {}", key, k_threads_max, number)};
  }
  return static_cast<std::size_t>(number);
}

/// As many as keep all cores busy while some of them wait for the disk.
std::size_t default_parsers() {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  return std::min<std::size_t>(k_threads_max, 2 * cores);
}

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    if (end > 0) parts.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

Result<void> add_file(std::vector<inference::RegistryFile>& files, const std::string& path,
                      Disk& disk) {
  auto text = read_file(disk, path, k_registry_bytes_max);
  if (!text.ok()) return std::move(text).error().with_context("inference.registry");
  files.push_back({path, *std::move(text)});
  return {};
}

}  // namespace

std::vector<ConfigKey> inference_config_keys() {
  using enum ConfigType;
  return {
      {"inference.registry", text, "",
       "TOML files, or folders of them, with models, frameworks and accelerators beside the "
       "built-in ones; more after ;"},
      {"inference.ingest_parsers", integer, "0",
       "threads of an ingest that read artifacts, 1 to 20; 0: two for each core"},
      {"inference.ingest_writers", integer, "5",
       "threads of an ingest that write to the store, 1 to 20"},
      {"inference.ingest_queue", bytes, "128MiB",
       "what an ingest has read and not written yet; at least 1MiB"},
      {"inference.upload_max", bytes, "2GiB", "an archive that is uploaded for an ingest"},
      {"inference.cache_bytes", bytes, "64MiB", "compressed answers that are kept; 0: none"},
  };
}

Result<InferenceSettings> inference_settings_from(const Config& config) {
  InferenceSettings settings;
  settings.registry = parts_of(config.text("inference.registry"));
  if (config.integer("inference.ingest_parsers") == 0) {
    settings.parsers = default_parsers();
  } else {
    BL_TRY(settings.parsers, threads(config, "inference.ingest_parsers"));
  }
  BL_TRY(settings.writers, threads(config, "inference.ingest_writers"));
  const std::int64_t queue = config.integer("inference.ingest_queue");
  if (queue < k_queue_min) {
    return Error{Code::invalid,
                 fmt::format("inference.ingest_queue must be at least {}: {}", k_queue_min, queue)};
  }
  settings.queue_bytes = static_cast<std::uint64_t>(queue);
  const std::int64_t upload = config.integer("inference.upload_max");
  if (upload < 1) {
    return Error{Code::invalid, fmt::format("inference.upload_max must be at least 1: {}", upload)};
  }
  settings.upload_bytes = static_cast<std::uint64_t>(upload);
  const std::int64_t cache = config.integer("inference.cache_bytes");
  if (cache < 0) {
    return Error{Code::invalid, fmt::format("inference.cache_bytes must be at least 0: {}", cache)};
  }
  settings.cache_bytes = static_cast<std::uint64_t>(cache);
  return settings;
}

Result<inference::Registry> load_inference_registry(const std::vector<std::string>& paths,
                                                    Disk& disk) {
  auto files = inference::Registry::built_in_files(inference::k_newest_edition);
  for (const std::string& path : paths) {
    const auto facts = disk.facts(path);
    if (!facts.ok()) return Error(facts.error()).with_context("inference.registry");
    if (facts->kind != FileFacts::Kind::folder) {
      BL_RETURN_IF_ERROR(add_file(files, path, disk));
      continue;
    }
    BL_TRY(const std::vector<std::string> names, disk.list(path));
    for (const std::string& name : names) {
      if (name.ends_with(".toml")) BL_RETURN_IF_ERROR(add_file(files, path + "/" + name, disk));
    }
  }
  return inference::Registry::read(files);
}

}  // namespace bl::app
