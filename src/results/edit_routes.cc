#include "results/edit_routes.h"

#include "results/annotations.h"
#include "results/encode.h"
#include "results/legacy/wire.h"
#include "results/legacy_encode.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 64 << 10;

// One dialect's way of reading a change, and of answering.
struct Dialect {
  Result<json::Value> (*decode)(std::string_view body);
  std::string (*encode)(const StoredResult&, const Request&, const Ports&);
  Response (*refuse)(const Error&, const Request&);
};

std::string encode_new(const StoredResult& result, const Request&, const Ports& ports) {
  return encode_result(result, ports.mode);
}
std::string encode_legacy(const StoredResult& result, const Request& request, const Ports&) {
  return encode_legacy_result(result, request.origin());
}
Response refuse_new(const Error& error, const Request& request) {
  return net::problem(error, request.request_id);
}
Response refuse_legacy(const Error& error, const Request& request) {
  if (error.code == Code::not_found) {
    return legacy::refuse(legacy::no_such_result(request.capture("id")), request);
  }
  if (error.code == Code::malformed) return legacy::refuse(legacy::not_understood(), request);
  return legacy::refuse(error, request);
}

constexpr Dialect k_new{decode_annotation_changes, encode_new, refuse_new};
constexpr Dialect k_legacy{decode_legacy_annotation_changes, encode_legacy, refuse_legacy};

/// The result, when who asks may change it.
Result<StoredResult> result_to_change(const Request& request, const Ports& ports) {
  BL_TRY(StoredResult result, ports.runs.result(request.capture("id")));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(result.repository));
  return result;
}

Result<std::string> put(const Request& request, const Ports& ports, ResultEditor& editor,
                        const Dialect& dialect) {
  BL_TRY(const StoredResult before, result_to_change(request, ports));
  if (!is_json(request.headers.get("Content-Type"))) {
    return Error{Code::malformed, "the body must be application/json, not " +
                                      std::string(request.headers.get("Content-Type"))};
  }
  BL_TRY(const json::Value changes, dialect.decode(request.body));
  if (!changes.members().empty()) {
    BL_RETURN_IF_ERROR(
        editor.annotate(before.id, changes, {request.principal.id, request.principal.name}));
  }
  BL_TRY(const StoredResult after, ports.runs.result(before.id));
  return dialect.encode(after, request, ports);
}

Result<void> remove(const Request& request, const Ports& ports, ResultEditor& editor) {
  BL_TRY(const StoredResult result, result_to_change(request, ports));
  return editor.remove(result.id, {request.principal.id, request.principal.name});
}

void add(net::Router& router, const Ports& ports, ResultEditor& editor, std::string pattern,
         const Dialect& dialect) {
  router.add({.method = Method::put,
              .pattern = pattern,
              .access = Access::write,
              .handler =
                  [ports, &editor, &dialect](Request& request) {
                    auto body = put(request, ports, editor, dialect);
                    if (!body.ok()) return dialect.refuse(body.error(), request);
                    return Response::json(200, *std::move(body));
                  },
              .options = {.body_bytes_max = k_body_bytes_max}});
  router.add({.method = Method::del,
              .pattern = std::move(pattern),
              .access = Access::write,
              .handler = [ports, &editor, &dialect](Request& request) {
                const auto removed = remove(request, ports, editor);
                if (!removed.ok()) return dialect.refuse(removed.error(), request);
                return Response::no_content();
              }});
}

}  // namespace

void add_edit_routes(net::Router& router, const Ports& ports, ResultEditor& editor) {
  add(router, ports, editor, "/api/benchmark-results/{id}", k_new);
  add(router, ports, editor, "/api/benchmark-results/{id}/", k_legacy);
  add(router, ports, editor, "/api/benchmarks/{id}/", k_legacy);
}

}  // namespace bl::results
