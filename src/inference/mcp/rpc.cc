#include <algorithm>
#include <array>

#include "inference/mcp.h"
#include "inference/mcp/tools.h"

// JSON-RPC 2.0 as the Model Context Protocol uses it over HTTP: a request is answered in the
// response's body, a notification or an answer of the client with 202.
namespace bl::inference {
namespace {

using json::Value;
using json::Writer;
using net::Request;
using net::Response;

/// The newest first. Batches are of 2025-03-26 alone, but harm in none.
constexpr auto k_protocol_versions =
    std::to_array<std::string_view>({"2025-06-18", "2025-03-26", "2024-11-05"});

/// Codes of JSON-RPC 2.0, section 5.1.
enum class RpcCode : std::int16_t {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
};

bool is_known_version(std::string_view version) {
  return std::find(k_protocol_versions.begin(), k_protocol_versions.end(), version) !=
         k_protocol_versions.end();
}

std::string begin_answer(const Value* id, std::string_view member) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text += id ? json::to_text(*id) : "null";
  return text.append(",\"").append(member).append("\":");
}

std::string error_text(const Value* id, RpcCode code, std::string_view message) {
  std::string text = begin_answer(id, "error");
  Writer(text)
      .begin_object()
      .member("code", static_cast<int>(code))
      .member("message", message)
      .end_object();
  return text + "}";
}

std::string result_text(const Value* id, std::string_view result) {
  return begin_answer(id, "result").append(result).append("}");
}

std::string initialized(const Value* params, const ReadPorts& ports) {
  const Value* asked = params ? params->find("protocolVersion") : nullptr;
  const bool is_known = asked && asked->is_string() && is_known_version(asked->as_string());
  std::string text;
  Writer(text)
      .begin_object()
      .member("protocolVersion", is_known ? asked->as_string() : k_protocol_versions[0])
      .key("capabilities")
      .begin_object()
      .key("tools")
      .begin_object()
      .member("listChanged", false)
      .end_object()
      .end_object()
      .key("serverInfo")
      .begin_object()
      .member("name", "benchlake")
      .member("version", ports.version)
      .end_object()
      .member("instructions",
              "Benchmarks of serving large language models. Begin with get_overview. Say with a "
              "number where it comes from: each has its run and artifact.")
      .end_object();
  return text;
}

std::string_view type_of(ToolArgument::Type type) {
  switch (type) {
    case ToolArgument::Type::text:
      return "string";
    case ToolArgument::Type::integer:
      return "integer";
    case ToolArgument::Type::number:
      return "number";
    case ToolArgument::Type::boolean:
      return "boolean";
    case ToolArgument::Type::texts:
      return "array";
  }
  return "";
}

void write_schema(Writer& out, const Tool& tool) {
  out.key("inputSchema")
      .begin_object()
      .member("type", "object")
      .member("additionalProperties", false)
      .key("properties")
      .begin_object();
  for (const ToolArgument& argument : tool.arguments) {
    out.key(argument.name).begin_object().member("type", type_of(argument.type));
    if (argument.type == ToolArgument::Type::texts)
      out.key("items").begin_object().member("type", "string").end_object();
    out.member("description", argument.description).end_object();
  }
  out.end_object().key("required").begin_array();
  for (const ToolArgument& argument : tool.arguments) {
    if (argument.is_required) out.value(argument.name);
  }
  out.end_array().end_object();
}

std::string tool_list() {
  std::string text;
  Writer out(text);
  out.begin_object().key("tools").begin_array();
  for (const Tool& tool : tools()) {
    out.begin_object().member("name", tool.name).member("description", tool.description);
    write_schema(out, tool);
    out.key("annotations")
        .begin_object()
        .member("readOnlyHint", true)
        .member("idempotentHint", true)
        .member("openWorldHint", false)
        .end_object()
        .end_object();
  }
  out.end_array().end_object();
  return text;
}

// What a tool said, or why it could not: an assistant reads that too, and asks better.
std::string tool_result(const Result<std::string>& said) {
  std::string message = said.ok() ? *said : said.error().message;
  if (!said.ok() && !said.error().faults.empty()) {
    message = "wrong arguments";
    for (const Fault& fault : said.error().faults) {
      message += "\n" + fault.path.substr(fault.path.starts_with('?') ? 1 : 0) + ": " +
                 fault.message + (fault.value.empty() ? "" : ": " + fault.value);
    }
  }
  std::string text;
  Writer(text)
      .begin_object()
      .key("content")
      .begin_array()
      .begin_object()
      .member("type", "text")
      .member("text", message)
      .end_object()
      .end_array()
      .member("isError", !said.ok())
      .end_object();
  return text;
}

Result<std::string> call_tool(const Tool& tool, const Value* arguments, Reads& reads,
                              const Request& request) {
  BL_TRY(const Request fields, request_of(arguments));
  BL_TRY(const std::int64_t revision, reads.ports.sweeps.revision());
  return tool.call({reads, revision, request.deadline}, fields);
}

std::string called(const Value* id, const Value* params, Reads& reads, const Request& request) {
  const Value* name = params ? params->find("name") : nullptr;
  if (!name || !name->is_string())
    return error_text(id, RpcCode::invalid_params, "name is missing: of a tool");
  const auto tool = std::find_if(tools().begin(), tools().end(),
                                 [&](const Tool& one) { return one.name == name->as_string(); });
  if (tool == tools().end())
    return error_text(id, RpcCode::invalid_params, "no such tool: " + name->as_string());
  return result_text(id, tool_result(call_tool(*tool, params->find("arguments"), reads, request)));
}

// nullopt: a notification, or an answer to something that nobody asked.
std::optional<std::string> answer_to(const Value& message, Reads& reads, const Request& request) {
  const Value* version = message.find("jsonrpc");
  const bool is_rpc = version && version->is_string() && version->as_string() == "2.0";
  const Value* method = message.find("method");
  const Value* id = message.find("id");
  if (is_rpc && !method && (message.find("result") || message.find("error"))) return std::nullopt;
  const bool id_is_usable = !id || id->is_string() || id->is_number();
  if (!is_rpc || !method || !method->is_string() || !id_is_usable) {
    return error_text(nullptr, RpcCode::invalid_request,
                      "not a message of JSON-RPC 2.0 with a method and a text or number as id");
  }
  if (!id) return std::nullopt;
  const std::string& name = method->as_string();
  const Value* params = message.find("params");
  if (name == "initialize") return result_text(id, initialized(params, reads.ports));
  if (name == "ping") return result_text(id, "{}");
  if (name == "tools/list") return result_text(id, tool_list());
  if (name == "tools/call") return called(id, params, reads, request);
  return error_text(id, RpcCode::method_not_found, "no such method: " + name);
}

Response refused(int status, RpcCode code, std::string_view message) {
  return Response::json(status, error_text(nullptr, code, message));
}

// A page of another site, or one whose name was bound to this address, must not read here with its
// visitor's rights (the protocol's "Security Warning").
bool is_from_another_site(const Request& request) {
  const std::string* origin = request.headers.find("Origin");
  if (!origin) return false;
  const std::size_t scheme = origin->find("://");
  return scheme == std::string::npos ||
         !net::equal_without_case(origin->substr(scheme + 3), request.headers.get("Host"));
}

Response answer_batch(const Value& batch, Reads& reads, const Request& request,
                      std::size_t messages_max) {
  if (batch.items().empty() || batch.items().size() > messages_max) {
    if (!batch.items().empty()) reads.batches_too_large.add();
    return refused(400, RpcCode::invalid_request,
                   "a batch has 1 to " + std::to_string(messages_max) + " messages");
  }
  std::string all;
  for (const Value& message : batch.items()) {
    if (const auto one = answer_to(message, reads, request)) all += (all.empty() ? "" : ",") + *one;
  }
  if (all.empty()) return Response::text(202, "application/json", "");
  return Response::json(200, "[" + all + "]");
}

Response serve(const Request& request, Reads& reads, const McpLimits& limits) {
  if (is_from_another_site(request)) {
    return refused(
        403, RpcCode::invalid_request,
        "pages of other sites may not ask: " + std::string(request.headers.get("Origin")));
  }
  const std::string* version = request.headers.find("MCP-Protocol-Version");
  if (version && !is_known_version(*version)) {
    return refused(400, RpcCode::invalid_request, "unknown protocol version: " + *version);
  }
  const Result<Value> message = json::parse(request.body);
  if (!message.ok()) return refused(400, RpcCode::parse_error, message.error().message);
  if (message->is_array()) return answer_batch(*message, reads, request, limits.messages_max);
  const auto answered = answer_to(*message, reads, request);
  if (!answered) return Response::text(202, "application/json", "");
  return Response::json(200, *answered);
}

}  // namespace

void add_mcp_route(net::Router& router, std::shared_ptr<Reads> reads, const McpLimits& limits) {
  router.add({.method = net::Method::post,
              .pattern = "/mcp",
              .access = net::Access::read,
              .handler =
                  [reads = std::move(reads), limits](Request& request) {
                    Response response = serve(request, *reads, limits);
                    response.headers.set("Cache-Control", "no-store");
                    return response;
                  },
              .options = {.body_bytes_max = limits.body_bytes_max}});
}

}  // namespace bl::inference
