#include "objects/testing/s3_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/uri.h"
#include "net/client.h"
#include "objects/s3/xml.h"

namespace bl::objects::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int k_start_looks_max = 1'200;  // a minute

fs::path source_folder() {
  const char* source = getenv("BL_TEST_SOURCE");
  return source != nullptr ? fs::path(source) : fs::current_path();
}

std::string find_python() {
  if (const char* named = getenv("BENCHLAKE_S3_PYTHON")) return named;
  return (source_folder() / ".deps/s3-server/bin/python").string();
}

// It ends with its parent. Port 0: any free one, which its log tells.
pid_t spawn(const std::string& python, const std::string& log) {
  const std::string script = (source_folder() / "src/objects/testing/s3_server.py").string();
  const pid_t parent = getpid();
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const pid_t child = fork();
  if (child != 0) {
    close(output);
    return child;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  setenv("S3_UPLOAD_PART_MIN_SIZE", "1000", 1);  // S3's own is 5 MiB
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);
  execl(python.c_str(), python.c_str(), script.c_str(), "0", static_cast<char*>(nullptr));
  _exit(127);
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::uint16_t port_in(const std::string& log) {
  static constexpr std::string_view k_before = "Running on http://127.0.0.1:";
  const std::size_t at = log.find(k_before);
  if (at == std::string::npos) return 0;
  const char* begin = log.data() + at + k_before.size();
  std::uint16_t port = 0;
  const auto read = std::from_chars(begin, log.data() + log.size(), port);
  return read.ptr < log.data() + log.size() ? port : std::uint16_t{0};
}

// The text of the first element of that name.
std::string find_text(const XmlElement& element, std::string_view name) {
  if (element.name == name) return element.text;
  for (const XmlElement& child : element.children) {
    if (std::string text = find_text(child, name); !text.empty()) return text;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<S3Server>> S3Server::start() {
  std::unique_ptr<S3Server> server(new S3Server);
  const std::string python = find_python();
  if (!fs::exists(python)) {
    return Error{Code::not_found,
                 "no S3 server for tests here (`./dev test unit` fetches it, or name a Python that "
                 "has moto in BENCHLAKE_S3_PYTHON): " +
                     python};
  }
  std::string log = (fs::temp_directory_path() / "bl-s3-XXXXXX").string();
  const int made = mkstemp(log.data());
  if (made < 0) return Error{Code::io, "no temporary file: " + log};
  close(made);
  server->log_ = log;
  server->pid_ = spawn(python, log);
  for (int i = 0; i < k_start_looks_max; ++i) {
    server->port_ = port_in(text_of(log));
    if (server->port_ != 0) return server;
    int status = 0;
    if (waitpid(server->pid_, &status, WNOHANG) == server->pid_) {
      server->pid_ = -1;
      break;
    }
    std::this_thread::sleep_for(50ms);
  }
  return Error{Code::io, "the S3 server did not start: " + text_of(log)};
}

S3Server& S3Server::shared() {
  static const std::unique_ptr<S3Server> k_server = [] {
    auto started = start();
    if (!started.ok()) std::fprintf(stderr, "%s\n", started.error().message.c_str());
    BL_CHECK(started.ok());
    return std::move(started).value();
  }();
  return *k_server;
}

S3Server::~S3Server() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (!log_.empty()) unlink(log_.c_str());
}

std::string S3Server::create_bucket() {
  static std::atomic<int> number{0};
  const std::string name = "bucket-" + std::to_string(++number);
  net::Client client;
  const auto made = client.send(net::Method::put,
                                "http://127.0.0.1:" + std::to_string(port_) + "/" + name, {}, "");
  BL_CHECK(made.ok() && made->status == 200);
  return name;
}

std::string S3Server::post(const std::string& path, const std::string& body) const {
  net::Client client;
  net::Headers headers;
  const bool is_form = path == "/";
  headers.add("Content-Type", is_form ? "application/x-www-form-urlencoded" : "text/plain");
  // Names the service; nothing checks it yet.
  headers.add("Authorization",
              "AWS4-HMAC-SHA256 Credential=x/20130524/us-east-1/iam/aws4_request, "
              "SignedHeaders=host, Signature=x");
  const auto answer = client.send(
      net::Method::post, "http://127.0.0.1:" + std::to_string(port_) + path, headers, body);
  if (!answer.ok() || answer->status != 200) {
    std::fprintf(stderr, "%s: %s\n", body.c_str(),
                 answer.ok() ? answer->body.c_str() : answer.error().message.c_str());
  }
  BL_CHECK(answer.ok() && answer->status == 200);
  return answer->body;
}

std::map<std::string, std::string> S3Server::demand_signatures() {
  const std::string version = "&Version=2010-05-08&UserName=lake";
  post("/", "Action=CreateUser" + version);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}})";
  post("/", "Action=PutUserPolicy" + version +
                "&PolicyName=all&PolicyDocument=" + percent_encode(policy));
  const auto key = parse_xml(post("/", "Action=CreateAccessKey" + version));
  BL_CHECK(key.ok());
  post("/moto-api/reset-auth", "0");
  return {{"AWS_ACCESS_KEY_ID", find_text(*key, "AccessKeyId")},
          {"AWS_SECRET_ACCESS_KEY", find_text(*key, "SecretAccessKey")}};
}

std::map<std::string, std::string> S3Server::any_credentials() {
  return {{"AWS_ACCESS_KEY_ID", "AKIDANYBODY"}, {"AWS_SECRET_ACCESS_KEY", "not-a-secret-at-all"}};
}

std::string S3Server::uri(const std::string& bucket, const std::string& prefix,
                          std::uint16_t port) {
  return "s3://" + bucket + "/" + percent_encode_path(prefix) +
         "?endpoint=" + percent_encode("http://127.0.0.1:" + std::to_string(port));
}

}  // namespace bl::objects::testing
