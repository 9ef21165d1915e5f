#include "app/event_settings.h"

#include <fmt/format.h>

#include "base/uri.h"
#include "events/log_uri.h"

namespace bl::app {
namespace {

constexpr std::int64_t k_tails_max = 1'000;
constexpr std::int64_t k_append_max = 1 << 30;

}  // namespace

std::vector<ConfigKey> event_config_keys() {
  using enum ConfigType;
  return {
      {"events.log", text, "",
       "the log of build events: sqlite://FILE, postgres://..., delta:///PATH, "
       "delta+s3://BUCKET/PATH; empty: sqlite://DIR/events.db; off: none",
       true},
      {"events.tails_max", integer, "16",
       "clients that follow the log at once; each holds one of http.workers"},
      {"events.append_max", bytes, "64MiB", "the events of one request (gRPC: grpc.message_max)"},
  };
}

Result<EventSettings> event_settings_from(const Config& config, const std::string& data_folder) {
  EventSettings settings;
  settings.log_uri = config.text("events.log");
  settings.is_built_in = settings.log_uri.empty();
  if (settings.is_built_in) {
    settings.log_uri = "sqlite://" + percent_encode_path(data_folder) + "/events.db";
  }
  if (settings.log_uri == "off") settings.log_uri.clear();
  const std::int64_t tails = config.integer("events.tails_max");
  if (tails < 0 || tails > k_tails_max) {
    return Error{Code::invalid,
                 fmt::format("events.tails_max must be 0 to {}: {}", k_tails_max, tails)};
  }
  settings.tails.tails_max = static_cast<std::size_t>(tails);
  const std::int64_t append = config.integer("events.append_max");
  if (append < 1024 || append > k_append_max) {
    return Error{Code::invalid, fmt::format("events.append_max must be 1KiB to 1GiB: {}", append)};
  }
  settings.append_bytes_max = static_cast<std::size_t>(append);
  if (settings.log_uri.empty()) return settings;
  const auto uri = events::parse_log_uri(settings.log_uri);
  if (!uri.ok()) return Error(uri.error()).with_context("events.log");
  if (uri->backend == events::LogUri::Backend::delta) {
    settings.tails.pause_min = std::max(settings.tails.pause_min, uri->flush_every);
  }
  return settings;
}

}  // namespace bl::app
