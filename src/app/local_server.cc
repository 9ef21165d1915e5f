#include "app/local_server.h"

namespace bl::app {

LocalServer::LocalServer() : disk_(make_real_disk()) {}

LocalServer::~LocalServer() {
  if (service_ != nullptr) service_->stop();
}

Result<void> LocalServer::start(const std::string& data_folder,
                                const std::map<std::string, std::string>& environment) {
  Config::Sources sources;
  sources.environment = with_github_api(environment);
  sources.flags = {{"server.data", data_folder}, {"server.http", "127.0.0.1:0"}};
  BL_TRY(const Config config, Config::load(config_keys(), sources));
  BL_TRY(Settings settings, settings_from(config));
  settings.http.tls.reset();
  settings.commits.in_background = false;
  settings.alerts.in_background = false;
  settings.events.log_uri.clear();
  settings.lake.reset();  // nothing that commands ask for this way is in it
  settings.log_level = std::max(settings.log_level, LogLevel::warning);
  if (config.text("server.store").empty()) {
    BL_TRY(const bool there, disk_->exists(data_folder + "/benchlake.db"));
    if (!there) return Error{Code::not_found, "no store in " + data_folder};
  }
  log_ = std::make_unique<Log>(clock_, settings.log_level, stderr_sink());
  BL_TRY(service_, Service::start(settings, *disk_, clock_, random_, *log_, metrics_));
  return {};
}

}  // namespace bl::app
