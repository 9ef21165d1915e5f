#include "results/legacy_catalogue.h"

#include "results/legacy/json.h"
#include "results/legacy/wire.h"

namespace bl::results {
namespace {

using json::Value;
using net::Request;
using namespace legacy;

// What a comma list names; blanks around and empty names are nothing.
std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t begin = name.find_first_not_of(' ');
    if (begin == std::string_view::npos) continue;
    name = name.substr(begin, name.find_last_not_of(' ') - begin + 1);
    names.emplace_back(name);
  }
  return names;
}

Error not_there(const Error& error, std::string_view what, std::string_view id) {
  if (error.code != Code::not_found) return error;
  return {Code::not_found,
          std::string("no ").append(what).append(" found with ID: '").append(id).append("'")};
}

template <class T>
std::string list_text(const std::vector<T>& entities, std::string_view origin,
                      Value (*value_of)(const T&, std::string_view)) {
  Value list = Value::array();
  list.items().reserve(entities.size());
  for (const T& entity : entities) list.items().push_back(value_of(entity, origin));
  return sorted_text(list);
}

Value links_of(std::string_view origin, std::string_view list, std::string_view id) {
  return object_of(
      {{"list", text_of(link_to(origin, list))}, {"self", text_of(link_to(origin, list, id))}});
}

// Commits ------------------------------------------------------------------------------------

Value listed_commit(const CatalogueCommit& entity, std::string_view origin) {
  Value commit = commit_of(entity.commit);
  commit.set("links", links_of(origin, "commits", entity.commit.id));
  return commit;
}

std::string commit_text(const CatalogueCommit& entity, std::string_view origin) {
  Value commit = commit_of(entity.commit);
  Value links = links_of(origin, "commits", entity.commit.id);
  links.set("parent",
            entity.parent_id ? text_of(link_to(origin, "commits", *entity.parent_id)) : Value());
  commit.set("links", std::move(links));
  return sorted_text(commit);
}

Body list_commits(const Request& request, CatalogueReader& catalogue) {
  const auto hashes = text_of(request, "sha");
  if (!hashes) {
    BL_TRY(const auto commits, catalogue.commits());
    return list_text(commits, request.origin(), listed_commit);
  }
  BL_TRY(const auto commits, catalogue.commits(comma_list(*hashes)));
  return list_text(commits, request.origin(), listed_commit);
}

Body get_commit(const Request& request, CatalogueReader& catalogue) {
  const std::string& id = request.capture("id");
  const auto commit = catalogue.commit(id);
  if (!commit.ok()) return not_there(commit.error(), "commit", id);
  return commit_text(*commit, request.origin());
}

// Contexts and infos -------------------------------------------------------------------------

// The document's keys stand beside ours, which win.
Value document_value(const CatalogueDocument& document, std::string_view list,
                     std::string_view origin) {
  Value value =
      object_of({{"id", text_of(document.id)}, {"links", links_of(origin, list, document.id)}});
  for (const auto& [key, member] : document.content.members()) {
    if (key != "id" && key != "links") value.members().emplace_back(key, member);
  }
  return value;
}

Value context_value(const CatalogueDocument& document, std::string_view origin) {
  return document_value(document, "contexts", origin);
}
Value info_value(const CatalogueDocument& document, std::string_view origin) {
  return document_value(document, "info", origin);
}

template <DocumentKind kind>
Body list_documents(const Request& request, CatalogueReader& catalogue) {
  BL_TRY(const auto documents, catalogue.documents(kind));
  return list_text(documents, request.origin(),
                   kind == DocumentKind::context ? context_value : info_value);
}

template <DocumentKind kind>
Body get_document(const Request& request, CatalogueReader& catalogue) {
  constexpr bool is_context = kind == DocumentKind::context;
  const std::string& id = request.capture("id");
  const auto document = catalogue.document(kind, id);
  if (!document.ok()) return not_there(document.error(), is_context ? "context" : "info", id);
  return sorted_text((is_context ? context_value : info_value)(*document, request.origin()));
}

// Hardware -----------------------------------------------------------------------------------

