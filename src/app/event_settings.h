#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "events/tails.h"

/// The settings `events.*`.
namespace bl::app {

struct EventSettings {
  std::string log_uri;       ///< empty: no log is kept
  bool is_built_in = true;   ///< nobody has named it: opened when it is asked for first
  events::TailLimits tails;  ///< of those who follow it
  std::size_t append_bytes_max = 64u << 20;  ///< of one request
};

std::vector<ConfigKey> event_config_keys();
/// Errors: invalid, unsupported (the URI), naming the key.
Result<EventSettings> event_settings_from(const Config& config, const std::string& data_folder);

}  // namespace bl::app
