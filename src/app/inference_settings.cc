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

using Files = std::vector<inference::RegistryFile>;

Result<void> add_file(Files& files, const std::string& path, Disk& disk) {
  BL_TRY(std::string text, read_file(disk, path, k_registry_bytes_max));
  files.push_back({path, std::move(text)});
  return {};
}

Result<void> add_path(Files& files, const std::string& path, Disk& disk) {
  BL_TRY(const FileFacts facts, disk.facts(path));
  if (facts.kind != FileFacts::Kind::folder) return add_file(files, path, disk);
  BL_TRY(const std::vector<std::string> names, disk.list(path));
  for (const std::string& name : names) {
    if (name.ends_with(".toml")) BL_RETURN_IF_ERROR(add_file(files, path + "/" + name, disk));
  }
  return {};
}

Result<Files> with_files(Files files, const std::vector<std::string>& paths, const char* setting,
                         Disk& disk) {
  for (const std::string& path : paths) {
    auto added = add_path(files, path, disk);
    if (!added.ok()) return std::move(added).error().with_context(setting);
  }
  return files;
}

}  // namespace

std::vector<ConfigKey> inference_config_keys() {
  using enum ConfigType;
  return {
      {"inference.registry", text, "",
       "TOML files, or folders of them, with models, frameworks and accelerators beside the "
       "built-in ones; more after ;"},
      {"inference.overrides", text, "",
       "TOML files, or folders of them, with runs that are purged and conclusions that are put "
       "right, beside the built-in ones; more after ;"},
      {"inference.ingest_parsers", integer, "0",
       "threads of an ingest that read artifacts, 1 to 20; 0: two for each core"},
      {"inference.ingest_writers", integer, "5",
       "threads of an ingest that write to the store, 1 to 20"},
      {"inference.ingest_queue", bytes, "128MiB",
       "what an ingest has read and not written yet; at least 1MiB"},
      {"inference.upload_max", bytes, "2GiB", "an archive that is uploaded for an ingest"},
      {"inference.cache_bytes", bytes, "64MiB", "compressed answers that are kept; 0: none"},
      {"inference.reads", text, "store",
       "who answers questions about sweeps: store, or lake (needs replica.enabled)"},
  };
}

Result<InferenceSettings> inference_settings_from(const Config& config) {
  InferenceSettings settings;
  settings.registry = parts_of(config.text("inference.registry"));
  settings.overrides = parts_of(config.text("inference.overrides"));
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
  const std::string reads = config.text("inference.reads");
  if (reads != "store" && reads != "lake") {
    return Error{Code::invalid, "inference.reads must be store or lake: " + reads};
  }
  settings.reads_lake = reads == "lake";
  return settings;
}

Result<inference::Registry> load_inference_registry(const std::vector<std::string>& paths,
                                                    Disk& disk) {
  BL_TRY(const Files files,
         with_files(inference::Registry::built_in_files(inference::k_newest_edition), paths,
                    "inference.registry", disk));
  return inference::Registry::read(files);
}

Result<inference::Overrides> load_inference_overrides(const std::vector<std::string>& paths,
                                                      Disk& disk) {
  BL_TRY(const Files files,
         with_files(inference::Overrides::built_in_files(), paths, "inference.overrides", disk));
  return inference::Overrides::read(files);
}

}  // namespace bl::app
