#pragma once

#include <vector>

#include "base/config.h"

/// The settings `bigquery.*`.
namespace bl::app {

struct BigQuerySettings {
  bool enabled = true;
  bool is_open = false;              ///< nobody needs credentials
  bool names_answer_tables = false;  ///< jobs of queries say a destinationTable
};

std::vector<ConfigKey> bigquery_config_keys();
BigQuerySettings bigquery_settings_from(const Config& config);

}  // namespace bl::app
