#include "advice/gitlab.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/uri.h"
#include "net/client.h"

namespace bl::advice {
namespace {

constexpr std::size_t k_answer_bytes_max = 8u << 20;
constexpr int k_note_pages_max = 30;
constexpr std::size_t k_description_bytes_max = 250;  ///< GitLab takes 255 characters

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.is_object() ? object.find(key) : nullptr;
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

std::optional<std::int64_t> integer_at(const json::Value& object, const char* key) {
  const json::Value* value = object.is_object() ? object.find(key) : nullptr;
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_int64();
}

Code code_of(int status) {
  if (status == 401 || status == 403) return Code::forbidden;
  if (status == 404) return Code::not_found;
  if (status == 429) return Code::too_many;
  return status < 500 ? Code::invalid : Code::unavailable;
}

/// `group/project` of a URL.
std::string project_of(std::string text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t slash = text.find('/', scheme.size());
    text = slash == std::string::npos ? "" : text.substr(slash + 1);
  }
  while (text.ends_with('/')) text.pop_back();
  if (text.ends_with(".git")) text.resize(text.size() - 4);
  return text;
}

class GitLab final : public Forge {
 public:
  explicit GitLab(GitLabOptions options)
      : options_(std::move(options)),
        path_("/projects/" + percent_encode(options_.project)),
        client_({.timeout = options_.timeout, .body_bytes_max = k_answer_bytes_max}) {}

  Result<Posted> upsert_comment(const Target& target, const std::string& markdown) override {
    std::optional<std::int64_t> number = target.number;
    if (!number) {
      BL_TRY(number, merge_request_of(target.sha));
    }
    if (!number) return Posted{};
    const std::string marker = fmt::format("<!-- benchlake {} -->", k_comment_marker);
    const std::string text = marker + "\n" + markdown;
    const std::string notes = fmt::format("{}/merge_requests/{}/notes", path_, *number);
    BL_TRY(const std::optional<Note> note, find_note(notes, marker));
    if (note && note->text == text) return Posted{Outcome::unchanged, std::nullopt};
    std::string body;
    json::Writer(body).begin_object().member("body", text).end_object();
    BL_TRY([[maybe_unused]] const json::Value made,
           note ? ask(net::Method::put, fmt::format("{}/{}", notes, note->id), body)
                : ask(net::Method::post, notes, body));
    return Posted{note ? Outcome::updated : Outcome::created, std::nullopt};
  }

  Result<std::optional<std::string>> upsert_check(const std::string& sha,
                                                  const Check& check) override {
    std::string body;
    json::Writer out(body);
    // GitLab has no neutral status: what is neither is not a failure.
    out.begin_object()
        .member("state", check.passes.value_or(true) ? "success" : "failed")
        .member("name", options_.status_name)
        .member("description", shortened(check.title));
    if (!check.details_url.empty()) out.member("target_url", check.details_url);
    out.end_object();
    const auto made =
        ask(net::Method::post, fmt::format("{}/statuses/{}", path_, percent_encode(sha)), body);
    // A status that is this already cannot be set again, which GitLab calls a bad request.
    const bool is_there =
        !made.ok() && made.error().code == Code::invalid &&
        made.error().message.find("Cannot transition status") != std::string::npos;
    if (!made.ok() && !is_there) return made.error();
    return std::optional<std::string>();
  }

 private:
  struct Note {
    std::int64_t id = 0;
    std::string text;
  };

  static std::string shortened(std::string text) {
    if (text.size() <= k_description_bytes_max) return text;
    std::size_t end = k_description_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    return text;
  }

  Result<std::optional<std::int64_t>> merge_request_of(const std::string& sha) {
    BL_TRY(const json::Value found,
           ask(net::Method::get,
               fmt::format("{}/repository/commits/{}/merge_requests", path_, percent_encode(sha)),
               ""));
    if (!found.is_array()) return std::optional<std::int64_t>();
    for (const json::Value& request : found.items()) {
      const bool is_newest = text_at(request, "sha") == sha;
      if (is_newest && text_at(request, "state") == "opened") return integer_at(request, "iid");
    }
    return std::optional<std::int64_t>();
  }

  Result<std::optional<Note>> find_note(const std::string& notes, const std::string& marker) {
    for (int page = 1; page <= k_note_pages_max; ++page) {
      BL_TRY(const json::Value found,
             ask(net::Method::get, fmt::format("{}?per_page=100&page={}", notes, page), ""));
      if (!found.is_array() || found.items().empty()) return std::optional<Note>();
      for (const json::Value& note : found.items()) {
        std::string text = text_at(note, "body");
        std::erase(text, '\r');
        const auto id = integer_at(note, "id");
        if (id && text.starts_with(marker)) return std::optional(Note{*id, std::move(text)});
      }
    }
    return std::optional<Note>();
  }

  Result<json::Value> ask(net::Method method, const std::string& path, const std::string& body) {
    net::Headers headers;
    headers.add("Accept", "application/json");
    headers.add("PRIVATE-TOKEN", options_.token);
    if (!body.empty()) headers.add("Content-Type", "application/json");
    BL_TRY(const net::ClientResponse answer,
           client_.send(method, options_.api + path, headers, body));
    auto parsed = json::parse(answer.body);
    if (answer.status >= 200 && answer.status < 300) {
      if (parsed.ok()) return parsed;
      return Error{Code::malformed, "GitLab's answer is not JSON: " + path};
    }
    std::string words;
    if (parsed.ok() && parsed->is_object()) {
      const json::Value* message = parsed->find("message");
      if (message == nullptr) message = parsed->find("error");
      if (message != nullptr)
        words = message->is_string() ? message->as_string() : json::to_text(*message);
    }
    return Error{code_of(answer.status),
                 fmt::format("GitLab answers {} with status {}{}{}", path, answer.status,
                             words.empty() ? "" : ": ", words)};
  }

  const GitLabOptions options_;
  const std::string path_;
  net::Client client_;
};

}  // namespace

Result<std::unique_ptr<Forge>> make_gitlab(GitLabOptions options) {
  options.project = project_of(options.project);
  while (options.api.ends_with('/')) options.api.pop_back();
  if (options.token.empty()) return Error{Code::invalid, "GitLab wants a token (GITLAB_TOKEN)"};
  if (options.project.empty()) return Error{Code::invalid, "GitLab's project is not named"};
  return std::unique_ptr<Forge>(std::make_unique<GitLab>(std::move(options)));
}

}  // namespace bl::advice
