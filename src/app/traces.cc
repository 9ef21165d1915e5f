#include "app/traces.h"

#include <fmt/format.h>

#include <filesystem>

#include "net/host_port.h"
#include "traces/grpc_methods.h"

namespace bl::app {
namespace {

constexpr const char* k_table = "spans";

std::string folder_of(const std::string& data_folder) {
  return std::filesystem::absolute(data_folder).lexically_normal().string() + "/traces";
}

}  // namespace

TraceService::TraceService(const TraceSettings& settings, const std::string& data_folder,
                           const Around& around)
    : settings_(settings),
      folder_(folder_of(data_folder)),
      around_(around),
      intake_([this] { return store(); }, around.clock, around.metrics, settings.intake) {}

Result<std::unique_ptr<TraceService>> TraceService::open(const TraceSettings& settings,
                                                         const std::string& data_folder,
                                                         const Around& around) {
  std::unique_ptr<TraceService> service(new TraceService(settings, data_folder, around));
  if (!settings.enabled) return service;
  lake::Lake* const lake = around.lake.opened();
  if (lake != nullptr && lake->table(k_table).ok()) BL_RETURN_IF_ERROR(service->store());
  return service;
}

Result<void> TraceService::open_store() {
  BL_TRY(lake::Lake* const lake, around_.lake.get());
  BL_RETURN_IF_ERROR(around_.disk.make_folder(folder_));
  traces::LakeTraceStoreLimits limits;
  limits.retention = settings_.retention;
  BL_TRY(store_, traces::LakeTraceStore::open({.lake = *lake,
                                               .disk = around_.disk,
                                               .clock = around_.clock,
                                               .log = around_.log,
                                               .metrics = around_.metrics,
                                               .folder = folder_ + "/index",
                                               .pinned = around_.pinned},
                                              limits));
  return {};
}

Result<traces::TraceStore*> TraceService::store() {
  if (!settings_.enabled) {
    return Error{Code::not_found, "this server keeps no traces: traces.enabled is false"};
  }
  const std::lock_guard lock(mutex_);
  if (store_ == nullptr) {
    auto opened = open_store();
    if (!opened.ok()) return std::move(opened).error().with_context("the traces (" + folder_ + ")");
  }
  return store_.get();
}

traces::OtlpRouteOptions TraceService::otlp_options() const {
  return {.is_open = settings_.http_is_open, .cors_origins = settings_.cors_origins};
}

void TraceService::add_routes(net::Router& router) {
  traces::add_otlp_routes(router, intake_, otlp_options());
  traces::add_routes(
      router, {.store = [this] { return store(); }, .clock = around_.clock, .version = BL_VERSION});
}

void TraceService::add_grpc_methods(net::GrpcMethods& methods) {
  traces::add_grpc_methods(methods, intake_,
                           settings_.grpc_is_open ? net::Access::open : net::Access::write);
}

Result<void> TraceService::listen(net::Authenticator& authenticator) {
  if (!settings_.otlp_http || !settings_.enabled) return {};
  traces::add_otlp_routes(otlp_router_, intake_, otlp_options());
  auto listening = net::Server::listen(*settings_.otlp_http, otlp_router_, authenticator,
                                       around_.random, around_.log, around_.metrics);
  if (!listening.ok()) return std::move(listening).error().with_context("server.otlp_http");
  otlp_server_ = std::move(listening).value();
  otlp_server_->start();
  return {};
}

std::string TraceService::otlp_address() const {
  if (otlp_server_ == nullptr) return "";
  return net::host_port(settings_.otlp_http->address, std::to_string(otlp_server_->port()));
}

void TraceService::stop() {
  if (otlp_server_ != nullptr) otlp_server_->stop();
}

}  // namespace bl::app
