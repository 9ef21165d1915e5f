#include "results/commits/git_process.h"

#include "base/program.h"

namespace bl::results {

Result<GitOutput> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const GitProcessLimits& limits,
                          const std::function<void(std::string_view)>& on_output) {
  ProgramCall call;
  call.words = {"git", "-C", folder, "-c", "log.showSignature=false"};
  call.words.insert(call.words.end(), arguments.begin(), arguments.end());
  // A caller inside of a git hook has variables that would lead git elsewhere.
  call.hides = [](std::string_view name) { return name.starts_with("GIT_"); };
  call.variables = {{"LC_ALL", "C"},
                    {"GIT_TERMINAL_PROMPT", "0"},
                    {"GIT_OPTIONAL_LOCKS", "0"},
                    {"GIT_NO_LAZY_FETCH", "1"},
                    {"GIT_PAGER", "cat"}};
  call.time_max = limits.time_max;
  call.kept_bytes = limits.message_bytes_max;
  call.on_output = on_output;
  call.own_group = true;
  auto end = run_program(call);
  if (!end.ok()) {
    Error error = std::move(end).error();
    if (error.code == Code::not_found) error.code = Code::unavailable;
    return std::move(error).with_context(folder);
  }
  return GitOutput{end->exit_code, {}, end->err.substr(0, end->err.find('\n'))};
}

Result<GitOutput> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const GitProcessLimits& limits) {
  std::string collected;
  bool too_large = false;
  BL_TRY(GitOutput output, run_git(folder, arguments, limits, [&](std::string_view piece) {
           too_large = too_large || collected.size() + piece.size() > limits.output_bytes_max;
           if (!too_large) collected.append(piece);
         }));
  if (too_large) {
    return Error{Code::too_large, "git printed too much, the most bytes are " +
                                      std::to_string(limits.output_bytes_max)};
  }
  output.out = std::move(collected);
  return output;
}

}  // namespace bl::results
