#include "ops/query_routes.h"

#include "columns/ipc.h"
#include "net/query_fields.h"
#include "ops/query_json.h"

namespace bl::ops {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 1u << 20;
constexpr std::size_t k_kept_back_bytes = 1u << 20;  // of an answer, before its first byte goes out
constexpr const char* k_arrow = "application/vnd.apache.arrow.stream";

Result<lake::Lake*> lake_of(const QueryRoutePorts& ports) {
  if (ports.lake != nullptr) return ports.lake;
  return Error{Code::not_found, "this server has no lake: lake.objects is not set"};
}

/// An answer on its way to bytes.
class AnswerEncoder {
 public:
  virtual ~AnswerEncoder() = default;
  virtual Result<void> add(const columns::Batch& batch) = 0;
  virtual Result<void> finish(const engine::Statistics& statistics) = 0;
  virtual const char* content_type() const = 0;
  /// What has come together since the last call.
  std::string take() { return std::exchange(bytes_, {}); }
  std::size_t size() const { return bytes_.size(); }

 protected:
  std::string bytes_;
};

class JsonEncoder final : public AnswerEncoder {
 public:
  JsonEncoder(const std::string& id, const columns::Schema& schema) {
    bytes_ = query_head(id, schema);
  }
  Result<void> add(const columns::Batch& batch) override {
    bytes_ += query_rows(batch, std::exchange(is_first_, false));
    return {};
  }
  Result<void> finish(const engine::Statistics& statistics) override {
    bytes_ += query_tail(statistics);
    return {};
  }
  const char* content_type() const override { return "application/json"; }

 private:
  bool is_first_ = true;
};

class ArrowEncoder final : public AnswerEncoder {
 public:
  Result<void> start(const columns::Schema& schema) {
    BL_TRY(writer_, columns::IpcWriter::start(schema, columns::IpcCompression::none,
                                              [this](std::string_view bytes) -> Result<void> {
                                                bytes_ += bytes;
                                                return {};
                                              }));
    return {};
  }
  Result<void> add(const columns::Batch& batch) override { return writer_->write(batch); }
  Result<void> finish(const engine::Statistics&) override { return writer_->finish(); }
  const char* content_type() const override { return k_arrow; }

 private:
  std::unique_ptr<columns::IpcWriter> writer_;
};

Result<std::unique_ptr<AnswerEncoder>> encoder_for(const Request& request, const std::string& id,
                                                   const columns::Schema& schema) {
  if (request.headers.get("Accept").find(k_arrow) == std::string_view::npos) {
    return std::unique_ptr<AnswerEncoder>(std::make_unique<JsonEncoder>(id, schema));
  }
  auto arrow = std::make_unique<ArrowEncoder>();
  BL_RETURN_IF_ERROR(arrow->start(schema));
  return std::unique_ptr<AnswerEncoder>(std::move(arrow));
}

/// One query, from its cursor to its last byte; tells the list how it ended, also when nobody
/// takes the answer any more.
class RunningQuery {
 public:
  RunningQuery(Queries& queries, std::string id) : queries_(queries), id_(std::move(id)) {}
  ~RunningQuery() {
    if (!is_told_) queries_.fail(id_, Error{Code::cancelled, "the client is gone"});
  }
  RunningQuery(const RunningQuery&) = delete;
  RunningQuery& operator=(const RunningQuery&) = delete;

  const std::string& id() const { return id_; }
  AnswerEncoder& encoder() { return *encoder_; }

  Result<void> begin(engine::Engine& engine, engine::Query query, const Request& request) {
    auto cursor = engine.run(std::move(query));
    if (!cursor.ok()) return tell(cursor.error());
    cursor_ = std::move(cursor).value();
    auto encoder = encoder_for(request, id_, cursor_->schema());
    if (!encoder.ok()) return tell(encoder.error());
    encoder_ = std::move(encoder).value();
    return {};
  }
  /// Encodes until so much is together, or the answer is whole: then true.
  Result<bool> encode(std::size_t bytes) {
    while (encoder_->size() < bytes) {
      const auto batch = cursor_->next();
      if (!batch.ok()) return tell(batch.error());
      if (!*batch) {
        const engine::Statistics statistics = cursor_->statistics();
        BL_RETURN_IF_ERROR(encoder_->finish(statistics));
        is_told_ = true;
        queries_.succeed(id_, statistics);
        return true;
      }
      if (auto added = encoder_->add(**batch); !added.ok()) return tell(added.error());
    }
    return false;
  }

