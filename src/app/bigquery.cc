#include "app/bigquery.h"

#include <filesystem>

#include "bigquery/answer_tables.h"
#include "bigquery/default_values.h"
#include "bigquery/read_methods.h"
#include "bigquery/write_methods.h"

namespace bl::app {

std::unique_ptr<BigQueryService> BigQueryService::open(const BigQuerySettings& settings,
                                                       const Around& around) {
  std::unique_ptr<BigQueryService> service(new BigQueryService(settings, around));
  if (!settings.enabled || around.lake.opened() == nullptr) return service;
  // A store that is only read may lack the tables: that is the asker's to hear.
  if (const auto opened = service->parts(); !opened.ok()) {
    around.log.warning("bigquery_closed", {{"error", opened.error().message}});
  }
  return service;
}

Result<std::unique_ptr<BigQueryService::Parts>> BigQueryService::open_parts() {
  auto parts = std::make_unique<Parts>();
  BL_TRY(lake::Lake* const lake, around_.lake.get());
  BL_TRY(parts->tables,
         bigquery::Tables::open({around_.database, *lake, around_.clock, around_.log}));
  const std::string data_folder =
      std::filesystem::absolute(around_.data_folder).lexically_normal().string();
  bigquery::JobPartsLimits limits;
  limits.jobs.names_answer_tables = settings_.names_answer_tables;
  BL_TRY(parts->jobs, bigquery::JobParts::open({.database = around_.database,
                                                .tables = *parts->tables,
                                                .lake = *lake,
                                                .disk = around_.disk,
                                                .clock = around_.clock,
                                                .ids = ids_,
                                                .log = around_.log,
                                                .metrics = around_.metrics},
                                               data_folder + "/bigquery", limits));
  BL_TRY(parts->writes,
         bigquery::WriteStreams::open({.tables = *parts->tables,
                                       .database = around_.database,
                                       .disk = around_.disk,
                                       .clock = around_.clock,
                                       .random = around_.random,
                                       .log = around_.log,
                                       .metrics = around_.metrics,
                                       .folder = data_folder + "/bigquery/streams",
                                       .defaults = bigquery::simple_defaults(around_.clock)}));
  const auto source =
      [tables = parts->tables.get(), answers = &parts->jobs->results(),
       &store = lake->store()](const bigquery::TableName& name) -> Result<bigquery::ReadSource> {
    if (const auto id = bigquery::answer_named(name)) {
      BL_TRY(const bigquery::QueryResultHandle answer, answers->find(*id));
      return bigquery::read_source_of(answer);
    }
    BL_TRY(const bigquery::TableHandle table, tables->find(name));
    return bigquery::read_source_of(table, store);
  };
  parts->read_sessions =
      bigquery::ReadSessions::make({source, around_.clock, around_.random, around_.metrics});
  return parts;
}

Result<BigQueryService::Parts*> BigQueryService::parts() {
  if (!settings_.enabled) {
    return Error{Code::not_found, "this server answers no BigQuery: bigquery.enabled is false"};
  }
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return Error{Code::unavailable, "the server ends"};
  if (parts_ == nullptr) {
    auto opened = open_parts();
    if (!opened.ok()) return std::move(opened).error().with_context("the tables of BigQuery");
    parts_ = *std::move(opened);
  }
  return parts_.get();
}

void BigQueryService::add_routes(net::Router& router) {
  const bigquery::RestPorts ports{.parts = [this]() -> Result<bigquery::RestPorts::Parts> {
                                    BL_TRY(Parts* const parts, this->parts());
                                    return bigquery::RestPorts::Parts{parts->tables.get(),
                                                                      &parts->jobs->engine(),
                                                                      &parts->jobs->results()};
                                  },
                                  .clock = around_.clock,
                                  .random = around_.random};
  bigquery::add_rest_routes(router, ports, {.reads = reads(), .writes = writes()});
  const bigquery::JobPorts jobs{.parts = [this]() -> Result<bigquery::JobPorts::Parts> {
    BL_TRY(Parts* const parts, this->parts());
    return parts->jobs->ports();
  }};
  bigquery::add_job_routes(router, jobs, {.read = reads(), .write = writes()});
}

void BigQueryService::add_grpc_methods(net::GrpcMethods& methods) {
  const auto streams = [this]() -> Result<bigquery::WriteStreams*> {
    BL_TRY(Parts* const parts, this->parts());
    return parts->writes.get();
  };
  bigquery::add_write_methods(methods, streams, writes());
  const auto read_sessions = [this]() -> Result<bigquery::ReadSessions*> {
    BL_TRY(Parts* const parts, this->parts());
    return parts->read_sessions.get();
  };
  bigquery::add_read_methods(methods, read_sessions, reads());
}

void BigQueryService::stop_jobs() {
  const std::lock_guard lock(mutex_);
  if (parts_ != nullptr) parts_->jobs->jobs().stop();
}

void BigQueryService::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  parts_.reset();
}

}  // namespace bl::app
