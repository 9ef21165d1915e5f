#include "app/bigquery_settings.h"

namespace bl::app {

std::vector<ConfigKey> bigquery_config_keys() {
  using enum ConfigType;
  return {
      {"bigquery.enabled", boolean, "true", "clients of BigQuery are answered"},
      {"bigquery.open", boolean, "false",
       "they need no credentials, also to write; whatever they send is passed over"},
  };
}

BigQuerySettings bigquery_settings_from(const Config& config) {
  return {.enabled = config.boolean("bigquery.enabled"),
          .is_open = config.boolean("bigquery.open")};
}

}  // namespace bl::app
