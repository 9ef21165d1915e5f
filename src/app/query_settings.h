#pragma once

#include <vector>

#include "base/config.h"
#include "ops/query_work.h"

/// The settings `query.*`.
namespace bl::app {

std::vector<ConfigKey> query_config_keys();

/// Errors: invalid, naming the key and the value.
Result<ops::QuerySetting> query_settings_from(const Config& config);

}  // namespace bl::app
