#include "product/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/disk.h"
#include "product/store_under_test.h"

namespace bl::product {
namespace {

const char* binary() {
  const char* path = std::getenv("BL_TEST_BINARY");
  BL_CHECK(path != nullptr);  // ctest sets it
  return path;
}

/// Starts the program with its three streams on these descriptors.
pid_t start(const std::vector<std::string>& arguments, int in, int out, int err) {
  const char* program = binary();
  std::vector<char*> argv = {const_cast<char*>("benchlake")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const std::vector<std::string> environment = environment_for(arguments);
  std::vector<char*> envp;
  for (const std::string& variable : environment)
    envp.push_back(const_cast<char*>(variable.c_str()));
  envp.push_back(nullptr);
  const pid_t pid = fork();
  BL_CHECK(pid >= 0);
  if (pid > 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies leaves no server behind
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execve(program, argv.data(), envp.data());
  _exit(127);
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string read_whole(int file) {
  std::string text;
  char piece[4096];
  lseek(file, 0, SEEK_SET);
  for (ssize_t count; (count = read(file, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<std::size_t>(count));
  return text;
}

/// A file without a name, for a stream of a child.
int temporary_file() {
  const int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  BL_CHECK(file >= 0);
  return file;
}

}  // namespace

CommandOutcome run_benchlake(const std::vector<std::string>& arguments, const std::string& input) {
  const int in = temporary_file();
  const int out = temporary_file();
  const int err = temporary_file();
  BL_CHECK(write(in, input.data(), input.size()) == static_cast<ssize_t>(input.size()));
  lseek(in, 0, SEEK_SET);
  const pid_t pid = start(arguments, in, out, err);
  int status = 0;
  waitpid(pid, &status, 0);
  CommandOutcome outcome{exit_code_of(status), read_whole(out), read_whole(err)};
  for (const int file : {in, out, err}) close(file);
  return outcome;
}

pid_t start_benchlake(const std::vector<std::string>& arguments) {
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t pid = start(arguments, nothing, nothing, nothing);
  close(nothing);
  return pid;
}

ServerProcess::ServerProcess(const std::string& data_folder,
                             std::vector<std::string> more_arguments) {
  int ends[2];
  BL_CHECK(pipe2(ends, O_CLOEXEC) == 0);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  const std::string log_path = data_folder + ".log";
  const int log = open(log_path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  std::vector<std::string> arguments = {"serve", "--data", data_folder, "--http", "127.0.0.1:0"};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  pid_ = start(arguments, nothing, ends[1], log);
  close(ends[1]);
  close(nothing);
  close(log);
  // One JSON line, or the end of the stream when it could not start.
  std::string line;
  for (char c; read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
  close(ends[0]);
  auto ready = json::parse(line);
  if (!ready.ok()) {
    std::fprintf(stderr, "the server did not start; see %s\n", log_path.c_str());
    return;
  }
  said_ = std::move(ready).value();
  url_ = said_.find("http")->as_string();
  const auto disk = make_real_disk();
  operator_token_ = read_file(*disk, data_folder + "/operator.token", 4096).value();
  while (!operator_token_.empty() && operator_token_.back() == '\n') operator_token_.pop_back();
}

ServerProcess::~ServerProcess() {
  kill();
}

std::uint16_t ServerProcess::port() const {
  return static_cast<std::uint16_t>(std::stoi(url_.substr(url_.rfind(':') + 1)));
}

Answer ServerProcess::get(const std::string& path) const {
  net::Client client;
  auto response = client.send(net::Method::get, url_ + path, {}, "");
  if (!response.ok()) return {.text = response.error().message};
  Answer answer{response->status, response->headers, response->body, {}};
  if (auto body = json::parse(answer.text); body.ok()) answer.body = std::move(body).value();
  return answer;
}

Answer ServerProcess::post(const std::string& path, const std::string& body,
                           const std::string& content_type) const {
  net::Client client;
  net::Headers headers;
  headers.add("Authorization", "Bearer " + operator_token_);
  headers.add("Content-Type", content_type);
  auto response = client.send(net::Method::post, url_ + path, headers, body);
  if (!response.ok()) return {.text = response.error().message};
  Answer answer{response->status, response->headers, response->body, {}};
  if (auto parsed = json::parse(answer.text); parsed.ok()) answer.body = std::move(parsed).value();
  return answer;
}

int ServerProcess::terminate() {
  if (pid_ < 0) return -1;
  int status = 0;
  ::kill(pid_, SIGTERM);
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return exit_code_of(status);
}

void ServerProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string good_submission(int number, const std::string& submission_key) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (!submission_key.empty()) writer.member("submission_key", submission_key);
  writer.member("run_id", fmt::format("run-{}", number / 10));
  writer.member("batch_id", fmt::format("batch-{}", number));
  writer.member("timestamp", to_rfc3339(Timestamp::from_seconds(1'700'000'000 + number)));
  writer.key("tags")
      .begin_object()
      .member("name", "sort")
      .member("size", fmt::format("{}", number % 5))
      .end_object();
  writer.key("context").begin_object().member("benchmark_language", "C++").end_object();
  writer.key("github").begin_object();
  writer.member("repository", "https://github.com/org/repo")
      .member("commit", fmt::format("{:040x}", number / 10));
  writer.key("commit_info").begin_object();
  writer.member("timestamp",
                to_rfc3339(Timestamp::from_seconds(1'690'000'000 + number / 10 * 3600)));
  writer.member("message", "a commit").member("author_name", "Ann").end_object().end_object();
  writer.key("machine_info")
      .begin_object()
      .member("name", "m1")
      .member("cpu_core_count", 2)
      .end_object();
  writer.key("stats").begin_object();
  writer.key("data")
      .begin_array()
      .value(10.0 + number % 7 * 0.1)
      .value(10.2)
      .value(10.1)
      .end_array();
  writer.member("unit", "s").end_object().end_object();
  return body;
}

}  // namespace bl::product
