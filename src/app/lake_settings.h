#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "lake/lake.h"

/// The settings `lake.*`.
namespace bl::app {

std::vector<ConfigKey> lake_config_keys();

/// Null: lake.objects is not set. The lake's folder is DIR/lake; its catalog lies there too, or in
/// the store's PostgreSQL. Errors: invalid, naming the key and the value.
Result<std::shared_ptr<lake::LakeOptions>> lake_settings_from(const Config& config,
                                                              const std::string& data_folder,
                                                              const std::string& store_uri);

/// The lake that a server makes where lake.objects is not set and somebody needs one: all of it is
/// in DIR/lake, with the limits of lake.*. Of a data folder that began with spans in DIR/traces:
/// there. Errors: as above.
Result<std::shared_ptr<lake::LakeOptions>> own_lake_settings_from(const Config& config,
                                                                  const std::string& data_folder);

/// What a lake takes from the process's variables: AWS_* and HOME. They hold credentials: for the
/// lake alone.
std::map<std::string, std::string> lake_variables(
    const std::map<std::string, std::string>& environment);

}  // namespace bl::app
