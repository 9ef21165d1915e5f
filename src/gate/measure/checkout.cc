#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>

#include "gate/measure.h"
#include "gate/measure/git.h"

namespace bl::gate {
namespace {

constexpr std::chrono::minutes k_git_time_max{10};
constexpr std::size_t k_git_output_bytes = 64u << 20;

std::atomic<bool> g_interrupted = false;  // a signal's handler reaches nothing else
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr int k_signals[] = {SIGINT, SIGTERM, SIGHUP};

void note_interruption(int) {
  g_interrupted = true;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

Result<std::string> git(Runner& runner, const std::string& folder, std::vector<std::string> words,
                        const std::function<bool()>& go_on) {
  words.insert(words.begin(), "git");
  BL_TRY(const ProgramEnd end, runner.run({.words = std::move(words),
                                           .folder = folder,
                                           .time_max = k_git_time_max,
                                           .go_on = go_on,
                                           .kept_bytes = k_git_output_bytes,
                                           .own_group = true}));
  if (end.exit_code != 0) return Error{Code::not_found, "git: " + trimmed(end.err)};
  return trimmed(end.out);
}

struct Interruption::Before {
  struct sigaction actions[std::size(k_signals)];
};

Interruption::Interruption() : before_(std::make_unique<Before>()) {
  g_interrupted = false;
  struct sigaction action{};
  action.sa_handler = note_interruption;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < std::size(k_signals); ++i)
    sigaction(k_signals[i], &action, &before_->actions[i]);
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < std::size(k_signals); ++i)
    sigaction(k_signals[i], &before_->actions[i], nullptr);
}

bool Interruption::happened() const {
  return g_interrupted;
}

Result<std::unique_ptr<ScratchFolder>> ScratchFolder::make() {
  std::error_code failed;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(failed);
  std::string path = (failed ? "/tmp" : parent.string()) + "/benchlake-gate-XXXXXX";
  if (mkdtemp(path.data()) == nullptr)
    return Error{Code::io, "cannot make a temporary folder: " + path};
  return std::unique_ptr<ScratchFolder>(new ScratchFolder(std::move(path)));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Result<std::unique_ptr<OtherCheckout>> OtherCheckout::make(Runner& runner,
                                                           const std::string& folder,
                                                           const std::string& revision,
                                                           const std::string& temporary_folder,
                                                           std::function<bool()> go_on) {
  if (revision.empty() || revision.front() == '-')
    return Error{Code::not_found, "no revision has such a name: '" + revision + "'"};
  std::unique_ptr<OtherCheckout> other(new OtherCheckout(runner, folder));
  auto commit = git(runner, folder, {"rev-parse", "--verify", revision + "^{commit}"}, go_on);
  if (!commit.ok())
    return std::move(commit).error().with_context("no such revision here: '" + revision + "'");
  other->commit_ = std::move(commit).value();
  BL_TRY(const std::string prefix, git(runner, folder, {"rev-parse", "--show-prefix"}, go_on));
  other->root_ = temporary_folder + "/other";
  BL_TRY(const std::string ignored,
         git(runner, folder,
             {"worktree", "add", "--detach", "--quiet", other->root_, other->commit_}, go_on));
  (void)ignored;
  other->folder_ = other->root_ + (prefix.empty() ? "" : "/" + prefix);
  return other;
}

OtherCheckout::~OtherCheckout() {
  if (root_.empty()) return;
  // To its end, also when the program is asked to stop.
  (void)git(runner_, repository_folder_, {"worktree", "remove", "--force", root_}, {});
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
  (void)git(runner_, repository_folder_, {"worktree", "prune"}, {});
}

}  // namespace bl::gate
