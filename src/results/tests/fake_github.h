#pragma once

#include <fmt/format.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "net/server.h"

namespace bl::results::testing {

/// GitHub's REST API for org/repo over real HTTP: a straight line of commits 0, 1, 2, ... on main,
/// one an hour, and whatever a test makes it do instead.
class FakeGitHub {
 public:
  FakeGitHub() {
    for (const auto method : {net::Method::get, net::Method::post, net::Method::patch}) {
      router_.add({.method = method,
                   .pattern = "/{rest...}",
                   .access = net::Access::open,
                   .handler = [this](net::Request& request) { return answer(request); }});
    }
    net::ServerOptions options;
    options.port = 0;
    options.limits.stop_timeout = std::chrono::milliseconds(100);
    server_ = net::Server::listen(options, router_, nobody_, random_, log_, metrics_).value();
    server_->start();
  }
  ~FakeGitHub() {
    release();
    server_->stop();
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }

  static std::string sha(int i) { return md5_hex(fmt::format("commit {}", i)) + "00000000"; }
  static std::string time(int i) {
    return fmt::format("2024-01-{:02}T{:02}:00:00Z", 1 + i / 24, i % 24);
  }

  /// Asked first; a status of 0 leaves the question to the line. Called on a server's thread.
  using Instead = std::function<net::Response(const net::Request&)>;
  void set_instead(Instead instead) {
    const std::lock_guard lock(mutex_);
    instead_ = std::move(instead);
  }
  static net::Response status(int code) {
    net::Response response = net::Response::json(code, R"({"message":"no"})");
    return response;
  }
  static net::Response pass() {
    net::Response response;
    response.status = 0;
    return response;
  }
  /// For `instead`: waits until release().
  void hang() {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [this] { return is_released_; });
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      is_released_ = true;
    }
    released_.notify_all();
  }
  /// Targets, in order.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string last_token() const {
    const std::lock_guard lock(mutex_);
    return last_token_;
  }
  /// The commit left the line at another.
  void fork(int commit, int from) {
    const std::lock_guard lock(mutex_);
    forks_[commit] = from;
  }

  static json::Value commit(int i) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().member("sha", sha(i)).key("commit").begin_object();
    for (const char* who : {"author", "committer"}) {
      writer.key(who).begin_object().member("name", "Ada").member("date", time(i)).end_object();
    }
    writer.member("message", fmt::format("message {}\n\nbody", i)).end_object();
    writer.key("author").begin_object().member("login", "ada");
    writer.member("avatar_url", "https://example.org/ada.png").end_object();
    writer.key("parents").begin_array();
    if (i > 0) writer.begin_object().member("sha", sha(i - 1)).end_object();
    writer.end_array().end_object();
    return json::parse(text).value();
  }

  static constexpr int k_length = 500;

 private:
  class Nobody final : public net::Authenticator {
   public:
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  };

  net::Response answer(net::Request& request) {
    Instead instead;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request.raw_target);
      last_token_ = request.headers.get("Authorization");
      instead = instead_;
    }
    if (instead) {
      net::Response response = instead(request);
      if (response.status != 0) return response;
    }
    constexpr std::string_view k_repository = "/repos/org/repo";
    std::string_view path = request.path;
    if (!path.starts_with(k_repository)) return status(404);
    path.remove_prefix(k_repository.size());
    if (path.empty()) {
      return net::Response::json(
          200, R"({"owner":{"login":"org"},"default_branch":"main","fork":false})");
    }
    if (path.starts_with("/commits/")) return one(path.substr(9));
    if (path == "/commits") return list(request);
    if (path == "/pulls/77") {
      return net::Response::json(200, R"({"head":{"label":"somebody:topic"}})");
    }
    if (path.starts_with("/compare/org:main...")) return merge_base(path.substr(20));
    return status(404);
  }

  static int index_of(std::string_view name) {
    for (int i = 0; i < k_length; ++i) {
      if (sha(i).starts_with(name)) return i;
    }
    return -1;
  }
  static net::Response one(std::string_view name) {
    const int i = index_of(name);
    return i < 0 ? status(422) : net::Response::json(200, json::to_text(commit(i)));
  }
  net::Response merge_base(std::string_view name) {
    int i = index_of(name);
    if (i < 0) return status(404);
    const std::lock_guard lock(mutex_);
    if (forks_.contains(i)) i = forks_[i];
    json::Value body = json::Value::object();
    body.set("merge_base_commit", commit(i));
    return net::Response::json(200, json::to_text(body));
  }
  static net::Response list(const net::Request& request) {
    const auto parameter = [&](const char* name) {
      const std::string* text = request.query_value(name);
      return text == nullptr ? std::string() : *text;
    };
    const int per_page = std::stoi(parameter("per_page"));
    const int skip = (std::stoi(parameter("page")) - 1) * per_page;
    std::vector<int> found;
    for (int i = index_of(parameter("sha")); i >= 0; --i) {
      const bool too_old = !parameter("since").empty() && time(i) < parameter("since");
      if (!too_old && time(i) <= parameter("until")) found.push_back(i);
    }
    json::Array page;
    for (int at = skip; at < skip + per_page && at < static_cast<int>(found.size()); ++at) {
      page.push_back(commit(found[static_cast<std::size_t>(at)]));
    }
    return net::Response::json(200, json::to_text(json::Value::array(std::move(page))));
  }

  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Nobody nobody_;
  net::Router router_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  bool is_released_ = false;  // guarded by mutex_, as are those below
  Instead instead_;
  std::vector<std::string> requests_;
  std::string last_token_;
  std::map<int, int> forks_;
  std::unique_ptr<net::Server> server_;
};

}  // namespace bl::results::testing