// Clusters have no links.
Value hardware_value(const CatalogueHardware& entity, std::string_view origin) {
  Value value = hardware_of(entity.id, entity.hardware);
  if (entity.hardware.type == Hardware::Type::machine) {
    value.set("links", links_of(origin, "hardware", entity.id));
  }
  return value;
}

Body list_hardware(const Request& request, CatalogueReader& catalogue) {
  BL_TRY(const auto hardware, catalogue.hardware());
  return list_text(hardware, request.origin(), hardware_value);
}

Body get_hardware(const Request& request, CatalogueReader& catalogue) {
  const std::string& id = request.capture("id");
  const auto hardware = catalogue.hardware(id);
  if (!hardware.ok()) return not_there(hardware.error(), "hardware", id);
  return sorted_text(hardware_value(*hardware, request.origin()));
}

// Runs ---------------------------------------------------------------------------------------

Value run_value(const RunEntity& run) {
  return object_of({{"id", text_of(run.run_id)},
                    {"tags", run.run_tags},
                    {"reason", text_or_null(run.run_reason)},
                    {"timestamp", text_of(to_rfc3339_seconds(run.timestamp))},
                    {"commit", commit_of(run.commit)},
                    {"hardware", hardware_of(run.hardware.id, run.hardware.hardware)}});
}

Value candidate_value(const BaselineRun& candidate) {
  Value skipped;
  if (candidate.run_id) {
    skipped = Value::array();
    for (const std::string& sha : candidate.commits_skipped) {
      skipped.items().push_back(text_of(sha));
    }
  }
  return object_of({{"baseline_run_id", text_or_null(candidate.run_id)},
                    {"commits_skipped", std::move(skipped)},
                    {"error", candidate.run_id ? Value() : text_of(candidate.message)}});
}

Body list_runs(const Request& request, CatalogueReader& catalogue) {
  const auto hashes = text_of(request, "commit_hash");
  if (!hashes) return bad_request("commit_hash is required");
  const std::vector<std::string> wanted = comma_list(*hashes);
  RunsOfCommits filter{.hashes = wanted, .after = cursor_of(request)};
  BL_TRY(filter.page_size, page_size_of(request));
  BL_TRY(const auto runs, catalogue.runs(filter));
  Value data = Value::array();
  for (const RunEntity& run : runs) data.items().push_back(run_value(run));
  std::optional<std::string> next;
  if (runs.size() == static_cast<std::size_t>(filter.page_size)) next = runs.back().run_id;
  return sorted_text(envelope_of(std::move(data), next));
}

Body get_run(const Request& request, const CataloguePorts& ports) {
  const std::string& id = request.capture("run_id");
  const auto run = ports.catalogue.run(id);
  if (!run.ok()) {
    return run.error().code == Code::not_found ? no_such_run(id) : run.error();
  }
  const auto baselines = ports.baselines.baselines(id);
  if (!baselines.ok()) {
    return baselines.error().code == Code::not_found ? no_such_run(id) : baselines.error();
  }
  Value candidates = Value::object();
  for (const BaselineRun& candidate : baselines->candidates) {
    candidates.set(name_of(candidate.kind), candidate_value(candidate));
  }
  Value value = run_value(*run);
  value.set("candidate_baseline_runs", std::move(candidates));
  return sorted_text(value);
}

}  // namespace

void add_legacy_catalogue_routes(net::Router& router, const CataloguePorts& ports) {
  const auto get = [&](const char* pattern, Body (*read)(const Request&, CatalogueReader&)) {
    add_get(router, pattern, [read, &catalogue = ports.catalogue](const Request& request) {
      return read(request, catalogue);
    });
  };
  get("/api/commits/", list_commits);
  get("/api/commits/{id}/", get_commit);
  get("/api/contexts/", list_documents<DocumentKind::context>);
  get("/api/contexts/{id}/", get_document<DocumentKind::context>);
  get("/api/info/", list_documents<DocumentKind::info>);
  get("/api/info/{id}/", get_document<DocumentKind::info>);
  get("/api/hardware/", list_hardware);
  get("/api/hardware/{id}/", get_hardware);
  get("/api/runs/", list_runs);
  add_get(router, "/api/runs/{run_id}/",
          [ports](const Request& request) { return get_run(request, ports); });
}

}  // namespace bl::results