 private:
  Error tell(Error error) {
    is_told_ = true;
    queries_.fail(id_, error);
    return error;
  }

  Queries& queries_;
  const std::string id_;
  std::unique_ptr<engine::Cursor> cursor_;
  std::unique_ptr<AnswerEncoder> encoder_;
  bool is_told_ = false;
};

Result<Response> answer(const Request& request, const QueryRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(lake::Lake * lake, lake_of(ports));
  if (ports.engine == nullptr) {
    return Error{Code::unsupported, "not supported: SQL over a lake on S3"};
  }
  BL_TRY(QueryRequest wanted, decode_query(request.body, ports.most));
  auto control = std::make_shared<engine::QueryControl>(request.client_is_there);
  BL_TRY(const std::string id,
         ports.queries.begin(wanted.id, wanted.sql, request.principal, control));
  auto running = std::make_shared<RunningQuery>(ports.queries, id);
  BL_RETURN_IF_ERROR(running->begin(*ports.engine,
                                    {.sql = std::move(wanted.sql),
                                     .parameters = std::move(wanted.parameters),
                                     .tables = pinned_tables(*lake),
                                     .limits = wanted.limits,
                                     .control = std::move(control)},
                                    request));
  BL_TRY(const bool is_whole, running->encode(k_kept_back_bytes));
  Response response =
      Response::text(200, running->encoder().content_type(), running->encoder().take());
  response.headers.set("X-Query-Id", id);
  response.headers.set("Cache-Control", "no-store");
  if (is_whole) return response;
  response.stream =
      [running, first = std::exchange(response.body, {})](net::BodyWriter& writer) -> Result<void> {
    BL_RETURN_IF_ERROR(writer.write(first));
    for (bool is_over = false; !is_over;) {
      BL_TRY(is_over, running->encode(k_kept_back_bytes));
      BL_RETURN_IF_ERROR(writer.write(running->encoder().take()));
    }
    return {};
  };
  return response;
}

Result<Response> list(const Request& request, const QueryRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("queries").begin_array();
  for (const QueryView& view : ports.queries.list(request.principal)) writer.raw(encode(view));
  writer.end_array().end_object();
  return Response::json(200, std::move(text));
}

Result<Response> show(const Request& request, const QueryRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const QueryView view, ports.queries.find(request.capture("id"), request.principal));
  return Response::json(200, encode(view));
}

Result<Response> cancel(const Request& request, const QueryRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const QueryView view, ports.queries.cancel(request.capture("id"), request.principal));
  return Response::json(202, encode(view));
}

Result<Response> tables(const Request& request, const QueryRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(lake::Lake * lake, lake_of(ports));
  return Response::json(200, encode_tables(*lake));
}

using Answer = Result<Response> (*)(const Request&, const QueryRoutePorts&);

void add(net::Router& router, Method method, const char* pattern, const QueryRoutePorts& ports,
         Answer make) {
  router.add({.method = method,
              .pattern = pattern,
              .access = Access::read,
              .handler =
                  [&ports, make](Request& request) {
                    auto made = make(request, ports);
                    if (!made.ok()) return net::problem(made.error(), request.request_id);
                    return std::move(made).value();
                  },
              .options = {.body_bytes_max = k_body_bytes_max}});
}

}  // namespace

void add_query_routes(net::Router& router, const QueryRoutePorts& ports) {
  add(router, Method::post, "/api/v1/query", ports, answer);
  add(router, Method::get, "/api/v1/queries", ports, list);
  add(router, Method::get, "/api/v1/queries/{id}", ports, show);
  add(router, Method::del, "/api/v1/queries/{id}", ports, cancel);
  add(router, Method::get, "/api/v1/tables", ports, tables);
}

}  // namespace bl::ops
