#include "bigquery/write/connection.h"
#include "bigquery/write/faults.h"
#include "bigquery/write_methods.h"

namespace bl::bigquery {
namespace {

constexpr const char* k_service = "/google.cloud.bigquery.storage.v1.BigQueryWrite/";

}  // namespace

void add_write_methods(net::GrpcMethods& methods, WriteStreams& streams, net::Access access) {
  using Impl = WriteStreams::Impl;
  Impl& impl = streams.impl();
  const auto add = [&](const char* name, Result<std::string> (Impl::*answer)(std::string_view)) {
    methods.add(
        {.name = std::string(k_service) + name,
         .access = access,
         .answer = [&impl, answer](const net::GrpcCall&,
                                   std::string_view request) { return (impl.*answer)(request); },
         .status = write::status_of});
  };
  add("CreateWriteStream", &Impl::create);
  add("GetWriteStream", &Impl::get);
  add("FinalizeWriteStream", &Impl::finalize);
  add("FlushRows", &Impl::flush);
  add("BatchCommitWriteStreams", &Impl::commit);
  methods.add({.name = std::string(k_service) + "AppendRows",
               .access = access,
               .exchange = [&impl](const net::GrpcCall&) -> std::unique_ptr<net::GrpcExchange> {
                 return std::make_unique<write::Connection>(impl);
               },
               .status = write::status_of});
}

}  // namespace bl::bigquery
