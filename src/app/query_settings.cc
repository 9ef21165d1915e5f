#include "app/query_settings.h"

#include <fmt/format.h>

namespace bl::app {
namespace {

constexpr std::int64_t k_threads_max = 256;
constexpr std::int64_t k_memory_min = 64ll << 20;
constexpr std::int64_t k_answer_max = 256ll << 20;

Result<std::int64_t> number(const Config& config, const char* key, std::int64_t least,
                            std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
  const std::int64_t value = config.integer(key);
  if (value >= least && value <= most) return value;
  if (value < least) {
    return Error{Code::invalid, fmt::format("{} must be at least {}: {}", key, least, value)};
  }
  return Error{Code::invalid, fmt::format("{} must be at most {}: {}", key, most, value)};
}

}  // namespace

std::vector<ConfigKey> query_config_keys() {
  using enum ConfigType;
  return {
      {"query.running_max", integer, "2", "queries of users that run at once, each in a process"},
      {"query.waiting_max", integer, "16", "that wait for it; more are answered 503"},
      {"query.workers", integer, "1", "processes that wait, started, for the next query"},
      {"query.memory", bytes, "512MiB", "memory of a query; more is refused"},
      {"query.spill", bytes, "4GiB", "disk that a query may use beside"},
      {"query.threads", integer, "2", "threads of a query"},
      {"query.time_max", duration_ms, "30s", "the longest that a query takes"},
      {"query.rows_max", integer, "100000", "the most rows of an answer; more are cut off"},
      {"query.bytes_max", bytes, "64MiB", "the most memory of an answer; more is cut off"},
  };
}

Result<ops::QuerySetting> query_settings_from(const Config& config) {
  ops::QuerySetting setting;
  BL_TRY(const std::int64_t running, number(config, "query.running_max", 1));
  setting.engine.admission.running_max = static_cast<std::size_t>(running);
  BL_TRY(const std::int64_t waiting, number(config, "query.waiting_max", 0));
  setting.engine.admission.waiting_max = static_cast<std::size_t>(waiting);
  BL_TRY(const std::int64_t workers, number(config, "query.workers", 0, k_threads_max));
  setting.engine.warm_workers = static_cast<std::size_t>(workers);
  BL_TRY(const std::int64_t memory, number(config, "query.memory", k_memory_min));
  setting.engine.memory_bytes_max = static_cast<std::uint64_t>(memory);
  BL_TRY(const std::int64_t spill, number(config, "query.spill", 0));
  setting.engine.spill_bytes_max = static_cast<std::uint64_t>(spill);
  BL_TRY(const std::int64_t threads, number(config, "query.threads", 1, k_threads_max));
  setting.engine.threads = static_cast<int>(threads);
  BL_TRY(const std::int64_t time, number(config, "query.time_max", 1));
  setting.most.time_max = std::chrono::milliseconds(time);
  BL_TRY(setting.most.rows_max, number(config, "query.rows_max", 1));
  BL_TRY(const std::int64_t bytes, number(config, "query.bytes_max", 1, k_answer_max));
  setting.most.bytes_max = static_cast<std::uint64_t>(bytes);
  return setting;
}

}  // namespace bl::app
