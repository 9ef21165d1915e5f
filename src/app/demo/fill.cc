#include "app/demo/fill.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "app/demo/documents.h"
#include "app/inference_ingest.h"
#include "base/terminal.h"
#include "base/uri.h"
#include "events/http_log.h"
#include "inference/commands.h"
#include "traces/otlp.h"

namespace bl::app::demo {
namespace {

constexpr std::size_t k_documents_of_batch = 100;
constexpr std::chrono::seconds k_judge_wait{20};
constexpr std::chrono::milliseconds k_judge_look{100};

/// How much of what came in.
struct Filled {
  std::size_t results = 0, traces = 0, events = 0, sweeps = 0;
  bool is_judged = false;
};

/// A folder of this call's own, gone with it.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make(const CommandIo& io) {
    const std::string* given = io.variable("TMPDIR");
    std::string pattern = (given != nullptr ? *given : "/tmp") + "/benchlake-demo-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return Error{Code::io, "cannot make a temporary folder like " + pattern};
    }
    return ScratchFolder(pattern);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// The beginning of what was written.
std::string text_of(std::FILE* file) {
  std::string text(4'096, '\0');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

class Filling {
 public:
  Filling(const net::ServerAddress& address, const Story& story, const Arguments& arguments,
          CommandIo& io)
      : address_(address), story_(story), arguments_(arguments), io_(io), client_(address) {}

  Result<Filled> run() {
    ProgressBar bar(io_.err, clock_, "demo", story_.commits.size() + 1);
    BL_RETURN_IF_ERROR(send_builds());
    bar.advance();
    // Traces come before the results that name them.
    for (const StoryCommit& commit : story_.commits) {
      for (const Measurement& measured : measure(story_, commit)) {
        std::ranges::move(spans_of(measured), std::back_inserter(spans_));
        waiting_.push_back(submission_of(story_, measured));
      }
      if (!spans_.empty()) BL_RETURN_IF_ERROR(send_spans());
      if (waiting_.size() >= k_documents_of_batch) BL_RETURN_IF_ERROR(send_results());
      if (commit.sweep) BL_RETURN_IF_ERROR(send_sweep(commit));
      bar.advance();
    }
    BL_RETURN_IF_ERROR(send_results());
    bar.finish();
    BL_TRY(filled_.is_judged, wait_until_judged());
    return filled_;
  }

 private:
  Result<void> send_builds() {
    std::vector<events::BuildEvent> told;
    for (const StoryCommit& commit : story_.commits) {
      std::ranges::move(build_of(story_, commit), std::back_inserter(told));
    }
    auto appended = events::make_http_log(address_)->append(told);
    if (!appended.ok()) return std::move(appended).error().with_context("build events");
    filled_.events = told.size();
    return {};
  }

  Result<void> send_spans() {
    filled_.traces += static_cast<std::size_t>(std::ranges::count_if(
        spans_, [](const traces::Span& span) { return !span.parent_span_id.has_value(); }));
    auto answer = client_.post("/v1/traces", traces::encode_otlp_json(spans_));
    if (!answer.ok()) return std::move(answer).error().with_context("traces");
    spans_.clear();
    const json::Value* partial = answer->find("partialSuccess");
    if (partial == nullptr || partial->members().empty()) return {};
    return Error{Code::invalid, "the server left spans out: " + json::to_text(*partial)};
  }

  Result<void> send_results() {
    if (waiting_.empty()) return {};
    auto answer = client_.post("/api/results:batch", fmt::format("[{}]", fmt::join(waiting_, ",")));
    if (!answer.ok()) return std::move(answer).error().with_context("results");
    const json::Value* outcomes = answer->find("results");
    if (outcomes == nullptr || !outcomes->is_array() ||
        outcomes->items().size() != waiting_.size()) {
      return Error{Code::corrupt, "not an answer to a batch of results: " + address_.url};
    }
    for (const json::Value& outcome : outcomes->items()) {
      const json::Value* error = outcome.find("error");
      if (error != nullptr) return net::problem_error(*error, 500, address_.url);
    }
    filled_.results += waiting_.size();
    waiting_.clear();
    return {};
  }

  /// As its CI would: artifacts in a folder, and the command.
  Result<void> send_sweep(const StoryCommit& commit) {
    BL_TRY(const ScratchFolder folder, ScratchFolder::make(io_));
    const std::filesystem::path rows =
        std::filesystem::path(folder.path()) / "results_bmk" / "agg_bmk.json";
    std::filesystem::create_directories(rows.parent_path());
    std::ofstream(rows, std::ios::binary) << sweep_rows_of(story_, commit);
    std::vector<std::string> words = {"inference",
                                      "ingest",
                                      folder.path(),
                                      "--run-id",
                                      std::to_string(*commit.sweep),
                                      "--attempt",
                                      "1",
                                      "--date",
                                      to_rfc3339(commit.time).substr(0, 10),
                                      "--run-name",
                                      "Sweep of " + commit.sha.substr(0, 12),
                                      "--head-branch",
                                      "main",
                                      "--head-sha",
                                      commit.sha,
                                      "--status",
                                      "completed",
                                      "--conclusion",
                                      "success",
                                      "--html-url",
                                      address_.url + "/runs/" + commit.run_id,
                                      "--server",
                                      address_.url};
    if (!address_.token.empty()) words.insert(words.end(), {"--token", address_.token});
    for (const char* option : {"--ca", "--data"}) {
      if (arguments_.has(option)) words.insert(words.end(), {option, arguments_.text(option)});
    }
    // What it prints is of interest only where it fails.
    CommandIo quiet = io_;
    const File printed(std::tmpfile(), &std::fclose);
    if (printed == nullptr) return Error{Code::io, "cannot make a temporary file"};
    quiet.out = quiet.err = printed.get();
    const int code = run_command_line("benchlake", "",
                                      inference::commands(inference_command_ports()), words, quiet);
    if (code != static_cast<int>(ExitCode::ok)) {
      return Error{Code::invalid, fmt::format("the sweep {} could not be ingested: {}",
                                              *commit.sweep, text_of(printed.get()))};
    }
    ++filled_.sweeps;
    return {};
  }

  /// False: it has not come about in time, and will later.
  Result<bool> wait_until_judged() {
    const auto deadline = clock_.steady_now() + k_judge_wait;
    BL_TRY(const json::Value listed, client_.get("/api/series?page_size=100&repository=" +
                                                 percent_encode(story_.repository)));
    const json::Value* series = listed.find("series");
    if (series == nullptr || !series->is_array()) {
      return Error{Code::corrupt, "not a list of series: " + address_.url};
    }
    for (const json::Value& one : series->items()) {
      const json::Value* fingerprint = one.find("history_fingerprint");
      if (fingerprint == nullptr || !fingerprint->is_string()) continue;
      const std::string path =
          "/api/v1/series/" + percent_encode(fingerprint->as_string()) + "/verdict?points=1";
      while (true) {
        BL_TRY(const json::Value picture, client_.get(path));
        const json::Value* verdict = picture.find("verdict");
        const json::Value* is_stale = picture.find("is_stale");
        if (verdict != nullptr && !verdict->is_null() && is_stale != nullptr &&
            is_stale->is_bool() && !is_stale->as_bool()) {
          break;
        }
        if (clock_.steady_now() >= deadline) return false;
        std::this_thread::sleep_for(k_judge_look);
      }
    }
    return true;
  }

  const net::ServerAddress& address_;
  const Story& story_;
  const Arguments& arguments_;
  CommandIo& io_;
  const SystemClock clock_;
  net::ApiClient client_;
  traces::Spans spans_;
  std::vector<std::string> waiting_;
  Filled filled_;
};

std::string comment_path(const Story& story, const StoryCommit& commit) {
  return fmt::format("/comment?repository={}&sha={}", percent_encode(story.repository), commit.sha);
}

void write_commit(json::Writer& out, const StoryCommit& commit) {
  out.begin_object().member("sha", commit.sha).member("run_id", commit.run_id).end_object();
}

std::string summary_json(const Story& story, const Filled& filled,
                         const net::ServerAddress& address) {
  const StoryCommit& guilty = story.commits[story.guilty];
  std::string line;
  json::Writer out(line);
  out.begin_object()
      .member("seed", story.options.seed)
      .member("until", to_rfc3339(story.options.until))
      .member("url", address.url)
      .member("repository", story.repository)
      .member("commits", std::uint64_t{story.commits.size()})
      .member("results", std::uint64_t{filled.results})
      .member("traces", std::uint64_t{filled.traces})
      .member("events", std::uint64_t{filled.events});
  out.key("guilty");
  write_commit(out, guilty);
  out.key("before");
  write_commit(out, story.commits[story.before]);
  out.key("failed_build");
  write_commit(out, story.commits[story.failed]);
  out.key("pull_request");
  write_commit(out, story.commits[story.head]);
  out.key("sweeps").begin_array();
  for (const StoryCommit& commit : story.commits) {
    if (!commit.sweep) continue;
    out.begin_object()
        .member("github_run_id", std::to_string(*commit.sweep))
        .member("run_id", commit.run_id)
        .end_object();
  }
  out.end_array()
      .member("comment_url", comment_path(story, guilty))
      .member("is_judged", filled.is_judged)
      .end_object();
  return line;
}

}  // namespace

Result<ExitCode> fill_full_demo(const net::ServerAddress& address, const StoryOptions& options,
                                const Arguments& arguments, CommandIo& io) {
  const Story story = make_story(options);
  BL_TRY(const Filled filled, Filling(address, story, arguments, io).run());
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", summary_json(story, filled, address));
    return ExitCode::ok;
  }
  fmt::print(io.out,
             "{} results of {} commits, {} traces, {} build events and {} sweeps are in (seed {}, "
             "until {})\n",
             with_thousands(filled.results), story.commits.size(), with_thousands(filled.traces),
             with_thousands(filled.events), filled.sweeps, options.seed, to_rfc3339(options.until));
  fmt::print(io.out, "one commit made three benchmarks slower: {}; open {}\n",
             story.commits[story.guilty].sha.substr(0, 12), address.url);
  if (!filled.is_judged) {
    fmt::print(io.err, "the server still judges the series; what it says grows meanwhile\n");
  }
  return ExitCode::ok;
}

}  // namespace bl::app::demo
