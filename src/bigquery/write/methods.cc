#include "bigquery/write/connection.h"
#include "bigquery/write/faults.h"
#include "bigquery/write_methods.h"

namespace bl::bigquery {
namespace {

constexpr const char* k_service = "/google.cloud.bigquery.storage.v1.BigQueryWrite/";

/// A connection of streams that are opened by its first request.
class OpeningConnection final : public net::GrpcExchange {
 public:
  explicit OpeningConnection(OpenWriteStreams streams) : streams_(std::move(streams)) {}
  Result<void> take(std::span<const std::string> requests, net::GrpcWriter& out) override {
    if (connection_ == nullptr) {
      BL_TRY(WriteStreams* const streams, streams_());
      connection_ = std::make_unique<write::Connection>(streams->impl());
    }
    return connection_->take(requests, out);
  }
  Result<void> end(net::GrpcWriter&) override { return {}; }

 private:
  const OpenWriteStreams streams_;
  std::unique_ptr<write::Connection> connection_;
};

}  // namespace

void add_write_methods(net::GrpcMethods& methods, OpenWriteStreams streams, net::Access access) {
  using Impl = WriteStreams::Impl;
  const auto add = [&](const char* name, Result<std::string> (Impl::*answer)(std::string_view)) {
    const auto call = [streams, answer](const net::GrpcCall&,
                                        std::string_view request) -> Result<std::string> {
      BL_TRY(WriteStreams* const open, streams());
      return (open->impl().*answer)(request);
    };
    methods.add({.name = std::string(k_service) + name,
                 .access = access,
                 .answer = call,
                 .status = write::status_of});
  };
  add("CreateWriteStream", &Impl::create);
  add("GetWriteStream", &Impl::get);
  add("FinalizeWriteStream", &Impl::finalize);
  add("FlushRows", &Impl::flush);
  add("BatchCommitWriteStreams", &Impl::commit);
  methods.add({.name = std::string(k_service) + "AppendRows",
               .access = access,
               .exchange = [streams](const net::GrpcCall&) -> std::unique_ptr<net::GrpcExchange> {
                 return std::make_unique<OpeningConnection>(streams);
               },
               .status = write::status_of});
}

}  // namespace bl::bigquery
