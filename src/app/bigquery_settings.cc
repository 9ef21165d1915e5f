#include "app/bigquery_settings.h"

namespace bl::app {

std::vector<ConfigKey> bigquery_config_keys() {
  using enum ConfigType;
  return {
      {"bigquery.enabled", boolean, "true", "clients of BigQuery are answered"},
      {"bigquery.open", boolean, "false",
       "they need no credentials, also to write; whatever they send is passed over"},
      {"bigquery.answer_tables", boolean, "false",
       "a query that was told no destinationTable says the table that its answer is"},
  };
}

BigQuerySettings bigquery_settings_from(const Config& config) {
  return {.enabled = config.boolean("bigquery.enabled"),
          .is_open = config.boolean("bigquery.open"),
          .names_answer_tables = config.boolean("bigquery.answer_tables")};
}

}  // namespace bl::app
